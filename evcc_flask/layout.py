"""Where the project's own files lie: in a checkout at its top, in an installation below the interpreter's prefix."""

import sys
from pathlib import Path

_TOP = Path(__file__).resolve().parent.parent


def project_file(name: str) -> Path:
    """The path of ``wsgi.py``, ``gunicorn.conf.py``, ``migrations`` …; raises FileNotFoundError with both places."""
    places = (_TOP / name, Path(sys.prefix) / "share" / "evcc-flask" / name)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is neither at {places[0]} nor at {places[1]}; install evcc-flask again")
