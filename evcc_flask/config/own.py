"""Reads ``evcc-flask.yaml`` beside evcc.yaml: ours lives apart, so that evcc still starts on the user's file."""

import re
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields

from evcc_flask.domain.issues import Issue
from evcc_flask.domain.wishes import HIGHEST_A
from evcc_flask.plugins.fields import Flag, Many, Number, Text, Tree, Whole

from .model import Configuration, OwnConfig, OwnDevice, OwnHems, OwnMessages, OwnOcpp
from .problems import Report
from .sections import Section, Word, at_least
from .tree import Tree as Content
from .tree import parse

NAME = "evcc-flask.yaml"
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?/?|capacitor://localhost|\*", re.I | re.ASCII)
_NOT_OF_LOGIN = {"observe", "messages", "modbusproxy", "homeassistant", "api", "ocpp", "devices"}
"""A mistake anywhere else may have been the wish for a login: it counts as that wish."""
_PHASE = re.compile(r"L?([123])", re.IGNORECASE)


class PhaseOrder(fields.Field[Any]):
    """``L2 L3 L1``: the house phases that carry the box's L1, L2 and L3, as 0-based numbers."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[int, int, int]:
        words = [str(word) for word in value] if isinstance(value, list) else re.split(r"[\s,]+", str(value).strip())
        found = [_PHASE.fullmatch(word) for word in words]
        order = tuple(int(match.group(1)) - 1 for match in found if match)
        if len(words) != 3 or sorted(order) != [0, 1, 2]:
            raise ValidationError(f"{' '.join(words)!r} is no phase order. Write each phase once, like L2 L3 L1.")
        return order[0], order[1], order[2]


class OnePhase(Section):
    min = Number(attribute="min_current_1p_a", validate=at_least(0, HIGHEST_A))
    max = Number(attribute="max_current_1p_a", validate=at_least(0, HIGHEST_A))


class ThreePhases(Section):
    min = Number(attribute="min_current_3p_a", validate=at_least(0, HIGHEST_A))
    max = Number(attribute="max_current_3p_a", validate=at_least(0, HIGHEST_A))


class Currents(Section):
    one = fields.Nested(OnePhase, data_key="1p")
    three = fields.Nested(ThreePhases, data_key="3p")

    def _names(self) -> list[str]:
        return ["1p", "3p"]


class DeviceSection(Section):
    phaseorder = PhaseOrder(attribute="phase_order")
    invert = Flag()
    currents = fields.Nested(Currents)


class Origin(Text):
    """A web page's origin: scheme, name, port and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        origin = str(super()._deserialize(value, attr, data, **kwargs))
        if not _ORIGIN.fullmatch(origin):
            raise ValidationError(f"{origin!r} is no origin. Write it like https://evcc.example or http://ha.lan:8123.")
        return origin


class Network(Text):
    """An address, or a network like 172.17.0.0/16."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        network = str(super()._deserialize(value, attr, data, **kwargs))
        try:
            return str(ip_network(network, strict=False))
        except ValueError:
            raise ValidationError(f"{network!r} is no network. Write it like 192.168.1.5 or 172.17.0.0/16.") from None


class Api(Section):
    envelope = Word("wrapped", "bare", "both")
    hosts = Many(Text(), attribute="allowed_hosts")
    origins = Many(Origin(), attribute="allowed_origins")
    proxies = Many(Network(), attribute="trusted_proxies")


class Auth(Section):
    writes = Flag(attribute="login_for_writes")


class HomeAssistant(Section):
    discovery = Flag()
    prefix = Text(attribute="discovery_prefix")


class Hems(Section):
    """What evcc.yaml cannot say of the grid operator's order."""

    devices = Whole(validate=at_least(1))
    sun = Flag(attribute="with_sun")
    closed = Flag()


class Station(Section):
    """A charge point that may come, by the name that it gives itself."""

    id = Text(required=True)
    password = Text(load_default="")


class Ocpp(Section):
    """Who is let in, and where."""

    host = Text()
    password = Text()
    stations = Many(fields.Nested(Station))


class Hours(Text):
    """``22:00-06:30`` as two times of day."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[time, time]:
        hours = str(super()._deserialize(value, attr, data, **kwargs))
        try:
            begins, ends = (time.fromisoformat(each.strip().zfill(5)) for each in hours.split("-"))
        except ValueError:
            raise ValidationError(f"{hours!r} are no hours. Write them like 22:00-06:30.") from None
        return begins, ends


class Messages(Section):
    urls = Many(Text())
    quiet = Hours()
    language = Word("en", "de")
    notices = Flag()


class Proxy(Section):
    host = Text(attribute="proxy_host")


class OwnFile(Section):
    observe = Flag()
    messages = fields.Nested(Messages)
    modbusproxy = fields.Nested(Proxy)
    homeassistant = fields.Nested(HomeAssistant)
    api = fields.Nested(Api)
    auth = fields.Nested(Auth)
    ocpp = fields.Nested(Ocpp)
    hems = fields.Nested(Hems)
    devices = Tree()


def own_config(folder: Path, configuration: Configuration) -> tuple[OwnConfig, tuple[Issue, ...]]:
    """Our own file in ``folder``, and its problems; a file that is not there says nothing. Never raises for a file.

    What cannot be understood closes: changes ask for a login, nothing is commanded, no charge point is let in.
    """
    path = folder / NAME
    try:
        tree = parse(path.read_bytes(), NAME)
    except FileNotFoundError:
        if not path.is_symlink():
            return OwnConfig(), ()
        tree = _unread(path, "it points to a file that is not there")
    except OSError as error:
        tree = _unread(path, error.strerror or str(error))
    report = Report(NAME, tree.places, tree.issues)
    given = report.checked(OwnFile(), tree.root, "configfile")
    devices = _devices(given.pop("devices", {}), configuration, report)
    if "messages" in given:
        messages = given.pop("messages")
        given["messages"] = OwnMessages(**{**messages, "urls": tuple(messages.get("urls", ()))})
    given |= {
        **given.pop("api", {}),
        **given.pop("auth", {}),
        **given.pop("homeassistant", {}),
        **given.pop("modbusproxy", {}),
    }
    stations = given.pop("ocpp", {})
    if tree.issues or any(at.split(".")[0] == "ocpp" for at, _ in report.found):
        stations = {"shut": f"no charge point is let in until ocpp in {NAME} is right"}
    elif "stations" in stations:
        stations["stations"] = tuple((each["id"], each["password"]) for each in stations["stations"])
    given["ocpp"] = OwnOcpp(**stations)
    given["hems"] = OwnHems(**given.pop("hems", {}))
    lists: dict[str, Any] = {
        key: tuple(given.pop(key)) for key in ("allowed_hosts", "allowed_origins", "trusted_proxies") if key in given
    }
    issues = [issue for _, issue in report.found]
    slips = {re.split(r"[.\[]", at)[0] for at, _ in report.found} - _NOT_OF_LOGIN
    if slips:
        given["login_for_writes"] = True  # somebody may have meant to ask for it
        what = "auth" if slips == {"auth"} else "it"
        issues.append(Issue("configfile", f"changes ask for a login until {what} is right.", NAME, fatal=False))
    held_back = {loadpoint.charger for loadpoint in configuration.loadpoints}
    if any(issue.fatal and issue.device not in held_back for issue in issues):
        given["observe"] = True  # what it meant to forbid is not known
        issues.append(
            Issue("configfile", "wallboxes are watched and not commanded until it is right.", NAME, fatal=False)
        )
    return OwnConfig(file=str(path.resolve()), devices=devices, **given, **lists), tuple(issues)


def _unread(path: Path, why: str) -> Content:
    """Nothing, and the issue that says why."""
    remedy = "Check the path and its permissions."
    return Content(issues=[("", Issue("configfile", f"cannot be read: {why}.", str(path), remedy=remedy))])


def _devices(given: dict[str, Any], configuration: Configuration, report: Report) -> dict[str, OwnDevice]:
    """By the names of evcc.yaml; case does not count, as with all keys."""
    names: dict[str, str] = {device.name.lower(): device.name for device in configuration.meters}
    names |= {device.name.lower(): device.name for device in configuration.chargers}
    devices = {}
    for key, node in given.items():
        path = f"devices.{key}"
        values = report.checked(DeviceSection(), node, "configfile", path, names.get(key, ""))
        for currents in values.pop("currents", {}).values():
            values |= currents
        if key not in names:
            known = ", ".join(sorted(names.values())) or "none"
            report.add("configfile", path, f"no meter or charger has this name. Known are: {known}.")
            continue
        device = OwnDevice(**values)
        for phases in ("1p", "3p"):
            low, high = getattr(device, f"min_current_{phases}_a"), getattr(device, f"max_current_{phases}_a")
            if low is not None and high is not None and low > high:
                message = f"the minimum, {low:g} A, lies above the maximum, {high:g} A. Exchange them."
                report.add("configfile", f"{path}.currents.{phases}", message, device=names[key])
        devices[names[key]] = device
    return devices
