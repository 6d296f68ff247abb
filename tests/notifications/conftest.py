"""Where the mails of these tests go: to a server on loopback, or to a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.smtp_server import Mailbox, serve


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """Mail through SMTP, which knows no idempotency key."""
    with serve() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", box.port, 5
        settings.DEFAULT_FROM_EMAIL = "Billing <billing@seller.example>"
        yield box


@pytest.fixture
def folder(settings, tmp_path: Path) -> Path:
    """Mail to files, whose names are the idempotency keys."""
    settings.EMAIL_BACKEND = "notifications.backends.files.FileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"
