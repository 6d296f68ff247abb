"""The rehearsal: a whole outage against the stand-in, and everything on which it must never be started."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.timezone import now

from notifications.models import Alert
from smartbill.errors import PreconditionFailed
from smartbill.models import Document, Outage
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.outage_drill import Drill, DrillFailed, stand_in
from smartbill.services.outage_look_after import look_after_outages
from smartbill.services.render import render_due_documents
from tests.factories.outages import enter
from tests.factories.smartbill import IssuerFactory
from tests.flows.engine import issuer_with_keys, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


def worker(_seconds: float) -> None:
    work()
    look_after_outages()
    render_due_documents()


def drill(**options: object) -> Drill:
    said: list[str] = []
    usual = {"issuer": issuer_with_keys(), "count": 3, "seconds": 0, "say": said.append, "rest": worker}
    return Drill(**{**usual, **options})


def test_an_outage_is_opened_mended_and_closed_and_every_promise_is_kept(oracle):
    rehearsal = drill()
    outage = rehearsal.run()
    assert rehearsal.broken == []
    assert len(rehearsal.findings) == 9
    assert (outage.is_open, outage.is_rehearsal, outage.entries.count()) == (False, True, 3)
    assert oracle.state()["hacienda_up"] is True
    assert oracle.state()["unsealed"] == 0
    assert Document.objects.filter(status="stamped").count() == 4
    assert Alert.objects.open().count() == 0


def test_a_drill_without_a_worker_says_so_and_mends_the_stand_in(oracle):
    with pytest.raises(DrillFailed, match="Is a worker running"):
        drill(rest=lambda _seconds: None, patience=0.2).run()
    assert oracle.state()["hacienda_up"] is True


def test_a_promise_that_is_broken_is_found(oracle):
    issuer = issuer_with_keys()

    def forgetful(seconds: float) -> None:
        worker(seconds)
        Alert.objects.open().update(resolved_at=now())

    rehearsal = drill(issuer=issuer, rest=forgetful)
    rehearsal.run()
    assert rehearsal.broken == ["people are warned once"]


def refusal(issuer) -> str:
    with pytest.raises(PreconditionFailed) as refused:
        stand_in(issuer)
    return str(refused.value)


def test_live_mode_is_refused(oracle, settings):
    assert "live mode" in refusal(IssuerFactory.create(livemode=True))
    settings.STRIPE_LIVE_MODE = True
    assert "live mode" in refusal(IssuerFactory.create())


@pytest.mark.parametrize(("name", "value"), [("SELLO_SANDBOX", False), ("SELLO_ENVIRONMENT", "production")])
def test_productions_settings_are_refused(oracle, settings, name, value):
    setattr(settings, name, value)
    assert "refuse stand-ins" in refusal(IssuerFactory.create())


def test_the_real_provider_is_never_reached(settings):
    settings.SMARTBILL_SV_BASE_URL = "https://api.smartbill.lat/v1"
    assert "api.smartbill.lat is no stand-in" in refusal(IssuerFactory.create())


def test_something_else_on_this_machine_is_no_stand_in(live_server, settings):
    settings.SMARTBILL_SV_BASE_URL = f"{live_server.url}/v1"
    assert "No stand-in answers" in refusal(IssuerFactory.create())


def test_nothing_is_rehearsed_during_an_outage(oracle):
    assert "open outage" in refusal(enter().issuer)
    oracle.hacienda(up=False)
    assert "broken already" in refusal(IssuerFactory.create())


def test_the_command_refuses_before_anything_is_issued(settings):
    IssuerFactory.create(slug="acme")
    settings.SMARTBILL_SV_BASE_URL = "https://api.smartbill.lat/v1"
    with pytest.raises(CommandError, match="is no stand-in"):
        call_command("outage_drill")
    with pytest.raises(CommandError, match="in test mode there are: acme"):
        call_command("outage_drill", issuer="nobody")
    with pytest.raises(CommandError, match="1 to 1000"):
        call_command("outage_drill", documents=0)
    assert (Document.objects.count(), Outage.objects.count()) == (0, 0)
