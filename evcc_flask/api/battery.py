"""Operations of the tag battery."""

from evcc_flask.domain.settings import ExternalBatteryMode
from evcc_flask.domain.wishes import Rejected
from evcc_flask.domain.words import BatteryMode

from .blueprint import Blueprint
from .context import context, state
from .schemas.results import BatteryModeResult, BooleanResult, NullResult, NumberResult

blp = Blueprint("battery", __name__, url_prefix="/api")


@blp.post("/batterydischargecontrol/<flag:enable>")
@blp.response(200, BooleanResult)
def set_battery_discharge_control(enable):
    """Keep the home battery from feeding a car that charges fast."""
    return state().change_site(battery_discharge_control=enable).battery_discharge_control


@blp.post("/batterygridchargelimit/<number:cost>")
@blp.response(200, NumberResult)
def set_battery_grid_charge_limit(cost):
    """Charge the home battery from the grid at or below this price (currency per kWh) or emission (g/kWh)."""
    return state().change_site(battery_grid_charge_limit=cost).battery_grid_charge_limit


@blp.delete("/batterygridchargelimit")
@blp.response(200, NullResult)
def remove_battery_grid_charge_limit():
    """Charge the home battery from the sun only."""
    return state().change_site(battery_grid_charge_limit=None).battery_grid_charge_limit


@blp.post("/batterymode/<batterymode:batteryMode>")
@blp.response(200, BatteryModeResult)
def set_external_battery_mode(batteryMode):  # noqa: N803 — the contract's name
    """Order a mode of all batteries; it lapses after 60 s unless repeated. unknown gives control back."""
    if batteryMode is BatteryMode.UNKNOWN:
        return _no_external_mode()
    order = ExternalBatteryMode(batteryMode, context().clock.monotonic_s())
    try:
        return state().change_site(external_battery_mode=order).external_battery_mode.mode
    except Rejected:  # where no battery takes orders: clients repeat theirs, and some end with an error
        return BatteryMode.UNKNOWN


@blp.delete("/batterymode")
@blp.response(200, BatteryModeResult)
def disable_external_battery_control():
    """Give control of the battery back."""
    return _no_external_mode()


@blp.post("/buffersoc/<number(min=0, max=100):soc>")
@blp.response(200, NumberResult)
def set_buffer_soc(soc):
    """Above this SoC in % the home battery may feed a car in solar mode. 0 switches it off."""
    return state().change_site(buffer_soc_percent=soc).buffer_soc_percent


@blp.post("/bufferstartsoc/<number(min=0, max=100):soc>")
@blp.response(200, NumberResult)
def set_buffer_start_soc(soc):
    """Above this SoC in % a car starts from the home battery. 0 switches it off."""
    return state().change_site(buffer_start_soc_percent=soc).buffer_start_soc_percent


@blp.post("/prioritysoc/<number(min=0, max=100):soc>")
@blp.response(200, NumberResult)
def set_priority_soc(soc):
    """Below this SoC in % the home battery is charged before any car."""
    return state().change_site(priority_soc_percent=soc).priority_soc_percent


@blp.post("/residualpower/<number:power>")
@blp.response(200, NumberResult)
def set_residual_power(power):
    """Power in W that is left for the grid; negative values draw from it."""
    return state().change_site(residual_power_w=power).residual_power_w


def _no_external_mode() -> BatteryMode:
    if state().settings.external_battery_mode is not None:
        state().change_site(external_battery_mode=None)
    return BatteryMode.UNKNOWN
