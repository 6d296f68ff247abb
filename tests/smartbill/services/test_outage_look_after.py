"""An outage is closed when every document has its seal and every page shows it; until then people are warned."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from notifications.models import Alert
from smartbill.lifecycle import Status
from smartbill.models import Document, Outage, ReadingRecord
from smartbill.services import outage_look_after
from smartbill.services.outage_file import record_filing
from smartbill.services.outage_look_after import look_after, look_after_outages
from smartbill.services.render import render_due_documents
from tests.factories.outages import enter, seal, the_outage
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def clock_alerts() -> list[str]:
    return [alert.key.partition("-")[2].partition("-")[2] for alert in Alert.objects.open().filter(kind="outage_clock")]


def test_it_stays_open_while_one_document_lacks_its_seal() -> None:
    issuer = IssuerFactory.create()
    sealed, _waiting = enter(issuer), enter(issuer)
    seal(sealed)
    look_after(the_outage())
    outage = the_outage()
    assert outage.is_open
    assert [bool(entry.shown_at) for entry in outage.entries.all()] == [True, False]


def test_it_closes_when_all_have_their_seals_and_pages_and_says_so() -> None:
    issuer = IssuerFactory.create()
    for document in [enter(issuer), enter(issuer)]:
        seal(document)
    look_after(the_outage())
    outage = the_outage()
    assert outage.closed_at is not None
    assert (outage.missed, outage.warn_at) == ("", None)
    alert = Alert.objects.get(kind="outage_open")
    assert alert.resolved_at is not None
    assert alert.outcome["count"] == 2


def test_a_pdf_without_the_seal_keeps_it_open_and_is_made_anew() -> None:
    document = enter()
    seal(document, show=False)
    Document.objects.filter(pk=document.pk).update(render_at=None)
    look_after(the_outage())
    assert the_outage().is_open
    document.refresh_from_db()
    assert document.render_at is not None
    render_due_documents()
    look_after(the_outage())
    assert not the_outage().is_open


def test_a_pdf_from_before_the_seal_is_no_proof() -> None:
    document = enter()
    render_due_documents()
    Document.objects.filter(pk=document.pk).update(render_at=now())
    render_due_documents()
    assert document.renditions.count() == 1
    seal(document, show=False)
    look_after(the_outage())
    assert the_outage().is_open
    assert the_outage().entries.get().shown_at is None


def test_a_pdf_whose_file_is_gone_is_no_proof() -> None:
    document = enter()
    seal(document)
    document.renditions.get().file.storage.delete(document.renditions.get().file.name)
    look_after(the_outage())
    assert the_outage().is_open


def test_a_document_that_was_invalidated_after_its_seal_is_settled() -> None:
    document = enter()
    seal(document, show=False)
    document.move_to(Status.INVALIDATING)
    document.move_to(Status.INVALIDATED, invalidated_at=now(), render_at=now())
    render_due_documents()
    look_after(the_outage())
    assert not the_outage().is_open


@pytest.mark.parametrize(("hours", "keys"), [(11, []), (13, ["event-50"]), (22, ["event-10"]), (25, ["event-0"])])
def test_people_are_warned_by_what_is_left_of_a_legal_time(hours: int, keys: list[str]) -> None:
    enter(ago=hours * HOUR)
    look_after(the_outage())
    assert clock_alerts() == keys


def test_a_warning_grows_and_ends_when_the_event_is_recorded(admin_user) -> None:
    enter(ago=13 * HOUR)
    look_after(the_outage())
    Outage.objects.update(first_evidence_at=now() - 22 * HOUR, last_evidence_at=now() - 22 * HOUR)
    look_after(the_outage())
    assert sorted(clock_alerts()) == ["event-10", "event-50"]
    Outage.objects.update(restored_at=now() - 2 * HOUR)
    record_filing(the_outage(), actor=admin_user, filed_at=now() - HOUR, number="9E1F")
    look_after(the_outage())
    assert clock_alerts() == []


def test_a_warning_ends_when_another_document_shows_that_the_outage_goes_on() -> None:
    document = enter(ago=13 * HOUR)
    look_after(the_outage())
    assert clock_alerts() == ["event-50"]
    enter(document.issuer, ago=MINUTE)
    look_after(the_outage())
    assert clock_alerts() == []


def test_a_warning_says_how_much_time_is_left_and_names_nobody() -> None:
    enter(ago=13 * HOUR + MINUTE)
    look_after(the_outage())
    context = Alert.objects.get(kind="outage_clock").context
    assert (context["hours_left"], context["count"]) == (10, 1)
    assert "Ana" not in str(context)


def test_what_was_missed_is_kept_when_it_is_closed() -> None:
    document = enter(ago=80 * HOUR)
    seal(document)
    look_after(the_outage())
    assert the_outage().missed == "report"


def test_the_cause_is_what_the_documents_data_file_states() -> None:
    document = enter()
    content = b'{"identificacion": {"tipoContingencia": 1, "motivoContin": null}}'
    ReadingRecord.objects.create(document=document, code=document.generation_code, state="contingency", content=content)
    look_after(the_outage())
    assert the_outage().cause == Outage.Cause.AUTHORITY


def test_without_a_statement_there_is_no_cause() -> None:
    document = enter()
    ReadingRecord.objects.create(document=document, code=document.generation_code, state="contingency", content=b"{}")
    look_after(the_outage())
    assert the_outage().cause is None


def test_each_outage_is_looked_after_once_a_minute() -> None:
    enter()
    look_after_outages()
    assert the_outage().check_at > now() + 50 * timedelta(seconds=1)
    assert not Outage.objects.due(now()).exists()


def test_one_that_fails_holds_up_no_other(monkeypatch) -> None:
    broken, other = enter(), enter()
    Outage.objects.filter(issuer=broken.issuer).update(check_at=now() - HOUR)
    seen = []

    def act(outage: Outage) -> None:
        seen.append(outage.issuer)
        if outage.issuer == broken.issuer:
            raise ZeroDivisionError

    monkeypatch.setattr(outage_look_after, "look_after", act)
    look_after_outages()
    assert seen == [broken.issuer, other.issuer]
    assert not Outage.objects.due(now()).exists()
