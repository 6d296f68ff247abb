"""Webhooks under a storm: each event one to six times, shuffled, over eight connections, while the web is killed.

Goal: one document per sale, and every id that was answered 200 is in the table, also after the database crashed.
"""

import random
from pathlib import Path

from tests.faults.house import House
from tests.faults.lab import ROOT, Lab, StandIns
from tests.faults.processes import wait_until
from tests.faults.sales import Delivery, Letter, Sale, letters, repeated, sell
from tests.faults.storm import WEB, Storm
from tests.faults.table import Control, Result

GUARD, PATCH = "answer 200 before the insert", "control_ack_before_insert"
KILLS = 10
SECONDS_A_KILL = 1.5
EVENTS_A_SALE = 3
UNDER_WAY = "SELECT count(*) FROM billing_inboundevent WHERE state IN ('new', 'processing', 'retry')"


def run(lab: Lab) -> Result:
    events = lab.size(full=5000, short=600)
    stand_ins = StandIns.start(lab)
    sales = sell(stand_ins.stripe, events // EVENTS_A_SALE + 1)
    mail = letters(stand_ins.stripe)
    with House(lab, "webhooks", stand_ins, root=ROOT) as house:
        house.start_web()
        house.start_worker("worker-1")
        house.start_worker("worker-2")
        house.supervise()
        delivery, storm = _deliver(lab, house, mail, most=6, seed=lab.seed)
        lab.postgres.crash()
        missing = _missing(house, delivery)
        wait_until("every event is worked off", lambda: not house.books.number(UNDER_WAY), seconds=1800, pause=1)
        wait_until("every document has its answer", lambda: _at_rest(house), seconds=600, pause=1)
        problems, figures = _judged(house, stand_ins, sales, mail)
    if missing:
        problems.append(f"{missing} events were answered 200 and are not in the table")
    undelivered = len(mail) - len(delivery.acknowledged)
    if undelivered:
        problems.append(f"{undelivered} events were never taken")
    if storm.kills < KILLS:
        problems.append(f"only {storm.kills} kills")
    return Result(
        size=f"{len(mail):,} events, {len(sales):,} sales",
        faults=f"{delivery.sent:,} deliveries, shuffled, {delivery.connections} connections",
        kills=f"{storm.told()}, 1 database",
        figures=f"{missing} acknowledged and missing, {figures}",
        problems=problems,
    )


def control(lab: Lab, root: Path) -> Control:
    stand_ins = StandIns.start(lab)
    sell(stand_ins.stripe, 100)
    with House(lab, "webhooks-control", stand_ins, root=root) as house:
        house.start_web()
        house.supervise()
        delivery, _storm = _deliver(lab, house, letters(stand_ins.stripe), most=1, seed=lab.seed)
        missing = _missing(house, delivery)
    return Control(GUARD, f"{missing} of {len(delivery.acknowledged)} acknowledged events missing", missing > 0)


def _deliver(lab: Lab, house: House, mail: list[Letter], *, most: int, seed: int) -> tuple[Delivery, Storm]:
    copies = repeated(mail, random.Random(seed), most=most)
    delivery = Delivery(house.webhook, house.secret)
    # However fast the machine is, the kills have to come while letters are on their way.
    delivery.pause = KILLS * SECONDS_A_KILL * delivery.connections / len(copies)
    storm = Storm(house, lambda: delivery.sent, total=len(copies), seed=seed, kills=KILLS, victims=WEB)
    with storm:
        delivery.deliver(copies)
        wait_until("the storm is over", lambda: storm.is_over, seconds=120)
    wait_until("the web is back", house.healthy, seconds=60)
    return delivery, storm


def _missing(house: House, delivery: Delivery) -> int:
    known = {row["event_id"] for row in house.books.rows("SELECT event_id FROM billing_inboundevent")}
    return len(delivery.acknowledged - known)


def _at_rest(house: House) -> bool:
    waiting = "SELECT count(*) FROM smartbill_document WHERE status IN ('ready', 'submitting')"
    undecided = "SELECT count(*) FROM billing_sale WHERE outcome = 'pending'"
    return not house.books.number(undecided) and not house.books.number(waiting)


def _judged(house: House, stand_ins: StandIns, sales: list[Sale], mail: list[Letter]) -> tuple[list[str], str]:
    """Compare the tables with what Stripe sold and what the authority has."""
    documents = house.books.rows(
        "SELECT source, total, generation_code FROM smartbill_document WHERE status = 'stamped'"
    )
    issued = {row.code: row for row in stand_ins.authority.documents()}
    sold = {sale.key: sale.amount for sale in sales}
    stored = house.books.number("SELECT count(*) FROM billing_inboundevent")
    charged = {row["source"]: int(row["total"] * 100) for row in documents}
    right = sum(charged.get(key) == amount for key, amount in sold.items())
    doubled = len(issued) - len({reference for row in issued.values() for reference in row.references})
    problems = []
    if stored != len(mail):
        problems.append(f"{stored} events stored of {len(mail)}")
    if not right == len(documents) == len(sold) == len(issued):
        problems.append(f"{right} of {len(sold)} sales have their one document, {len(issued)} were issued")
    if {row["generation_code"] for row in documents} != set(issued):
        problems.append("what was issued is not what the books hold")
    return problems, f"{right:,} of {len(sold):,} sales with one document, {doubled} issued twice"
