"""What the system's supervisor hears of us: the control loop's own pulse, so that a loop that hangs is heard, too.

A web thread would go on answering while the wallboxes are left to themselves. systemd starts us again when it hears
nothing for the unit's WatchdogSec; the loop's own watchdog has then had its turn.
"""

import contextlib
import socket
from collections.abc import Mapping

VARIABLE = "EVCC_FLASK_NOTIFY"
"""Where ``gunicorn.conf.py`` leaves the address, so that gunicorn itself does not say that all is ready."""
READY = b"READY=1\nSTATUS=the house is under control\nWATCHDOG=1"
PULSE = b"WATCHDOG=1"


class Supervisor:
    """A datagram for each pulse to ``address`` (a path, or with a leading ``@`` an abstract name); None: nobody."""

    def __init__(self, address: str | None) -> None:
        self._address = address.replace("@", "\0", 1) if address and address.startswith("@") else address
        self._word = READY

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Supervisor":
        """The one that the environment names, if any."""
        return cls(environ.get(VARIABLE) or None)

    def alive(self) -> None:
        """Called by the control loop after each look at the house; the first one says that the house is controlled."""
        if self._address is None:
            return
        # Its silence must be ours alone: who cannot be told now is told at the next pulse.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.setblocking(False)
            wire.sendto(self._word, self._address)
            self._word = PULSE
