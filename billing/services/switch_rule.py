"""Switching rules on and off: on only what was tried on the past in exactly this version."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import RuleRefused
from billing.models import Approval, Rule, RuleChange
from billing.services.answer_approval import wake
from smartbill.permissions import require_person, require_reason

RIGHT = "billing.switch_rule"
State = Rule.State


def switch_on(rule: Rule, *, actor: Any, reason: str, seen: int) -> None:
    """Have the rule count for every sale decided from now on; `seen` is the version that was shown.

    Raises PermissionDenied, ReasonMissing, or RuleRefused when this version was not tried, or not this one was shown.
    """
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    if Rule.objects.get(pk=rule.pk).version != seen:
        raise RuleRefused(_("The rule was changed since its page was shown. Look at it again."))
    tried = Rule.objects.exclude(state=State.ON).filter(version=seen, simulated_version=F("version"))
    _switch(rule, tried, State.ON, actor, reason, _("Try this version on the past 90 days before it is switched on."))


def switch_off(rule: Rule, *, actor: Any, reason: str) -> None:
    """Have the rule count no more; what waits because of it is decided again at once."""
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    _switch(rule, Rule.objects.filter(state=State.ON), State.OFF, actor, reason, _("This rule is not on."))
    text = _("The rule “%(rule)s” was switched off.") % {"rule": rule.name}
    for approval in Approval.objects.open().filter(sale__endpoint__issuer=rule.issuer_id).iterator():
        if any(each["id"] == rule.pk for each in approval.rules):
            with transaction.atomic():
                wake(approval.sale, actor=actor, reason=text)


def _switch(rule: Rule, rows: Any, state: str, actor: Any, reason: str, refusal: str) -> None:
    with transaction.atomic():
        before = Rule.objects.select_for_update().get(pk=rule.pk).state
        if not rows.filter(pk=rule.pk).update(state=state, updated_at=now()):
            raise RuleRefused(refusal)
        RuleChange.objects.create(
            rule=rule,
            version=rule.version,
            actor=actor,
            reason=reason,
            before={"state": before},
            after={"state": str(state)},
        )
    rule.refresh_from_db()
