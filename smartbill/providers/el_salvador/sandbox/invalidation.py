"""Invalidate a document: who may, which may, until when, and the sealed event that says so."""

import uuid

from smartbill.providers.el_salvador.sandbox.accounts import MANAGER, Account, ApiKey
from smartbill.providers.el_salvador.sandbox.clock import FISCAL_ZONE
from smartbill.providers.el_salvador.sandbox.envelopes import ApiError
from smartbill.providers.el_salvador.sandbox.invalidation_event import compile_invalidation
from smartbill.providers.el_salvador.sandbox.order import CREDIT_NOTE
from smartbill.providers.el_salvador.sandbox.platform import Platform
from smartbill.providers.el_salvador.sandbox.records import Invalidation, Issued
from smartbill.providers.el_salvador.sandbox.schemas import INVALIDATION
from smartbill.providers.el_salvador.sandbox.windows import MONTH, last_moment


def eligible(
    platform: Platform,
    account: Account,
    key: ApiKey,
    code: str,
    *,
    replacement: str | None = None,
    obeyed: str = MONTH,
) -> Issued:
    """Return the document that this key may invalidate now, or raise ApiError with the first reason why not."""
    if key.role != MANAGER:
        raise ApiError("error.role", "a transmitter key may not invalidate")
    document = platform.store.find(account.name, code)
    if document is None:
        raise ApiError("error.not_found", "there is no document with this code")
    if document.invalidation:
        raise ApiError("error.conflict", "the document is already invalidated")
    if document.seal is None or document.sealed_at is None:
        raise ApiError("error.not_eligible", "a document without seal cannot be invalidated")
    if platform.store.notes_against(document.code):
        raise ApiError("error.conflict", "a live credit note stands against this document")
    if replacement is not None:
        _require_replacement(platform, account, document, replacement)
    last = last_moment(
        document.original["identificacion"]["tipoDte"],
        document.sealed_at,
        platform.clock.now(),
        activity=account.issuer.activity_code,
        obeyed=obeyed,
    )
    if platform.clock.now() > last:
        raise ApiError("error.not_eligible", f"the time to invalidate ended on {last.isoformat()}")
    if not platform.hacienda.up:
        raise ApiError("error.hacienda_unavailable", "an invalidation cannot be sent in contingency")
    return document


def _require_replacement(platform: Platform, account: Account, document: Issued, code: str) -> None:
    """Refuse a replacement that is not another sealed document in force, issued before the invalidation it justifies.

    Manual Funcional V2.0 p. 13-17: credit notes are never replaced.
    """
    found = platform.store.find(account.name, code)
    if document.kind == CREDIT_NOTE:
        raise ApiError("error.data", "the replacement of a credit note must be empty")
    if found is None or found.code == document.code:
        raise ApiError("error.data", "the replacement must be another document of this account")
    if found.seal is None or found.invalidation or found.kind == CREDIT_NOTE:
        raise ApiError("error.not_eligible", "the replacement must be sealed and in force")


def invalidate(
    platform: Platform,
    account: Account,
    key: ApiKey,
    code: str,
    *,
    replacement: str | None = None,
    obeyed: str = MONTH,
) -> Invalidation:
    """Invalidate a document for good, or raise ApiError."""
    with platform.store.changing():
        document = eligible(platform, account, key, code, replacement=replacement, obeyed=obeyed)
        now = platform.clock.now()
        event_code = str(uuid.uuid4()).upper()
        event = compile_invalidation(
            document,
            account,
            code=event_code,
            at=now.astimezone(FISCAL_ZONE),
            generation=platform.hacienda.generation,
            replacement=replacement,
        )
        objections = platform.hacienda.objections(INVALIDATION, event)
        if objections:
            raise ApiError("error.refused", "refused by Hacienda", objections)
        done = Invalidation(code=event_code, seal=platform.hacienda.new_seal(now), at=now, event=event)
        platform.store.invalidate(document, done)
        return done
