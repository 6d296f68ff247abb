"""A case about a wrong document is opened: by staff on its page, or by the customer behind the link."""

import re
import unicodedata
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import NotCorrectable
from billing.models import Correction, CorrectionEvent, Sale
from billing.models.correction import STATEMENT_LENGTH
from notifications.emails import one_line
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER
from smartbill.models import Document
from smartbill.permissions import require_person, require_reason
from smartbill.services.replace import is_in_force

RIGHT = "billing.open_correction"
DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ .\-]?[0-9]){12,18}(?![0-9])")
MOST_ASKED, ASKED_WITHIN = 3, timedelta(days=30)
"""A customer opens so many cases of one document in this time; then they write to the seller."""


def open_correction(document: Document, *, wrong: str, statement: str, actor: Any) -> Correction:
    """Open a case as a member of staff. Raises PermissionDenied, ReasonMissing or NotCorrectable."""
    require_person(actor, RIGHT)
    statement = require_reason(statement)
    return _open(document, wrong=wrong, statement=statement, asked_by=Correction.AskedBy.STAFF, actor=actor)


def ask_for_correction(document: Document, *, wrong: str, statement: str) -> Correction:
    """Open a case as the customer. Raises NotCorrectable where one is open, or they asked often enough."""
    if not is_in_force(document):
        raise NotCorrectable(_("This document is not valid any more: there is nothing left of it to correct."))
    lately = document.cases.filter(asked_by=Correction.AskedBy.CUSTOMER, opened_at__gt=now() - ASKED_WITHIN)
    if lately.count() >= MOST_ASKED:
        raise NotCorrectable(_("You have asked several times lately. Please write to the seller."))
    return _open(document, wrong=wrong, statement=statement, asked_by=Correction.AskedBy.CUSTOMER)


def _open(document: Document, *, wrong: str, statement: str, asked_by: str, actor: Any = None) -> Correction:
    sale = Sale.objects.filter(key=document.source).first()
    if sale is None:
        raise NotCorrectable(_("No sale belongs to this document; it is corrected on its own page."))
    if document.status not in VISIBLE_TO_CUSTOMER:
        raise NotCorrectable(_("Nothing was issued yet. Correct the data on the page of the document."))
    try:
        with transaction.atomic():
            made = Correction.objects.create(
                sale=sale,
                document=document,
                wrong=wrong,
                statement=_readable(statement),
                asked_by=asked_by,
                opened_by=actor,
            )
            CorrectionEvent.objects.create(
                correction=made, after=made.state, code=made.code, actor=actor, reason=made.statement
            )
    except IntegrityError as error:
        raise NotCorrectable(_("A correction of this document is open already.")) from error
    return made


def without_cards(text: str) -> str:
    """Return a text whose card numbers show their last four digits only; they are never stored."""
    return DIGITS.sub(lambda found: _masked(found[0]), text)


def _masked(typed: str) -> str:
    number = "".join(sign for sign in typed if sign.isdigit())
    return f"•••• {number[-4:]}" if _is_card(number) else typed


def _is_card(number: str) -> bool:
    """Whether 13 to 19 digits can be a card's: by the check digit, and by how they begin.

    A tenth of all other numbers has that check digit too. No card begins with 0, as our control numbers and most NITs
    do, and of 14 digits only cards that begin with 3: the others are the NIT that the correction may be about.
    """
    if number[0] == "0" or (len(number) == 14 and number[0] != "3"):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _readable(statement: str) -> str:
    """Return what somebody typed line by line, without characters that control or turn the text around it.

    Raises NotCorrectable where nothing of it can be seen: an empty case would keep the door shut for a real one.
    """
    lines = (without_cards(one_line(line)) for line in statement.splitlines())
    text = "\n".join(line for line in lines if line)[:STATEMENT_LENGTH]
    if not any(unicodedata.category(sign)[0] not in "ZC" for sign in text):
        raise NotCorrectable(_("Say in your own words what is wrong."))
    return text
