"""Register image of a SunSpec hybrid inverter: two strings and a battery that its master may hold or charge.

Models 1, 103, 120, 160, 124 and 802 in a chain from 40000; places and types by the SunSpec model definitions.
"""

from collections.abc import Callable, Mapping, Sequence

from evcc_flask.clock import SystemClock
from evcc_flask.domain.words import BatteryMode
from evcc_flask.simulation.house import House

from .live import LiveHouse
from .station import HOLDINGS, ILLEGAL_ADDRESS, Refused, Slave

BASE = 40000
MARKER = (0x5375, 0x6E53)
END = (0xFFFF, 0)
NO_UINT16 = 0xFFFF
NO_INT16 = 0x8000

LENGTHS = {1: 66, 103: 50, 120: 26, 160: 88, 124: 24, 802: 62}
"""Registers of each model after its id and length, in the order of the chain."""

STRING_16 = "16"
STRING_8 = "8"
LONG = "long"
"""Points of more than one register; all others have one."""

Points = Mapping[str, int | tuple[int, str]]
Values = dict[str, int | float | str]

POINTS: Mapping[int, Points] = {
    1: {"Mn": (2, STRING_16), "Md": (18, STRING_16), "Vr": (42, STRING_8), "SN": (50, STRING_16), "DA": 66, "Pad": 67},
    103: {
        "A": 2,
        "AphA": 3,
        "AphB": 4,
        "AphC": 5,
        "A_SF": 6,
        "PPVphAB": 7,
        "PPVphBC": 8,
        "PPVphCA": 9,
        "PhVphA": 10,
        "PhVphB": 11,
        "PhVphC": 12,
        "V_SF": 13,
        "W": 14,
        "W_SF": 15,
        "Hz": 16,
        "Hz_SF": 17,
        "VA": 18,
        "VA_SF": 19,
        "VAr": 20,
        "VAr_SF": 21,
        "PF": 22,
        "PF_SF": 23,
        "WH": (24, LONG),
        "WH_SF": 26,
        "DCA": 27,
        "DCV": 29,
        "DCW": 31,
        "DCW_SF": 32,
        "TmpCab": 33,
        "TmpSnk": 34,
        "Tmp_SF": 37,
        "St": 38,
    },
    120: {
        "DERTyp": 2,
        "WRtg": 3,
        "WRtg_SF": 4,
        "WHRtg": 19,
        "WHRtg_SF": 20,
        "MaxChaRte": 23,
        "MaxChaRte_SF": 24,
        "MaxDisChaRte": 25,
        "MaxDisChaRte_SF": 26,
    },
    160: {"DCA_SF": 2, "DCV_SF": 3, "DCW_SF": 4, "DCWH_SF": 5, "N": 8},
    124: {
        "WChaMax": 2,
        "WChaGra": 3,
        "WDisChaGra": 4,
        "StorCtl_Mod": 5,
        "VAChaMax": 6,
        "MinRsvPct": 7,
        "ChaState": 8,
        "StorAval": 9,
        "InBatV": 10,
        "ChaSt": 11,
        "OutWRte": 12,
        "InWRte": 13,
        "InOutWRte_WinTms": 14,
        "InOutWRte_RvrtTms": 15,
        "InOutWRte_RmpTms": 16,
        "ChaGriSet": 17,
        "WChaMax_SF": 18,
        "MinRsvPct_SF": 21,
        "ChaState_SF": 22,
        "InOutWRte_SF": 25,
    },
    802: {
        "WHRtg": 3,
        "WChaRteMax": 4,
        "WDisChaRteMax": 5,
        "SoCMax": 8,
        "SoCMin": 9,
        "SoCRsvMin": 10,
        "SoC": 11,
        "SoH": 13,
        "ChaSt": 16,
        "State": 20,
        "V": 34,
        "A": 44,
        "W": 47,
        "WHRtg_SF": 53,
        "WChaDisChaMax_SF": 54,
        "SoC_SF": 56,
        "V_SF": 59,
        "A_SF": 61,
        "W_SF": 63,
    },
}
MODULE: Points = {
    "ID": 0,
    "IDStr": (1, STRING_8),
    "DCA": 9,
    "DCV": 10,
    "DCW": 11,
    "DCWH": (12, LONG),
    "Tmp": 16,
    "DCSt": 17,
}
MODULES_AT, MODULE_LENGTH = 10, 20
"""Model 160 repeats its modules."""

LIMIT_DISCHARGE = 2
"""Bit of StorCtl_Mod; bit 1 limits charging."""

FULL = 10000
"""100 % at the scale factor -2."""

AUTOMATIC = {
    "StorCtl_Mod": 0,
    "MinRsvPct": 500,
    "OutWRte": FULL,
    "InWRte": FULL,
    "InOutWRte_RvrtTms": 0,
    "ChaGriSet": 0,
}
"""What a master may write in model 124, and how it stands after power-up."""


class HybridInverter(Slave):
    """String ``string`` and battery ``battery`` of the house behind one inverter.

    Storage control: discharge limit 0 holds the battery; below 0, with charging from the grid allowed, it charges. A
    limit of charging alone is stored and has no effect. ``InOutWRte_RvrtTms`` runs in real time.
    """

    functions = frozenset({3, 6, 16})

    def __init__(self, live: LiveHouse, string: int, battery: int, wire_s: Callable[[], float] | None = None) -> None:
        self._live = live
        self._string = string
        self._battery = battery
        self._wire_s = wire_s or SystemClock().wire_s
        self._written_s = self._wire_s()
        self.storage = dict(AUTOMATIC)

    def read(self, table: int, address: int, count: int) -> Sequence[int]:
        if table != HOLDINGS or address < BASE:
            raise Refused(ILLEGAL_ADDRESS)
        with self._live.now() as house:
            words = self._chain(house)
        place = address - BASE
        if place + count > len(words):
            raise Refused(ILLEGAL_ADDRESS)
        return words[place : place + count]

    def write(self, address: int, words: Sequence[int]) -> None:
        writable = {address_of(124, name): name for name in AUTOMATIC}
        try:
            wanted = {writable[place]: word for place, word in enumerate(words, address)}
        except KeyError:
            raise Refused(ILLEGAL_ADDRESS) from None
        self.storage |= wanted
        self._written_s = self._wire_s()
        self._obey()

    def tick(self) -> None:
        """Back to automatic when the master has not repeated its order in time."""
        revert_s = self.storage["InOutWRte_RvrtTms"]
        if revert_s and self.storage["StorCtl_Mod"] and self._wire_s() - self._written_s > revert_s:
            self.storage |= {"StorCtl_Mod": 0, "OutWRte": FULL, "InWRte": FULL}
            self._obey()

    def _obey(self) -> None:
        limited = self.storage["StorCtl_Mod"] & LIMIT_DISCHARGE
        discharge = _signed(self.storage["OutWRte"])
        mode = BatteryMode.NORMAL
        if limited and discharge < 0 and self.storage["ChaGriSet"]:
            mode = BatteryMode.CHARGE
        elif limited and discharge <= 0:
            mode = BatteryMode.HOLD
        with self._live.now() as house:
            house.batteries[self._battery].mode = mode

    def _chain(self, house: House) -> list[int]:
        models: dict[int, Values] = {
            1: {"Mn": "Sonnenhaus", "Md": "Hybrid 5.0", "Vr": "1.0", "SN": "SIM-0001", "DA": 1, "Pad": NO_INT16},
            103: self._inverter(house),
            120: self._nameplate(house),
            160: {"DCA_SF": -2, "DCV_SF": -1, "DCW_SF": 0, "DCWH_SF": 0, "N": 4},
            124: self._storage(house),
            802: self._cells(house),
        }
        words = list(MARKER)
        for number, length in LENGTHS.items():
            body = [number, length] + [0] * length
            _put(body, 0, POINTS[number], models[number])
            if number == 160:
                for place, module in enumerate(self._modules(house)):
                    _put(body, MODULES_AT + MODULE_LENGTH * place, MODULE, module)
            words += body
        return words + list(END)

    def _inverter(self, house: House) -> Values:
        string, battery = house.pv[self._string], house.batteries[self._battery]
        ac_w = string.power_w + battery.power_w
        current = round(abs(ac_w) / 3 / string.voltage_v * 100)
        volt = string.voltage_v * 10
        made_kwh = string.energy_kwh + battery.discharged_kwh - battery.charged_kwh
        return {
            "A": 3 * current,
            "AphA": current,
            "AphB": current,
            "AphC": current,
            "A_SF": -2,
            "PPVphAB": NO_UINT16,
            "PPVphBC": NO_UINT16,
            "PPVphCA": NO_UINT16,
            "PhVphA": volt,
            "PhVphB": volt,
            "PhVphC": volt,
            "V_SF": -1,
            "W": ac_w,
            "Hz": 5000,
            "Hz_SF": -2,
            "VA": abs(ac_w),
            "VAr": NO_INT16,
            "PF": 100,
            "WH": made_kwh * 1000,
            "DCA": NO_UINT16,
            "DCV": NO_UINT16,
            "DCW": ac_w / 0.97,
            "TmpCab": 41,
            "TmpSnk": NO_INT16,
            "St": 4 if ac_w else 2,
        }

    def _nameplate(self, house: House) -> Values:
        battery = house.batteries[self._battery].description
        string = house.pv[self._string].description
        return {
            "DERTyp": 82,
            "WRtg": string.max_ac_w or string.peak_w,
            "WHRtg": battery.capacity_kwh * 100,
            "WHRtg_SF": 1,
            "MaxChaRte": battery.max_charge_w,
            "MaxDisChaRte": battery.max_discharge_w,
        }

    def _modules(self, house: House) -> list[Values]:
        """Modules 1 and 2 are strings, 3 is the battery's charging and 4 its discharging, each positive."""
        string, battery = house.pv[self._string], house.batteries[self._battery]
        modules = (
            ("String 1", string.power_w / 2, string.energy_kwh / 2),
            ("String 2", string.power_w / 2, string.energy_kwh / 2),
            ("Battery charge", max(0.0, -battery.power_w), battery.charged_kwh),
            ("Battery discharge", max(0.0, battery.power_w), battery.discharged_kwh),
        )
        return [
            {
                "ID": number,
                "IDStr": name,
                "DCA": power_w / 400 * 100,
                "DCV": 4000,
                "DCW": power_w,
                "DCWH": energy_kwh * 1000,
                "Tmp": NO_INT16,
                "DCSt": 4,
            }
            for number, (name, power_w, energy_kwh) in enumerate(modules, 1)
        ]

    def _storage(self, house: House) -> Values:
        battery = house.batteries[self._battery]
        return {
            "WChaMax": battery.description.max_charge_w,
            "WChaGra": 100,
            "WDisChaGra": 100,
            "VAChaMax": NO_UINT16,
            "ChaState": battery.soc_percent * 100,
            "StorAval": NO_UINT16,
            "InBatV": NO_UINT16,
            "ChaSt": self._charge_state(house),
            "InOutWRte_WinTms": NO_UINT16,
            "InOutWRte_RmpTms": NO_UINT16,
            "MinRsvPct_SF": -2,
            "ChaState_SF": -2,
            "InOutWRte_SF": -2,
            **self.storage,
        }

    def _cells(self, house: House) -> Values:
        battery = house.batteries[self._battery]
        made = battery.description
        return {
            "WHRtg": battery.capacity_kwh * 100,
            "WHRtg_SF": 1,
            "SoH": NO_UINT16,
            "State": 1,
            "WChaRteMax": made.max_charge_w,
            "WDisChaRteMax": made.max_discharge_w,
            "SoCMax": 1000,
            "SoCRsvMin": made.min_soc_percent * 10,
            "SoC": battery.soc_percent * 10,
            "SoC_SF": -1,
            "ChaSt": self._charge_state(house),
            "V": 4000,
            "V_SF": -1,
            "A": battery.power_w / 400 * 10,
            "A_SF": -1,
            "W": battery.power_w,
        }

    def _charge_state(self, house: House) -> int:
        """ChaSt of models 124 and 802: 2 empty, 3 discharging, 4 charging, 5 full, 6 holding."""
        battery = house.batteries[self._battery]
        if abs(battery.power_w) > 1:
            return 3 if battery.power_w > 0 else 4
        if battery.soc_percent >= 100:
            return 5
        return 2 if battery.soc_percent <= battery.description.min_soc_percent else 6


def address_of(model: int, point: str) -> int:
    """Where a point of one register stands, as sent on the wire."""
    numbers = list(LENGTHS)
    before = sum(LENGTHS[each] + 2 for each in numbers[: numbers.index(model)])
    place = POINTS[model][point]
    return BASE + len(MARKER) + before + (place if isinstance(place, int) else place[0])


def _put(body: list[int], start: int, points: Points, values: Values) -> None:
    """Write values at their places; a number is rounded, a text padded."""
    for name, value in values.items():
        place = points[name]
        if isinstance(place, int):
            body[start + place] = round(float(value)) & 0xFFFF
            continue
        first, kind = place
        if isinstance(value, str):
            raw = value.encode("ascii").ljust(2 * int(kind), b"\0")
        else:
            raw = (round(value) & 0xFFFFFFFF).to_bytes(4, "big")
        words = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
        body[start + first : start + first + len(words)] = words


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
