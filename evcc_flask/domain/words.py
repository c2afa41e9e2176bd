"""The field's fixed vocabularies."""

from enum import Enum, IntEnum


class Mode(Enum):
    """Charge mode of a loadpoint, by evcc's names."""

    OFF = "off"
    NOW = "now"
    MINPV = "minpv"
    PV = "pv"


class Status(Enum):
    """Charge status by IEC 61851: A no vehicle, B connected, C charging."""

    A = "A"
    B = "B"
    C = "C"


class BatteryMode(IntEnum):
    """Mode of the home battery; the numbers are evcc's, used on its API."""

    UNKNOWN = 0
    NORMAL = 1
    HOLD = 2
    CHARGE = 3

    @property
    def word(self) -> str:
        """The name as the published state and the API's paths spell it."""
        return self.name.lower()


class Feature(Enum):
    """What a charger or vehicle declares about itself, by evcc's names (lower case)."""

    COARSE_CURRENT = "coarsecurrent"
    INTEGRATED_DEVICE = "integrateddevice"
    SWITCH_DEVICE = "switchdevice"
    HEATING = "heating"
    CONTINUOUS = "continuous"
    AVERAGE = "average"
    CACHEABLE = "cacheable"
    OFFLINE = "offline"
    RETRYABLE = "retryable"
    STREAMING = "streaming"
    WELCOME_CHARGE = "welcomecharge"
    CLIMATER_DISABLED = "climaterdisabled"
    AUTODETECT_DISABLED = "autodetectdisabled"
    WAKEUP_DISABLED = "wakeupdisabled"


class Contact(Enum):
    """How a car's own account stands: one that sleeps, limits calls or is gone is a state, not a failure."""

    NONE = "none"
    """It has no account: offline."""
    UNREAD = "unread"
    """Nobody has asked yet."""
    PENDING = "pending"
    """Asked, no answer yet, or it said: try again."""
    UP = "up"
    ASLEEP = "asleep"
    LIMITED = "limited"
    """It refuses further calls for a while (status 429)."""
    GONE = "gone"
    """It does not answer, refuses us, or says what cannot be understood."""
