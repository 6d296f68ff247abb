"""The face of a document: all that page and PDF show, computed once from what is frozen, in the customer's language.

Page and PDF print the same values, so neither can say what the other does not.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from smartbill.drafts import Draft
from smartbill.lifecycle import Status
from smartbill.models import Document, Issuer
from smartbill.providers import provider_for
from smartbill.providers.base import PrintedLine
from smartbill.services.replace import successor_of

CENT, FOUR_DECIMALS = Decimal("0.01"), Decimal("0.0001")
LOCALES = {"en": "en_US", "es": "es_SV", "ro": "ro_RO"}


def face_of(document: Document) -> dict[str, Any]:
    """Return everything a customer sees of an issued document, as JSON values: texts are formatted and translated."""
    draft = document.revisions.get(number=document.revision).draft
    with translation.override(document.language):
        return _Face(document, draft).as_json()


def hash_of_face(face: dict[str, Any]) -> str:
    """Return the SHA-256 under which a rendition of this face is kept."""
    return hashlib.sha256(json.dumps(face, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class _Face:
    def __init__(self, document: Document, draft: Draft) -> None:
        self.document, self.draft, self.issuer = document, draft, document.issuer
        self.locale = LOCALES.get(document.language, "en_US")
        self.provider = provider_for(document.issuer)
        self.printed = self.provider.printed(draft)

    def as_json(self) -> dict[str, Any]:
        document = self.document
        issued_at = document.issued_at or document.occurred_at
        issued_on = format_date(issued_at.astimezone(self.issuer.zone).date(), "long", locale=self.locale)
        return {
            "language": document.language,
            "livemode": document.livemode,
            "title": str(document.get_kind_display()),
            "number": document.control_number or document.reference,
            "status": document.status,
            "status_label": self._status_label(),
            "status_text": self._status_text(),
            "issued_at": f"{issued_on}, {format_time(issued_at, tzinfo=self.issuer.zone, locale=self.locale)}",
            "issued_on": issued_on,
            "seller": seller_of(self.issuer),
            "buyer": self._buyer(),
            "identifiers": self._identifiers(),
            "lines": [self._line(line) for line in self.printed.lines],
            "totals": [[label, self.money(amount)] for label, amount in self.printed.totals],
            "total": self.money(self.draft.total),
            "charged": self._charged(),
            "notes": self.draft.notes.splitlines(),
            "payments": [[method_name(payment.method), self.money(payment.amount)] for payment in self.draft.payments],
            "public_url": self.provider.public_url(
                generation_code=document.generation_code,
                issued_on=issued_at.astimezone(self.issuer.zone).date(),
                livemode=document.livemode,
            ),
            "labels": _labels(),
        }

    def _charged(self) -> list[list[str]]:
        """What the customer paid in another currency, and the rate that made it the total; empty where it is one."""
        found = self.draft.conversion
        if found is None:
            return []
        on = format_date(found.on, "long", locale=self.locale)
        return [
            [_("Charged"), format_currency(found.total, found.currency, locale=self.locale, format_type="name")],
            [
                _("Exchange rate"),
                _("1 %(theirs)s = %(rate)s %(ours)s (%(source)s, %(day)s)")
                % {
                    "theirs": found.currency,
                    "rate": format_decimal(found.rate.normalize(), locale=self.locale, decimal_quantization=False),
                    "ours": self.draft.currency,
                    "source": found.source,
                    "day": on,
                },
            ],
        ]

    def money(self, amount: Decimal) -> str:
        return format_currency(amount, self.draft.currency, locale=self.locale)

    def _line(self, line: PrintedLine) -> dict[str, str]:
        return {
            "description": line.description,
            "quantity": format_decimal(line.quantity.normalize(), locale=self.locale),
            "price": self._price(line.unit_price),
            "discount": self.money(-line.discount) if line.discount else "",
            "amount": self.money(line.amount),
            "note": line.note,
        }

    def _price(self, price: Decimal) -> str:
        """A price that is no whole number of cents keeps four decimals, so that the line can be recalculated."""
        digits = CENT if price == price.quantize(CENT) else FOUR_DECIMALS
        return format_currency(
            price.quantize(digits), self.draft.currency, locale=self.locale, decimal_quantization=False
        )

    def _buyer(self) -> dict[str, Any]:
        party = self.draft.party
        rows = [(_tax_id_label(party.tax_id_type), party.tax_id), (_("NRC"), party.nrc)]
        rows += [(_("Activity"), party.activity_text), (_("Address"), self._address())]
        rows += [(_("E-mail"), party.email), (_("Phone"), party.phone)]
        return {
            "name": party.name or _("Final consumer"),
            "note": self._unreported(),
            "rows": [[label, value] for label, value in rows if value],
        }

    def _unreported(self) -> str:
        """What the authority's data file does not say: the name of a consumer without tax id."""
        if not self.draft.party.name or self.provider.names_buyer(self.draft):
            return ""
        return _("Reported to the tax authority as a consumer without name. The name stands here for information only.")

    def _address(self) -> str:
        address = self.draft.party.address
        country = Locale.parse(self.locale).territories.get(address.country.upper(), address.country)
        return ", ".join(part for part in (address.line, address.city, address.postal_code, country) if part)

    def _identifiers(self) -> list[list[str]]:
        document = self.document
        rows = [
            [_("Control number"), document.control_number],
            [_("Generation code"), document.generation_code],
            [_("Seal of reception"), document.seal or _("pending")],
            [_("Reference"), document.reference],
            *self._corrected(),
            *self._replaced(),
        ]
        return [row for row in rows if row[1]]

    def _corrected(self) -> list[list[str]]:
        corrected = self.draft.corrects
        if corrected is None:
            return []
        day = format_date(corrected.issued_on, "long", locale=self.locale)
        return [
            [_("Corrects"), f"{corrected.control_number or corrected.generation_code} ({day})"],
            [_("Reason"), corrected.description],
        ]

    def _replaced(self) -> list[list[str]]:
        """The document in whose place this one stands, and the one that took its own place."""
        replaced, successor = self.document.replaces, successor_of(self.document)
        rows = [[_("Replaces"), str(replaced)]] if replaced else []
        return [*rows, [_("Replaced by"), str(successor)]] if successor.pk != self.document.pk else rows

    def _status_label(self) -> str:
        label = {
            Status.STAMPED: pgettext("hosted page", "Valid"),
            Status.INVALIDATING: pgettext("hosted page", "Valid"),
            Status.INVALIDATION_UNKNOWN: pgettext("hosted page", "Valid"),
            Status.CONTINGENCY: pgettext("hosted page", "Issued, seal pending"),
            Status.INVALIDATED: pgettext("hosted page", "Invalidated"),
        }[Status(self.document.status)]
        # A green "valid" must not be read without the word that it is a test.
        return label if self.document.livemode else _("%(state)s (test)") % {"state": label}

    def _status_text(self) -> str:
        if self.document.status == Status.CONTINGENCY:
            return _(
                "The tax authority could not be reached when this document was issued. "
                "Its seal will appear here by itself; you need not do anything."
            )
        if self.document.status == Status.INVALIDATED:
            return _("This document was invalidated at the tax authority and has no fiscal effect any more.")
        return _("Stamped by the tax authority.")


def seller_of(issuer: Issuer) -> dict[str, Any]:
    """Return the seller as printed: name, trade name and the rows beneath."""
    rows = [(_("NIT"), issuer.tax_id), (_("NRC"), issuer.nrc), (_("Activity"), issuer.activity_text)]
    rows += [(_("Address"), issuer.address), (_("E-mail"), issuer.email), (_("Phone"), issuer.phone)]
    return {
        "name": issuer.name,
        "commercial_name": issuer.commercial_name,
        "rows": [[label, value] for label, value in rows if value],
    }


def _tax_id_label(tax_id_type: str) -> str:
    names = {"nit": _("NIT"), "dui": _("DUI"), "passport": _("Passport"), "resident_card": _("Resident card")}
    return names.get(tax_id_type, _("Tax id"))


def method_name(method: str) -> str:
    """Return a way of paying in words."""
    return {
        "card_credit": _("Credit card"),
        "card_debit": _("Debit card"),
        "transfer": _("Transfer"),
        "wallet": _("Electronic wallet"),
        "cash": _("Cash"),
        "crypto": _("Cryptocurrency"),
    }.get(method, _("Other"))


def _labels() -> dict[str, str]:
    return {
        "seller": _("Seller"),
        "buyer": _("Customer"),
        "issued": _("Issued"),
        "description": _("Description"),
        "quantity": _("Quantity"),
        "price": _("Price"),
        "discount": _("Discount"),
        "amount": _("Amount"),
        "total": _("Total"),
        "payments": _("Payment"),
        "terms": _("Terms"),
        "check": _("Check this document at the tax authority"),
        "test": _("TEST DOCUMENT – without fiscal effect"),
        "page": _("Page"),
        "pdf": _("Download PDF"),
        "json": _("Download data file (JSON)"),
        "following": _("Open the document that replaces it"),
        "mistake": _("Is something wrong? Ask for a correction"),
        "preparing": _("The PDF is being prepared."),
        "questions": _("Questions? Write to %(email)s."),
    }
