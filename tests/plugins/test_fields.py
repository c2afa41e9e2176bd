"""What is said of a value or key that is nearly right: what was written, and what would be right."""

import pytest
from marshmallow import ValidationError

from evcc_flask.plugins.fields import Timeout, unknown_key


@pytest.mark.parametrize("written", [5, "5", 0.5])
def test_a_timeout_without_a_unit_is_told_as_it_was_written(written):
    with pytest.raises(ValidationError) as caught:
        Timeout().deserialize(written)
    assert caught.value.messages == [f"{written} without a unit is nanoseconds. Write {written}s"]


@pytest.mark.parametrize(("written", "seconds"), [("5s", 5), ("500ms", 0.5), ("0s", 0), (5_000_000_000, 5)])
def test_a_timeout_that_makes_sense_is_taken(written, seconds):
    assert Timeout().deserialize(written) == seconds


def test_turned_letters_go_before_a_shorter_word():
    assert unknown_key("lgo", ["go", "log", "lp"]).endswith("Did you mean 'log'?")
