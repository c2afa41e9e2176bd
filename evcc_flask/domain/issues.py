"""A problem that a person can mend: where it is, what is wrong, what would be right."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """``kind``: evcc's class (meter, charger, loadpoint, site, circuit, configfile, database …). ``line``: 1-based.

    ``fatal`` False: reported, and the house runs. ``device``: the name in the configuration, where there is one.
    """

    kind: str
    message: str
    file: str = ""
    line: int | None = None
    key: str = ""
    device: str = ""
    remedy: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else (f"{self.file}: " if self.file else "")
        key = f"{self.key}: " if self.key else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        stop = "." if remedy and not self.message.endswith((".", "?", "!", ":", ",")) else ""
        return f"{place}{key}{self.message}{stop}{remedy}"


class Misconfigured(Exception):
    """Raised while a device or plugin is built: ``path`` leads from the device's own node to the value."""

    def __init__(self, message: str, path: tuple[str | int, ...] = (), remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.remedy = remedy

    def below(self, *prefix: str | int) -> "Misconfigured":
        """The same problem, seen from further up."""
        return Misconfigured(self.message, (*prefix, *self.path), self.remedy)
