"""Registers over a real socket: what is read, and exactly what is written."""

import struct

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError, Registers, Table
from evcc_flask.plugins.modbus import _endpoint
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.values import Kind


def node(uri, scale=1, keys=None, **register):
    return {"source": "modbus", "uri": uri, "id": 1, "scale": scale, "register": register, **(keys or {})}


@pytest.mark.parametrize(
    ("register", "words", "kind", "value"),
    [
        ({"decode": "uint16"}, [65535], Kind.FLOAT, 65535.0),
        ({"decode": "int16"}, [65535], Kind.INT, -1),
        ({"decode": "float32"}, struct.unpack(">2H", struct.pack(">f", 2300.5)), Kind.FLOAT, 2300.5),
        ({"decode": "float32s"}, struct.unpack(">2H", struct.pack(">f", 2300.5))[::-1], Kind.FLOAT, 2300.5),
        ({"encoding": "uint32s"}, [1, 2], Kind.FLOAT, 131073.0),
        ({"decode": "int32nan"}, [0x8000, 0], Kind.FLOAT, 0.0),
        ({"decode": "bool16", "bitmask": 4}, [4], Kind.BOOL, True),
        ({"decode": "bool16", "bitmask": "0x02"}, [4], Kind.BOOL, False),
        ({"decode": "uint16"}, [5], Kind.BOOL, True),
        ({"decode": "uint64"}, [0, 0, 1, 0], Kind.FLOAT, 65536.0),
        ({"decode": "float64"}, struct.unpack(">4H", struct.pack(">d", 1.5)), Kind.FLOAT, 1.5),
        ({"decode": "string", "length": 3}, [0x4142, 0x4300, 0], Kind.TEXT, "ABC"),
        ({"decode": "UINT16"}, [7], Kind.TEXT, "7"),
    ],
)
def test_registers_become_the_value(read, slave, register, words, kind, value):
    server = slave(dict(enumerate(words, 100)))
    assert read(node(server.uri, address=100, type="holding", **register), kind) == value


def test_the_value_is_scaled_on_reading(read, slave):
    assert read(node(slave({5: 123}).uri, address=5, type="holding", decode="uint16", scale=0.1)) == pytest.approx(12.3)


@pytest.mark.parametrize(
    ("register", "value", "sent"),
    [
        ({"type": "writesingle", "decode": "uint16"}, 16, (6, 9, 16)),
        ({"type": "writeholding", "decode": "int16"}, -2, (6, 9, 0xFFFE)),
        ({"type": "writemultiple", "decode": "uint16"}, 16.9, (16, 9, 16)),
        ({"type": "writeholdings", "decode": "float32"}, 1.5, (16, 9, 0x3FC0, 0)),
        ({"type": "writemultiple", "encoding": "uint32s"}, 0x10002, (16, 9, 2, 1)),
        ({"type": "writemultiple", "encoding": "bytes"}, b"\x01\x02\x03\x04", (16, 9, 0x0102, 0x0304)),
        ({"type": "writecoil"}, True, (5, 9, 0xFF00)),
        ({"type": "writecoil", "decode": "bool8"}, 0, (5, 9, 0)),
    ],
)
def test_a_write_is_the_frame_that_its_type_says(put, slave, register, value, sent):
    server = slave({})
    put(node(server.uri, address=9, **register), value)
    assert server.written == [sent]


def test_a_value_is_multiplied_by_the_scale_on_writing_and_then_truncated(put, slave):
    server = slave({})
    put(node(server.uri, 10, address=9, type="writesingle", decode="uint16"), 6.59)
    assert server.written == [(6, 9, 65)]


@pytest.mark.parametrize("value", [70000, -40000, float("nan")])
def test_what_does_not_fit_is_not_sent(put, slave, value):
    server = slave({})
    with pytest.raises(ReadError):
        put(node(server.uri, address=9, type="writesingle", decode="uint16"), value)
    assert server.seen == []


def test_a_block_is_what_is_read_and_values_are_cut_from_it(bus, shop, slave):
    server = slave({at: at for at in range(100, 110)})
    keys = {"block": {"register": 100, "count": 10}}
    sources = [
        build_source(node(server.uri, keys=keys, address=at, type="holding", decode="uint16"), shop)
        for at in (101, 107)
    ]
    (need,) = sources[0].needs()
    assert need.request == Registers(1, Table.HOLDING, 100, 10)
    bus.refresh(need for source in sources for need in source.needs()).wait(5)
    assert [source.value() for source in sources] == [101, 107]
    assert len(server.seen) == 1


def test_a_refused_address_is_an_error_that_says_so(read, slave):
    with pytest.raises(ReadError) as caught:
        read(node(slave({}).uri, address=9, type="holding", decode="uint16"))
    assert caught.value.kind is ErrorKind.REFUSED


def test_before_the_first_answer_there_is_no_value(shop):
    source = build_source(node("127.0.0.1:1", address=9, type="holding", decode="uint16"), shop)
    assert source.at_s() is None
    with pytest.raises(ReadError, match="not read yet"):
        source.value()


@pytest.mark.parametrize(
    ("uri", "endpoint"),
    [
        ("192.168.0.8", ("192.168.0.8", 502)),
        ("192.168.0.8:1502", ("192.168.0.8", 1502)),
        ("tcp://box:1502/", ("box", 1502)),
        ("[fe80::1]:503", ("fe80::1", 503)),
        ("fe80::1", ("fe80::1", 502)),
    ],
)
def test_the_port_is_502_unless_written(uri, endpoint):
    assert _endpoint(uri) == endpoint


GOOD = {"address": 1, "type": "holding", "decode": "uint16"}


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({"register": {**GOOD, "decode": "uint61"}, "uri": "x"}, ("register", "decode")),
        ({"register": {"address": 1, "type": "holding"}, "uri": "x"}, ("register", "decode")),
        ({"register": {**GOOD, "type": "writesingle"}, "uri": "x"}, ("register", "type")),
        ({"register": {**GOOD, "adress": 1}, "uri": "x"}, ("register", "adress")),
        ({"register": {**GOOD, "address": 70000}, "uri": "x"}, ("register", "address")),
        ({"register": {**GOOD, "encoding": "int16"}, "uri": "x"}, ("register", "encoding")),
        ({"register": GOOD}, ("device",)),
        ({"register": GOOD, "uri": "x", "device": "/dev/ttyUSB0", "baudrate": 9600, "comset": "8N1"}, ("device",)),
        ({"register": GOOD, "device": "/dev/ttyUSB0", "comset": "8N1"}, ("baudrate",)),
        ({"register": GOOD, "device": "/dev/ttyUSB0", "baudrate": 9600, "comset": "9N1"}, ("comset",)),
        ({"register": GOOD, "uri": "x:y"}, ("uri",)),
        ({"register": GOOD, "uri": "x", "id": 300}, ("id",)),
        ({"register": GOOD, "uri": "x", "block": {"register": 2, "count": 3}}, ("block",)),
        ({"uri": "x"}, ("register",)),
    ],
)
def test_a_wrong_setting_is_told_with_its_path(refused, keys, path):
    assert [where for where, _ in refused({"source": "modbus", **keys})] == [path]


def test_a_read_is_no_write(refused):
    ((path, text),) = refused({"source": "modbus", "uri": "x", "register": GOOD}, build_sink)
    assert path == ("register", "type")
    assert "writemultiple" in text
