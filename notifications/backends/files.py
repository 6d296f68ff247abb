"""Mail as files: what a machine without a mail provider would have sent, one .eml per message."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class FileBackend(BaseEmailBackend):
    """Writes each message to EMAIL_FILE_PATH under its idempotency key; the same key twice is one file."""

    def __init__(self, *, file_path: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(file_path or settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        key = getattr(message, "metadata", {}).get("idempotency_key") or uuid4()
        path = self.folder / f"{UUID(str(key))}.eml"
        if path.exists():
            return
        # Whole or not at all: a reader, and a crash, must never find half a mail under the final name.
        with NamedTemporaryFile(dir=self.folder, prefix=".", suffix=".tmp", delete=False) as file:
            file.write(message.message().as_bytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
        self._sync_folder()

    def _sync_folder(self) -> None:
        """Make the new name survive a power cut, too."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
