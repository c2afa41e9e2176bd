"""Our own version, from the installed package."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("evcc-flask")
except PackageNotFoundError:  # a checkout on the path that was never installed
    VERSION = "0"
