"""Who changed which setting: an owner who wonders why his car stood still finds the answer in the journal."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Who(Enum):
    """The kinds of hands that change a setting."""

    PAGE = "page"
    API = "api"
    KEY = "key"
    MQTT = "mqtt"
    RULE = "rule"
    RESTART = "restart"
    IMPORT = "import"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Origin:
    """``name``: of the API key or of the rule; ``address``: where the request came from."""

    who: Who
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One stored setting, as plain JSON before and after."""

    key: str
    old: Any
    new: Any
    origin: Origin
