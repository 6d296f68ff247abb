"""What can go wrong, named by what the caller must do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

APPROVAL = "approval"
"""The field of problems that only an approval ends: no correction by hand answers them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a document cannot go out: the field to mend, a code, and a sentence for a person."""

    field: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": str(self.message)}


class SmartbillError(Exception):
    """Base of this app's errors; its text is fit to show to staff."""


class InvalidDraft(SmartbillError):
    """Mend the data: the draft cannot become a document, for all the reasons in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(str(problem.message) for problem in self.problems))


class PreconditionFailed(SmartbillError):
    """Mend a key, a quota or a setting; the document itself is fine."""


class RateReached(PreconditionFailed):
    """The account's calls per period are used up until `free_at`; a machine waits, a person is told when."""

    def __init__(self, free_at: datetime) -> None:
        self.free_at = free_at
        super().__init__(_("The provider's limit of calls is reached. Try again in a moment."))


class TransitionRefused(SmartbillError):
    """The document is not, or no longer, in a state from which this can be done."""

    def __init__(self, document: Any, to: str) -> None:
        self.document, self.to = document, to
        super().__init__(
            _("This cannot be done while the document is “%(status)s”.") % {"status": document.get_status_display()}
        )


class Outdated(SmartbillError):
    """Look again: somebody or something changed the document after it was read."""

    def __init__(self) -> None:
        super().__init__(_("The document was changed a moment ago. Look at it again, then decide."))


class NotOurs(SmartbillError):
    """The remote document that was offered does not agree with ours; `problems` lists where."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(str(problem.message) for problem in self.problems))


class RestoreNeeded(SmartbillError):
    """Nobody may send: the database does not know what was sent last. `manage.py after_restore` mends that."""


class RecordMissing(RestoreNeeded):
    """This host has no record of what was sent, so it cannot tell whether the database is whole."""


class GenerationChanged(RestoreNeeded):
    """A restored backup was dealt with from elsewhere: this process must end and start anew."""
