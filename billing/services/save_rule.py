"""Writing rules: each change keeps what was before and after, who made it and why; a rule that is on stays as it is."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import InvalidRule, RuleRefused
from billing.models import Rule, RuleChange
from billing.rule_conditions import Condition
from billing.rule_evaluation import Action, IfUnknown
from smartbill.permissions import require_person, require_reason

FIELDS = (
    "name",
    "position",
    "valid_from",
    "valid_until",
    "conditions",
    "if_unknown",
    "action",
    "people",
    "terms",
    "chosen_kind",
)
MOST_CONDITIONS = 6


def add_rule(*, issuer: Any, values: Mapping[str, Any], actor: Any) -> Rule:
    """Store a new rule as a draft. Raises PermissionDenied, or InvalidRule in words."""
    require_person(actor, "billing.add_rule")
    rule = Rule(issuer=issuer, author=actor, **checked_rule(values))
    _clean(rule)
    with transaction.atomic():
        rule.save(force_insert=True)
        _note(rule, before={}, actor=actor, reason=_("New."))
    return rule


def change_rule(rule: Rule, *, values: Mapping[str, Any], version: int, actor: Any, reason: str) -> Rule:
    """Store what is new as the next version: a draft again, because nobody has tried this one.

    Raises PermissionDenied, ReasonMissing, InvalidRule, or RuleRefused when the rule is on or somebody else changed it.
    """
    require_person(actor, "billing.change_rule")
    reason = require_reason(reason)
    wanted = checked_rule(values)
    with transaction.atomic():
        row = Rule.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=rule.pk)
        if row.state == Rule.State.ON:
            raise RuleRefused(_("While it is on it does not change. Copy it, try the copy, then exchange the two."))
        if row.version != version:
            raise RuleRefused(_("Somebody changed this rule a moment ago. Look at it again."))
        before = plain(row)
        for name, value in wanted.items():
            setattr(row, name, value)
        if plain(row) == before:
            return row
        row.version += 1
        row.state, row.updated_at = Rule.State.DRAFT, now()
        _clean(row)
        row.save()
        _note(row, before=before, actor=actor, reason=reason)
    return row


def copy_rule(rule: Rule, *, actor: Any, reason: str) -> Rule:
    """Make a draft with the same words, to be changed and tried while the other one stays on."""
    require_person(actor, "billing.add_rule")
    reason = require_reason(reason)
    values = {name: getattr(rule, name) for name in FIELDS}
    values["name"] = _("%(name)s (copy)") % {"name": rule.name[:90]}
    copy = Rule(issuer=rule.issuer, author=actor, **values)
    with transaction.atomic():
        copy.save(force_insert=True)
        _note(copy, before={}, actor=actor, reason=reason)
    return copy


def checked_rule(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a rule whose parts fit each other, or raise InvalidRule; `conditions` are Conditions."""
    conditions: list[Condition] = list(values["conditions"])
    action, if_unknown = values["action"], values["if_unknown"]
    if not 0 < len(conditions) <= MOST_CONDITIONS:
        raise InvalidRule(_("Give at least one condition, and at most %(most)s.") % {"most": MOST_CONDITIONS})
    if action == Action.BLOCK and if_unknown == IfUnknown.SKIP:
        raise InvalidRule(_("A rule that blocks lets nothing pass that is not known: a person decides, or it applies."))
    if action in (Action.TERMS, Action.KIND) and if_unknown == IfUnknown.APPLY:
        raise InvalidRule(_("What is printed on a document is not guessed: choose what else holds when unknown."))
    if action == Action.TERMS and not values["terms"].strip():
        raise InvalidRule(_("Write the terms that are to be printed."))
    if action == Action.TERMS and not _is_printable(values["terms"]):
        raise InvalidRule(_("Remove the unprintable characters from the %(label)s.") % {"label": _("terms")})
    if action == Action.KIND and not values["chosen_kind"]:
        raise InvalidRule(_("Choose the kind of document."))
    return {
        **{name: values[name] for name in FIELDS},
        "conditions": [each.as_json() for each in conditions],
        "terms": values["terms"].strip() if action == Action.TERMS else "",
        "chosen_kind": values["chosen_kind"] if action == Action.KIND else "",
    }


def _is_printable(text: str) -> bool:
    """Whether a text has no control character, half of a pair or sign without a meaning; line breaks are blanks."""
    return not any(unicodedata.category(sign) in {"Cc", "Cs", "Cn", "Co"} for sign in " ".join(text.split()))


def plain(rule: Rule) -> dict[str, Any]:
    """Return what a rule says as values that can be kept and compared."""
    dates = ("valid_from", "valid_until")
    said = {name: getattr(rule, name) for name in FIELDS}
    return {name: str(value) if name in dates and value else value for name, value in said.items()}


def _clean(rule: Rule) -> None:
    """Have the fields and the database's own constraints checked, in words."""
    try:
        rule.full_clean()
    except ValidationError as error:
        raise InvalidRule(" ".join(error.messages)) from error


def _note(rule: Rule, *, before: Mapping[str, Any], actor: Any, reason: str) -> None:
    after = plain(rule)
    changed = [name for name in FIELDS if before.get(name) != after[name]]
    RuleChange.objects.create(
        rule=rule,
        version=rule.version,
        actor=actor,
        reason=reason,
        before={name: before[name] for name in changed if name in before},
        after={name: after[name] for name in changed},
    )
