"""Patience grows in steps, and ends with the first success."""

from evcc_flask.domain.backoff import Backoff


def test_each_failure_in_a_row_waits_a_step_longer_up_to_the_longest():
    backoff, waits = Backoff(step_s=2, longest_s=5), []
    for _ in range(4):
        backoff = backoff.failed(100)
        waits.append(backoff.until_s - 100)
    assert waits == [2, 4, 5, 5]


def test_it_rests_until_its_time_is_over():
    backoff = Backoff().failed(100)
    assert backoff.rests(101.9)
    assert not backoff.rests(102)
    assert not Backoff().rests(-1e9)
