"""The sections of an evcc.yaml as marshmallow schemas: which keys there are, what they may hold, which have retired.

Keys arrive in lower case; ``attribute`` names the field of ``config.model`` that a value fills. Defaults stand there.
"""

import difflib
from collections.abc import Callable
from math import inf
from typing import Any

from marshmallow import ValidationError, fields, pre_load

from evcc_flask.domain.words import Mode
from evcc_flask.plugins.fields import Duration, Flag, Loose, Many, Number, Text, Tree, Whole, as_map

LEVELS = ("fatal", "error", "warn", "info", "debug", "trace")


class Warned(str):
    """A message that is reported and stops nothing."""

    __slots__ = ()


class Retired(fields.Field[Any]):
    """A key that evcc once knew: it is passed over, and ``now`` says where its matter lives today."""

    def __init__(self, now: str) -> None:
        super().__init__()
        self._now = now

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        raise ValidationError(Warned(f"is not read any more. {self._now}"))


class Word(Text):
    """One of a few words, in any case."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._words = words

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        word = super()._deserialize(value, attr, data, **kwargs).strip().lower()
        if word not in self._words:
            raise ValidationError(f"{word!r} is not possible here. {_choose(word, self._words)}")
        return word


class Span(Duration):
    """Seconds from ``30s``; a bare number would be nanoseconds, which nobody means, so the default is kept instead."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        bare = str(value).strip()
        if bare.replace(".", "", 1).isdigit() and float(bare):
            raise ValidationError(Warned(f"{bare} without a unit is nanoseconds and not used. Write {bare}s."))
        seconds = super()._deserialize(value, attr, data, **kwargs)
        if seconds < 0:
            raise ValidationError(f"must not be negative, like {bare}")
        return seconds


class Section(Loose):
    """Empty values count as not set, a list of one-entry maps as a map; names are spelled as people write them."""

    @pre_load
    def _tidied(self, data: Any, **kwargs: Any) -> dict[str, Any]:
        tree = as_map(data)
        if tree is None:
            raise ValidationError("needs 'key: value' lines below it")
        return {key: value for key, value in tree.items() if value is not None}

    def _names(self) -> list[str]:
        known = (name for name, field in self.load_fields.items() if not isinstance(field, Retired))
        return [SPELLED.get(name, name) for name in known]


_SPELLED = """externalUrl residualPower minCurrent maxCurrent maxPower getMaxCurrent getMaxPower minTemp maxTemp
clientID caCert clientCert clientKey vendorId deviceId deviceSerial allowControl phaseOrder"""
SPELLED = {name.lower(): name for name in _SPELLED.split()}


def at_least(low: float, high: float = inf) -> Callable[[float], None]:
    """A check for numbers; ``high``: the largest that can be meant."""

    def check(number: float) -> None:
        if number < low:
            raise ValidationError(f"must be {low:g} or more, not {number:g}")
        if number > high:
            raise ValidationError(f"must be {high:g} or less, not {number:g}")

    return check


def _port(number: int) -> None:
    if not 1 <= number <= 65535:
        raise ValidationError(f"{number} is no port. Ports are 1 to 65535.")


class Network(Section):
    schema = Text(attribute="schema_")
    host = Text()
    port = Whole(validate=_port)
    externalurl = Text(attribute="external_url")


class DatabaseSection(Section):
    type = Text()
    dsn = Text(attribute="database")


class Script(Section):
    vm = Text()
    script = Text()


class SiteMeters(Section):
    grid = Text()
    pv = Many(Text())
    battery = Many(Text())
    ext = Many(Text())
    aux = Many(Text())
    consumer = Many(Text())


_UI = "Set it in the web page or through the API."


class SiteSection(Section):
    title = Text()
    voltage = Number(attribute="voltage_v", validate=at_least(100))
    residualpower = Number(attribute="residual_power_w")
    meters = fields.Nested(SiteMeters)
    prioritysoc = Retired(_UI)
    buffersoc = Retired(_UI)
    bufferstartsoc = Retired(_UI)
    smartcostlimit = Retired(_UI)
    maxgridsupplywhilebatterycharging = Retired("It follows from what the inverter reports.")
    batterydischargecontrol = Retired(_UI)


class PollSection(Section):
    mode = Word("charging", "connected", "always", attribute="poll_mode")
    interval = Span(attribute="poll_interval_s")


class SocSection(Section):
    poll = fields.Nested(PollSection)
    estimate = Flag()
    min = Retired("A vehicle's minimum SoC is set in the web page.")
    target = Retired("A vehicle's SoC limit is set in the web page.")


class EnableSection(Section):
    threshold = Number(attribute="enable_threshold_w")
    delay = Span(attribute="enable_delay_s")


class DisableSection(Section):
    threshold = Number(attribute="disable_threshold_w")
    delay = Span(attribute="disable_delay_s")


class UiSection(Section):
    mintemp = Number()
    maxtemp = Number()


class LoadpointSection(Section):
    charger = Text(required=True)
    title = Text()
    meter = Text()
    vehicle = Text()
    circuit = Text()
    mode = Word(*(mode.value for mode in Mode))
    priority = Whole(validate=at_least(0))
    soc = fields.Nested(SocSection)
    enable = fields.Nested(EnableSection)
    disable = fields.Nested(DisableSection)
    ui = fields.Nested(UiSection)
    phases = Retired(_UI)
    mincurrent = Retired(_UI)
    maxcurrent = Retired(_UI)
    guardduration = Retired("Contactors are protected by fixed waiting times.")
    resetondisconnect = Retired("At disconnect the mode of the file is taken; limits end.")
    onidentify = Retired("It belongs to the vehicle.")
    onconnect = Retired("At disconnect the mode of the file is taken.")
    ondisconnect = Retired("At disconnect the mode of the file is taken.")
    vehicles = Retired("The car is recognised; a default one is named by 'vehicle'.")


class CircuitSection(Section):
    name = Text(required=True)
    title = Text()
    parent = Text()
    meter = Text()
    maxcurrent = Number(attribute="max_current_a", validate=at_least(0))
    maxpower = Number(attribute="max_power_w", validate=at_least(0))
    getmaxcurrent = Tree()
    getmaxpower = Tree()
    timeout = Span(attribute="timeout_s")


class Mqtt(Section):
    broker = Text()
    user = Text()
    password = Text()
    clientid = Text()
    insecure = Flag()
    cacert = Text()
    clientcert = Text()
    clientkey = Text()
    topic = Text()


class Influx(Section):
    url = Text()
    database = Text()
    token = Text()
    org = Text()
    user = Text()
    password = Text()
    insecure = Flag()


class Shm(Section):
    vendorid = Text()
    deviceid = Text()
    deviceserial = Text()
    allowcontrol = Flag()


class Ocpp(Section):
    port = Whole(validate=_port)


class Anything(fields.Raw):
    """A section that is checked elsewhere, or only kept."""


class Top(Section):
    """The whole file. What stands here as Anything is read by ``config.load``, by ``config.devices`` or only kept."""

    network = fields.Nested(Network)
    interval = Span(attribute="interval_s")
    log = Text()
    levels = Tree()
    database = fields.Nested(DatabaseSection)
    javascript = Many(fields.Nested(Script))
    site = Anything()
    loadpoints = Anything()
    meters = Anything()
    chargers = Anything()
    vehicles = Anything()
    circuits = Anything()
    mqtt = fields.Nested(Mqtt)
    influx = fields.Nested(Influx)
    shm = fields.Nested(Shm)
    ocpp = fields.Nested(Ocpp)
    tariffs = Anything()
    messaging = Anything()
    hems = Anything()
    eebus = Anything()
    modbusproxy = Anything()
    go = Many(fields.Nested(Script))
    sponsortoken = Anything()
    plant = Text()
    telemetry = Flag()
    metrics = Flag()
    profile = Flag()
    mcp = Flag()
    uri = Retired("Write network.host and network.port.")


KEPT = ("mqtt", "influx", "shm", "ocpp", "messaging", "hems", "eebus", "modbusproxy", "go")
"""Sections that are kept for who acts on them."""
ACTED_ON = ("mqtt", "ocpp", "hems", "influx", "messaging", "modbusproxy")
"""Of these, who is acted on; of the others it is said that they are not."""


def parse_log(text: str) -> tuple[str | None, dict[str, str]]:
    """``info,site:debug`` as the general level and those of areas. Raises ValueError with a sentence."""
    general: str | None = None
    areas: dict[str, str] = {}
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        area, colon, word = part.rpartition(":")
        level = known_level(word)
        if colon:
            areas[area] = level
        else:
            general = level
    return general, areas


def known_level(word: str) -> str:
    """The level by its name. Raises ValueError with a sentence."""
    if word not in LEVELS:
        raise ValueError(f"{word!r} is no log level. {_choose(word, LEVELS)}")
    return word


def _choose(word: str, words: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Use {', '.join(words[:-1])} or {words[-1]}."
