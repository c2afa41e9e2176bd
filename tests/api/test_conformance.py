"""Requests that nobody thought of, made of the contract and our overlay, against a real server: none surprises it."""

import http.client
import importlib.util
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
HOUSE = """
interval: 1s
site:
  title: Conformance
  meters: {grid: grid, pv: [roof], battery: [store]}
meters:
  - {name: grid, type: custom, power: {source: const, value: -1500}}
  - {name: roof, type: custom, power: {source: const, value: 4000}}
  - name: store
    type: custom
    power: {source: const, value: 0}
    soc: {source: const, value: 55}
    capacity: 10
    batterymode: {source: js, script: "0"}
chargers:
  - name: box
    type: custom
    status: {source: const, value: B}
    enabled: {source: js, script: "true"}
    enable: {source: js, script: ""}
    maxcurrent: {source: js, script: ""}
    phases1p3p: {source: js, script: ""}
    tos: true
vehicles:
  - {name: vehicle_1, title: blauer e-Golf, capacity: 36}
loadpoints:
  - {title: Carport, charger: box, mode: pv}
"""
PASSWORD = "correct horse"
# Fits the schema and yet cannot be done: a minimum above the maximum, a time that has passed, no tariff, no such car.
# The three operations that are left out would end the server or the session that the others need.
MANNERS = """
seed = {seed}
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 404, 409]
[auth.openapi.cookieAuth]
api_key = "{cookie}"
"""
LEFT_OUT = ("shutdownSystem", "logout", "changePassword")


def contract():
    spec = importlib.util.spec_from_file_location("contract", Path(__file__).with_name("contract.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.contract()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conformance")
    (folder / "evcc.yaml").write_text(HOUSE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "evcc_flask.cli", "run", "-c", "evcc.yaml", "--database", "evcc.db"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log", "error"],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "PYTHONPATH": str(TOP)},
        start_new_session=True,
    )
    while ask(port, "GET", "/api/health")[0] != 200:
        assert process.poll() is None
        select.select([], [], [], 0.1)
    yield port, folder
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(15)


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    except ConnectionRefusedError:
        return 0, {}, b""
    finally:
        connection.close()


EXAMPLES = "5"


@pytest.mark.parametrize("fixed", [1, None], ids=["a fixed seed", "a random seed"])
def test_no_request_made_of_the_contract_surprises_the_server(server, fixed):
    seed = fixed or random.SystemRandom().randrange(1 << 32)
    port, folder = server
    ask(port, "PUT", "/api/auth/password", json.dumps({"new": PASSWORD}))
    status, headers, _ = ask(port, "POST", "/api/auth/login", json.dumps({"password": PASSWORD}))
    assert status == 200
    cookie = headers["Set-Cookie"].partition(";")[0].removeprefix("auth=")
    (folder / "contract.json").write_text(json.dumps(contract()))
    (folder / "schemathesis.toml").write_text(MANNERS.format(seed=seed, cookie=cookie))
    left_out = [word for name in LEFT_OUT for word in ("--exclude-operation-id", name)]
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml", "run"]
    command += ["contract.json", "-u", f"http://127.0.0.1:{port}/api", "-n", EXAMPLES, "--no-color"]
    run = subprocess.run(
        [*command, "--continue-on-failure", "--warnings", "off", *left_out],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, f"seed {seed}\n{run.stdout}{run.stderr}"
    assert "Tested: 51" in run.stdout
    assert ask(port, "GET", "/api/health")[0] == 200
