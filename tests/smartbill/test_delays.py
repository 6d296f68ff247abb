import pytest

from smartbill.delays import added, median_seconds, step_of


@pytest.mark.parametrize("seconds", [1, 2.5, 4, 60, 3600, 90_000, 3_000_000])
def test_a_median_is_known_to_within_a_tenth(seconds: float) -> None:
    found = median_seconds({step_of(seconds): 7})
    assert found is not None
    assert abs(found / seconds - 1) < 0.1


def test_of_many_the_middle_one_counts() -> None:
    counts = added([{str(step_of(2)): 3}, {str(step_of(100)): 1, str(step_of(2)): 1}, {str(step_of(5000)): 2}])
    assert median_seconds(counts) == median_seconds({step_of(2): 1})


@pytest.mark.parametrize("seconds", [-5, 0, 0.3])
def test_what_took_no_time_is_told_as_a_second(seconds: float) -> None:
    assert median_seconds({step_of(seconds): 1}) == 1.0


def test_of_nothing_there_is_no_median() -> None:
    assert median_seconds(added([])) is None
