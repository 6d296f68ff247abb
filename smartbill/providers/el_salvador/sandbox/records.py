"""What the oracle remembers: issued documents, calls and mails, each able to go into the truth log and come back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

Json = dict[str, Any]

_REFERENCE = re.compile(r"\bRef\.\s+(\S+)")


def references_in(texts: Sequence[str]) -> list[str]:
    """Return every `Ref. <code>` in these texts, each once."""
    return list(dict.fromkeys(code for text in texts for code in _REFERENCE.findall(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidation:
    """The event that invalidated a document."""

    code: str
    seal: str
    at: datetime
    event: Json = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Issued:
    """One document that exists. `original` is its V2.0 form, `document` what was sent to Hacienda; neither changes."""

    code: str
    account: str
    kind: str
    control_number: str
    total: Decimal
    receiver: str
    receiver_id: str
    email: str
    texts: Sequence[str]
    issued_at: datetime
    contingency: bool
    original: Json = field(repr=False)
    document: Json = field(repr=False)
    related: str = ""
    seal: str | None = None
    sealed_at: datetime | None = None
    invalidation: Invalidation | None = None

    @property
    def references(self) -> list[str]:
        """The short codes printed on it (`Ref. <code>`)."""
        return references_in(self.texts)

    def says(self, text: str) -> bool:
        """Tell whether a person who searches for this text in the platform finds the document."""
        haystack = (*self.texts, self.receiver, self.receiver_id, self.code, self.control_number, f"{self.total:f}")
        return any(text.casefold() in each.casefold() for each in haystack)

    def summary(self) -> Json:
        """Return what the truth endpoint shows of it."""
        return {
            "code": self.code,
            "account": self.account,
            "kind": self.kind,
            "control_number": self.control_number,
            "total": self.total,
            "receiver": self.receiver,
            "receiver_id": self.receiver_id,
            "texts": list(self.texts),
            "references": self.references,
            "issued_at": self.issued_at.isoformat(),
            "contingency": self.contingency,
            "seal": self.seal,
            "sealed_at": _iso(self.sealed_at),
            "invalidated_at": _iso(self.invalidation.at if self.invalidation else None),
            "related": self.related,
        }

    def as_json(self) -> Json:
        """Return everything, for the truth log."""
        return self.summary() | {"email": self.email, "original": self.original, "document": self.document}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild the document as it was issued; seal and invalidation have events of their own."""
        derived = ("references", "invalidated_at")
        values = {name: value for name, value in stored.items() if name not in derived}
        return cls(
            **{
                **values,
                "issued_at": datetime.fromisoformat(stored["issued_at"]),
                "sealed_at": datetime.fromisoformat(stored["sealed_at"]) if stored["sealed_at"] else None,
                "total": Decimal(stored["total"]),
            }
        )


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to the provider's API, whatever became of it. `outcome`: answered, reset, hung or cut."""

    number: int
    at: datetime
    route: str
    public_key: str
    references: Sequence[str]
    body_sha256: str
    fault: str = ""
    outcome: str = "open"
    status: int | None = None
    code: str = ""

    def as_json(self) -> Json:
        """Return the call for the log and the truth endpoint."""
        return asdict(self) | {"at": self.at.isoformat(), "references": list(self.references)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild a logged call."""
        return cls(**{**stored, "at": datetime.fromisoformat(stored["at"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail that the platform sent to the receptor."""

    code: str
    to: str
    at: datetime

    def as_json(self) -> Json:
        """Return the mail for the log and the truth endpoint."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild a logged mail."""
        return cls(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
