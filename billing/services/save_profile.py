"""Tax data of a customer, entered by staff, by the customer or from a file: checked, kept with their origin, used."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from billing.errors import InvalidProfile, ProfileChanged
from billing.models import Sale, TaxProfile, TaxProfileChange
from billing.profile_checks import DOUBT, Checked, check_values
from billing.profile_fields import TAX_ID_FIELDS
from billing.profiles import STAFF, Entry, Profile
from smartbill.permissions import require_person, require_reason

Entries = Mapping[str, Entry | None]


def enter_profile(
    *,
    customer_id: str,
    livemode: bool,
    values: Mapping[str, str],
    version: int,
    actor: Any,
    reason: str,
    is_confirmed: bool = False,
) -> TaxProfile:
    """Store what a member of staff entered; an empty value takes an entry away.

    `is_confirmed`: they were asked about a number whose check digit does not fit, and stand by it.

    Raises PermissionDenied, ReasonMissing, InvalidProfile, or ProfileChanged when `version` is not the present one.
    """
    require_person(actor, "billing.edit_taxprofile")
    reason = require_reason(reason)
    return save_profile(
        customer_id=customer_id,
        livemode=livemode,
        values=values,
        source=STAFF,
        version=version,
        actor=actor,
        reason=reason,
        confirmed=str(actor) if is_confirmed else "",
    )


def save_profile(
    *,
    customer_id: str,
    livemode: bool,
    values: Mapping[str, str],
    source: str,
    version: int | None = None,
    actor: Any = None,
    reason: str = "",
    confirmed: str = "",
) -> TaxProfile:
    """Store the fields of `values` that say something new, and have every document that waits looked at again.

    `confirmed` names who stands by what a check doubts. The caller has the right to do it. Without `version` the last
    one to speak wins, field by field; the history keeps the others. Raises InvalidProfile with all problems; then
    nothing is stored.
    """
    with transaction.atomic():
        TaxProfile.objects.get_or_create(customer_id=customer_id, livemode=livemode)
        row = TaxProfile.objects.select_for_update().get(customer_id=customer_id, livemode=livemode)
        if version is not None and row.version != version:
            raise ProfileChanged
        before = row.profile
        entries = entries_from(values, before, source=source, confirmed=confirmed)
        if entries:
            _store(row, before, entries, source=source, actor=actor, reason=reason)
        Sale.objects.of_buyer(customer_id, livemode=livemode).waiting_for_data().update(buyer_due_at=now())
    return row


def entries_from(
    values: Mapping[str, str], before: Profile, *, source: str, confirmed: str = ""
) -> dict[str, Entry | None]:
    """Return the entries that change: new ones, and None for those that are taken away. Raises InvalidProfile.

    A doubted value that nobody stood by changes as well when `confirmed` names somebody who does.
    """
    known = {name: value for name, value in before.values.items() if name not in values}
    checked, problems = check_values(values, known=known)
    if problems:
        raise InvalidProfile(problems)
    at = now()
    found: dict[str, Entry | None] = {}
    for name, raw in values.items():
        if name not in checked:
            found |= {name: None} if name in before.entries else {}
            continue
        entry = _entry(checked[name], raw, source, at, confirmed)
        if entry.value != before.value(name) or (entry.confirmed and not before.entries[name].confirmed):
            found[name] = entry
    return found


def _entry(checked: Checked, raw: str, source: str, at: datetime, confirmed: str) -> Entry:
    return Entry(
        value=checked.value,
        raw=raw,
        source=source,
        rule=checked.rule,
        check=checked.check,
        at=at.isoformat(),
        confirmed=confirmed if checked.check == DOUBT else "",
    )


def _store(row: TaxProfile, before: Profile, entries: Entries, *, source: str, actor: Any, reason: str) -> None:
    after = before.with_values(entries)
    row.entries = {name: asdict(entry) for name, entry in after.entries.items()}
    row.version += 1
    row.name, row.kind, row.segment = after.value("legal_name"), after.value("kind"), after.value("segment")
    row.tax_id = next((after.value(name) for name in TAX_ID_FIELDS if after.value(name)), "")
    row.has_doubts = any(entry.check == DOUBT and not entry.confirmed for entry in after.entries.values())
    row.updated_at = now()
    row.save()
    TaxProfileChange.objects.create(
        profile=row,
        version=row.version,
        source=source,
        actor=actor,
        reason=reason,
        before={name: before.value(name) for name in entries},
        after={name: after.value(name) for name in entries},
    )
