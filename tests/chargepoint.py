"""A charge point that calls a server by OCPP 1.6 over a real WebSocket, and does what it is told by a box of the house.

It lives in a thread with a loop of its own. What it was sent is noted, and what it lacks can be chosen.
"""

import asyncio
import base64
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as Base
from ocpp.v16 import call, call_result

STAMP = "2026-06-20T12:00:00Z"
WORDS = {"A": "Available", "B": "SuspendedEVSE", "C": "Charging"}


class PlainBox:
    """A box without a house: the test says how it is."""

    status = "A"
    power_w = 0.0
    currents_a = (0.0, 0.0, 0.0)
    energy_kwh = 1.0
    offered_a = 16.0
    phases = 3
    enabled = True

    def set_enabled(self, enabled: bool) -> None:
        self.enabled = enabled


class ChargePoint:
    """``box``: called under a lock for the box that it is. ``lacks``: actions that it does not know.

    ``waits``: it begins no transaction by itself. ``boots``: it says so when it comes.
    """

    def __init__(
        self,
        port: int,
        name: str = "WB 1",
        *,
        box: Callable[[], Any] | None = None,
        password: str = "",
        lacks: tuple[str, ...] = (),
        settings: dict[str, str] | None = None,
        waits: bool = False,
        boots: bool = True,
        period_s: float = 0.2,
    ) -> None:
        self.port, self.name, self.password, self.boots = port, name, password, boots
        self.plain = PlainBox()
        self.box = box or (lambda: contextlib.nullcontext(self.plain))
        self.lacks, self.waits, self.period_s = lacks, waits, period_s
        self.settings = {"ChargeProfileMaxStackLevel": "8", "ChargingScheduleAllowedChargingRateUnit": "Current"}
        self.settings |= settings or {}
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.profiles: list[dict[str, Any]] = []
        self.refused: int | None = None
        self.transaction = 0
        self.asked_to_begin = False
        self.hung = False
        self.word = ""
        self.state: str | None = None
        self.connected = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._thread.start()

    def limits(self) -> list[float]:
        """What it was told to offer, in order."""
        return [each["charging_schedule"]["charging_schedule_period"][0]["limit"] for each in list(self.profiles)]

    def hang_up(self) -> None:
        """The line is cut for good."""
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
        self._thread.join(10)

    async def _live(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                try:
                    await self._session()
                except (OSError, websockets.exceptions.WebSocketException) as error:
                    answer = getattr(error, "response", None)
                    self.refused = answer.status_code if answer else self.refused
                self.connected.clear()
                await asyncio.sleep(0.1)

    async def _session(self) -> None:
        headers = {}
        if self.password:
            coded = base64.b64encode(f"{self.name}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {coded}"
        address = f"ws://127.0.0.1:{self.port}/{self.name.replace(' ', '%20')}"
        async with websockets.connect(address, subprotocols=["ocpp1.6"], additional_headers=headers) as line:
            point = _Line(self, line)
            listening = asyncio.create_task(point.start())
            acting = asyncio.create_task(point.act())
            try:
                await asyncio.wait((listening, acting), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (listening, acting):
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await task


class _Line(Base):
    """One connection; its handlers answer as a good charge point does."""

    def __init__(self, owner: ChargePoint, line: Any) -> None:
        super().__init__(owner.name, line, response_timeout=5)
        self.owner = owner
        self.shown: tuple[Any, ...] = ()

    async def route_message(self, raw: str) -> None:
        if self.owner.hung:
            return
        await super().route_message(raw)

    async def _handle_call(self, msg: Any) -> Any:
        self.owner.told.append((msg.action, msg.payload))
        if msg.action in self.owner.lacks:
            from ocpp.exceptions import NotImplementedError as Lacking

            await self._send(msg.create_call_error(Lacking(msg.action)).to_json())
            return None
        return await super()._handle_call(msg)

    async def act(self) -> None:
        owner = self.owner
        if owner.boots:
            await self.call(call.BootNotification(charge_point_model="Sim", charge_point_vendor="House"))
        owner.connected.set()
        while True:
            if not owner.hung:
                await self._show()
            await asyncio.sleep(owner.period_s)

    async def _show(self) -> None:
        owner = self.owner
        with owner.box() as box:
            status, power_w, currents = box.status, box.power_w, box.currents_a
            counted_wh = round(box.energy_kwh * 1000)
        if status == "A" and owner.transaction:
            await self.call(
                call.StopTransaction(meter_stop=counted_wh, timestamp=STAMP, transaction_id=owner.transaction)
            )
            owner.transaction, owner.asked_to_begin = 0, False
        if status != "A" and not owner.transaction and (owner.asked_to_begin or not owner.waits):
            begun = call.StartTransaction(connector_id=1, id_tag="CARD7", meter_start=counted_wh, timestamp=STAMP)
            owner.transaction = (await self.call(begun)).transaction_id
        word = owner.word or ("Preparing" if status == "B" and not owner.transaction else WORDS[status])
        if word != self.shown:
            self.shown = word
            await self.notify()
        if status == "C":
            await self.measure(power_w, currents, counted_wh)

    async def notify(self) -> None:
        error = "GroundFailure" if self.shown == "Faulted" else "NoError"
        await self.call(call.StatusNotification(connector_id=1, error_code=error, status=self.shown or "Available"))

    async def measure(self, power_w: float, currents: Any, counted_wh: int) -> None:
        samples = [
            {"value": f"{power_w / 1000:.3f}", "measurand": "Power.Active.Import", "unit": "kW"},
            {"value": str(counted_wh)},
            *(
                {"value": f"{current:.2f}", "measurand": "Current.Import", "unit": "A", "phase": f"L{number}"}
                for number, current in enumerate(currents, 1)
            ),
        ]
        values = [{"timestamp": STAMP, "sampled_value": samples}]
        await self.call(
            call.MeterValues(connector_id=1, meter_value=values, transaction_id=self.owner.transaction or None)
        )

    @on("GetConfiguration")
    def settings(self, key: Any = (), **_: Any) -> Any:
        known = [{"key": k, "readonly": False, "value": v} for k, v in self.owner.settings.items() if k in key]
        return call_result.GetConfiguration(configuration_key=known)

    @on("ChangeConfiguration")
    def change(self, key: str, value: str) -> Any:
        self.owner.settings[key] = value
        return call_result.ChangeConfiguration(status="Accepted")

    @on("TriggerMessage")
    def trigger(self, requested_message: str, **_: Any) -> Any:
        if requested_message == "StatusNotification":
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self.notify()))
        return call_result.TriggerMessage(status="Accepted")

    @on("GetCompositeSchedule")
    def schedule(self, connector_id: int, charging_rate_unit: str = "A", **_: Any) -> Any:
        with self.owner.box() as box:
            limit = box.offered_a if box.enabled else 0.0
        period = {"startPeriod": 0, "limit": limit}
        answer = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        return call_result.GetCompositeSchedule(status="Accepted", connector_id=connector_id, charging_schedule=answer)

    @on("SetChargingProfile")
    def profile(self, connector_id: int, cs_charging_profiles: Any) -> Any:
        owner = self.owner
        owner.profiles.append(cs_charging_profiles)
        schedule = cs_charging_profiles["charging_schedule"]
        period = schedule["charging_schedule_period"][0]
        limit = float(period["limit"]) / (690 if schedule["charging_rate_unit"] == "W" else 1)
        with owner.box() as box:
            box.set_enabled(limit >= 6)
            if limit >= 6:
                box.offered_a = limit
            box.phases = period.get("number_phases", box.phases)
        return call_result.SetChargingProfile(status="Accepted")

    @on("RemoteStartTransaction")
    def begin(self, id_tag: str, **_: Any) -> Any:
        self.owner.asked_to_begin = True
        return call_result.RemoteStartTransaction(status="Accepted")
