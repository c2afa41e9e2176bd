"""The sections of a file in a whole server: begun, shown, and where they are wrong said with their line."""

from tests.wiring.conftest import serve  # noqa: F401 - a fixture

HOUSE = """
interval: 1s
site: {title: Home, meters: {grid: grid}}
meters:
  - {name: grid, type: custom, power: {source: const, value: 500}}
"""


def test_what_is_configured_is_shown_without_its_secrets(serve):  # noqa: F811
    served = serve(
        HOUSE
        + """
influx: {url: "http://127.0.0.1:9", database: evcc, token: very-secret, org: home}
messaging:
  events: {start: {title: Start, msg: go}}
  services: [{type: ntfy, uri: "http://127.0.0.1:9/topic", authtoken: tk_very_secret}]
""",
        own="messages: {quiet: 22:00-06:30, language: de}",
    )
    state = served.shown(until=lambda state: state["cycle"])
    assert state["influx"] == {"url": "http://127.0.0.1:9", "database": "evcc", "org": "home"}
    assert state["messaging"] is True
    assert b"secret" not in served.state.published.body
    assert state["issues"] == []


def test_what_is_wrong_is_said_with_its_line_and_the_house_runs(serve):  # noqa: F811
    served = serve(HOUSE + "influx: {url: x}\nmessaging: {services: [{type: pigeon}]}\n")
    state = served.shown(until=lambda state: state["cycle"])
    said = [issue["error"] for issue in state["issues"]]
    assert said == [
        "evcc.yaml:6: influx.database: is missing. Name the database, or the bucket of version 2.",
        "evcc.yaml:7: messaging.services[0].type: 'pigeon' is no service. Known: pushover, telegram, email, shout, "
        "ntfy, homeassistant, custom.",
    ]
    assert state["messaging"] is False
