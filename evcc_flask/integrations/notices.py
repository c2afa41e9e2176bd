"""What an owner should hear of, beyond the events of a charge: each thing once, with its cause and what helps. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evcc_flask.control.said import said
from evcc_flask.control.view import View
from evcc_flask.domain.decision import Event
from evcc_flask.domain.readings import ChargerReading, MeterReading
from evcc_flask.domain.reasons import Code

from .phrases import Span

LOST_S = 600.0
"""A device that is silent for so long is told of; shorter silences are everyday life."""
REARM_S = 600.0
"""What comes again sooner is the same thing still."""
WAITS: Mapping[str, float] = {"lost": LOST_S, "clock": LOST_S}
"""House seconds that a thing must last before it is told; others are told at once."""

TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "lost": (
            "{place} does not answer",
            "Silent for {minutes} min: {error}. Is it on, are cable and network in order? Everything else runs on.",
        ),
        "back": ("{place} answers again", "It was silent for {minutes} min."),
        "plan": (
            "{place}: the plan will be missed",
            "As it looks now it will be {late} late. More phases, a higher maximum current or a later time would help.",
        ),
        "disobeys": (
            "{place} does not do what it is told",
            "{why}. Is something else in command (its app, its own timer, another controller)? It is told again.",
        ),
        "overload": (
            "{place}: overload cut",
            "More was drawn than the fuse allows, so charging was reduced. Less load, or a higher limit, ends it.",
        ),
        "implausible": (
            "{place} says what cannot be",
            "{why}. Is the meter wired and set up rightly (direction, scale, phases)? Nothing is charged on its word.",
        ),
        "dimmed": (
            "The grid operator limits the house",
            "Cars and the home battery take no more than {limit} from the grid{boxes}. It ends when the order ends.",
        ),
        "released": ("The grid operator's limit has ended", "It lasted {minutes} min. Charging goes on as before."),
        "update": (
            "The update failed",
            "{why}. The former version ({former}) runs again, with its data as they were. See journalctl -u evcc-flask",
        ),
        "clock": (
            "The clock cannot be trusted",
            "Plans and cheap hours wait until it is set. Is there a network for the time (NTP)?",
        ),
    },
    "de": {
        "lost": (
            "{place} antwortet nicht",
            "Seit {minutes} min still: {error}. Ist das Gerät an, sind Kabel und Netz in Ordnung? Alles andere läuft.",
        ),
        "back": ("{place} antwortet wieder", "Das Gerät war {minutes} min lang still."),
        "plan": (
            "{place}: der Plan wird verfehlt",
            "So wie es aussieht, um {late}. Mehr Phasen, mehr Strom oder eine spätere Zeit würden helfen.",
        ),
        "disobeys": (
            "{place} tut nicht, was verlangt wird",
            "{why}. Befiehlt noch jemand (App, Zeitschaltuhr, andere Steuerung)? Der Befehl wird wiederholt.",
        ),
        "overload": (
            "{place}: Überlast abgefangen",
            "Es floss mehr, als die Sicherung erlaubt; das Laden wurde gedrosselt. Weniger Last hilft.",
        ),
        "implausible": (
            "{place} meldet Unmögliches",
            "{why}. Ist der Zähler richtig angeschlossen und eingestellt? Auf sein Wort hin wird nichts geladen.",
        ),
        "dimmed": (
            "Der Netzbetreiber begrenzt das Haus",
            "Autos und Heimspeicher ziehen nicht mehr als {limit} aus dem Netz{boxes}. Es endet mit dem Befehl.",
        ),
        "released": ("Die Begrenzung ist aufgehoben", "Sie dauerte {minutes} min. Es wird geladen wie zuvor."),
        "update": (
            "Die Aktualisierung ist misslungen",
            "{why}. Die frühere Version ({former}) läuft wieder, mit ihren Daten. Mehr sagt: journalctl -u evcc-flask",
        ),
        "clock": (
            "Der Uhr ist nicht zu trauen",
            "Pläne und günstige Stunden warten, bis sie gestellt ist. Ist ein Netz für die Zeit (NTP) da?",
        ),
    },
}
"""Title and text by language and thing."""

ALLOWED: Mapping[str, tuple[str, str, str]] = {
    "en": ("allowed", "; {place} may take {amperes} A", "."),
    "de": ("erlaubt", "; {place} darf {amperes} A nehmen", ","),
}
"""Of an order: its limit where nobody said it, what is left for a loadpoint, and the sign before tenths."""

ENDS: Mapping[str, str] = {"lost": "back", "dimmed": "released"}
"""Things whose end is told, too."""
DIMMED = Code.DIMMED.value
DISOBEYING = (Code.DOES_NOT_OBEY, Code.SOMEBODY_ELSE, Code.BATTERY_DISOBEYS, Code.BATTERY_REFUSES)
IMPLAUSIBLE = (Code.IMPLAUSIBLE_VALUE, Code.GRID_REVERSED, Code.GRID_STUCK, Code.GRID_BLIND)


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to be sent."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class _Seen:
    since_s: float
    last_s: float
    told: bool = False


Thing = tuple[str, str]
"""What it is, and where."""


class Watch:
    """Looks at each cycle. ``plans``: whether a plan that will be missed is to be told, or evcc's event tells it."""

    def __init__(self, language: str = "en", *, plans: bool = True) -> None:
        self._texts = TEXTS[language]
        self._allowed, self._box, self._point = ALLOWED[language]
        self._plans = plans
        self._titles: Sequence[str] = ()
        self._seen: dict[Thing, _Seen] = {}

    def of(self, kind: str, facts: Mapping[str, Any]) -> Message:
        """Of a thing that no cycle shows."""
        return self._message((kind, ""), facts)

    def messages(self, view: View, titles: Sequence[str] = ()) -> list[Message]:
        """Of one cycle, to be called with every one in order. ``titles``: what people call the loadpoints."""
        self._titles = titles
        decision = view.decision
        if decision is None or decision.memory.decided_s is None:
            return []
        now_s = decision.memory.decided_s
        found = dict(_things(view, now_s))
        told = [self._plan(view, index) for index, each in enumerate(decision.loadpoints) if self._late(each.events)]
        for thing, facts in found.items():
            seen = replace(self._seen.get(thing, _Seen(now_s, now_s)), last_s=now_s)
            if not seen.told and now_s - seen.since_s >= WAITS.get(thing[0], 0.0):
                told.append(self._message(thing, facts))
                seen = replace(seen, told=True)
            self._seen[thing] = seen
        for thing, seen in list(self._seen.items()):
            if thing in found:
                continue
            kind, place = thing
            if kind in ENDS or now_s - seen.last_s > REARM_S:
                del self._seen[thing]
            if kind in ENDS and seen.told:
                minutes = f"{(now_s - seen.since_s) / 60:.0f}"
                told.append(self._message((ENDS[kind], place), {"minutes": minutes}))
        return told

    def _late(self, events: tuple[Event, ...]) -> bool:
        return self._plans and Event.PLAN_OVERRUN in events

    def _plan(self, view: View, index: int) -> Message:
        decided = view.decision.loadpoints[index] if view.decision else None
        late_s = decided.plan.overrun_s if decided and decided.plan else 0.0
        return self._message(("plan", f"lp-{index + 1}"), {"late": Span(late_s)})

    def _message(self, thing: Thing, facts: Mapping[str, Any]) -> Message:
        kind, place = thing[0], self._called(thing[1])
        title, text = self._texts[kind]
        if kind == DIMMED:
            facts = self._ordered(facts)
        return Message(title.format(place=place, **facts), text.format(place=place, **facts))

    def _called(self, place: str) -> str:
        return {f"lp-{number}": title for number, title in enumerate(self._titles, 1) if title}.get(place, place)

    def _ordered(self, facts: Mapping[str, Any]) -> Mapping[str, str]:
        limit_w = facts["limit_w"]
        boxes = {self._called(place): f"{amperes:.1f}" for place, amperes in facts["allowed_a"].items()}
        told = (self._box.format(place=place, amperes=a.replace(".", self._point)) for place, a in boxes.items())
        return {"limit": self._allowed if limit_w is None else f"{limit_w:.0f} W", "boxes": "".join(told)}


def _things(view: View, now_s: float) -> Iterator[tuple[Thing, dict[str, Any]]]:
    """All that is wrong in this cycle."""
    snapshot, decision = view.snapshot, view.decision
    assert decision is not None
    readings: list[MeterReading | ChargerReading] = [*([snapshot.grid] if snapshot.grid else []), *snapshot.aux]
    readings += [*snapshot.ext, *(each.meter for each in snapshot.pv), *(each.meter for each in snapshot.batteries)]
    readings += [each.charger for each in snapshot.loadpoints]
    for reading in readings:
        if reading.error and (reading.at_s is None or now_s > reading.at_s):
            silent_s = LOST_S if reading.at_s is None else max(LOST_S, now_s - reading.at_s)
            yield ("lost", reading.name), {"error": reading.error.rstrip(".?!"), "minutes": f"{silent_s / 60:.0f}"}
    site = decision.site
    limit_w: Any = None
    allowed_a: dict[str, Any] = {}
    for place, reasons in (
        ("grid", site.reasons),
        ("battery", site.battery_reasons),
        *((f"lp-{number}", each.reasons) for number, each in enumerate(decision.loadpoints, 1)),
    ):
        for reason in reasons:
            if reason.code is Code.DIMMED:
                order = dict(reason.facts)
                limit_w = order.get("limit_w", limit_w)
                allowed_a |= {place: order["allowed_a"]} if "allowed_a" in order else {}
                yield (DIMMED, ""), {"limit_w": limit_w, "allowed_a": allowed_a}
            if reason.code in DISOBEYING:
                yield ("disobeys", place), {"why": said(reason)}
            if reason.code in IMPLAUSIBLE:
                yield ("implausible", place), {"why": said(reason)}
    for name, circuit in site.circuits.items():
        if circuit.overloaded:
            yield ("overload", name), {}
    if view.decided_at is None:
        yield ("clock", ""), {}
