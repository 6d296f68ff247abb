"""Joins rules, translation, client and answers into the contract that the engine sees."""

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.providers.base import Credentials, Exchange, PreparedRequest, Printed, Reading, Verdict
from smartbill.providers.el_salvador import answers, client, contingency, payload, reader, validation
from smartbill.providers.el_salvador.arithmetic import Calculation
from smartbill.providers.el_salvador.breakdown import printed_from
from smartbill.providers.el_salvador.contract import Contract, current
from smartbill.providers.el_salvador.identity_rules import digit_doubts
from smartbill.providers.el_salvador.terms import Terms

if TYPE_CHECKING:
    from smartbill.models.issuer import Issuer


class ElSalvador:
    """SmartBill El Salvador for one issuer, under the contract that was in force when it was made."""

    name: str = "el_salvador"

    def __init__(self, terms: Terms, contract: Contract) -> None:
        self._terms = terms
        self._contract = contract
        self.contract_version = contract.version

    @classmethod
    def for_issuer(cls, issuer: "Issuer") -> Self:
        """Freeze the choices of an issuer."""
        terms = Terms(
            livemode=issuer.livemode,
            email=issuer.email,
            mails_customer=issuer.provider_mails_customer,
            rounding_line=issuer.rounding == issuer.Rounding.LINE,
        )
        return cls(terms, current())

    def problems(self, draft: Draft) -> list[Problem]:
        return validation.draft_problems(draft, self._contract, self._terms)

    def doubts(self, draft: Draft) -> list[Problem]:
        return list(digit_doubts(draft.party)) if draft.corrects is None else []

    def submission(self, draft: Draft, reference: str) -> PreparedRequest:
        calculation = validation.calculation(draft, self._contract, self._terms)
        return payload.emission(draft, reference, calculation, self._contract, self._terms)

    def series(self, draft: Draft) -> str:
        # Control numbers run by type of document.
        return str(self._contract["kind.types"].get(draft.kind, ""))

    def invalidation(self, generation_code: str, *, replacement: str = "") -> PreparedRequest:
        return payload.document_request("invalidate", generation_code, self._contract, replacement=replacement)

    def reading(self, generation_code: str) -> PreparedRequest:
        return payload.document_request("get_json", generation_code, self._contract)

    def send(self, request: PreparedRequest, credentials: Credentials, *, not_after: float) -> Exchange:
        return client.send(request, credentials, self._contract, not_after=not_after)

    def classify_submission(self, request: PreparedRequest, exchange: Exchange) -> Verdict:
        return answers.submission_verdict(request, exchange, self._contract)

    def classify_invalidation(self, request: PreparedRequest, exchange: Exchange) -> Verdict:
        return answers.invalidation_verdict(request, exchange, self._contract)

    def classify_reading(self, request: PreparedRequest, exchange: Exchange) -> Reading:
        return reader.reading(request, exchange, self._contract)

    def contingency_cause(self, document: bytes) -> tuple[int, str] | None:
        return contingency.stated_cause(document)

    def quiet_period(self, *, in_contingency: bool) -> timedelta:
        return timedelta(seconds=self._contract["quiet.contingency" if in_contingency else "quiet.period"])

    def mails_customer(self, draft: Draft) -> bool:
        return payload.carries_customer_email(draft, self._terms)

    def reported(self, draft: Draft) -> PreparedRequest:
        return payload.emission(draft, "", self._as_issued(draft), self._contract, self._terms)

    def names_buyer(self, draft: Draft) -> bool:
        return payload.names_buyer(draft)

    def printed(self, draft: Draft) -> Printed:
        return printed_from(draft, self._as_issued(draft), rate=validation.tax_rate(draft, self._contract))

    def only_credited_whole(self, draft: Draft) -> bool:
        totals = self._as_issued(draft).totals
        return bool(totals.exempt or totals.not_subject or totals.untaxed)

    def _as_issued(self, draft: Draft) -> Calculation:
        # Whatever the issuer chooses today: a document that needed the rounding line was only issued with it.
        return validation.calculation(draft, self._contract, replace(self._terms, rounding_line=True))

    def public_url(self, *, generation_code: str, issued_on: date, livemode: bool) -> str:
        """Return the authority's page; `issued_on` is the day in El Salvador."""
        environment = self._contract["environment"]["live" if livemode else "test"]
        template: str = self._contract["public.url"]
        return template % {"environment": environment, "code": generation_code, "day": issued_on.isoformat()}
