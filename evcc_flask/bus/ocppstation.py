"""One charge point on the line, in the words of OCPP 1.6: its link keeps what it tells, and commands end confirmed.

Charge points take the standard freely, so what they send is not held against its schemas, and what one does not know
costs it that feature alone. The limit is a TxDefaultProfile that began yesterday: it holds whatever their clock says.
"""

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from inspect import signature
from math import floor
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ocpp.exceptions import FormationViolationError, OCPPError
from ocpp.routing import on as routed
from ocpp.v16 import ChargePoint as Base
from ocpp.v16 import call, call_result
from websockets.exceptions import ConnectionClosed

from evcc_flask.domain.ports import Clock
from evcc_flask.domain.settings import VOLTAGE_V

from .needs import ErrorKind, ReadError
from .ocpp import ANSWER_S, FAULT, LIMIT, PHASES, SOC, STATUS, TAG, TRANSACTION, Limit, OcppLink, Told, Wishes
from .ocppvalues import measured

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

log = logging.getLogger("ocpp")
Handler = TypeVar("Handler", bound=Callable[..., Any])

BOOT_S = 3.0
"""One that was never away sends no BootNotification; then it is asked without."""
HEARTBEAT_S = 60
WATCH_S = 10.0
DEAD_S = 60.0
"""So long without any sign, and the line counts as cut."""
SILENT_S = 20.0
"""A charge without figures for so long is asked for them."""
USUAL = "Power.Active.Import,Energy.Active.Import.Register,Current.Import,Voltage,SoC"
FEWER = ("Power.Active.Import,Energy.Active.Import.Register,Current.Import", "Energy.Active.Import.Register")
"""What is tried where a charge point refuses the list: many refuse it whole for one measurand that they lack."""
KEYS = (
    *("ChargeProfileMaxStackLevel", "ChargingScheduleAllowedChargingRateUnit", "ConnectorSwitch3to1PhaseSupported"),
    *("MeterValuesSampledData", "MeterValueSampleInterval"),
)
PROFILE = 1
SHOWN = 200
"""Characters of a broken message that are logged."""
FAULTLESS = ("NoError", "", None)


def _on(action: str) -> Callable[[Handler], Handler]:
    """What a message lacks is told to its sender, in the word that OCPP has for it."""

    def marked(handler: Handler) -> Handler:
        expected = signature(handler)

        @wraps(handler)
        def taken(*own: Any, **told: Any) -> Any:
            try:
                expected.bind(*own, **told)
            except TypeError as lack:
                raise FormationViolationError(str(lack)) from None
            return handler(*own, **told)

        return cast(Handler, routed(action, skip_schema_validation=True)(taken))

    return marked


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """Each message is worth a line only for who looks for it; a broken one is no fault of this program."""

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.warning(msg, *(str(arg)[:SHOWN] for arg in args))

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs


class ChargePoint(Base):  # type: ignore[misc] # why: the package tells no types
    """Implements :class:`evcc_flask.bus.ocpp.Station`."""

    def __init__(self, name: str, connection: "ServerConnection", link: OcppLink, clock: Clock) -> None:
        super().__init__(name, connection, response_timeout=ANSWER_S, logger=_Quiet(log, {}))
        self._link = link
        self._clock = clock
        self._booted = asyncio.Event()
        self._settings: dict[str, str] = {}
        self._metered_s = clock.wire_s()
        self._heard_s = clock.wire_s()
        self._tasks: set[asyncio.Task[None]] = set()
        self._triggers = True

    async def talk(self) -> None:
        """Until the line is cut."""
        link = self._link
        link.came(self)
        log.info("charge point %r is on the line", self.id)
        self._soon(self._greet())
        self._soon(self._watch())
        why = f"charge point {self.id!r} has hung up"
        try:
            while True:
                message = await self._connection.recv()
                self._heard()
                link.counted.traffic(received=len(message))
                if not link.is_on_line(self):
                    return
                await self.route_message(message)
        except ConnectionClosed as closed:
            why = f"{why} ({closed.rcvd.reason})" if closed.rcvd and closed.rcvd.reason else why
        except RecursionError:
            why = f"charge point {self.id!r} sent what is nested without end, and was hung up on"
        except Exception as error:  # why: a message that nobody foresaw must end this line, not the server
            log.exception("charge point %r: its message could not be dealt with", self.id)
            why = f"charge point {self.id!r} was misunderstood: {error!r}"
        finally:
            for task in self._tasks:
                task.cancel()
            link.left(self, ReadError(ErrorKind.CONNECTION, why))

    async def limit(self, connector: int, limit: Limit) -> None:
        """Set the current that its connector may offer. Raises ReadError."""
        watts = limit.watts or self._settings.get("ChargingScheduleAllowedChargingRateUnit") in ("Power", "W")
        value, unit = limit.current_a, "W" if watts else "A"
        if watts:
            value = float(floor(limit.current_a * VOLTAGE_V * (limit.phases or 3)))
        period: dict[str, Any] = {"start_period": 0, "limit": value}
        if limit.phases:
            period["number_phases"] = limit.phases
        began = self._clock.now() - timedelta(days=1)
        profile = {
            "charging_profile_id": PROFILE,
            "stack_level": 0 if limit.bottom else int(self._settings.get("ChargeProfileMaxStackLevel") or 0),
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Absolute",
            "charging_schedule": {
                "start_schedule": _stamp(began),
                "charging_rate_unit": unit,
                "charging_schedule_period": [period],
            },
        }
        answer = await self._told(call.SetChargingProfile(connector_id=connector, cs_charging_profiles=profile))
        if answer.status != "Accepted":
            raise ReadError(ErrorKind.REFUSED, f"charge point {self.id!r} refuses {value:g} {unit}: {answer.status}")

    async def begin(self, connector: int, tag: str) -> None:
        """Begin a transaction. Raises ReadError."""
        answer = await self._told(call.RemoteStartTransaction(id_tag=tag, connector_id=connector))
        if answer.status != "Accepted":
            raise ReadError(ErrorKind.REFUSED, f"charge point {self.id!r} does not begin to charge: {answer.status}")

    # What it tells

    @_on("BootNotification")
    def _boots(self, **told: Any) -> Any:
        log.info("charge point %r is a %s %s", self.id, told.get("charge_point_vendor"), told.get("charge_point_model"))
        if self._booted.is_set():
            self._soon(self._greet())
        self._booted.set()
        return call_result.BootNotification(current_time=self._now(), interval=HEARTBEAT_S, status="Accepted")

    @_on("Heartbeat")
    def _beats(self, **_: Any) -> Any:
        return call_result.Heartbeat(current_time=self._now())

    @_on("StatusNotification")
    def _is(self, connector_id: int, status: str, error_code: str | None = None, **told: Any) -> Any:
        fault = "" if error_code in FAULTLESS else f"{error_code} {told.get('info') or ''}".strip()
        news: dict[Told, Any] = {Told(connector_id, STATUS): status, Told(connector_id, FAULT): fault}
        if status == "Available":  # nobody is plugged in, whatever was missed
            news |= {Told(connector_id, TRANSACTION): 0, Told(connector_id, TAG): "", Told(connector_id, SOC): 0.0}
        self._link.hear(news)
        return call_result.StatusNotification()

    @_on("Authorize")
    def _asks(self, **_: Any) -> Any:
        return call_result.Authorize(id_tag_info={"status": "Accepted"})

    @_on("StartTransaction")
    def _starts(self, connector_id: int, id_tag: str = "", meter_start: Any = None, **_: Any) -> Any:
        number = self._link.next_transaction(int(self._clock.now().timestamp()))
        news: dict[Told, Any] = {Told(connector_id, TRANSACTION): number, Told(connector_id, TAG): id_tag}
        self._link.hear(news | self._counter(connector_id, meter_start))
        return call_result.StartTransaction(transaction_id=number, id_tag_info={"status": "Accepted"})

    @_on("StopTransaction")
    def _stops(self, transaction_id: int, meter_stop: Any = None, **_: Any) -> Any:
        for connector in self._link.wishes:
            if self._link.known(connector, TRANSACTION) == transaction_id:
                news: dict[Told, Any] = {Told(connector, TRANSACTION): 0, Told(connector, TAG): ""}
                self._link.hear(news | self._counter(connector, meter_stop))
        return call_result.StopTransaction()

    @_on("MeterValues")
    def _measures(self, connector_id: int, meter_value: Any = (), transaction_id: int | None = None, **_: Any) -> Any:
        news: dict[Told, Any] = dict(measured(connector_id, meter_value or ()))
        if news:
            self._metered_s = self._clock.wire_s()
        if transaction_id and not self._link.known(connector_id, TRANSACTION):
            news[Told(connector_id, TRANSACTION)] = transaction_id  # begun before this program did
        self._link.hear(news)
        return call_result.MeterValues()

    @_on("DataTransfer")
    def _transfers(self, **_: Any) -> Any:
        return call_result.DataTransfer(status="UnknownVendorId")

    @_on("DiagnosticsStatusNotification")
    def _diagnoses(self, **_: Any) -> Any:
        return call_result.DiagnosticsStatusNotification()

    @_on("FirmwareStatusNotification")
    def _updates(self, **_: Any) -> Any:
        return call_result.FirmwareStatusNotification()

    @_on("SecurityEventNotification")
    def _secures(self, **_: Any) -> Any:
        return call_result.SecurityEventNotification()

    # What it is asked

    async def _greet(self) -> None:
        """Learn what it can, and have it tell its state and its figures."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._booted.wait(), BOOT_S)
        try:
            await self._learn()
            for connector, wishes in sorted(self._link.wishes.items()):
                await self._measure(wishes)
                await self._trigger("StatusNotification", connector)
                await self._schedule(connector, wishes)
                await self._trigger("MeterValues", connector)
        except ReadError as error:
            log.warning("%s", error)
        finally:
            self._booted.set()
            self._link.ready()

    async def _learn(self) -> None:
        answer = await self._tried(call.GetConfiguration(key=list(KEYS)))
        for entry in (answer.configuration_key if answer else None) or ():
            self._settings[str(entry.get("key"))] = str(entry.get("value") or "")
        switches = self._settings.get("ConnectorSwitch3to1PhaseSupported", "").lower() == "true"
        self._link.hear({Told(connector, PHASES): switches for connector in self._link.wishes})

    async def _measure(self, wishes: Wishes) -> None:
        """Only what differs is written: it may be kept in flash."""
        wanted = (wishes.measurands,) if wishes.measurands else (USUAL, *FEWER)
        for list_ in wanted:
            if await self._configured("MeterValuesSampledData", list_):
                break
        await self._configured("MeterValueSampleInterval", str(wishes.interval_s))

    async def _configured(self, key: str, value: str) -> bool:
        if self._settings.get(key) == value:
            return True
        answer = await self._tried(call.ChangeConfiguration(key=key, value=value))
        return answer is not None and answer.status in ("Accepted", "RebootRequired")

    async def _schedule(self, connector: int, wishes: Wishes) -> None:
        """The limit that it holds now, where it can tell."""
        unit = "W" if wishes.watts else "A"
        asked = call.GetCompositeSchedule(connector_id=connector, duration=60, charging_rate_unit=unit)
        answer = await self._tried(asked)
        schedule = (answer.charging_schedule if answer and answer.status == "Accepted" else None) or {}
        periods = schedule.get("charging_schedule_period") or ()
        if not periods or schedule.get("charging_rate_unit") not in ("A", "W"):
            return
        with suppress(KeyError, TypeError, ValueError):
            limit = float(periods[0]["limit"])
            phases = periods[0].get("number_phases") or 3
            watts = schedule["charging_rate_unit"] == "W"
            self._link.hear({Told(connector, LIMIT): limit / VOLTAGE_V / phases if watts else limit})

    async def _trigger(self, what: str, connector: int) -> None:
        if self._triggers:
            answer = await self._tried(call.TriggerMessage(requested_message=what, connector_id=connector))
            self._triggers = answer is not None and answer.status != "NotImplemented"

    async def _watch(self) -> None:
        """Is it there, and does a charge tell its figures?"""
        while True:
            await asyncio.sleep(WATCH_S)
            with suppress(TimeoutError, ConnectionClosed):
                pong = await self._connection.ping()
                await asyncio.wait_for(pong, WATCH_S)
                self._heard()
            if self._clock.wire_s() - self._heard_s > DEAD_S:
                self._connection.transport.abort()
                return
            if self._clock.wire_s() - self._metered_s > SILENT_S:
                for connector in self._link.wishes:
                    if self._link.known(connector, STATUS) == "Charging":
                        with suppress(ReadError):
                            await self._trigger("MeterValues", connector)

    async def _tried(self, asked: Any) -> Any:
        """None where it does not know the question. Raises ReadError where it is silent: so it would be again."""
        try:
            return await self._told(asked)
        except ReadError as error:
            if error.kind in (ErrorKind.TIMEOUT, ErrorKind.CONNECTION):
                raise
            log.debug("%s", error)
            return None

    async def _told(self, asked: Any) -> Any:
        name = type(asked).__name__
        began_s = self._clock.wire_s()
        try:
            return await self.call(asked, suppress=False, skip_schema_validation=True)
        except TimeoutError:
            error = ReadError(ErrorKind.TIMEOUT, f"charge point {self.id!r} does not answer to {name}")
        except ConnectionClosed:
            error = ReadError(ErrorKind.CONNECTION, f"charge point {self.id!r} has hung up")
        except (OCPPError, TypeError, KeyError, ValueError) as problem:
            error = ReadError(ErrorKind.REFUSED, f"charge point {self.id!r} refuses {name}: {problem}")
        finally:
            self._link.counted.transaction(began_s, self._clock.wire_s())
        self._link.counted.error(error.kind)
        raise error

    def _heard(self) -> None:
        self._heard_s = self._clock.wire_s()
        self._link.alive()

    def _counter(self, connector: int, watt_hours: Any) -> dict[Told, Any]:
        with suppress(TypeError, ValueError):
            return {Told(connector, "Energy.Active.Import.Register"): float(watt_hours)}
        return {}

    def _soon(self, doing: Any) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _now(self) -> str:
        return _stamp(self._clock.now())


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
