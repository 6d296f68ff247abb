"""A backup is restored and a hundred documents issued since are forgotten: none is issued a second time.

Real processes, a real dump or copy, and the stand-in's own list as the judge. The control runs the same story in a copy
of the tree without the guard, and doubles.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from smartbill.providers.el_salvador.sandbox import SandboxControl
from tests.config.worker_house import wait_for
from tests.faults.patched import without_guard
from tests.faults.restored import Installation, installation

pytestmark = pytest.mark.faults

BEFORE, WAITING, AFTER = 10, 20, 80
ISSUER = """
from tests.flows.engine import issuer_with_keys
issuer_with_keys(slug="acme", in_flight=16)
"""
SALES = """
from datetime import datetime, UTC
from decimal import Decimal
from django.utils.timezone import now
from smartbill.drafts import Party, Address
from smartbill.models import Issuer
from smartbill.services.create import create_document
from tests.factories.smartbill import make_draft
issuer = Issuer.objects.get(slug="acme")
for n in range({first}, {last}):
    # Every third customer has no name: nothing but our reference tells such documents apart.
    party = Party(name=f"Cliente {{n}}" if n % 3 else "", email="", address=Address(country="SV"))
    paid = datetime.fromisoformat("{paid_at}") if "{paid_at}" else now()
    sold = dict(source=f"invoice:in_{{n}}", total=f"{{100 + n}}.00", party=party, occurred_at=paid)
    create_document(draft=make_draft(issuer, **sold))
"""


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def house(tmp_path: Path, smartbill_sandbox):
    with installation(tmp_path, smartbill_sandbox.url) as made:
        yield made


def sell(house: Installation, first: int, last: int, *, paid_at: str = "") -> None:
    house.shell(SALES.format(first=first, last=last, paid_at=paid_at))


def doubled(oracle: SandboxControl) -> list[str]:
    """Return the totals, each of which belongs to one sale, that were issued more than once."""
    return [str(total) for total, times in Counter(row.total for row in oracle.documents()).items() if times > 1]


def forget_a_hundred(house: Installation, oracle: SandboxControl) -> None:
    """Issue some, back up, issue a hundred, and restore the backup."""
    house.shell(ISSUER)
    sell(house, 0, BEFORE)
    house.work_until(oracle, BEFORE)
    sell(house, BEFORE, BEFORE + WAITING)
    backup = house.back_up()
    sell(house, BEFORE + WAITING, BEFORE + WAITING + AFTER)
    house.work_until(oracle, BEFORE + WAITING + AFTER)
    assert doubled(oracle) == []
    house.restore(backup)
    assert house.statuses() == {"stamped": BEFORE, "ready": WAITING}


def catch_up(house: Installation) -> None:
    """The sales that the database forgot come back through Stripe, as paid when they were."""
    sell(house, BEFORE + WAITING, BEFORE + WAITING + AFTER)


def test_a_hundred_forgotten_documents_are_adopted_and_none_is_issued_twice(house, oracle):
    forget_a_hundred(house, oracle)
    assert "Run `manage.py after_restore`" in house.manage("qworker", status=78)
    assert house.statuses() == {"stamped": BEFORE, "ready": WAITING}
    house.manage("after_restore", "--yes", "--reason", "disk lost")
    assert house.statuses() == {"stamped": BEFORE, "unknown": WAITING}
    everything = BEFORE + WAITING + AFTER
    catch_up(house)
    house.work_until(oracle, everything)
    assert doubled(oracle) == []
    assert len(oracle.documents()) == everything
    assert house.statuses() == {"stamped": everything}


def test_without_the_guard_the_same_story_doubles(house, oracle):
    forget_a_hundred(house, oracle)
    with without_guard("restore_guard") as tree:
        bare = replace(house, root=tree)
        catch_up(bare)
        with bare.worker():
            assert wait_for(lambda: len(doubled(oracle)) > (WAITING + AFTER) // 10, 240), house.statuses()
