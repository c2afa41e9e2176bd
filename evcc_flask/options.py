"""What the command line hands to the server: gunicorn starts anew in between, so it travels in the environment.

Standard library only, and small: gunicorn's master reads it too.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "EVCC_FLASK_"
DEFAULT_PORT = 7070


@dataclass(frozen=True, slots=True)
class Options:
    """None and False: not given. ``database``: a path that overrules the file's; ``demo_clock``: ``DemoClock.spelled``;
    ``ingress``: the address of Home Assistant's gateway, which may call us by any name.

    ``port`` is set by ``run`` to what counts in the end: the option, EVCC_NETWORK_PORT, the file, or 7070.
    """

    config: Path | None = None
    database: Path | None = None
    log: str | None = None
    disable_auth: bool = False
    demo: bool = False
    custom_css: Path | None = None
    observe: bool = False
    port: int | None = None
    demo_clock: str | None = None
    ingress: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Options":
        """The inverse of :meth:`environment`. Raises ValueError for a port that is no number."""

        def text(name: str) -> str | None:
            return environ.get(PREFIX + name) or None

        def path(name: str) -> Path | None:
            value = text(name)
            return Path(value) if value else None

        port = text("PORT")
        return cls(
            config=path("CONFIG"),
            database=path("DATABASE"),
            log=text("LOG"),
            disable_auth=text("DISABLE_AUTH") == "1",
            demo=text("DEMO") == "1",
            custom_css=path("CUSTOM_CSS"),
            observe=text("OBSERVE") == "1",
            port=int(port) if port else None,
            demo_clock=text("DEMO_CLOCK"),
            ingress=text("INGRESS"),
        )

    def environment(self) -> dict[str, str]:
        """The variables that spell these options; what is not given is left out."""
        spelled = {
            "CONFIG": self.config,
            "DATABASE": self.database,
            "LOG": self.log,
            "DISABLE_AUTH": "1" if self.disable_auth else None,
            "DEMO": "1" if self.demo else None,
            "CUSTOM_CSS": self.custom_css,
            "OBSERVE": "1" if self.observe else None,
            "PORT": self.port,
            "DEMO_CLOCK": self.demo_clock,
            "INGRESS": self.ingress,
        }
        return {PREFIX + name: str(value) for name, value in spelled.items() if value is not None}

    def overrides(self) -> dict[str, str]:
        """What overrules the file, spelled as evcc's own variables for ``config.load.load``."""
        spelled = {"EVCC_NETWORK_PORT": self.port, "EVCC_DATABASE_DSN": self.database, "EVCC_LOG": self.log}
        return {name: str(value) for name, value in spelled.items() if value is not None}
