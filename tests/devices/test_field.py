"""All devices together."""

from evcc_flask.devices.field import DeviceField


class Meter:
    """A driver with a fault, or without."""

    def __init__(self, needs):
        self.name = "meter"
        self._needs = needs

    def needs(self):
        return self._needs()


def test_a_driver_with_a_fault_keeps_no_other_from_being_read_and_is_said_once(bus, caplog):
    asked = []
    field = DeviceField(bus, [Meter(lambda: 1 / 0), Meter(lambda: asked.append(1) or [])])
    for _ in range(3):
        assert field.refresh().wait(5)
    assert len(asked) == 3
    assert len([line for line in caplog.records if "cannot say what it needs" in line.message]) == 1
