"""One alert per kind and key while it goes on, and one mail for each person it concerns."""

import threading
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.utils.timezone import now

from notifications.errors import InvalidAlert
from notifications.models import Alert, Message, Reader
from notifications.services import alert as alert_service
from notifications.services import tell_alert
from notifications.services.alert import raise_alert, resolve_alert

pytestmark = pytest.mark.django_db
BREAKER = {"kind": "breaker_open", "key": "issuer:1"}
CONTEXT = {"name": "Café Montaña", "reason": "3 unknown in a minute", "count": 3}


def person(name: str, group: str = "Finance manager", **values) -> User:
    user = User.objects.create_user(name, **{"email": f"{name}@house.example", **values})
    user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


def mails(template: str = "alert_raised") -> list[str]:
    return sorted(Message.objects.filter(template=template).values_list("recipient", flat=True))


def test_a_raised_alert_is_open_and_mailed_to_its_audience_once():
    person("ana")
    person("otto", "Operator")
    person("carla", "Finance clerk")
    for _i in range(3):
        raise_alert(**BREAKER, context=CONTEXT)
    alert = Alert.objects.get()
    assert (alert.kind, alert.key, alert.resolved_at, alert.times, alert.told) == (
        "breaker_open",
        "issuer:1",
        None,
        1,
        2,
    )
    assert alert.context == CONTEXT
    assert mails() == ["ana@house.example", "otto@house.example"]


def test_the_people_who_left_and_those_without_an_address_get_none_and_one_address_gets_one():
    ana = person("ana")
    ana.groups.add(Group.objects.get_or_create(name="Operator")[0])
    person("ana2", email="ANA@house.example")
    person("gone", is_active=False)
    person("mute", email="")
    raise_alert(**BREAKER)
    assert mails() == ["ana@house.example"]
    assert Alert.objects.get().told == 1


def test_where_nobody_is_concerned_those_are_told_who_may_do_everything():
    User.objects.create_superuser("root", "root@house.example")
    person("carla", "Finance clerk")
    raise_alert(**BREAKER)
    assert mails() == ["root@house.example"]


def test_an_alert_that_reached_nobody_says_so():
    raise_alert(**BREAKER)
    assert list(Alert.objects.untold()) == [Alert.objects.get()]
    resolve_alert(**BREAKER)
    assert not Alert.objects.untold().exists()
    assert not Message.objects.exists()


def test_it_is_counted_once_a_minute_and_mailed_no_more():
    person("ana")
    raise_alert(**BREAKER)
    Alert.objects.update(last_at=now() - timedelta(seconds=61))
    raise_alert(**BREAKER)
    raise_alert(**BREAKER)
    alert = Alert.objects.get()
    assert alert.times == 2
    assert now() - alert.last_at < timedelta(seconds=30)
    assert Message.objects.count() == 1


def test_when_it_is_over_people_are_told_and_the_next_one_is_new():
    person("ana")
    raise_alert(**BREAKER, context=CONTEXT)
    resolve_alert(**BREAKER, context={"count": 0})
    resolve_alert(**BREAKER)
    alert = Alert.objects.get()
    assert alert.resolved_at is not None
    assert (alert.context, alert.outcome) == (CONTEXT, {"count": 0})
    assert mails("alert_resolved") == ["ana@house.example"]
    raise_alert(**BREAKER)
    assert (Alert.objects.count(), Alert.objects.open().count(), len(mails())) == (2, 1, 2)


def test_whoever_finds_it_closed_by_another_says_nothing(monkeypatch: pytest.MonkeyPatch):
    person("ana")
    raise_alert(**BREAKER)

    def now_after_another() -> datetime:
        Alert.objects.update(resolved_at=now(), outcome={"by": "another"})
        return now()

    monkeypatch.setattr(alert_service, "now", now_after_another)
    resolve_alert(**BREAKER, context={"by": "us"})
    assert Alert.objects.get().outcome == {"by": "another"}
    assert mails("alert_resolved") == []


def test_without_an_open_alert_there_is_nothing_to_resolve():
    person("ana")
    resolve_alert(**BREAKER)
    assert (Alert.objects.count(), Message.objects.count()) == (0, 0)


def test_another_key_or_kind_is_another_alert():
    raise_alert(**BREAKER)
    raise_alert(kind="breaker_open", key="issuer:2")
    raise_alert(kind="unknown_old", key="issuer:1")
    assert Alert.objects.open().count() == 3


@pytest.mark.parametrize(("kind", "key"), [("toast", "1"), ("breaker_open", ""), ("breaker_open", "k" * 121)])
@pytest.mark.parametrize("door", [raise_alert, resolve_alert])
def test_an_unknown_kind_or_a_bad_key_is_a_fault_of_the_program(door, kind: str, key: str):
    with pytest.raises(InvalidAlert):
        door(kind=kind, key=key)
    assert not Alert.objects.exists()


def test_it_is_undone_with_the_callers_transaction():
    person("ana")
    with transaction.atomic():
        raise_alert(**BREAKER)
        transaction.set_rollback(True)
    assert (Alert.objects.count(), Message.objects.count()) == (0, 0)


def test_values_from_outside_are_one_plain_line():
    raise_alert(
        **BREAKER, context={"reason": "a\r\nBcc: x\x00\u202eb" + "c" * 900, "count": 3, "at": now(), "no": None}
    )
    context = Alert.objects.get().context
    assert context["reason"].startswith("a Bcc: x b")
    assert len(context["reason"]) == 500
    assert (context["count"], context["no"]) == (3, None)
    assert isinstance(context["at"], str)


def test_each_reads_it_in_their_own_language(settings):
    settings.LANGUAGE_CODE = "en"
    Reader.objects.create(user=person("ana"), language="es")
    person("ben")
    raise_alert(**BREAKER, context=CONTEXT)
    assert dict(Message.objects.values_list("recipient", "language")) == {
        "ana@house.example": "es",
        "ben@house.example": "en",
    }


def test_a_storm_ends_in_a_last_mail_that_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tell_alert, "BURST", 3)
    person("ana")
    for number in range(5):
        raise_alert(kind="unknown_old", key=f"document:{number}")
    assert Alert.objects.open().count() == 5
    assert Alert.objects.untold().count() == 2
    flags = Message.objects.order_by("id").values_list("context__last_of_burst", flat=True)
    assert list(flags) == [False, False, True]
    resolve_alert(kind="unknown_old", key="document:4")
    assert mails("alert_resolved") == []
    raise_alert(**BREAKER)
    assert Alert.objects.open().get(kind="breaker_open").told == 1


def test_a_mail_of_an_alert_leaves_before_all_others():
    person("ana")
    raise_alert(**BREAKER)
    assert list(Message.objects.values_list("is_urgent", flat=True)) == [True]


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_make_one_alert_and_one_mail_each():
    person("ana")
    person("ben")
    # The suite's SQLite lives in memory, where writers do not wait for each other; two processes on a file do, below.
    crowd = 1 if connection.vendor == "sqlite" else 6
    together = threading.Barrier(crowd)
    failed: list[BaseException] = []

    def act(door) -> None:
        try:
            together.wait()
            with transaction.atomic():
                door(**BREAKER, context=CONTEXT)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    for door, template in ((raise_alert, "alert_raised"), (resolve_alert, "alert_resolved")):
        threads = [threading.Thread(target=act, args=[door]) for _i in range(crowd)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert Alert.objects.count() == 1
        assert mails(template) == ["ana@house.example", "ben@house.example"]
    assert not Alert.objects.open().exists()
