"""The wishes and the fuses that a configuration states, as the core takes them."""

from collections.abc import Mapping

from evcc_flask.domain.issues import Issue
from evcc_flask.domain.ports import Charger
from evcc_flask.domain.settings import Circuit, LoadpointSettings, Settings, Threshold
from evcc_flask.domain.vehicles import PollMode, VehicleSettings
from evcc_flask.domain.words import Mode

from .model import Configuration, LoadpointConfig, OwnDevice
from .vehicles import vehicles_of


def settings_of(configuration: Configuration) -> Settings:
    """Settings as after a first start: what people set later is laid over them."""
    site, vehicles = configuration.site, vehicles_of(configuration.vehicles)
    return Settings(
        title=site.title,
        interval_s=configuration.interval_s,
        voltage_v=site.voltage_v,
        residual_power_w=site.residual_power_w or 0.0,
        circuits=tuple(
            Circuit(
                name=circuit.name,
                title=circuit.title,
                parent=circuit.parent,
                max_current_a=circuit.max_current_a,
                max_power_w=circuit.max_power_w,
                meter=circuit.meter is not None,
                timeout_s=circuit.timeout_s,
            )
            for circuit in configuration.circuits
        ),
        vehicles=vehicles,
        loadpoints=tuple(
            _loadpoint(loadpoint, configuration.own.devices.get(loadpoint.charger, OwnDevice()), vehicles)
            for loadpoint in configuration.loadpoints
        ),
    )


def _loadpoint(
    loadpoint: LoadpointConfig, own: OwnDevice, vehicles: Mapping[str, VehicleSettings]
) -> LoadpointSettings:
    # The default car's own mode comes after the loadpoint's.
    default = vehicles.get(loadpoint.vehicle or "")
    mode = (default.vehicle.mode if default is not None else None) or loadpoint.mode
    return LoadpointSettings(
        title=loadpoint.title,
        mode=mode or Mode.OFF,
        default_mode=mode,
        priority=loadpoint.priority,
        enable=Threshold(loadpoint.enable_threshold_w, loadpoint.enable_delay_s),
        disable=Threshold(loadpoint.disable_threshold_w, loadpoint.disable_delay_s),
        circuit=loadpoint.circuit,
        vehicle=loadpoint.vehicle,
        default_vehicle=loadpoint.vehicle,
        poll=PollMode(loadpoint.poll_mode),
        poll_interval_s=loadpoint.poll_interval_s,
        estimate=loadpoint.estimate,
        phase_order=own.phase_order,
        min_current_1p_a=own.min_current_1p_a,
        max_current_1p_a=own.max_current_1p_a,
        min_current_3p_a=own.min_current_3p_a,
        max_current_3p_a=own.max_current_3p_a,
    )


def unguarded(configuration: Configuration, chargers: Mapping[str, Charger]) -> tuple[Issue, ...]:
    """A note for each wallbox inside a circuit that keeps its current when it hears nothing, with the ampere."""
    settings = settings_of(configuration)
    issues = []
    for number, (loadpoint, wishes) in enumerate(zip(configuration.loadpoints, settings.loadpoints, strict=True), 1):
        charger = chargers.get(loadpoint.charger)
        if charger is None or loadpoint.fault or not loadpoint.circuit:
            continue
        if charger.reading().traits.failsafe is None:
            limits = (wishes.max_current_1p_a, wishes.max_current_3p_a)
            highest_a = max([wishes.max_current_a, *(limit for limit in limits if limit is not None)])
            message = (
                f"wallbox {loadpoint.charger!r} has no fail-safe: when this program falls silent, it keeps its last "
                f"current, up to {highest_a:g} A, in circuit {loadpoint.circuit!r}."
            )
            place = configuration.places.get(loadpoint.path)
            issues.append(
                Issue(
                    "loadpoint",
                    message,
                    place.file if place else "",
                    place.line if place else None,
                    place.key if place else "",
                    device=f"lp-{number}",
                    remedy="Keep that much free in the circuit.",
                    fatal=False,
                )
            )
    return tuple(issues)
