"""A row of the library compiled into the same sources and sinks that a custom device of an evcc.yaml is made of.

The words of a row:

``points``: name and expression. A name ends in its unit; a plural (``currents_a``) takes three of everything.
  ``{input|holding|coil|discrete: 52, as: float32}``  registers, 0-based as sent; ``as`` as in an evcc.yaml
  ``{sunspec: '103:W | 113:W'}``                      the first point that exists
  ``{jq: .car}``                                      of the link's ``read``; ``{http: /path, jq: …}`` of another GET
  ``{mqtt: topic, jq: .power, within: 30s}``          the last message, as long as it is so young
  ``{const: 3}``                                      a figure
  ``{sum|first|least: […]}``                          of expressions
  beside it, in this order: ``only_if: expression``, ``absent: [1000]`` (codes for no value), ``bits``, ``scale``,
  ``map: {A: [1, 2]}``, ``above``, ``is``, ``is_not``; and ``every`` (how old it may get), ``block: [first, count]``
  (read in one piece only), ``for: [pv]`` (only these usages), ``when: parameter``
``status``: as a point, or ``{cases: [{C: …}, {B: …}], otherwise: A}``.
``control``: name and a step or a list of steps.
  ``{multiple|single|setcoil: 261, as: uint16, scale: 10}``  functions 16, 6, 5; ``{sunspec: …}``
  ``{get: /path}``, ``{post: /path, form: 'ampere=${value}'}``; ``accepted: jq`` that is true of a good answer
  ``{publish: topic, form: '{"current": ${value}}', retained: true}``
  beside it: ``value`` (a figure or an expression; else what is commanded), ``wait: 1s`` before it
  ``{choose: [{only_if: expression, …}, …]}``  the first whose condition holds; ``nothing`` is taken and forgotten
``${name}`` is a parameter; what needs one that was not given is left out. ``${value}`` is what is commanded.
"""

import re
from collections.abc import Mapping
from typing import Any

from evcc_flask.bus.specs import ModbusSpec
from evcc_flask.domain.readings import Failsafe
from evcc_flask.domain.words import Feature
from evcc_flask.plugins.fields import parse_duration_s
from evcc_flask.plugins.ports import Sink, Source
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.shop import Shop

from .library import Row
from .parts import LEAST_A, MOST_A, ChargerParts, FailsafePoints, KeepAlive, MeterParts
from .row_words import FORM, SELDOM, TABLES, WRITES, kind_of, phases_of, repeat_of
from .sinks import ByValue, Chosen, Given, Nowhere, Pause, Steps, Times
from .sources import FirstOf, Sum, above, cases, fixed, gated, least, mapped, masked, none_of, one_of, scaled, spelled
from .take import Triple
from .template import Parameters, escaped

_PARAMETER = re.compile(r"\$\{(\w+)\}")


class Compiler:
    """One row with one user's parameters."""

    def __init__(self, row: Row, parameters: Parameters, usage: str | None, shop: Shop) -> None:
        self._row = row
        self._parameters = parameters
        self._usage = usage
        self._shop = shop
        self._link = {**parameters.link}
        base = self._link.pop("base", "")
        self._base = str(base)
        self._read = str(self._link.pop("read", ""))
        if self._link.pop("alone", False):
            self._mind(max_registers=2, max_gap=0)
        if self._link.get("ascii"):
            self._mind(sleeps=True)
        self._asked: list[Source] = []

    def _mind(self, **manners: Any) -> None:
        """Tell the bus how the slave wants to be spoken to, where an evcc.yaml has no word for it."""
        link = self._link
        host, _, port = str(link.get("uri", "")).rpartition(":")
        spec = ModbusSpec(
            device=link.get("device", ""),
            baudrate=link.get("baudrate", 9600),
            comset=link.get("comset", "8N1"),
            ascii=link.get("ascii", False),
            host=host,
            port=int(port or 0),
            framing="rtu" if link.get("rtu") or link.get("ascii") else "tcp",
            unit=link["id"],
            **manners,
        )
        self._shop.bus.modbus(spec)

    def meter(self) -> MeterParts:
        """The row as a meter; signs as the row gives them."""
        points: Mapping[str, Any] = self._row["points"]
        control = self._row.get("control", {}).get("battery_mode")
        power = self._source("power_w", points["power_w"])
        assert power is not None, "a meter without power"
        return MeterParts(
            power=power,
            energy=self._point("energy_kwh"),
            return_energy=self._point("return_energy_kwh"),
            powers=self._triple("powers_w"),
            currents=self._triple("currents_a"),
            voltages=self._triple("voltages_v"),
            max_ac_w=self._given("maxacpower", "max_ac_w"),
            soc=self._point("soc_percent"),
            capacity=self._given("capacity", "capacity_kwh"),
            min_soc=self._given("minsoc", "min_soc_percent"),
            max_soc=self._given("maxsoc", "max_soc_percent"),
            max_charge_w=self._given("maxchargepower", "max_charge_w"),
            max_discharge_w=self._given("maxdischargepower", "max_discharge_w"),
            mode=self._point("mode"),
            battery_mode=self._battery_mode(control) if control else None,
            repeat=repeat_of(control) if control else None,
            asked=tuple(self._asked),
            title=str(self._parameters.get("title") or ""),
            icon=str(self._parameters.get("icon") or ""),
        )

    def charger(self) -> ChargerParts:
        """The row as a wallbox."""
        control: Mapping[str, Any] = self._row["control"]
        status = self._source("status", self._row["status"])
        current, off = self._sink(control["current"]), self._sink(control["disable"])
        assert status is not None, "a wallbox without status"
        assert current is not None, "a wallbox without current"
        assert off is not None, "a wallbox without disable"
        return ChargerParts(
            status=status,
            off=off,
            current=current,
            on=self._sink(control.get("enable")),
            fine=self._row.get("steps_a", 1) < 1,
            enabled=self._point("enabled"),
            offered=self._point("offered_a"),
            phases=self._point("phases"),
            switch_phases=self._switch(control.get("phases")),
            may_switch=self._condition(control.get("phases", {})),
            power=self._point("power_w"),
            energy=self._point("energy_kwh"),
            return_energy=self._point("return_energy_kwh"),
            powers=self._triple("powers_w"),
            currents=self._triple("currents_a"),
            voltages=self._triple("voltages_v"),
            identify=self._point("identifier"),
            soc=self._point("soc_percent"),
            min_current=self._point("min_current_a"),
            max_current=self._point("max_current_a"),
            wakeup=self._wakeup(control.get("wakeup", ())),
            prepare=self._sink(control.get("prepare")),
            keep_alive=self._keep_alive(),
            failsafe=self._failsafe(),
            asked=tuple(self._asked),
            least_a=LEAST_A,
            most_a=self._row.get("most_a", MOST_A),
            persistent=not self._row.get("volatile", True),
            physical_phases=self._row.get("physical_phases"),
            features=frozenset(Feature(word) for word in self._row.get("features", ())),
            icon=self._parameters.get("icon") or self._row.get("icon"),
        )

    def _point(self, name: str) -> Source | None:
        expression = self._row.get("points", {}).get(name)
        return None if expression is None else self._source(name, expression)

    def _given(self, parameter: str, name: str) -> Source | None:
        """What the user states goes before what the device says."""
        value = self._parameters.get(parameter)
        return self._point(name) if value is None else fixed(value, self._shop.clock)

    def _triple(self, name: str) -> Triple | None:
        expression = self._row.get("points", {}).get(name)
        if expression is None:
            return None
        seldom = {"every": SELDOM} if self._usage in ("pv", "battery", "aux") else {}
        one, two, three = (self._source(name, {**phase, **seldom}) for phase in phases_of(expression))
        return None if one is None or two is None or three is None else (one, two, three)

    def _source(self, name: str, expression: Any) -> Source | None:
        """One expression; None where it is not for this usage or lacks a parameter."""
        if not isinstance(expression, Mapping):
            expression = {"const": expression}
        if self._usage is not None and self._usage not in expression.get("for", (self._usage,)):
            return None
        if "when" in expression and not self._parameters.get(expression["when"]):
            return None
        if "cases" in expression:
            pairs = [pair for case in expression["cases"] for pair in case.items()]
            built = [(word, self._source("case", below)) for word, below in pairs]
            return cases([(word, source) for word, source in built if source], expression["otherwise"])
        for word, make in (("sum", Sum), ("first", FirstOf), ("least", least)):
            if word in expression:
                parts = [source for part in expression[word] if (source := self._source(name, part))]
                return self._shaped(make(parts), expression) if parts else None
        leaf = self._leaf(name, expression)
        return leaf if leaf is None else self._shaped(leaf, expression)

    def _shaped(self, source: Source, expression: Mapping[str, Any]) -> Source:
        if "only_if" in expression:
            condition = self._source("only_if", expression["only_if"])
            source = gated(source, condition) if condition else source
        if "absent" in expression:
            source = gated(source, none_of(source, {spelled(value) for value in expression["absent"]}))
        if "bits" in expression:
            source = masked(source, expression["bits"])
        if "scale" in expression:
            source = scaled(source, self._figure(expression["scale"]))
        if "map" in expression:
            words = expression["map"].items()
            return mapped(source, {spelled(code): str(word) for word, codes in words for code in codes})
        if "above" in expression:
            return above(source, self._figure(expression["above"]))
        for word, test in (("is", one_of), ("is_not", none_of)):
            if word in expression:
                wanted = expression[word] if isinstance(expression[word], list) else [expression[word]]
                return test(source, {spelled(value) for value in wanted})
        return source

    def _leaf(self, name: str, expression: Mapping[str, Any]) -> Source | None:
        kind = kind_of(name, expression)
        age_s = parse_duration_s(expression["every"]) if "every" in expression else 0.0
        if "const" in expression:
            value = self._filled(expression["const"])
            return None if value is None else fixed(value, self._shop.clock)
        node = self._reading_node(expression)
        return None if node is None else build_source(node, self._shop, kind, age_s)

    def _reading_node(self, expression: Mapping[str, Any]) -> dict[str, Any] | None:
        if "sunspec" in expression:
            points = [point.strip() for point in str(expression["sunspec"]).split("|")]
            return {"source": "sunspec", **self._link, "value": points}
        for table in TABLES:
            if table in expression:
                register = {"address": self._address(expression[table]), "type": table}
                length = {"length": expression["registers"]} if "registers" in expression else {}
                register |= {"decode": expression["as"], **length}
                block = {}
                if "block" in expression:
                    first, count = expression["block"]
                    block = {"block": {"register": self._address(first), "count": count}}
                return {"source": "modbus", **self._link, "register": register, **block}
        if "mqtt" in expression:
            return self._topic_node(expression)
        path = self._filled(expression.get("http", self._read), in_address=True)
        if path is None:
            return None
        body = {"body": expression["body"], "method": "POST"} if "body" in expression else {}
        jq = {"jq": self._filled(expression["jq"])} if "jq" in expression else {}
        return {"source": "http", "uri": f"{self._base}{path}", **self._link, **jq, **body, "cache": "1s"}

    def _topic_node(self, expression: Mapping[str, Any]) -> dict[str, Any] | None:
        topic = self._filled(expression["mqtt"])
        jq = {"jq": self._filled(expression["jq"])} if "jq" in expression else {}
        lapse = {"timeout": expression["within"]} if "within" in expression else {}
        return None if topic is None else {"source": "mqtt", **self._link, "topic": topic, **jq, **lapse}

    def _sink(self, steps: Any) -> Sink | None:
        if steps is None:
            return None
        if isinstance(steps, list):
            sinks = [sink for step in steps if (sink := self._sink(step))]
            return Steps(sinks) if len(sinks) == len(steps) else None
        if steps == "nothing":
            return Nowhere()
        if "choose" in steps:
            choices = [(self._condition(step), sink) for step in steps["choose"] if (sink := self._sink(step))]
            return Chosen([(self._noted(condition), sink) for condition, sink in choices])
        sink = self._shaped_write(steps)
        if sink is not None and "wait" in steps:
            return Steps([Pause(parse_duration_s(steps["wait"]), self._shop.clock), sink])
        return sink

    def _shaped_write(self, step: Mapping[str, Any]) -> Sink | None:
        sink = self._write(step)
        if sink is None:
            return None
        if "value" not in step:
            return Times(sink, self._figure(step["scale"])) if "scale" in step else sink
        value = self._noted(self._source("value", step["value"]))
        if value is None:
            return None
        return Given(sink, scaled(value, self._figure(step["scale"])) if "scale" in step else value)

    def _noted(self, source: Source | None) -> Source | None:
        """A source that a write depends on: it is kept fresh as a reading is."""
        self._asked += [source] if source else []
        return source

    def _condition(self, words: Mapping[Any, Any]) -> Source | None:
        return self._source("condition", words["only_if"]) if "only_if" in words else None

    def _write(self, step: Mapping[str, Any]) -> Sink | None:
        if "sunspec" in step:
            node = {"source": "sunspec", **self._link, "value": [step["sunspec"]]}
            return build_sink(node, "value", self._shop)
        for word, kind in WRITES.items():
            if word in step:
                encoding = step.get("as", "bool8" if word == "setcoil" else "uint16")
                register = {"address": self._address(step[word]), "type": kind, "encoding": encoding}
                return build_sink({"source": "modbus", **self._link, "register": register}, "value", self._shop)
        if "publish" in step:
            said = {"payload": self._filled(step.get("form", "${value}")), "retained": step.get("retained", False)}
            node = {"source": "mqtt", **self._link, "topic": self._filled(step["publish"]), **said}
            return None if node["topic"] is None else build_sink(node, "value", self._shop)
        path = self._filled(step.get("get", step.get("post")), in_address=True)
        if path is None:
            return None
        node = {"source": "http", "uri": f"{self._base}{path}", **self._link}
        node |= {"method": "POST", "body": self._filled(step.get("form", ""))} if "post" in step else {}
        node |= {"headers": {"content-type": FORM}} if "form" in step else {}
        node |= {"accepted": step["accepted"]} if "accepted" in step else {}
        return build_sink(node, "value", self._shop)

    def _switch(self, choices: Mapping[Any, Any] | None) -> Sink | None:
        if choices is None or ("when" in choices and not self._parameters.get(choices["when"])):
            return None
        values = {spelled(value): steps for value, steps in choices.items() if value not in ("when", "only_if")}
        built = {value: self._sink(steps) for value, steps in values.items()}
        present = {value: sink for value, sink in built.items() if sink is not None}
        return ByValue(present) if present else None

    def _battery_mode(self, control: Mapping[str, Any]) -> Sink | None:
        modes = {"normal": 1, "hold": 2, "charge": 3, "holdcharge": 4}
        words: dict[Any, Any] = {modes[word]: steps for word, steps in control.items() if word in modes}
        return self._switch({**words, "when": control["when"]} if "when" in control else words)

    def _wakeup(self, steps: Any) -> tuple[tuple[float, Sink], ...]:
        listed = [steps] if isinstance(steps, Mapping) else steps
        timed = [(parse_duration_s(step.get("after", "0s")), self._sink(step)) for step in listed]
        return tuple((after_s, sink) for after_s, sink in timed if sink is not None)

    def _keep_alive(self) -> KeepAlive | None:
        words = self._row.get("keepalive")
        if words is None:
            return None
        return KeepAlive(
            every_s=parse_duration_s(words["every"]),
            read=self._source("read", words["read"]) if "read" in words else None,
            write=self._sink(words.get("write")),
            timeout_s=self._source("timeout_s", words["timeout_s"]) if "timeout_s" in words else None,
            share=words.get("share", 0.5),
        )

    def _failsafe(self) -> FailsafePoints | None:
        words = self._row["failsafe"]
        if not isinstance(words, Mapping):
            return None
        documented = None
        if "timeout" in words:
            documented = Failsafe(parse_duration_s(words["timeout"]), float(words["current_a"]), words["how"])
        return FailsafePoints(
            how=words["how"],
            documented=documented,
            timeout_s=self._source("timeout_s", words["timeout_s"]) if "timeout_s" in words else None,
            current_a=self._source("safe_a", words["safe_a"]) if "safe_a" in words else None,
        )

    def _address(self, address: int) -> int:
        """With the place of the connector added, on boxes with several."""
        offset = self._row.get("offset")
        if offset is None:
            return address
        return address + (int(self._parameters.get(offset["by"])) - int(offset["first"])) * int(offset["times"])

    def _figure(self, value: Any) -> float:
        filled = self._filled(value)
        return float(0 if filled is None else filled)

    def _filled(self, value: Any, in_address: bool = False) -> Any:
        """``${name}`` replaced; None where a parameter was not given. A lone one keeps its type."""
        if not isinstance(value, str):
            return value
        alone = _PARAMETER.fullmatch(value)
        if alone and alone[1] != "value":
            return self._parameters.get(alone[1])
        names = {name for name in _PARAMETER.findall(value) if name != "value"}
        if any(self._parameters.get(name) is None for name in names):
            return None
        for name in names:
            text = self._parameters.get(name)
            value = value.replace(f"${{{name}}}", escaped(text) if in_address else spelled(text))
        return value
