"""The library as a page of the documentation: ``python -m evcc_flask.devices.listing > docs/devices-list.rst``."""

from collections.abc import Iterable, Mapping
from typing import Any

from .registry import describe

PROOFS = {
    "capture": "a recording of a real device",
    "manual": "an example of its maker",
    "test data": "an answer among the tests of another project",
    "unproven": "nothing yet: no answer of a real device is among the tests",
}
KEEPS = {"none": "it keeps its last current for ever", "unknown": "unknown; count on its last current"}


def page() -> str:
    """All devices in reStructuredText, wallboxes first; a test holds the page against the rows."""
    devices = describe()
    chargers = [device for device in devices if device["kind"] == "charger"]
    meters = [device for device in devices if device["kind"] == "meter"]
    cars = [device for device in devices if device["kind"] == "vehicle"]
    chapters = (("Wallboxes", chargers), ("Meters, inverters, batteries", meters), ("Cars", cars))
    return "\n".join(line for title, listed in chapters for line in _chapter(title, listed)) + "\n"


def _chapter(title: str, devices: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = [title, "-" * len(title), ""]
    for device in devices:
        lines += [f"``{device['template']}``", f"    {device['title']}", ""]
        lines += [f"    {line}\n" for line in _facts(device)]
    return lines


def _facts(device: Mapping[str, Any]) -> Iterable[str]:
    for word, key in (("Also", "aliases"), ("Old types", "types"), ("mbmd models", "models"), ("Usages", "usages")):
        if device[key]:
            yield f"{word}: {', '.join(device[key])}."
    parameters = [f"{name} ({default})" if default else name for name, default in device["parameters"].items()]
    if parameters:
        yield f"Parameters: {', '.join(parameters)}."
    if device["kind"] == "charger":
        yield f"Without us: {KEEPS.get(device['failsafe'], device['failsafe'])}."
        if device["persistent"]:
            yield "Its current is kept in flash and written at most once a minute."
    yield f"Proof: {PROOFS[device['proof']]}."
    for note in device["notes"]:
        yield f"{note[:1].upper()}{note[1:]}."


if __name__ == "__main__":
    print(page(), end="")
