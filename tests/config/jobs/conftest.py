"""A job on messages that failed: five of them, in batches of two."""

from collections.abc import Callable
from typing import Any

import pytest

from config.jobs import freeze
from config.models import Job
from notifications.models import Message
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff

RIGHTS = ("notifications.view_message", "notifications.resend_message")


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "BATCH", 2)


@pytest.fixture
def rows() -> list[Message]:
    return list(MessageFactory.create_batch(5, status="failed"))


@pytest.fixture
def make_job(rows: list[Message]) -> Callable[..., Job]:
    """Return what makes and starts a job that tries these messages again."""

    def make(action: str = "try_again", *, queryset: Any = None, actor: Any = None, **fields: Any) -> Job:
        chosen = Message.objects.all() if queryset is None else queryset
        person = actor or make_staff(*RIGHTS)
        job = freeze.freeze_choice(
            page="notifications.message", action=action, actor=person, queryset=chosen, summary=[]
        )
        assert freeze.start_job(job, fields={"reason": "The provider works again.", **fields})
        job.refresh_from_db()
        return job

    return make
