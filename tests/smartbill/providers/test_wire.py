"""What the connection of one exchange knows and refuses."""

import socket
import time

import pytest

from smartbill.providers.transport import TooLate, Wire


def test_a_connection_that_is_gone_can_still_be_cut_off() -> None:
    wire = Wire(not_after=time.monotonic() + 10)
    with socket.socket() as gone:
        wire.about_to_write(gone)
    wire.cut_off()
    assert (wire.cut, wire.written) == (True, True)


def test_a_cut_before_the_first_byte_refuses_it() -> None:
    wire = Wire(not_after=time.monotonic() + 10)
    wire.cut_off()
    with pytest.raises(TooLate), socket.socket() as never:
        wire.about_to_write(never)
    assert not wire.written


def test_a_request_is_not_completed_after_its_exchange_is_over() -> None:
    wire = Wire(not_after=time.monotonic() + 10, ends_at=time.monotonic() + 0.05)
    with socket.socket() as sock:
        wire.about_to_write(sock)
        time.sleep(0.1)
        with pytest.raises(TooLate):
            wire.about_to_write(sock)
    assert wire.written


def test_a_cut_between_two_writes_refuses_the_second() -> None:
    wire = Wire(not_after=time.monotonic() + 10)
    with socket.socket() as sock:
        wire.about_to_write(sock)
        wire.cut_off()
        with pytest.raises(TooLate):
            wire.about_to_write(sock)
