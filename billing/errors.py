"""What can go wrong on the Stripe side, named by what the caller must do about it."""

from django.utils.translation import gettext as _


class BillingError(Exception):
    """Base of this app's errors; its text is fit to show to staff and carries no secret."""


class Gone(BillingError):
    """Stop asking: Stripe does not know the object (any more)."""


class NotAnId(Gone):
    """Stop at once: what should name an object is no id of Stripe, and asking again cannot mend that."""


class Unavailable(BillingError):
    """Try later: Stripe could not be reached, is overloaded or failed. `retry_after` is its own wish, in seconds."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class PreconditionFailed(BillingError):
    """Mend a key, a permission or a setting; trying again without that changes nothing."""


class ObjectBusy(BillingError):
    """Come back in a moment: another worker holds the same Stripe object or customer."""

    def __init__(self) -> None:
        super().__init__(_("Another worker is busy with the same customer or object."))


class LeaseLost(BillingError):
    """Let go without writing: the lease ended and another worker has the row."""


class NothingToRepeat(BillingError):
    """Leave it: the event was processed or is still being processed."""

    def __init__(self) -> None:
        super().__init__(_("There is nothing to repeat: this event was processed or is still being processed."))


class NotHeld(BillingError):
    """Nothing to decide: only a held sale can be decided again."""

    def __init__(self) -> None:
        super().__init__(_("Only a held sale can be decided again."))


class NotProposed(BillingError):
    """Look again: what was to be approved is not, or no longer, proposed like this."""

    def __init__(self) -> None:
        super().__init__(_("This is not, or no longer, proposed as it was shown. Look at it again."))


class SecondPersonNeeded(BillingError):
    """Leave it to another: who approved first cannot approve second."""

    def __init__(self) -> None:
        super().__init__(_("You approved it yourself: above this amount another person has to confirm it."))


class NotWithPeople(BillingError):
    """Leave it: the reversal goes on by itself, or it is over."""

    def __init__(self) -> None:
        super().__init__(_("This reversal does not wait for a person."))


class SignatureRefused(BillingError):
    """Store nothing: the request does not prove that Stripe sent it."""
