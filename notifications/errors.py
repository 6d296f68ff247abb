"""What can go wrong with a message, named by what the caller must do about it."""

from typing import Any

from django.utils.translation import gettext as _


class MessageError(Exception):
    """Base of this app's errors; its text is fit to show to staff."""


class InvalidMessage(MessageError):
    """Mend the program: there is no such template, or its values are not the ones it needs."""


class InvalidAlert(MessageError):
    """Mend the program: there is no such kind of alert, or its key is empty or too long."""


class InvalidRecipient(MessageError):
    """Ask for another address: no mail can be sent to this one."""

    def __init__(self) -> None:
        super().__init__(_("This is not an e-mail address to which a mail can be sent."))


class TransitionRefused(MessageError):
    """The message is not, or no longer, in a state from which this can be done."""

    def __init__(self, message: Any, to: str) -> None:
        self.message, self.to = message, to
        super().__init__(
            _("This cannot be done while the message is “%(status)s”.") % {"status": message.get_status_display()}
        )


class OnItsWay(MessageError):
    """Wait: the same message is about to be sent, or was sent a moment ago."""

    def __init__(self) -> None:
        super().__init__(_("This message is already on its way."))


class ReasonMissing(MessageError):
    """Ask again: what cannot be undone needs a reason."""

    def __init__(self) -> None:
        super().__init__(_("Give a reason."))
