"""How the admin shows what the rules said: rule by rule, in the order in which they were looked at."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.models import Sale
from billing.rule_evaluation import Verdict
from billing.rule_texts import finding_words, rule_words, verdict_words
from billing.stripe_facts import RISKS, risk_of
from config.admin import badge

TONES: dict[str, str] = {Verdict.APPLIES: "warn", Verdict.ASKED: "warn", Verdict.SKIPPED: "off", Verdict.UNMET: "off"}
RISK_TONES = dict(zip(RISKS, ("good", "warn", "bad"), strict=True))


def looks_of(looks: Iterable[Mapping[str, Any]], currency: str) -> SafeString:
    """Return each rule with its version, what it says, and the answer to each of its conditions."""
    return format_html_join("", "{}", ((_look(look, currency),) for look in looks))


def _look(look: Mapping[str, Any], currency: str) -> SafeString:
    rule = look["rule"]
    name = format_html(
        '<a href="{}">{}</a>',
        reverse("admin:billing_rule_change", args=[rule["id"]]),
        _("%(name)s (version %(version)s)") % rule,
    )
    found = format_html_join("", "<p>{}</p>", ((finding_words(each, currency),) for each in look["findings"]))
    state = badge(verdict_words(look), TONES[look["verdict"]])
    return format_html("<div><p>{} {} {}</p>{}</div>", name, state, rule_words(rule), found)


def rules_of(sale: Sale) -> SafeString | str:
    """Return the last decision of the rules about a sale, and its approvals with the next step."""
    decision = sale.rule_decisions.order_by("-id").first()
    if decision is None:
        if sale.document_id is None:
            return _("The rules have not been asked yet: that is done before a document is made.")
        return _("No rule was in force when it was decided.")
    said = looks_of(decision.looks, sale.endpoint.issuer.currency)
    links = (
        (reverse("admin:billing_approval_change", args=[each.pk]), each.get_state_display(), _told(each))
        for each in sale.approvals.select_related("first_by", "ended_by").order_by("-id")[:20]
    )
    asked = format_html_join("", '<p><a href="{}">{}</a> {}</p>', links)
    return format_html("{}{}", said, asked)


def _told(approval: Any) -> str:
    if approval.ended_by is not None:
        return str(approval.ended_by)
    if approval.ended_at is not None:
        return ""
    return _("Next step: somebody with the right opens it and approves or refuses.")


def radar_of(sale: Sale) -> SafeString | str:
    """Return what Stripe Radar said of the payment."""
    risk = risk_of(sale.snapshot.content) if hasattr(sale, "snapshot") else None
    if risk is None or not (risk.level or risk.score is not None):
        return _("Radar said nothing of it.")
    words = {"normal": _("normal"), "elevated": _("elevated"), "highest": _("highest")}
    level = badge(words[risk.level], RISK_TONES[risk.level]) if risk.level else ""
    return format_html("{} {}", level, "" if risk.score is None else _("score %(score)s") % {"score": risk.score})
