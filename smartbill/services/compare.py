"""Is the document that the remote holds the one we asked for? Every difference is named; nothing is assumed."""

from decimal import Decimal

from django.utils.translation import gettext as _

from smartbill.errors import Problem
from smartbill.models import Document
from smartbill.models.restore import STAND_IN
from smartbill.providers.base import Reading

TOLERANCE = Decimal("0.01")
"""The tax authority's own tolerance for totals."""
ABSENT, NO_INFORMATION = "absent", "no_information"


def differences(document: Document, reading: Reading) -> list[Problem]:
    """Return where the remote's document disagrees with ours; empty when they agree."""
    found: list[Problem] = []
    if reading.total is not None and abs(reading.total - document.total) > TOLERANCE:
        found.append(_problem("total", f"{document.total:.2f}", f"{reading.total:.2f}"))
    if reading.kind and reading.kind != document.kind:
        found.append(_problem("kind", document.kind, reading.kind))
    if (
        reading.receiver_tax_id
        and document.customer_tax_id
        and _bare(reading.receiver_tax_id) != _bare(document.customer_tax_id)
    ):
        found.append(_problem("tax_id", document.customer_tax_id, reading.receiver_tax_id))
    if other := _carries_anothers_reference(document, reading):
        text = _("It carries the reference %(reference)s of another document of ours.")
        found.append(Problem("reference", "another_document", text % {"reference": other}))
    if (document.issuer.livemode is True) != (reading.environment == "01") and reading.environment:
        found.append(_problem("environment", "01" if document.issuer.livemode else "00", reading.environment))
    return found


def identity_problems(document: Document, reading: Reading) -> list[Problem]:
    """Return why a document found by a code cannot be adopted as ours; stricter than `differences`.

    It must be in force, carry our reference or agree in buyer, total and day, and belong to no other document of ours.
    """
    if reading.state in (ABSENT, NO_INFORMATION):
        text = _("The provider holds no document under this code.")
        return [Problem("generation_code", reading.state, text if reading.state == ABSENT else _not_readable())]
    found = differences(document, reading)
    if reading.state == "invalidated":
        found.append(Problem("state", "invalidated", _("It was invalidated at the provider, not from here.")))
    if reading.total is None:
        found.append(Problem("total", "unreadable", _("The total of the remote document could not be read.")))
    is_anothers = any(problem.field == "reference" for problem in found)
    is_ours = document.reference in reading.references or _same_buyer_and_day(document, reading)
    if not (is_anothers or is_ours):
        text = _("It neither carries our reference %(reference)s nor agrees in customer and date.")
        found.append(Problem("reference", "another_document", text % {"reference": document.reference}))
    if _is_taken(document, reading):
        found.append(Problem("generation_code", "taken", _("Another document of ours has this code.")))
    return found


def may_be_ours(document: Document, reading: Reading) -> bool:
    """Whether a document that the remote holds could be this one: what cannot be ruled out is not ruled out.

    For the question whether another may be sent, where `identity_problems` would be too strict.
    """
    if reading.state == ABSENT:
        return False
    if document.reference in reading.references:
        return True
    if _carries_anothers_reference(document, reading) or _is_taken(document, reading):
        return False
    return reading.total is None or abs(reading.total - document.total) <= TOLERANCE


def _carries_anothers_reference(document: Document, reading: Reading) -> str:
    """Return the reference of another document of ours that the remote document carries instead of this one's."""
    if document.reference in reading.references:
        return ""
    others = Document.objects.filter(reference__in=[each for each in reading.references if len(each) <= 12][:50])
    return others.exclude(pk=document.pk).values_list("reference", flat=True).first() or ""


def _is_taken(document: Document, reading: Reading) -> bool:
    code = reading.identifiers.generation_code
    same = Document.objects.filter(issuer=document.issuer, generation_code=code)
    return bool(code) and same.exclude(pk=document.pk).exists()


def _same_buyer_and_day(document: Document, reading: Reading) -> bool:
    """Whether buyer and day agree. After a restore the reference that was printed is lost, and a sale without a name
    must be found all the same: there the day has to do."""
    attempts, zone = list(document.attempts.all()), document.issuer.zone
    days = [(each.started_at.astimezone(zone).date(), each.deadline_at.astimezone(zone).date()) for each in attempts]
    same_day = reading.issued_on is not None and any(first <= reading.issued_on <= last for first, last in days)
    if not document.customer_name:
        return same_day and any(each.worker == STAND_IN for each in attempts)
    return same_day and reading.receiver_name.strip().casefold() == document.customer_name.strip().casefold()


def _bare(tax_id: str) -> str:
    return "".join(character for character in tax_id if character.isalnum()).upper()


def _problem(field: str, ours: str, theirs: str) -> Problem:
    names = {"total": _("Total"), "kind": _("Kind"), "tax_id": _("Tax id"), "environment": _("Mode")}
    text = _("%(field)s: ours is %(ours)s, the remote document says %(theirs)s.")
    return Problem(field, "differs", text % {"field": names[field], "ours": ours, "theirs": theirs})


def _not_readable() -> str:
    return _("The provider gave no answer that can be believed. Try again later.")
