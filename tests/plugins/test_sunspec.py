"""SunSpec devices whose registers are written down here word by word."""

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.sunspec_models import MODELS
from evcc_flask.plugins.values import Kind

MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]


def model(number, length, **words):
    """Registers of a model; keyword ``at14=…`` sets the register at offset 14."""
    registers = [number, length] + [0] * length
    for where, word in words.items():
        registers[int(where.removeprefix("at"))] = word & 0xFFFF
    return registers


COMMON = model(1, 66, at2=0x4142)
INVERTER = model(103, 50, at2=42, at6=-1, at14=1234, at15=-1, at24=1, at25=2, at26=0)
STORAGE = model(124, 24, at5=0, at8=5550, at22=-2, at12=0, at25=-2)
MODULES = model(160, 48, at4=-1, at8=2, at21=3000, at41=0xFFFF)


def image(*models, base=40000):
    words = [*MARKER, *(word for one in models for word in one), *END]
    return dict(enumerate(words, base))


def point(uri, *values, **keys):
    return {"source": "sunspec", "uri": uri, "id": 1, "value": list(values), **keys}


@pytest.mark.parametrize("base", [40000, 50000, 0])
def test_models_are_found_at_any_of_the_three_bases(read, slave, base):
    assert read(point(slave(image(COMMON, INVERTER, base=base)).uri, "103:W")) == pytest.approx(123.4)


@pytest.mark.parametrize(
    ("values", "keys", "kind", "value"),
    [
        (["103:W"], {}, Kind.FLOAT, 123.4),
        (["101:W", "103:w"], {"scale": -1}, Kind.FLOAT, -123.4),
        (["103:WH"], {"scale": 0.001}, Kind.FLOAT, 65.538),
        (["160:1:DCW"], {}, Kind.FLOAT, 300),
        (["160:2:DCW"], {}, Kind.FLOAT, 0),
        (["124:ChaState"], {}, Kind.INT, 56),
        (["103:A"], {"bitmask": 6}, Kind.FLOAT, 4),
        (["1:Mn"], {}, Kind.TEXT, "AB"),
        ("103:W", {}, Kind.FLOAT, 123.4),
    ],
)
def test_a_point_is_scaled_by_its_own_factor(read, slave, values, keys, kind, value):
    server = slave(image(COMMON, INVERTER, STORAGE, MODULES))
    got = read({**point(server.uri), "value": values, **keys}, kind)
    assert got == (pytest.approx(value) if kind is not Kind.TEXT else value)


def test_the_second_cycle_costs_one_read_for_all_points_of_a_model(bus, shop, slave):
    server = slave(image(COMMON, INVERTER, STORAGE, MODULES))
    sources = [build_source(point(server.uri, name), shop) for name in ("103:W", "103:A", "103:WH")]
    needs = [need for source in sources for need in source.needs()]
    bus.refresh(needs).wait(5)
    first = len(server.seen)
    server.words[40000 + 2 + 68 + 14] = 4321
    bus.refresh(need for source in sources for need in source.needs()).wait(5)
    assert sources[0].value() == pytest.approx(432.1)
    assert len(server.seen) - first == 1


def test_two_sources_of_one_slave_scan_it_once(bus, workshop, slave):
    server = slave(image(COMMON, INVERTER))
    sources = [build_source(point(server.uri, "103:W"), workshop.shop(name)) for name in ("a", "b")]
    bus.refresh(need for source in sources for need in source.needs()).wait(5)
    assert len(server.seen) == 5


def test_the_subdevice_is_the_nth_common_model(read, slave):
    first, second = model(203, 105, at18=100), model(203, 105, at18=200)
    server = slave(image(COMMON, first, COMMON, second))
    assert read(point(server.uri, "203:W", subdevice=1)) == 200


def test_a_point_that_the_device_lacks_is_not_available(read, slave):
    with pytest.raises(ReadError, match=r"no SunSpec point 802:SoC; the device has models 1, 103") as caught:
        read(point(slave(image(COMMON, INVERTER)).uri, "802:SoC"))
    assert caught.value.kind is ErrorKind.NOT_AVAILABLE


def test_a_device_without_marker_is_told(read, slave):
    with pytest.raises(ReadError, match="no SunSpec marker"):
        read(point(slave({}).uri, "103:W"))


@pytest.mark.parametrize(
    ("name", "value", "sent"), [("124:OutWRte", -100, -10000), ("124:StorCtl_Mod", 2, 2), ("124:OutWRte", 12.34, 1234)]
)
def test_a_setter_undoes_the_scale_factor_and_writes_one_register(put, slave, name, value, sent):
    server = slave(image(COMMON, INVERTER, STORAGE))
    put(point(server.uri, name), value)
    offset = {"124:OutWRte": 12, "124:StorCtl_Mod": 5}[name]
    assert server.written == [(6, 40002 + 68 + 52 + offset, sent & 0xFFFF)]


@pytest.mark.parametrize("text", ["W", "103", "103:Watt", "9999:W", "103:W:1", "160:DCW", "x:W"])
def test_a_point_that_cannot_exist_is_refused_when_it_is_read(refused, text):
    for build in (build_source, build_sink):
        assert [path for path, _ in refused(point("x", text), build)] == [("value", 0)]


def test_every_scale_factor_of_the_table_exists():
    for number, layout in MODELS.items():
        for entry in (*layout.points.values(), *layout.repeated.values()):
            assert not entry.scale or layout.points[entry.scale].type == "sunssf", (number, entry)
