"""When a run is over: nothing is on its way any more, or nothing has moved for so long that nothing will."""

import time

from tests.faults.house import House
from tests.faults.storm import Storm

PATIENCE = 240.0
"""Seconds without any change of any document after which a run is judged as it stands."""
LOOK_EVERY = 2.0
ON_THE_WAY = """
    SELECT (SELECT count(*) FROM smartbill_document WHERE status IN ('ready', 'submitting', 'unknown', 'contingency'))
         + (SELECT count(*) FROM billing_inboundevent WHERE state IN ('new', 'processing', 'retry'))
         + (SELECT count(*) FROM billing_sale WHERE outcome = 'pending')
         + (SELECT count(*) FROM notifications_message WHERE status IN ('queued', 'sending'))
"""
MOVED = "SELECT count(*) FROM smartbill_documentevent"
WAITING_MAILS = "UPDATE notifications_message SET next_at = now() WHERE status = 'queued' AND attempts > 0"


def wait_for_rest(house: House, storm: Storm, *, count: int) -> None:
    """Return when the storm is over and every document is final or on a desk, or when nothing moves any more."""
    moved, moved_at = -1, time.monotonic()
    while True:
        documents = house.books.number("SELECT count(*) FROM smartbill_document")
        if storm.is_over and documents >= count and not house.books.number(ON_THE_WAY):
            return
        now_moved = house.books.number(MOVED)
        if now_moved != moved:
            moved, moved_at = now_moved, time.monotonic()
        if time.monotonic() - moved_at > PATIENCE:
            return
        time.sleep(LOOK_EVERY)
