import random

from tests.faults.runs.documents import FAULTS, LEAST_FAULTS
from tests.faults.sales import Letter, repeated
from tests.faults.shapes import ALONE, REUSABLE, SHAPES, Attacker
from tests.faults.storm import thresholds


def test_the_kills_are_spread_over_the_whole_work():
    points = thresholds(50, 2000)
    assert points[0] == 60
    assert points[-1] < 0.95 * 2000
    assert {later - earlier for earlier, later in zip(points, points[1:], strict=False)} == {36}


def test_the_faults_are_as_many_as_promised():
    assert LEAST_FAULTS < sum(part for part, _options in FAULTS.values()) <= 0.31


def test_each_letter_is_delivered_once_to_six_times():
    mail = [Letter(f"evt_{number}", "invoice.paid", b"{}") for number in range(200)]
    copies = repeated(mail, random.Random(1), most=6)
    counts = [sum(copy is letter for copy in copies) for letter in mail]
    assert (min(counts), max(counts)) == (1, 6)
    assert copies[:200] != mail


def test_there_are_more_than_forty_shapes_and_each_makes_a_request():
    assert len(SHAPES) == len(REUSABLE) + len(ALONE) >= 40
    attacker = Attacker("/stripe/webhook/x/", "127.0.0.1:1", random.Random(1))
    for name, make in SHAPES.items():
        assert b"\r\n\r\n" in make(attacker), name
