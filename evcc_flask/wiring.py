"""The one place that knows every room: a configuration goes in, a running controller and its web app come out."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock, parse_demo_clock
from evcc_flask.config.house import unguarded
from evcc_flask.config.load import load
from evcc_flask.config.model import Configuration
from evcc_flask.construction import Built, build_house
from evcc_flask.control.controller import Controller
from evcc_flask.control.house import House
from evcc_flask.control.loop import Loop
from evcc_flask.control.state import SharedState
from evcc_flask.control.statefile import StateFile
from evcc_flask.control.stored import restored
from evcc_flask.control.supervisor import Supervisor
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.quarters import unlike
from evcc_flask.domain.recall import recalled
from evcc_flask.domain.snapshot import Snapshot
from evcc_flask.integrations.assembly import Integrations, Wanted, wanted
from evcc_flask.integrations.hems import Hems
from evcc_flask.logs.setup import RING, start_logs
from evcc_flask.options import Options
from evcc_flask.realtime.hub import Hub
from evcc_flask.recheck import mistakes
from evcc_flask.security.redaction import REDACTOR
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner
from evcc_flask.storage.place import WRITTEN, house_file, usual_file, written_house
from evcc_flask.storage.setback import mark_told, noted
from evcc_flask.tariffs.board import Shelf

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger("main")

BUS = "bus."
"""Stored below it: what the bus has learned, by the name of the link."""
TARIFF = "tariff."
"""Stored below it: the rates that were fetched last."""


class Server:
    """One running server: the house, its controller, its database. Ends in order, once."""

    def __init__(self, options: Options, environ: Mapping[str, str]) -> None:
        configuration = load(options.config, {**environ, **options.overrides()})
        self.clock = parse_demo_clock(options.demo_clock) if options.demo_clock else SystemClock()
        REDACTOR.learn(configuration.raw)
        start_logs(configuration.log, configuration.levels, redact=REDACTOR.text, now=self.clock.now)
        named = usual_file(configuration.database)
        path, elsewhere = house_file(named)
        self._owner = Owner.take(path)
        self.database = Database.open(path, self.clock)
        if elsewhere:
            # Once in the life of a house.
            from evcc_flask.takeover import move_in_once

            move_in_once(named, self.database, path.with_name(WRITTEN) if configuration.file is None else None)
        if configuration.file is None and (written := written_house(configuration.database)):
            configuration = load(written, {**environ, **options.overrides()})
            REDACTOR.learn(configuration.raw)
        self.configuration = configuration
        self.clock.trust_after(self.database.newest_time())
        rows = self.database.settings()
        built = build_house(configuration, self.clock, self._bus(rows), self._shelf(rows))
        self.tariffs, self.grid_operator = built.tariffs, built.house.grid_operator
        setback = noted(path, self.clock.now())
        notes = (*((elsewhere,) if elsewhere else ()), *((setback.issue(),) if setback else ()))
        beside = wanted(configuration, built.workshop)
        standing = (
            *built.issues,
            *beside.issues,
            *unguarded(configuration, built.chargers),
            *notes,
            *self.database.issues,
        )
        for issue in standing:
            log.log(logging.ERROR if issue.fatal else logging.WARNING, "%s", issue)
        facts = _facts(configuration, options, built, path, beside)
        # Traits of the devices and whether there is a battery are known before the first cycle.
        view = View(facts=facts, snapshot=_unread(built.house), issues=standing)
        self._name_places(built)
        self.state = SharedState(restored(built.settings, rows), view, self.database, REDACTOR.structure)
        moment = self.clock.moment()
        memory = recalled(rows["memory"], moment) if isinstance(rows.get("memory"), dict) else Memory(moment.s)

        supervisor = Supervisor.of(environ)

        def make_loop(memory: Memory) -> Loop:
            return Loop(
                self.state,
                built.house,
                built.field,
                self.database,
                self.clock,
                memory=memory,
                standing=standing,
                observe=options.observe or configuration.own.observe,
                alive=supervisor.alive,
            )

        self.controller = Controller(self.state, built.field, self.clock, make_loop, memory)
        self.live = Hub(self.state, self.clock)
        news = setback.news() if setback else []
        self.integrations = Integrations(beside, self.state, self.clock, self.database, news)
        if setback and news:
            mark_told(path, setback)
        self._left = _state_file(configuration, environ)
        self._ended = threading.Lock()

    def _bus(self, rows: Mapping[str, Any]) -> Bus:
        """A bus that remembers what slaves refuse to answer in one piece."""
        learned = {key.removeprefix(BUS): value for key, value in rows.items() if key.startswith(BUS)}
        return Bus(self.clock, learned, lambda name, what: self.database.save({f"{BUS}{name}": what}))

    def _shelf(self, rows: Mapping[str, Any]) -> Shelf:
        """Where rates are kept over a restart."""
        kept = {key.removeprefix(TARIFF): value for key, value in rows.items() if key.startswith(TARIFF)}

        def keep(key: str, what: Any) -> None:
            self.database.save({f"{TARIFF}{key}": what})

        return Shelf(kept, keep)

    def _name_places(self, built: Built) -> None:
        """A loadpoint that is named anew is the same in the history: before anything is counted or summed up."""
        boxes = unlike([loadpoint.charger for loadpoint in self.configuration.loadpoints])
        titles = unlike([loadpoint.title for loadpoint in built.settings.loadpoints])
        self.database.name_places(list(zip(boxes, titles, strict=True)))

    def start(self) -> None:
        """Start controlling; returns at once."""
        if self._left is not None:
            self.state.subscribe(self._left.write)
            self._left.write(self.state.published)
        self.tariffs.start()
        self.controller.start()
        self.live.start()
        self.integrations.start()
        RING.follow(self.live.say)

    def stop(self) -> None:
        """Batteries back to normal, links closed, database flushed, lock released. A second call does nothing."""
        if not self._ended.acquire(blocking=False):
            return
        self.live.stop()
        self.integrations.stop()
        if self._left is not None:
            self._left.end()
        self.tariffs.close()
        self.controller.stop()
        self.database.close()
        self._owner.release()
        log.info("ended in order")


_running: Server | None = None


def application(environ: Mapping[str, str]) -> "Flask":
    """The WSGI application of this worker process, its controller started. Raises SystemExit with a sentence."""
    global _running
    from evcc_flask import create_app

    options = Options.from_environment(environ)
    server = Server(options, environ)
    _running = server
    server.start()
    app = create_app(
        state=server.state,
        database=server.database,
        health=server.controller.health,
        clock=server.clock,
        configuration=server.configuration,
        live=server.live,
        style=options.custom_css,
        ingress=options.ingress or "",
    )
    if isinstance(operator := server.grid_operator, Hems):
        app.extensions["evcc-flask-grid-order-test"] = operator.test
    app.extensions["evcc-flask-mistakes"] = lambda: mistakes(options)
    return app


def stop() -> None:
    """End the server of this process in order, if there is one."""
    if _running is not None:
        _running.stop()


def _state_file(configuration: Configuration, environ: Mapping[str, str]) -> StateFile | None:
    """Where systemd has made us a folder in RAM, a web server in front finds the state there."""
    folder = environ.get("RUNTIME_DIRECTORY")
    if not folder:
        return None
    from evcc_flask.api.envelope import packed_bytes

    envelope = configuration.own.envelope
    return StateFile(Path(folder), lambda published: packed_bytes(published.body, published.bare, envelope))


def _facts(configuration: Configuration, options: Options, built: Built, database: Path, beside: Wanted) -> Facts:
    from evcc_flask.version import VERSION

    return Facts(
        software_version=VERSION,
        grid=built.house.grid is not None,
        has_battery=bool(built.house.batteries),
        config=configuration.file,
        database=str(database),
        port=configuration.port,
        host=configuration.host,
        demo=options.demo,
        observe=options.observe or configuration.own.observe,
        auth_disabled=options.disable_auth,
        custom_css=options.custom_css is not None,
        chargers=tuple(loadpoint.charger for loadpoint in configuration.loadpoints),
        integrations=beside.shown,
    )


def _unread(house: House) -> Snapshot:
    return replace(house.snapshot(()), outcomes=())
