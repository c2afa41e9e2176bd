"""The list of devices in the documentation."""

from pathlib import Path

from evcc_flask.devices.listing import page

LIST = Path(__file__).parents[2] / "docs" / "devices-list.rst"


def test_the_documented_list_of_devices_is_the_library() -> None:
    told = "Run: python -m evcc_flask.devices.listing > docs/devices-list.rst"
    assert LIST.read_text("utf-8") == page(), told
