"""No secret of a configuration leaves the program: not in the state, a log line, the table of ``check``, an error."""

import json

import pytest

from evcc_flask.commands.check import check

SECRETS = (
    *("sesame-open", "tok3n-of-the-box", "hunter2hunter2", "sponsor-eyes-only", "key-in-the-query", "pinned-4711"),
    *("pa7hs3gm3nt", "usersegment", "red1r3ct3d", "qu3ryv4lue", "br0k3rpass", "us3rinf0"),
)

HOUSE = """
interval: 0.3s
sponsortoken: sponsor-eyes-only
mqtt: {{broker: "mqtt://joe:br0k3rpass@127.0.0.1:9", password: hunter2hunter2}}
meters:
- name: grid
  type: custom
  title: the one with hunter2hunter2
  power:
    source: http
    uri: "http://joe:sesame-open@127.0.0.1:{port}/power"
    auth: {{type: bearer, token: tok3n-of-the-box}}
- name: roof
  type: custom
  power: {{source: http, uri: "127.0.0.1:{port}/html?apikey=key-in-the-query"}}
- name: bridge
  type: custom
  power: {{source: http, uri: "http://127.0.0.1:{port}/api/pa7hs3gm3nt/user/usersegment/lights?a=qu3ryv4lue"}}
- name: moved
  type: custom
  power: {{source: http, uri: "http://us3rinf0@127.0.0.1:{port}/moved"}}
- name: heard
  type: custom
  power: {{source: mqtt, topic: house/power, timeout: 1s}}
- name: socket
  type: custom
  power: {{source: websocket, uri: "ws://127.0.0.1:9/token/usersegment/pa7hs3gm3nt?x=qu3ryv4lue"}}
- name: wrong
  type: template
  template: eastron
  password: pinned-4711
  usage: sesame-open
chargers:
- name: box
  type: custom
  status: {{source: http, uri: "http://joe:sesame-open@127.0.0.1:{port}/status"}}
  enabled: {{source: script, cmd: "/bin/nothing-here --password hunter2hunter2"}}
  enable: {{source: http, uri: "http://joe:sesame-open@127.0.0.1:{port}/enable"}}
  maxcurrent: {{source: http, uri: "http://joe:sesame-open@127.0.0.1:{port}/current"}}
site: {{title: "House of sesame-open", meters: {{grid: grid, pv: [roof, wrong, bridge, moved, heard, socket]}}}}
loadpoints: [{{charger: box, mode: now}}]
"""


@pytest.fixture
def planted(device):
    device.answers |= {"/html": "<html>password: sesame-open and tok3n-of-the-box</html>", "/status": "sesame-open"}
    device.moved["/moved"] = "/elsewhere/red1r3ct3d?token=red1r3ct3d"
    return HOUSE.format(port=device.server_port)


def found(text):
    return [secret for secret in SECRETS if secret[:6] in text]


def test_neither_state_nor_log_nor_error_tells_a_secret(serve, planted, capsys):
    served = serve(planted, log="trace")
    state = served.shown(lambda state: state["cycle"] >= 3)
    assert found(json.dumps(state)) == []
    assert state["siteTitle"] == "House of ***"
    answers = [
        served.client.get(path)
        for path in ("/api/state", "/api/health", "/api/sessions?format=sesame-open", "/", "/api/openapi.json")
    ]
    answers += [
        served.client.post(path)
        for path in ("/api/loadpoints/1/mode/sesame-open", "/api/batterymode/tok3n-of-the-box", "/api/residualpower/1")
    ]
    for answer in answers:
        assert found(answer.get_data(as_text=True)) == [], answer.request.path
    told = capsys.readouterr()
    assert found(told.err + told.out) == []


def test_check_tells_no_secret(serve, planted, tmp_path, capsys):
    serve(planted, control=False)
    said = []
    assert check(tmp_path / "evcc.yaml", {}, said.append) == 1
    assert found("\n".join(said)) == []
    told = capsys.readouterr()
    assert found(told.err + told.out) == []
