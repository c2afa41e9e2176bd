"""Operations of the tag tariffs."""

from evcc_flask.domain.rates import Usage

from .blueprint import Blueprint
from .context import state
from .errors import error
from .schemas.plans import RatesResult

blp = Blueprint("tariffs", __name__, url_prefix="/api")


@blp.get("/tariff/<tariff:type>")
@blp.response(200, RatesResult)
@blp.alt_response(404, description="This tariff is not configured")
def get_tariff_info(type):
    """Prices (currency per kWh), emissions (g/kWh) or forecast power (W) of the hours to come."""
    usage = next((usage for usage in Usage if usage.value == type), None)
    rates = state().view.snapshot.outlook.rates(usage) if usage else None
    return error(404, "tariff not available") if rates is None else {"rates": rates}
