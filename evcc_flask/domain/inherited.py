"""What a house that evcc's web page configured brings along."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One device, or one loadpoint. ``params``: as they would stand in a file. ``kind``: charger, meter, vehicle,
    tariff, loadpoint or circuit."""

    number: int
    kind: str
    type: str = ""
    title: str = ""
    icon: str = ""
    product: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """How evcc's other entries and settings call it."""
        return f"db:{self.number}"
