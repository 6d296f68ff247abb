"""A rule that only tells: one mail per sale, rule and version to each finance manager, in their language."""

from django.conf import settings
from django.urls import reverse

from billing.models import Sale
from billing.rule_evaluation import RuleText
from notifications.alerts import MANAGERS
from notifications.services.mail_alert import readers
from notifications.services.queue_message import queue_message
from smartbill.drafts import Draft

TEMPLATE = "rule_notice"


def tell_of_rule(sale: Sale, rule: RuleText, draft: Draft) -> None:
    """Queue the mails; a repeated call changes nothing, because each is known by what it is about."""
    for person in readers([MANAGERS]):
        queue_message(
            reference=f"rule:{rule.id}.{rule.version}:{sale.pk}:{person.pk}",
            template=TEMPLATE,
            language=person.language,
            recipient=person.address,
            context={
                "rule": rule.name,
                "purchase": sale.number or sale.key,
                "total": f"{draft.total:,f} {draft.currency}",
                "link": settings.PUBLIC_BASE_URL + reverse("admin:billing_sale_change", args=[sale.pk]),
            },
        )
