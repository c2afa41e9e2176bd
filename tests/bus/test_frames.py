"""Where an answer begins and ends, in any noise and in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.bus.frames import AsciiAnswer, RtuAnswer

READ = bytes.fromhex("01030010000271CE")
ANSWER = bytes.fromhex("010304000A000BABCD")
REFUSAL = bytes.fromhex("018302C0F1")


def fed(answer, data, pieces):
    """As a port would: never more than is asked for."""
    data = bytearray(data)
    while data and answer.missing:
        count = min(answer.missing, pieces)
        answer.take(bytes(data[:count]))
        del data[:count]
    return answer


@given(st.integers(1, 20), st.binary(max_size=20).filter(lambda noise: 1 not in noise))
def test_the_answer_is_found_behind_noise(pieces, noise):
    answer = fed(RtuAnswer(READ, len(ANSWER)), noise + ANSWER, pieces)
    assert (answer.result(), answer.missing, answer.exception) == (ANSWER, 0, None)


@given(st.integers(1, 20))
def test_a_refusal_is_whole_after_five_bytes(pieces):
    answer = fed(RtuAnswer(READ, len(ANSWER)), REFUSAL, pieces)
    assert (answer.result(), answer.missing, answer.exception) == (REFUSAL, 0, 2)


@pytest.mark.parametrize("kind", [RtuAnswer, AsciiAnswer])
@given(data=st.binary(max_size=60), pieces=st.integers(1, 20))
def test_no_noise_is_too_much(kind, data, pieces):
    answer = fed(kind(READ, len(ANSWER)), data, pieces)
    assert answer.missing >= 0
    answer.result()
    assert answer.exception is None or 0 <= answer.exception <= 255


def test_a_write_is_confirmed_by_its_own_address():
    write = bytes.fromhex("0106000500078009")
    other = bytes.fromhex("0106000600070000")
    assert fed(RtuAnswer(write, 8), write, 8).result() == write
    assert not fed(RtuAnswer(write, 8), other, 8).begun
