"""What an alert says of itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from notifications.models import Alert

pytestmark = pytest.mark.django_db


def test_the_database_refuses_a_second_open_one_and_an_unknown_kind():
    Alert.objects.create(kind="breaker_open", key="1")
    for values in ({"kind": "breaker_open", "key": "1"}, {"kind": "toast", "key": "1"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.create(**values)
    Alert.objects.update(resolved_at=now())
    Alert.objects.create(kind="breaker_open", key="1")
    assert Alert.objects.count() == 2


@pytest.mark.parametrize("change", [{"key": "2"}, {"context": {"count": 2}}, {"raised_at": now()}])
def test_what_was_warned_of_is_never_rewritten(change: dict[str, object]):
    alert = Alert.objects.create(kind="breaker_open", key="1", context={"count": 1})
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(**change)
    assert Alert.objects.filter(pk=alert.pk, key="1", context={"count": 1}).update(times=2, resolved_at=now()) == 1


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "less than a minute"), (1, "1 minute"), (179, "179 minutes"), (180, "3 hours"), (1500, "25 hours")],
)
def test_it_tells_how_long_it_lasted(minutes: int, words: str):
    start = now() - timedelta(days=3)
    alert = Alert(kind="breaker_open", key="1", raised_at=start, resolved_at=start + timedelta(minutes=minutes))
    assert alert.lasted() == words


def test_it_is_named_by_what_it_is_about_and_by_its_key_where_nothing_says_so():
    assert str(Alert(kind="worker_stuck", key="k")) == "A periodic job does not run: k"
    assert str(Alert(kind="worker_stuck", key="k", context={"name": "beat"})) == "A periodic job does not run: beat"
    assert str(Alert(kind="worker_absent", key="all", context={"name": ""})) == "Background work has stopped"


def test_its_facts_are_named_in_words_and_name_and_path_are_none():
    alert = Alert(kind="breaker_open", key="1")
    values = {"name": "A", "path": "/x/", "count": 3, "in_some_way": True, "error": None}
    assert alert.facts(values) == [("How many", "3"), ("in some way", "yes"), ("Error", "–")]
