"""The demo house as a process of its own: the physics, and the servers through which a controller meets it.

``python -m evcc_flask.simulation.houseprocess --clock … --line … --inverter … --goe … --market …`` says ``ready`` on
standard output once every wire can be used, and lives until SIGTERM.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from evcc_flask.clock import parse_demo_clock

from .description import HouseDescription, sunny_house
from .house import House
from .wire.goe import GoE, GoEServer
from .wire.heidelberg import Heidelberg
from .wire.live import LiveHouse
from .wire.market import MarketServer
from .wire.meters import Eastron, sdm72_at_pv, sdm630_at_grid
from .wire.rtu import SerialLine
from .wire.station import Slave
from .wire.sunspec import HybridInverter
from .wire.tcp import ModbusTcpServer

BEAT_S = 0.25
"""How often the house lives on when nobody looks, and time-outs are minded."""

BAVARIA_WEST_OF_ITS_SUMMER_TIME_DEG = 18.4
"""So far the sun over Munich lags behind the meridian of its clocks."""


def house_by_local_sun(start: datetime) -> HouseDescription:
    """The sunny house, moved so far east or west that the clocks of this machine show the sun as those in Bavaria."""
    ahead = (start.utcoffset() or timedelta()) / timedelta(hours=1)
    return replace(sunny_house(start), longitude_deg=15 * ahead - BAVARIA_WEST_OF_ITS_SUMMER_TIME_DEG)


@contextlib.contextmanager
def served(live: LiveHouse, line: Path, inverter: int, goe: int, market: int) -> Iterator[list[Slave]]:
    """All wires of the house; yields the slaves whose time-outs want to be minded. Raises OSError for a busy port.

    At the end the line's name goes; the ports close with the process, which is sooner than their threads would end.
    """
    box = Heidelberg(live, 0)
    hybrid = HybridInverter(live, string=1, battery=0)
    slaves = {1: Eastron(live, sdm630_at_grid), 2: Eastron(live, sdm72_at_pv(0)), 3: box}
    ModbusTcpServer({1: hybrid}, inverter)
    GoEServer(GoE(live, 1), goe)
    MarketServer(live, market)
    with contextlib.closing(SerialLine(line, slaves)):
        yield [box, hybrid]


def main() -> int:
    """Serve the house until SIGTERM. Returns 1 with a sentence when a port is busy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clock", type=parse_demo_clock, required=True)
    parser.add_argument("--line", type=Path, required=True)
    parser.add_argument("--inverter", type=int, required=True)
    parser.add_argument("--goe", type=int, required=True)
    parser.add_argument("--market", type=int, required=True)
    wanted = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    live = LiveHouse(House(house_by_local_sun(wanted.clock.epoch)), wanted.clock.now)
    try:
        with served(live, wanted.line, wanted.inverter, wanted.goe, wanted.market) as slaves:
            print("ready", flush=True)
            while not ended.wait(BEAT_S):
                with live.now():
                    pass
                for slave in slaves:
                    slave.tick()
    except OSError as error:
        print(f"the demo house cannot open its wires: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The threads of its servers wait for clients; nobody waits for them.
    os._exit(code)
