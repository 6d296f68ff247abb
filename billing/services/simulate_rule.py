"""A rule is tried on the sales of the last 90 days: nothing is changed, and what really happened stands beside it.

The rule is asked as if each sale came in at its own time: the customer's past is what it was then. Profile, rates and
the other settings are those of now. The work goes in small steps; a killed worker's is taken up where it stopped.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import RuleRefused
from billing.models import Reversal, Rule, RuleChange, RuleSimulation, Sale, SimulatedSale, profile_of
from billing.rates import quote_for
from billing.remedies import Standing
from billing.rule_conditions import HISTORY
from billing.rule_evaluation import Look, RuleText, Verdict, asked_facts, look_at
from billing.rule_facts import facts_from
from billing.rules import decide
from billing.services.claim_events import lease_length
from billing.services.customer_past import past_of
from smartbill.drafts import Draft
from smartbill.permissions import require_person

logger = logging.getLogger(__name__)

DAYS = 90
BATCH = 100
AFTER_DEFECT = timedelta(minutes=15)
RIGHT = "billing.change_rule"


def begin_simulation(rule: Rule, *, actor: Any) -> RuleSimulation:
    """Have this version tried by a worker. Raises PermissionDenied, or RuleRefused while another one runs."""
    require_person(actor, RIGHT)
    until = now()
    since = until - timedelta(days=DAYS)
    try:
        with transaction.atomic():
            row = Rule.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=rule.pk)
            made = RuleSimulation(
                rule=row, version=row.version, text=row.text.as_json(), since=since, until=until, actor=actor
            )
            made.total = _sales(made).count()
            made.save(force_insert=True)
    except IntegrityError as error:
        raise RuleRefused(_("This rule is being tried already.")) from error
    return made


def run_due_simulations() -> int:
    """Work on what is due for the budget of a drain; return how many sales were looked at."""
    end = monotonic() + settings.DRAIN["budget"]
    done = 0
    while monotonic() < end and (simulation := _claim()) is not None:
        pause = timedelta()
        try:
            while monotonic() < end and simulation.state == RuleSimulation.State.RUNNING:
                done += step(simulation)
        except Exception as error:
            # The class alone: messages of databases quote the data of customers.
            logger.error("Simulation %s failed: %s", simulation.pk, type(error).__name__, exc_info=False)
            pause = AFTER_DEFECT
        RuleSimulation.objects.due(now() + lease_length()).filter(pk=simulation.pk).update(next_at=now() + pause)
    return done


def _claim() -> RuleSimulation | None:
    """Take the simulation that is due longest; nobody else gets it before the lease ends."""
    at = now()
    for row in RuleSimulation.objects.due(at).order_by("next_at", "id")[:10]:
        if RuleSimulation.objects.due(at).filter(pk=row.pk).update(next_at=at + lease_length()):
            return RuleSimulation.objects.select_related("rule__issuer").get(pk=row.pk)
    return None


def step(simulation: RuleSimulation) -> int:
    """Look at the next sales and write the results with the place in one transaction; return how many they were.

    A worker that was thought dead finds the place changed, and writes nothing.
    """
    sales = list(_sales(simulation).filter(pk__gt=simulation.cursor).order_by("pk")[:BATCH])
    text = RuleText.from_json(simulation.text)
    results = [(sale, _look_or_none(sale, text)) for sale in sales]
    with transaction.atomic():
        place = RuleSimulation.objects.filter(pk=simulation.pk, cursor=simulation.cursor, state="running")
        if not sales:
            _finish(simulation, place)
        elif place.update(
            cursor=sales[-1].pk,
            looked_at=F("looked_at") + len(sales),
            without_draft=F("without_draft") + sum(found is None for _sale, found in results),
        ):
            SimulatedSale.objects.bulk_create(_hits(simulation, results))
    simulation.refresh_from_db()
    return len(sales)


def _sales(simulation: RuleSimulation) -> Any:
    """Return the sales of the period that were paid to this issuer, each with what became of it."""
    later = Reversal.objects.filter(sale=OuterRef("pk")).exclude(standing=Standing.UNDONE)
    rows = Sale.objects.filter(
        endpoint__issuer_id=simulation.rule.issuer_id,
        paid_at__gte=simulation.since,
        paid_at__lt=simulation.until,
        snapshot__isnull=False,
    )
    return rows.select_related("snapshot", "endpoint__issuer").annotate(went_back=Exists(later))


def _look_or_none(sale: Sale, text: RuleText) -> tuple[Draft, Look] | None:
    """A sale that cannot be read is counted as one without a draft, and stops neither the others nor the trial."""
    try:
        return _look(sale, text)
    except DatabaseError:
        raise
    except Exception as error:
        # The class alone: messages of errors quote the data of customers.
        logger.error("The rule could not be tried on sale %s: %s", sale.pk, type(error).__name__, exc_info=False)
        return None


def _look(sale: Sale, text: RuleText) -> tuple[Draft, Look] | None:
    """Ask the rule about a sale of the past; None where no draft can be made of it."""
    content, issuer = sale.snapshot.content, sale.endpoint.issuer
    profile = profile_of(sale.buyer_id, livemode=sale.livemode)
    quote = quote_for(content, issuer=issuer)
    draft = decide(content, issuer=issuer, source=sale.key, profile=profile, quote=quote)
    if not isinstance(draft, Draft):
        return None
    past = None
    if asked_facts([text]) & HISTORY:
        at = draft.occurred_at
        past = past_of(draft.customer_reference, issuer=issuer, paid_at=at, besides=sale.pk, as_of=at)
    return draft, look_at(text, facts_from(content, draft, profile=profile, past=past))


def _hits(
    simulation: RuleSimulation, results: Sequence[tuple[Any, tuple[Draft, Look] | None]]
) -> Sequence[SimulatedSale]:
    return [
        SimulatedSale(
            simulation=simulation,
            sale=sale,
            verdict=look.verdict,
            findings=[each.as_json() for each in look.findings],
            amount=draft.total,
            outcome=sale.outcome,
            went_back=sale.went_back,
        )
        for sale, found in results
        if found is not None
        for draft, look in [found]
        if look.verdict not in (Verdict.UNMET, Verdict.SKIPPED)
    ]


def _finish(simulation: RuleSimulation, place: Any) -> None:
    at = now()
    if not place.update(state=RuleSimulation.State.DONE, ended_at=at, next_at=None):
        return
    same = Rule.objects.filter(pk=simulation.rule_id, version=simulation.version).exclude(state=Rule.State.ON)
    if same.filter(state=Rule.State.DRAFT).update(
        state=Rule.State.SIMULATED, simulated_version=simulation.version, updated_at=at
    ):
        RuleChange.objects.create(
            rule_id=simulation.rule_id,
            version=simulation.version,
            actor=simulation.actor,
            reason=_("Tried on the past."),
            before={"state": Rule.State.DRAFT.value},
            after={"state": Rule.State.SIMULATED.value},
        )
    else:
        same.update(simulated_version=simulation.version)
