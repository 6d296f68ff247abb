"""Writing down what the program cannot see by itself: a backup that was made, an outside system that answered."""

from datetime import datetime

from django.utils.timezone import now

from config.models import Record


def record(name: str, *, is_good: bool, detail: str = "", at: datetime | None = None) -> Record:
    """Keep what was seen to under its name; the last time that it worked stays known when it fails."""
    at = at or now()
    values = {"at": at, "is_good": is_good, "detail": detail[:300], **({"good_at": at} if is_good else {})}
    row, _created = Record.objects.update_or_create(name=name[:80], defaults=values)
    return row
