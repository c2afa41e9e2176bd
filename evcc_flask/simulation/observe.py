"""The controller's eyes on a simulated house: readings with their times, as honest as the scenario lets them be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evcc_flask.domain.commands import Outcome
from evcc_flask.domain.readings import (
    BatteryReading,
    ChargerReading,
    ChargerTraits,
    MeterReading,
    PvReading,
    VehicleReading,
)
from evcc_flask.domain.settings import Circuit
from evcc_flask.domain.snapshot import LoadpointReading, Rates, Snapshot
from evcc_flask.domain.words import Status

from .battery import Battery
from .box import Box
from .house import NOMINAL_V, House, PvString
from .scenario import Event, Place, Scenario, Tamper

HONEST = Tamper()
_STATUS = {status.value: status for status in Status}


class Observer:
    """Makes snapshots of a house. A silent device keeps its last reading, with its old time and an error."""

    def __init__(self, scenario: Scenario, house: House) -> None:
        self._scenario = scenario
        self._house = house
        self._tampers: dict[tuple[str, object], Tamper] = {}
        self._last: dict[tuple[str, object], Any] = {}
        self._aux_w: float | None = None
        self._traits = tuple(_traits(place) for place in scenario.places)
        self._below = {circuit.name: _below(circuit, scenario) for circuit in scenario.settings.circuits}

    def tamper(self, event: Event) -> None:
        """From now on the event's devices say what it tells them to say."""
        place = event.loadpoint - 1
        if event.aux_w is not None:
            self._aux_w = event.aux_w
        for key, tamper in (
            (("grid", 0), event.grid),
            (("pv", 0), event.pv),
            (("battery", 0), event.battery),
            (("vehicle", place), event.vehicle),
            (("box", place), event.box.tamper if event.box else None),
        ):
            if tamper is not None:
                self._tampers[key] = tamper
        for name, tamper in event.circuits.items():
            self._tampers["circuit", name] = tamper

    def forget(self) -> None:
        """A new look at the world, without what the devices said before."""
        self._last.clear()

    def look(self, now_s: float, outcomes: tuple[Outcome, ...], rates: Rates) -> Snapshot:
        """All readings of this moment."""
        house, words = self._house, self._scenario.house
        grid = None
        if words.grid_meter:
            meter = house.grid
            grid = self._said(
                ("grid", 0),
                MeterReading(
                    "grid",
                    now_s,
                    meter.power_w,
                    meter.import_kwh,
                    meter.export_kwh,
                    meter.powers_w,
                    meter.currents_a,
                    meter.voltages_v,
                ),
            )
        pv = tuple(self._pv(place, string, now_s) for place, string in enumerate(house.pv)) if words.pv_meter else ()
        aux = () if self._aux_w is None else (MeterReading("aux", now_s, self._aux_w),)
        return Snapshot(
            grid=grid,
            pv=pv,
            batteries=tuple(self._battery(place, each, now_s) for place, each in enumerate(house.batteries)),
            aux=aux,
            loadpoints=tuple(self._loadpoint(place, box, now_s) for place, box in enumerate(house.boxes)),
            circuit_meters={
                circuit.name: self._said(("circuit", circuit.name), self._circuit(circuit, now_s))
                for circuit in self._scenario.settings.circuits
                if circuit.meter
            },
            outcomes=outcomes,
            rates=rates,
        )

    def _said(self, key: tuple[str, object], truth: Any) -> Any:
        tamper = self._tampers.get(key)
        if tamper is None or tamper == HONEST:
            self._last[key] = truth
            return truth
        if tamper.silent:
            return replace(self._last.get(key) or _nothing(truth), error="no answer")
        told = replace(_swapped(truth) if tamper.reversed else truth, **tamper.says)
        if tamper.blind:
            told = replace(told, power_w=told.power_w - sum(box.power_w for box in self._house.boxes))
        if tamper.currents_fail:
            told = _with_phases_of(told, self._last.get(key) or _nothing(truth))
        self._last[key] = told
        return told

    def _pv(self, place: int, string: PvString, now_s: float) -> PvReading:
        meter = MeterReading(f"pv{place + 1}", now_s, string.power_w, string.energy_kwh)
        return PvReading(self._said(("pv", place), meter), string.description.max_ac_w)

    def _battery(self, place: int, battery: Battery, now_s: float) -> BatteryReading:
        says = self._tampers.get(("battery", place), HONEST)
        of_meter = {name: value for name, value in says.says.items() if name in MeterReading.__dataclass_fields__}
        of_battery = {name: value for name, value in says.says.items() if name not in of_meter}
        meter = MeterReading(f"battery{place + 1}", now_s, battery.power_w, battery.discharged_kwh, battery.charged_kwh)
        if says.silent:
            meter = replace(self._last.get(("battery", place), MeterReading(meter.name)), error="no answer")
        else:
            meter = replace(meter, **of_meter) if of_meter else meter
            self._last["battery", place] = meter
        reading = BatteryReading(
            meter,
            None if says.silent else battery.soc_percent,
            battery.capacity_kwh,
            self._scenario.house.battery_controllable,
            battery.mode if self._scenario.house.battery_tells_mode else None,
            battery.description.min_soc_percent,
            None,
            battery.description.max_charge_w,
            battery.description.max_discharge_w,
        )
        return replace(reading, **of_battery) if of_battery else reading

    def _loadpoint(self, place: int, box: Box, now_s: float) -> LoadpointReading:
        words, traits = self._scenario.places[place], self._traits[place]
        reading = ChargerReading(
            f"box{place + 1}",
            now_s,
            _STATUS[box.status],
            box.enabled,
            box.offered_a,
            box.phases if traits.switches_phases else None,
            box.power_w if traits.has_power else None,
            now_s if traits.has_power else None,
            box.energy_kwh if traits.has_power else None,
            box.currents_a if traits.has_power else None,
            traits=traits,
        )
        if words.box.hides:
            hidden: dict[str, Any] = dict.fromkeys(words.box.hides)
            reading = replace(reading, **hidden)
        return LoadpointReading(self._said(("box", place), reading), self._vehicle(place, words, box, now_s))

    def _vehicle(self, place: int, words: Place, box: Box, now_s: float) -> VehicleReading | None:
        if words.vehicle is None:
            return None
        vehicle = replace(words.vehicle, at_s=now_s)
        if words.live_soc and box.car:
            vehicle = replace(vehicle, soc_percent=box.car.soc_percent)
        told: VehicleReading = self._said(("vehicle", place), vehicle)
        return told

    def _circuit(self, circuit: Circuit, now_s: float) -> MeterReading:
        """The root's meter is the house connection; any other one measures the loadpoints below it."""
        if circuit.parent is None:
            grid = self._house.grid
            return MeterReading(circuit.name, now_s, grid.power_w, powers_w=grid.powers_w, currents_a=grid.currents_a)
        lines = [0.0, 0.0, 0.0]
        for place in self._below[circuit.name]:
            box = self._house.boxes[place]
            for own, line in enumerate(box.description.phase_order):
                lines[line] += box.currents_a[own]
        currents = lines[0], lines[1], lines[2]
        return MeterReading(circuit.name, now_s, NOMINAL_V * sum(lines), currents_a=currents)


def _nothing(truth: Any) -> Any:
    """The reading of a device that has never answered."""
    if isinstance(truth, ChargerReading):
        return ChargerReading(truth.name, traits=truth.traits)
    return type(truth)(truth.name)


def _swapped(truth: Any) -> Any:
    """A meter's reading with its wires the wrong way round."""
    powers = None if truth.powers_w is None else tuple(-power_w for power_w in truth.powers_w)
    return replace(truth, power_w=-truth.power_w, powers_w=powers)


def _with_phases_of(told: MeterReading, old: MeterReading) -> MeterReading:
    """The power of now, and the phases of an older reading with their own time."""
    powers_s = old.at_s if old.powers_at_s is None else old.powers_at_s
    currents_s = old.at_s if old.currents_at_s is None else old.currents_at_s
    phases: dict[str, Any] = {"powers_w": old.powers_w, "currents_a": old.currents_a}
    return replace(told, **phases, powers_at_s=powers_s, currents_at_s=currents_s)


def _traits(place: Place) -> ChargerTraits:
    box = place.box
    return ChargerTraits(
        switches_phases=box.switches_phases,
        milliampere=box.milliampere,
        physical_phases=box.phases,
        has_power=box.has_power,
        can_wake=box.can_wake,
        persistent_current=box.persistent_current,
        features=box.features,
    )


def _below(circuit: Circuit, scenario: Scenario) -> tuple[int, ...]:
    parents: Mapping[str, str | None] = {each.name: each.parent for each in scenario.settings.circuits}

    def inside(name: str | None) -> bool:
        return name is not None and (name == circuit.name or inside(parents.get(name)))

    return tuple(place for place, each in enumerate(scenario.settings.loadpoints) if inside(each.circuit))
