"""Where the project's own files lie: in a checkout at its top, in an installation below the scheme's data folder."""

import sys
import sysconfig
from pathlib import Path

_TOP = Path(__file__).resolve().parent.parent


def project_file(name: str) -> Path:
    """The path of ``wsgi.py``, ``gunicorn.conf.py``, ``migrations`` …; raises FileNotFoundError with all places."""
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    installed = (Path(sysconfig.get_path("data", scheme)) / "share" / "evcc-flask" / name for scheme in schemes)
    places = (_TOP / name, *installed)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is at none of {', '.join(map(str, places))}; install evcc-flask again")


def server_command() -> list[str]:
    """The words that start gunicorn with our settings, which name wsgi.py, from any working directory."""
    # -P: a file of the working directory must not stand in for a module of ours.
    return [sys.executable, "-P", "-m", "gunicorn", "--config", str(project_file("gunicorn.conf.py"))]
