"""Fast, just this once: what a person wants now, without touching the mode. Beyond the contract."""

from evcc_flask.control.planned import fast_shown, sheet_at
from evcc_flask.domain.once import fast_once, kwh_per_km
from evcc_flask.planning.sheet import Sheet

from .context import now, state
from .plans import blp
from .schemas.once import FastResult
from .schemas.plans import EmptyResult


@blp.post("/fast/<once:until>")
@blp.response(200, FastResult)
def charge_loadpoint_fast_once(id, until):
    """Charge at full speed for once, in any mode: ``full``, ``unplugged``, or so much: 20kwh, 100km, 2h, 90min."""
    shared = state()
    known = sheet_at(shared.view, shared.settings, id)
    charged_kwh = known.charged_kwh if known else 0.0
    shared.change_loadpoint(id, fast_once=fast_once(until, charged_kwh, _kwh_per_km(known), now()))
    return fast_shown(shared.view, shared.settings, id, now())


@blp.delete("/fast")
@blp.response(200, EmptyResult)
def end_loadpoint_fast_once(id):
    """Go on in the mode that is set."""
    state().change_loadpoint(id, fast_once=None)
    return {}


def _kwh_per_km(known: Sheet | None) -> float:
    car = known.point.vehicle if known else None
    if known is None or car is None:
        return kwh_per_km(None, None, None)
    return kwh_per_km(known.capacity_kwh, known.soc_percent, car.range_km)
