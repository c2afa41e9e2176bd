"""Every decode word, both ways, by vectors that were written down by hand."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.bus.decode import KINDS, decode, encode, is_missing, registers_of, writable
from evcc_flask.bus.needs import ErrorKind, ReadError

VECTORS = [
    ("int16", (0xFFFF,), -1),
    ("int16", (0x8000,), -32768),
    ("uint16", (0xFFFF,), 65535),
    ("int16nan", (0x8001,), -32767),
    ("uint16nan", (0xFFFE,), 65534),
    ("int32", (0xFFFF, 0xFFFE), -2),
    ("uint32", (0x0001, 0x0002), 65538),
    ("int32s", (0xFFFE, 0xFFFF), -2),
    ("uint32s", (0x0002, 0x0001), 65538),
    ("int32nan", (0x8000, 0x0001), -2147483647),
    ("uint32nan", (0xFFFF, 0xFFFE), 4294967294),
    ("float32", (0x4366, 0x3333), struct.unpack(">f", bytes.fromhex("43663333"))[0]),
    ("ieee754", (0xC2F6, 0xE979), struct.unpack(">f", bytes.fromhex("C2F6E979"))[0]),
    ("float32s", (0x0000, 0x3FC0), 1.5),
    ("ieee754s", (0x0000, 0xBFC0), -1.5),
    ("float32nan", (0x3FC0, 0x0000), 1.5),
    ("float32nans", (0x0000, 0x3FC0), 1.5),
    ("int64", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFD), -3),
    ("uint64", (0x0001, 0x0002, 0x0003, 0x0004), 0x0001000200030004),
    ("float64", (0x405E, 0xDD2F, 0x1A9F, 0xBE77), 123.456),
    ("bytes", (0x4142, 0x4300), b"ABC\0"),
]
READ_ONLY = [
    ("bool16", (0x0100,), True),
    ("bool16", (0x0000,), False),
    ("bool8", (1,), True),
    ("bool8", (0,), False),
    ("uint64s", (0x0004, 0x0003, 0x0002, 0x0001), 0x0001000200030004),
    ("uint64nan", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE), 0xFFFFFFFFFFFFFFFE),
    ("uint64snan", (0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF), 0xFFFFFFFFFFFFFFFE),
    ("string", (0x4142, 0x0043), "ABC"),
]
MISSING = [
    ("int16nan", (0x8000,)),
    ("int16nan", (0x7FFF,)),
    ("uint16nan", (0xFFFF,)),
    ("int32nan", (0x8000, 0)),
    ("int32nan", (0x7FFF, 0xFFFF)),
    ("uint32nan", (0xFFFF, 0xFFFF)),
    ("uint64nan", (0xFFFF,) * 4),
    ("uint64snan", (0xFFFF,) * 4),
    ("float32", (0x7FC0, 0)),
    ("float32", (0x7F80, 0)),
    ("float32", (0xFF80, 0)),
    ("ieee754s", (0, 0x7FC0)),
    ("float32nan", (0x7FC0, 0)),
    ("float32nans", (0, 0x7FC0)),
    ("float64", (0x7FF8, 0, 0, 0)),
]


@pytest.mark.parametrize(("kind", "registers", "value"), VECTORS + READ_ONLY)
def test_registers_decode_to_the_value(kind, registers, value):
    assert decode(kind, registers) == value
    assert not is_missing(kind, registers)


@pytest.mark.parametrize(("kind", "registers", "value"), VECTORS)
def test_a_value_encodes_to_its_registers(kind, registers, value):
    assert encode(kind, value) == registers


@pytest.mark.parametrize(("kind", "registers"), MISSING)
def test_a_missing_value_is_0_and_known_as_missing(kind, registers):
    assert decode(kind, registers) == 0
    assert is_missing(kind, registers)


def test_every_word_has_a_vector():
    assert {kind for kind, *_ in VECTORS + READ_ONLY} == set(KINDS)


@pytest.mark.parametrize(("mask", "expected"), [(0x0100, True), (0x0001, False), (0, True)])
def test_bool16_looks_at_the_bits_of_the_mask(mask, expected):
    assert decode("bool16", (0x0100,), mask) is expected


def test_numbers_are_truncated_and_negative_ones_are_twos_complement():
    assert encode("uint16", 6.9) == (6,)
    assert encode("int16", -6.9) == (0xFFFA,)
    assert encode("uint16", -1) == (0xFFFF,)
    assert encode("uint32", -1) == (0xFFFF, 0xFFFF)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint16", 65536),
        ("int16", -32769),
        ("uint32", 2**32),
        ("uint16", math.nan),
        ("int32", math.inf),
        ("float32", math.nan),
        ("float32", 1e39),
        ("uint16", "six"),
        ("bytes", 5),
    ],
)
def test_what_does_not_fit_is_not_written_as_something_else(kind, value):
    with pytest.raises(ReadError) as caught:
        encode(kind, value)
    assert caught.value.kind is ErrorKind.VALUE


@pytest.mark.parametrize("kind", ["uint64s", "uint64snan", "string"])
def test_swapped_writes_exist_for_two_registers_only(kind):
    assert not writable(kind)
    with pytest.raises(ReadError):
        encode(kind, 1)


def test_a_wrong_number_of_registers_is_an_error():
    with pytest.raises(ReadError):
        decode("uint32", (1,))


@given(
    st.sampled_from([kind for kind in KINDS if writable(kind) and registers_of(kind) and "bool" not in kind]), st.data()
)
def test_what_was_encoded_is_decoded_again(kind, data):
    words = st.lists(st.integers(0, 0xFFFF), min_size=registers_of(kind), max_size=registers_of(kind))
    registers = tuple(data.draw(words))
    if not is_missing(kind, registers):
        assert encode(kind, decode(kind, registers)) == registers
