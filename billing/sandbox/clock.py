"""The time of the stand-in: real time plus what a test asked for."""

import time


class Clock:
    """`offset` moves every timestamp; `signature_offset` moves only the one that deliveries are signed with."""

    def __init__(self) -> None:
        self.offset = 0
        self.signature_offset = 0

    def now(self) -> int:
        """Seconds since 1970."""
        return int(time.time()) + self.offset

    def signing_time(self) -> int:
        """The timestamp of a signature made now."""
        return self.now() + self.signature_offset
