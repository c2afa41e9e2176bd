"""Operations of the tag loadpoints. ``id`` is 0-based here, see converters."""

from typing import Any

from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.vehicles import ManualSoc

from .blueprint import Blueprint
from .context import now, state
from .schemas.plans import Capacity, EmptyResult, VehicleResult
from .schemas.results import BooleanResult, IntegerResult, ModeResult, NanoSecondsResult, NullResult, NumberResult

blp = Blueprint("loadpoints", __name__, url_prefix="/api/loadpoints/<loadpoint:id>")

NS = 10**9
"""A delay is answered in nanoseconds."""


@blp.post("/batteryboost/<flag:enable>")
@blp.response(200, BooleanResult)
def set_loadpoint_battery_boost(id, enable):
    """Let the home battery help in solar mode until the car has what it needs. Rejected (400) in other modes."""
    return _changed(id, boost=enable).boost


@blp.post("/disable/delay/<whole(min=0):delay>")
@blp.response(200, NanoSecondsResult)
def set_loadpoint_disable_delay(id, delay):
    """Seconds for which the sun must be missing before charging stops."""
    return int(_changed(id, disable_delay_s=delay).disable.delay_s) * NS


@blp.post("/disable/threshold/<number:threshold>")
@blp.response(200, NumberResult)
def set_loadpoint_disable_threshold(id, threshold):
    """Grid power in W above which charging stops in solar mode."""
    return _changed(id, disable_power_w=threshold).disable.power_w


@blp.post("/enable/delay/<whole(min=0):delay>")
@blp.response(200, NanoSecondsResult)
def set_loadpoint_enable_delay(id, delay):
    """Seconds for which the surplus must last before charging starts."""
    return int(_changed(id, enable_delay_s=delay).enable.delay_s) * NS


@blp.post("/enable/threshold/<number:threshold>")
@blp.response(200, NumberResult)
def set_loadpoint_enable_threshold(id, threshold):
    """Grid power in W (negative: export) below which charging starts in solar mode; 0: the minimum is covered."""
    return _changed(id, enable_power_w=threshold).enable.power_w


@blp.post("/limitenergy/<number(min=0):energy>")
@blp.response(200, NumberResult)
def set_loadpoint_energy_limit(id, energy):
    """Stop after so many kWh. 0 removes the limit."""
    return _changed(id, limit_energy_kwh=energy).limit_energy_kwh


@blp.post("/limitsoc/<number(min=0, max=100):soc>")
@blp.response(200, NumberResult)
def set_loadpoint_soc_limit(id, soc):
    """Stop at this SoC in %, rounded to a whole one. 0 removes the limit."""
    return _changed(id, limit_soc_percent=round(soc)).limit_soc_percent


@blp.post("/maxcurrent/<number(min=0):current>")
@blp.response(200, NumberResult)
def set_loadpoint_max_current(id, current):
    """Set the maximum current in A per phase. Rejected (400) below the minimum current."""
    return _changed(id, max_current_a=current).max_current_a


@blp.post("/mincurrent/<number(min=0):current>")
@blp.response(200, NumberResult)
def set_loadpoint_min_current(id, current):
    """Set the minimum current in A per phase. Rejected (400) above the maximum current."""
    return _changed(id, min_current_a=current).min_current_a


@blp.post("/mode/<mode:mode>")
@blp.response(200, ModeResult)
def set_loadpoint_mode(id, mode):
    """Set the charge mode. Ends a battery boost."""
    return _changed(id, mode=mode).mode


@blp.post("/phases/<phases:phases>")
@blp.response(200, NumberResult)
def set_loadpoint_phases(id, phases):
    """Set the phases: 0 automatic, 1 or 3. Rejected (400) when the wallbox cannot do it."""
    return _changed(id, phases=phases).phases


@blp.post("/priority/<whole(min=0):priority>")
@blp.response(200, IntegerResult)
def set_loadpoint_priority(id, priority):
    """Higher numbers get the sun first."""
    return _changed(id, priority=priority).priority


@blp.post("/smartcostlimit/<number:cost>")
@blp.response(200, NumberResult)
def set_loadpoint_smart_cost_limit(id, cost):
    """Charge fast at or below this price (currency per kWh) or emission (g/kWh)."""
    return _changed(id, smart_cost_limit=cost).smart_cost_limit


@blp.delete("/smartcostlimit")
@blp.response(200, NullResult)
def delete_loadpoint_smart_cost_limit(id):
    """Do not charge fast because of the price."""
    return _changed(id, smart_cost_limit=None).smart_cost_limit


@blp.post("/smartfeedinprioritylimit/<number:cost>")
@blp.response(200, NumberResult)
def set_loadpoint_smart_feed_in_priority_limit(id, cost):
    """Leave the sun to the grid at or above this feed-in price (currency per kWh)."""
    return _changed(id, smart_feed_in_limit=cost).smart_feed_in_limit


@blp.delete("/smartfeedinprioritylimit")
@blp.response(200, NullResult)
def delete_loadpoint_smart_feed_in_priority_limit(id):
    """Never leave the sun to the grid."""
    return _changed(id, smart_feed_in_limit=None).smart_feed_in_limit


@blp.post("/vehicle/<vehicle:name>")
@blp.response(200, VehicleResult)
def assign_loadpoint_vehicle(id, name):
    """This car stands here, and nowhere else; until it leaves."""
    car = state().assign_vehicle(id, name).vehicles[name].vehicle
    return {"vehicle": car.title or car.name}


@blp.delete("/vehicle")
@blp.response(200, EmptyResult)
def remove_loadpoint_vehicle(id):
    """A guest stands here."""
    state().assign_vehicle(id, None)
    return {}


@blp.patch("/vehicle")
@blp.response(200, EmptyResult)
def start_loadpoint_vehicle_detection(id):
    """Forget which car stands here, and find it out anew by what the cars' own accounts say; at most ten minutes."""
    state().detect_vehicle(id, now())
    return {}


@blp.post("/soc/<number(min=0, max=100):soc>")
@blp.arguments(Capacity, location="query")
@blp.response(200, NumberResult)
def set_loadpoint_soc(query, id, soc):
    """The SoC in % of the car that stands here, by a person's word until it is unplugged. Beyond the contract.

    ``capacity``: of the battery in kWh where none is configured, so that what is charged can be counted on top.
    """
    state().tell_soc(id, ManualSoc(soc, now(), query["capacity"]))
    return soc


@blp.delete("/soc")
@blp.response(200, EmptyResult)
def delete_loadpoint_soc(id):
    """Take back what a person said; the car's own word counts again. Beyond the contract."""
    state().tell_soc(id, None)
    return {}


def _changed(index: int, **changes: Any) -> LoadpointSettings:
    return state().change_loadpoint(index, **changes).loadpoints[index]
