"""Tax data from a file: a dry run that names every bad cell, then all rows together or none."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import ImportNotReady, InvalidProfile, ProfileChanged, UnreadableFile
from billing.models import ProfileImport, TaxProfile
from billing.profile_checks import DOUBT
from billing.profile_fields import FIELDS
from billing.profiles import IMPORT, NOBODY, Profile
from billing.services.save_profile import entries_from, save_profile
from billing.spreadsheets import SheetRow, column_name, read_rows
from smartbill.permissions import require_person, require_reason

CUSTOMER = "customer_id"
State = ProfileImport.State
Fault = dict[str, str | int]


def check_import(*, file_name: str, content: bytes, livemode: bool, actor: Any) -> ProfileImport:
    """Read and check a file and store what would happen; no profile changes. A file that cannot be read is a fault."""
    require_person(actor, "billing.import_taxprofile")
    made = ProfileImport(
        file_name=file_name[:150], sha256=hashlib.sha256(content).hexdigest(), livemode=livemode, actor=actor
    )
    try:
        heading, *rows = read_rows(content) or [SheetRow(1, [])]
        made.problems = _faults_of_heading(heading)
        if not made.problems:
            _check_rows(made, [_folded(cell) for cell in heading.cells], rows)
    except UnreadableFile as error:
        made.problems = [_fault(0, "", "", str(error))]
    if not made.problems and not made.rows:
        made.problems = [_fault(0, "", "", _("The file has no row below the heading."))]
    made.state = State.FAULTY if made.problems else State.CHECKED
    made.save()
    return made


def apply_import(row: ProfileImport, *, actor: Any, reason: str) -> None:
    """Store every row that changes something, in one transaction. Raises ImportNotReady; then nothing is stored.

    A profile that changed since the dry run refuses the whole file: what its row was compared with is gone.
    """
    require_person(actor, "billing.import_taxprofile")
    reason = require_reason(reason)
    with transaction.atomic():
        ready = ProfileImport.objects.filter(pk=row.pk, state=State.CHECKED)
        if not ready.update(state=State.APPLIED, applied_at=now(), applied_by=actor):
            raise ImportNotReady(_("This file has faults or was applied before."))
        for each in sorted(row.rows, key=lambda entry: str(entry["customer_id"])):
            _apply(row, each, actor=actor, reason=f"{row}: {reason}")
    row.refresh_from_db()


def _apply(row: ProfileImport, each: Mapping[str, Any], *, actor: Any, reason: str) -> None:
    try:
        save_profile(
            customer_id=each["customer_id"],
            livemode=row.livemode,
            values=each["values"],
            source=IMPORT,
            version=each["version"],
            actor=actor,
            reason=reason,
        )
    except (ProfileChanged, InvalidProfile) as error:
        text = _("Row %(row)s: the tax data of %(customer)s changed since the file was checked. Give the file again.")
        raise ImportNotReady(text % {"row": each["row"], "customer": each["customer_id"]}) from error


# The dry run ----------------------------------------------------------------------------------------------------------
def _faults_of_heading(heading: SheetRow) -> list[Fault]:
    names = [_folded(cell) for cell in heading.cells]
    faults = []
    for index, name in enumerate(names):
        if not name or name in names[:index]:
            text = _("Every column needs a name of its own.")
        elif name != CUSTOMER and name not in FIELDS:
            text = _("There is no field “%(name)s”; known are: %(known)s.")
            text %= {"name": heading.cells[index][:40], "known": ", ".join([CUSTOMER, *FIELDS])}
        else:
            continue
        faults.append(_fault(heading.number, column_name(index), name, text))
    if CUSTOMER not in names:
        faults.append(_fault(heading.number, "", CUSTOMER, _("A column “customer_id” is needed: Stripe's customer.")))
    return faults


def _check_rows(made: ProfileImport, names: Sequence[str], rows: Sequence[SheetRow]) -> None:
    known = _known([row.cells[names.index(CUSTOMER)].strip() for row in rows if len(row.cells) > names.index(CUSTOMER)],
                   livemode=made.livemode)  # fmt: skip
    seen: dict[str, int] = {}
    for row in rows:
        cells = dict(zip(names, row.cells, strict=False))
        customer = cells.pop(CUSTOMER, "").strip()
        # An empty cell says nothing: only staff take an entry away.
        values = {name: raw for name, raw in cells.items() if raw.strip()}
        faults = _faults_of_row(row, names, customer, seen)
        made.problems += faults
        profile = known.get(customer, NOBODY)
        try:
            entries = entries_from(values, profile, source=IMPORT)
        except InvalidProfile as error:
            made.problems += [_in_cell(row, names, problem.field, problem.message) for problem in error.problems]
            continue
        if faults:
            continue
        if not entries:
            made.same += 1
            continue
        made.new, made.changed = made.new + (customer not in known), made.changed + (customer in known)
        doubts = sorted(name for name, entry in entries.items() if entry and entry.check == DOUBT)
        made.rows += [
            {
                "row": row.number,
                "customer_id": customer,
                "version": profile.version,
                "values": values,
                "doubts": doubts,
            }
        ]


def _known(customers: Sequence[str], *, livemode: bool) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    for start in range(0, len(customers), 500):
        part = TaxProfile.objects.filter(customer_id__in=customers[start : start + 500], livemode=livemode)
        found |= {row.customer_id: row.profile for row in part}
    return found


def _faults_of_row(row: SheetRow, names: Sequence[str], customer: str, seen: dict[str, int]) -> list[Fault]:
    faults = []
    if any(cell.strip() for cell in row.cells[len(names) :]):
        text = _("There is something in a column without a name.")
        faults.append(_fault(row.number, column_name(len(names)), "", text))
    if not customer or len(customer) > 255:
        faults.append(_in_cell(row, names, CUSTOMER, _("Enter Stripe's customer, such as cus_123.")))
    elif customer in seen:
        text = _("This customer stands in row %(row)s already.") % {"row": seen[customer]}
        faults.append(_in_cell(row, names, CUSTOMER, text))
    seen.setdefault(customer, row.number)
    return faults


def _in_cell(row: SheetRow, names: Sequence[str], name: str, text: str) -> Fault:
    column = column_name(names.index(name)) if name in names else ""
    return _fault(row.number, column, name, text)


def _fault(row: int, column: str, name: str, text: str) -> Fault:
    return {"row": row, "cell": f"{column}{row}" if column else "", "field": name, "message": str(text)}


def _folded(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_")
