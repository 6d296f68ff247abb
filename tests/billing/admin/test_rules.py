from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from billing.models import Rule, RuleSimulation, SimulatedSale
from billing.services.simulate_rule import run_due_simulations
from smartbill.models import Issuer
from tests.factories.people import make_staff, signed_in
from tests.factories.rules import make_rule, make_sale
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/rule/"
RIGHTS = tuple(f"billing.{name}_rule" for name in ("view", "add", "change", "switch"))
LOOK = ("billing.view_rulesimulation", "billing.view_simulatedsale", "billing.view_sale")


@pytest.fixture
def issuer() -> Issuer:
    return IssuerFactory.create()


def filled(issuer: Issuer, **changes: str) -> dict[str, str]:
    fields = {
        "issuer": str(issuer.pk),
        "name": "Large or risky",
        "position": "10",
        "valid_from": "",
        "valid_until": "",
        "if_unknown": "person",
        "action": "hold",
        "people": "1",
        "terms": "",
        "chosen_kind": "",
        "fact_1": "amount",
        "operator_1": "above",
        "value_1": "5000",
        "fact_2": "country",
        "operator_2": "none_of",
        "value_2": "SV, US",
    }
    for number in range(3, 7):
        fields |= {f"fact_{number}": "", f"operator_{number}": "above", f"value_{number}": ""}
    return {**fields, **changes}


def press(client: Client, action: str, row: Rule, **fields: str) -> list[str]:
    data: dict[str, Any] = {"action": action, "_selected_action": [row.pk]}
    token = client.post(LIST, data).context["token"]
    answers = {f"confirm-{name}": value for name, value in fields.items()}
    page = client.post(LIST, {**data, "_confirmed": token, **answers}, follow=True)
    return [str(message) for message in page.context["messages"]]


def test_a_rule_is_written_in_a_form_and_read_in_words(issuer: Issuer) -> None:
    client = signed_in(*RIGHTS)
    page = client.post(f"{LIST}add/", filled(issuer), follow=True)
    rule = Rule.objects.get()
    assert page.redirect_chain[-1][0] == f"{LIST}{rule.pk}/change/"
    assert rule.conditions == [
        {"fact": "amount", "operator": "above", "value": ["5000"]},
        {"fact": "country", "operator": "none_of", "value": ["sv", "us"]},
    ]
    text = client.get(LIST).content.decode()
    assert "Total in the issuer&#x27;s currency is above 5,000 USD" in text
    assert "Country of the buyer is none of SV, US" in text
    assert "Hold for approval" in text


def test_a_change_shows_old_and_new_with_who_and_why(issuer: Issuer) -> None:
    client = signed_in(*RIGHTS)
    client.post(f"{LIST}add/", filled(issuer))
    rule = Rule.objects.get()
    address = f"{LIST}{rule.pk}/change/"
    assert 'value="sv, us"' in client.get(address).content.decode()
    client.post(address, filled(issuer, value_1="9000", seen="1", reason="Too many were held"))
    rule.refresh_from_db()
    assert (rule.version, rule.conditions[0]["value"]) == (2, ["9000"])
    text = client.get(address).content.decode()
    assert "is above 5,000 USD" in text
    assert "→" in text
    assert "Too many were held" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value_1": "five"}, "a number such as"),
        ({"operator_1": "one_of"}, "can be compared by"),
        ({"fact_3": "", "value_3": "100"}, "Choose what the condition is about."),
        ({"fact_1": "", "value_1": "", "fact_2": "", "value_2": ""}, "Give at least one condition."),
        ({"action": "terms"}, "Write the terms"),
        ({"action": "block", "if_unknown": "skip"}, "lets nothing pass"),
        ({"people": "3"}, "less than or equal to 2"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_a_rule_is_refused_with_what_to_write(issuer: Issuer, changes: Any, words: str) -> None:
    page = signed_in(*RIGHTS).post(f"{LIST}add/", filled(issuer, **changes))
    assert page.status_code == 200
    assert words in page.content.decode()
    assert Rule.objects.count() == 0


def test_a_change_needs_a_reason_and_the_version_that_was_seen(issuer: Issuer) -> None:
    client, rule = signed_in(*RIGHTS), make_rule(issuer, state="draft")
    address = f"{LIST}{rule.pk}/change/"
    assert "Say why the rule changes." in client.post(address, filled(issuer, seen="1")).content.decode()
    page = client.post(address, filled(issuer, seen="7", reason="x"), follow=True)
    assert "Somebody changed this rule a moment ago." in page.content.decode()
    assert Rule.objects.get().name == "Large sale"


def test_a_rule_that_is_on_is_only_looked_at(issuer: Issuer) -> None:
    client, rule = signed_in(*RIGHTS), make_rule(issuer)
    page = client.get(f"{LIST}{rule.pk}/change/").content.decode()
    assert "copy it, try the copy, then exchange the two" in page
    assert 'name="_save"' not in page
    assert client.post(f"{LIST}{rule.pk}/change/", filled(issuer, seen="1", reason="x")).status_code == 403
    assert Rule.objects.get().name == "Large sale"


def test_a_rule_is_tried_then_switched_on(issuer: Issuer) -> None:
    client, rule = signed_in(*RIGHTS, *LOOK), make_rule(issuer, state="draft", simulated_version=None)
    sale = make_sale(
        issuer, outcome="held", paid_at=now() - timedelta(days=1), reasons=[{"message": "x"}], customer_name="Ana"
    )
    (refused,) = press(client, "switch_on", rule, reason="Now", seen=1)
    assert "Try this version" in refused
    (told,) = press(client, "simulate", rule)
    assert "is being tried" in told
    run_due_simulations()
    simulation = RuleSimulation.objects.get()
    page = client.get(f"/admin/billing/rulesimulation/{simulation.pk}/change/").content.decode()
    for words in ("1 of 1", "<strong>1</strong> Hold for approval · 113.00 USD", "Held: 1", "Show the list"):
        assert words in page, words
    rows = client.get(f"/admin/billing/simulatedsale/?simulation__id__exact={simulation.pk}").content.decode()
    assert f'<a href="/admin/billing/sale/{sale.pk}/change/">' in rows
    assert "113.00 USD – yes." in rows
    (told,) = press(client, "switch_on", rule, reason="Looked at it", seen=1)
    assert told.endswith(": switched on")
    assert Rule.objects.get().state == "on"
    (told,) = press(client, "switch_off", rule, reason="Enough")
    assert Rule.objects.get().state == "off"


def test_a_rule_is_copied(issuer: Issuer) -> None:
    client, rule = signed_in(*RIGHTS), make_rule(issuer)
    (told,) = press(client, "copy", rule, reason="A higher limit")
    assert told.endswith(": copied")
    assert list(Rule.objects.order_by("id").values_list("state", flat=True)) == ["on", "draft"]


@pytest.mark.parametrize("action", ["simulate", "switch_on", "switch_off", "copy"])
def test_looking_is_not_enough(issuer: Issuer, action: str) -> None:
    rule = make_rule(issuer)
    client = signed_in("billing.view_rule")
    assert client.post(LIST, {"action": action, "_selected_action": [rule.pk]}).status_code == 403
    assert client.post(f"{LIST}add/", filled(issuer)).status_code == 403
    assert client.get(f"{LIST}{rule.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", ["rule", "rulesimulation", "simulatedsale"])
def test_without_the_right_to_look_there_is_no_list(model: str) -> None:
    assert signed_in("billing.view_sale").get(f"/admin/billing/{model}/").status_code == 403
    assert signed_in(f"billing.view_{model}").get(f"/admin/billing/{model}/").status_code == 200


def test_the_queries_of_the_lists_do_not_grow(issuer: Issuer, django_assert_max_num_queries: Any) -> None:
    client, who = signed_in(*RIGHTS, *LOOK), make_staff()
    counts = []
    for _round in range(2):
        for _number in range(3):
            rule = make_rule(issuer, author=who)
            simulation = RuleSimulation.objects.create(
                rule=rule, version=1, text=rule.text.as_json(), since=now(), until=now(), actor=who
            )
            SimulatedSale.objects.create(
                simulation=simulation, sale=make_sale(issuer), verdict="applies", findings=[], amount=1,
                outcome="held", went_back=False,
            )  # fmt: skip
        with django_assert_max_num_queries(30) as queries:
            for model in ("rule", "rulesimulation", "simulatedsale"):
                client.get(f"/admin/billing/{model}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
