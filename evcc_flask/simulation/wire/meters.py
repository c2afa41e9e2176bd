"""Register images of Eastron meters: IEEE floats in input registers, one every two addresses.

Addresses: the maker's Modbus protocol documents for SDM630, SDM72D-M and SDM120. Import counts positive.
"""

import struct
from collections.abc import Callable, Mapping, Sequence

from evcc_flask.simulation.house import House

from .live import LiveHouse
from .station import ILLEGAL_ADDRESS, ILLEGAL_VALUE, INPUTS, Refused, Slave

Picture = Callable[[House], Mapping[int, float]]

LAST_ADDRESS = 0x0181
MOST_REGISTERS = 80
"""An Eastron sends at most 40 values in one answer."""

FREQUENCY_HZ = 50.0


class Eastron(Slave):
    """A meter that shows a picture of the house; what the picture leaves out within the map reads as 0."""

    functions = frozenset({4})

    def __init__(self, live: LiveHouse, picture: Picture) -> None:
        self._live = live
        self._picture = picture

    def read(self, table: int, address: int, count: int) -> Sequence[int]:
        if count > MOST_REGISTERS or count % 2:
            raise Refused(ILLEGAL_VALUE)
        if table != INPUTS or address % 2 or address + count - 1 > LAST_ADDRESS:
            raise Refused(ILLEGAL_ADDRESS)
        with self._live.now() as house:
            values = self._picture(house)
        wanted = [values.get(place, 0.0) for place in range(address, address + count, 2)]
        return struct.unpack(f">{count}H", struct.pack(f">{len(wanted)}f", *wanted))


def sdm630_at_grid(house: House) -> Mapping[int, float]:
    """Three phases at the grid connection; currents have no sign, as the meter shows them."""
    grid = house.grid
    voltages, currents, powers = grid.voltages_v, tuple(abs(each) for each in grid.currents_a), grid.powers_w
    return {
        **_three(0x00, voltages),
        **_three(0x06, currents),
        **_three(0x0C, powers),
        **_three(0x12, tuple(volt * ampere for volt, ampere in zip(voltages, currents, strict=True))),
        **_three(0x1E, (1.0, 1.0, 1.0)),
        0x2A: sum(voltages) / 3,
        0x2E: sum(currents) / 3,
        0x30: sum(currents),
        0x34: grid.power_w,
        0x3E: 1.0,
        0x46: FREQUENCY_HZ,
        0x48: grid.import_kwh,
        0x4A: grid.export_kwh,
        0x0156: grid.import_kwh + grid.export_kwh,
    }


def sdm72_at_pv(place: int) -> Picture:
    """The total of a three-phase string: generation is export, so power is negative. No phase values in this model."""

    def picture(house: House) -> Mapping[int, float]:
        string = house.pv[place]
        return {0x34: -string.power_w, 0x4A: string.energy_kwh, 0x0156: string.energy_kwh}

    return picture


def sdm120_at_pv(place: int) -> Picture:
    """A one-phase string: the total lives at the address of L1."""

    def picture(house: House) -> Mapping[int, float]:
        string = house.pv[place]
        return {
            0x00: string.voltage_v,
            0x06: abs(string.current_a),
            0x0C: -string.power_w,
            0x12: abs(string.voltage_v * string.current_a),
            0x1E: 1.0,
            0x46: FREQUENCY_HZ,
            0x4A: string.energy_kwh,
            0x0156: string.energy_kwh,
        }

    return picture


def _three(address: int, values: Sequence[float]) -> dict[int, float]:
    return {address + 2 * phase: value for phase, value in enumerate(values)}
