"""Prints the schemas of this checkout's OpenAPI document, of which the dashboard's types are made (script/types)."""

import json
import tempfile
from pathlib import Path

from evcc_flask import create_app
from evcc_flask.clock import SystemClock
from evcc_flask.config.model import Configuration
from evcc_flask.control.state import SharedState
from evcc_flask.control.view import View
from evcc_flask.domain.settings import Settings
from evcc_flask.storage.database import Database


def document() -> str:
    """As ``/api/openapi.json`` answers it, of a house without devices; the schemas, not the operations."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "house.db", SystemClock())
        try:
            app = create_app(
                SharedState(Settings(), View(), database), database, lambda: None, SystemClock(), Configuration()
            )
            whole = app.test_client().get("/api/openapi.json").json
            return json.dumps({**whole, "paths": {}}, indent=1)
        finally:
            database.close()


if __name__ == "__main__":
    print(document())
