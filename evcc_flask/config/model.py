"""A configuration as the wiring takes it: typed, every default filled in, problems beside it instead of raised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from evcc_flask.domain.issues import Issue
from evcc_flask.domain.words import Mode


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: the file, the 1-based line of its key, and its path as the user spelled it."""

    file: str
    line: int | None
    key: str


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """One entry of meters, chargers or vehicles; of tariffs, named by its usage.

    ``params``: its other keys in lower case; ``path``: ``meters[0]``.
    """

    name: str
    type: str
    params: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class LoadpointConfig:
    """One loadpoint as written; thresholds in W, delays in s; ``mode`` None: the last one is restored.

    ``fault``: what is wrong with it or its circuit; such a loadpoint keeps its number and must not be commanded.
    """

    charger: str
    title: str = ""
    meter: str | None = None
    vehicle: str | None = None
    circuit: str | None = None
    mode: Mode | None = None
    priority: int = 0
    enable_threshold_w: float = 0.0
    enable_delay_s: float = 60.0
    disable_threshold_w: float = 0.0
    disable_delay_s: float = 180.0
    poll_mode: str = "charging"
    poll_interval_s: float = 3600.0
    estimate: bool = True
    path: str = ""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The site: names of its meters. ``grid`` None: no grid meter.

    A name that no meter bears stays here, with an issue: a missing grid meter is not the same as none.
    """

    title: str = ""
    voltage_v: float = 230.0
    residual_power_w: float | None = None
    grid: str | None = None
    pv: tuple[str, ...] = ()
    battery: tuple[str, ...] = ()
    ext: tuple[str, ...] = ()
    aux: tuple[str, ...] = ()
    consumer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CircuitConfig:
    """One circuit; ``params`` keeps getmaxcurrent and getmaxpower plugins."""

    name: str
    title: str = ""
    parent: str | None = None
    meter: str | None = None
    max_current_a: float = 0.0
    max_power_w: float = 0.0
    timeout_s: float = 60.0
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """What our own file says of one charger or meter: see docs/configuration.rst."""

    phase_order: tuple[int, int, int] = (0, 1, 2)
    invert: bool = False
    min_current_1p_a: float | None = None
    max_current_1p_a: float | None = None
    min_current_3p_a: float | None = None
    max_current_3p_a: float | None = None


@dataclass(frozen=True, slots=True)
class OwnOcpp:
    """Who may call as a charge point: see :class:`evcc_flask.bus.ocpp.OcppSpec`."""

    host: str = ""
    stations: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    password: str = field(default="", repr=False)
    shut: str = ""


@dataclass(frozen=True, slots=True)
class OwnMessages:
    """``urls``: addresses of apprise. ``quiet``: from when until when nothing is sent, local; equal: never."""

    urls: tuple[str, ...] = ()
    quiet: tuple[time, time] = (time(), time())
    language: str = "en"
    notices: bool = True


@dataclass(frozen=True, slots=True)
class OwnHems:
    """``devices``: how many share the legal minimum, None: loadpoints and a home battery. See the page about HEMS."""

    devices: int | None = None
    with_sun: bool = True
    closed: bool = False


@dataclass(frozen=True, slots=True)
class OwnConfig:
    """The file ``evcc-flask.yaml`` beside evcc.yaml: what is ours and not evcc's, devices by name."""

    file: str | None = None
    devices: Mapping[str, OwnDevice] = field(default_factory=dict)
    observe: bool = False
    envelope: str = "wrapped"
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    login_for_writes: bool = False
    discovery: bool = True
    discovery_prefix: str = "homeassistant"
    messages: OwnMessages = OwnMessages()
    proxy_host: str = ""
    ocpp: OwnOcpp = field(default_factory=OwnOcpp)
    hems: OwnHems = field(default_factory=OwnHems)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that was read. ``kept``: sections that are known and not used yet.

    ``database``: the file that the DSN names, None where there is none.
    ``places``: where each value stands, by path in lower case.
    ``raw``: the whole tree, for the redaction to learn its secrets from.
    """

    file: str | None = None
    host: str = ""
    port: int = 7070
    external_url: str = ""
    interval_s: float = 10.0
    log: str = "info"
    levels: Mapping[str, str] = field(default_factory=dict)
    database: str | None = None
    javascript: tuple[Mapping[str, Any], ...] = ()
    meters: tuple[DeviceConfig, ...] = ()
    chargers: tuple[DeviceConfig, ...] = ()
    vehicles: tuple[DeviceConfig, ...] = ()
    circuits: tuple[CircuitConfig, ...] = ()
    site: SiteConfig = SiteConfig()
    loadpoints: tuple[LoadpointConfig, ...] = ()
    currency: str = "EUR"
    tariffs: tuple[DeviceConfig, ...] = ()
    own: OwnConfig = OwnConfig()
    kept: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    issues: tuple[Issue, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
