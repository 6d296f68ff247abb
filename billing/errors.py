"""What can go wrong on the Stripe side, named by what the caller must do about it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from smartbill.errors import Problem


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


class RateRefused(BillingError):
    """Mend what was entered: the rate cannot be stored as it is. Nothing was stored."""


class InvalidProfile(BillingError):
    """Mend the tax data: nothing was stored, for all the reasons in `problems`, which name fields of the profile."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(str(problem.message) for problem in self.problems))


class UnreadableFile(BillingError):
    """Save the file anew: it cannot be read, for the reason in the text."""


class ImportNotReady(BillingError):
    """Give the file again: it cannot be applied, for the reason in the text, and nothing was changed."""


class ProfileChanged(BillingError):
    """Look again: somebody else changed the tax data after they were read; nothing was overwritten."""

    def __init__(self) -> None:
        super().__init__(_("Somebody changed these tax data a moment ago. Look at them again, then enter yours."))


class RequestOver(BillingError):
    """The customer's link has done its work or its time is over; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(_("This link has been used or its time is over."))


class NothingToAsk(BillingError):
    """There is no document that waits for this customer's data."""

    def __init__(self) -> None:
        super().__init__(_("No document waits for the data of this customer."))


class NobodyToAsk(BillingError):
    """Enter an e-mail address first: the customer has none."""

    def __init__(self) -> None:
        super().__init__(_("The customer has no e-mail address. Enter one in the tax data, or ask them yourself."))


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


class NotCorrectable(BillingError):
    """Leave it, or do what the text says: this document or this case does not allow it now. Nothing was changed."""


class EnteredAlready(BillingError):
    """Look first: sales that may be this very one are known already; `known` names them. Nothing was stored."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = list(known)
        text = _("This may have been entered or paid already: %(known)s. Look first; if it is another sale, say so.")
        super().__init__(text % {"known": ", ".join(self.known)})


class KnownPayment(BillingError):
    """Enter nothing: Stripe has announced this payment, and its sale gets its document by itself."""

    def __init__(self, known: str) -> None:
        text = _("Stripe has announced this payment already: the sale %(known)s gets its own document.")
        super().__init__(text % {"known": known})


class NothingReceived(BillingError):
    """Correct the lines: what was entered comes to less than nothing."""

    def __init__(self) -> None:
        super().__init__(_("The discounts are higher than the prices: the total is below zero."))


class InvalidRule(BillingError):
    """Mend the rule: nothing was stored, for the reason in the text."""


class RuleRefused(BillingError):
    """Leave the rule, or do first what the text says: in its present state this cannot be done."""


class NotWaiting(BillingError):
    """Look again: this approval is answered, or its sale changed."""

    def __init__(self) -> None:
        super().__init__(_("This approval waits for no answer any more. Look at the sale."))


class OwnRequest(BillingError):
    """Leave it to another: who asked does not answer, and nobody answers twice."""

    def __init__(self) -> None:
        super().__init__(_("You asked for this approval or gave the first one: another person has to answer."))


class SignatureRefused(BillingError):
    """Store nothing: the request does not prove that Stripe sent it."""
