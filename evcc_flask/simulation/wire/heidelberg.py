"""Register image of a Heidelberg Energy Control wallbox, with the fail-safe that acts when its master falls silent.

Registers: the maker's Modbus table. The watchdog runs in real time, as every time-out on the wire does.
"""

from collections.abc import Callable, Sequence

from evcc_flask.clock import SystemClock
from evcc_flask.simulation.house import House

from .live import LiveHouse
from .station import HOLDINGS, ILLEGAL_ADDRESS, ILLEGAL_VALUE, INPUTS, Refused, Slave

TIMEOUT_MS, STANDBY, LOCK, CURRENT, FAILSAFE_CURRENT = 257, 258, 259, 261, 262
STANDBY_OFF = 4
LOCKED = 10
SLEEPS_AFTER_S = 720.0
"""With standby on, a box without a car falls asleep after twelve minutes and answers no more."""

LAYOUT_VERSION = 0x0108


class Heidelberg(Slave):
    """One box of the house. All writes go by function 16.

    Our choice where the table is silent: when the watchdog expires, the set-point register itself takes the fail-safe
    current and keeps it when the master speaks again, so that the master must notice.
    """

    functions = frozenset({3, 4, 16})

    def __init__(self, live: LiveHouse, place: int, wire_s: Callable[[], float] | None = None) -> None:
        self._live = live
        self._place = place
        self._wire_s = wire_s or SystemClock().wire_s
        self._heard_s = self._car_seen_s = self._wire_s()
        self.settings = {TIMEOUT_MS: 15000, STANDBY: 0, LOCK: 1, 260: 0, CURRENT: 0, FAILSAFE_CURRENT: 0}

    def read(self, table: int, address: int, count: int) -> Sequence[int]:
        self._hear()
        with self._live.now() as house:
            known = self._inputs(house) if table == INPUTS else self.settings if table == HOLDINGS else {}
        try:
            return [known[place] for place in range(address, address + count)]
        except KeyError:
            raise Refused(ILLEGAL_ADDRESS) from None

    def write(self, address: int, words: Sequence[int]) -> None:
        self._hear()
        for place, word in enumerate(words, address):
            if place not in self.settings:
                raise Refused(ILLEGAL_ADDRESS)
            if place in (CURRENT, FAILSAFE_CURRENT) and word > 160:
                raise Refused(ILLEGAL_VALUE)
            self.settings[place] = 0 if place in (CURRENT, FAILSAFE_CURRENT) and word < 60 else word
        self._obey()

    def tick(self) -> None:
        """Fall to the fail-safe current when the master has been silent for too long; fall asleep without a car."""
        now_s = self._wire_s()
        with self._live.now() as house:
            if house.boxes[self._place].status != "A":
                self._car_seen_s = now_s
        self.asleep = self.settings[STANDBY] != STANDBY_OFF and now_s - self._car_seen_s > SLEEPS_AFTER_S
        timeout_s = self.settings[TIMEOUT_MS] / 1000
        if timeout_s and now_s - self._heard_s > timeout_s:
            self.settings[CURRENT] = self.settings[FAILSAFE_CURRENT]
            self._obey()

    def reboot(self) -> None:
        """Power was away: what is volatile is gone; time-out and fail-safe current stay."""
        self.settings |= {STANDBY: 0, LOCK: 1, CURRENT: 0}
        self._obey()

    def _hear(self) -> None:
        self.tick()
        self._heard_s = self._wire_s()

    def _obey(self) -> None:
        current_a = self.settings[CURRENT] / 10
        with self._live.now() as house:
            box = house.boxes[self._place]
            if current_a:
                box.offered_a = current_a
            box.set_enabled(current_a > 0 and self.settings[LOCK] == 1)

    def _inputs(self, house: House) -> dict[int, int]:
        box = house.boxes[self._place]
        energy_wh = round(box.energy_kwh * 1000)
        ordinary = {"A": 2, "B": 4, "C": 6}[box.status] + (1 if box.enabled else 0)
        values = [
            LAYOUT_VERSION,
            ordinary if self.settings[LOCK] == 1 else LOCKED,
            *(round(current * 10) for current in box.currents_a),
            312,  # 31.2 °C on the board
            *(round(volt) for volt in box.voltages_v),
            1 if self.settings[LOCK] == 1 else 0,
            round(box.power_w),
            *divmod(energy_wh, 0x10000),
            *divmod(energy_wh, 0x10000),
        ]
        return dict(enumerate(values, 4)) | {100: 16, 101: 6}
