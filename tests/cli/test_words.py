"""The words of the command line: evcc's own are taken, or refused with a sentence."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from evcc_flask.cli import main
from evcc_flask.commands.run import completed
from evcc_flask.layout import server_command
from evcc_flask.options import Options


@pytest.fixture
def said(monkeypatch):
    """What ``run`` would hand to the server."""
    handed = []
    monkeypatch.setattr("evcc_flask.commands.run.run", lambda options, environ: handed.append(options))
    return handed


def call(*words: str, **environ: str):
    return CliRunner().invoke(main, words, env=environ)


def test_evccs_own_words_start_us(said, tmp_path):
    file, database, css = tmp_path / "e.yaml", tmp_path / "e.db", tmp_path / "x.css"
    words = ("-c", file, "--database", database, "-l", "info,site:debug", "--disable-auth", "--custom-css", css)
    assert call(*map(str, words), "--metrics").exit_code == 0
    assert said == [
        Options(config=file, database=database, log="info,site:debug", disable_auth=True, custom_css=css),
    ]


@pytest.mark.parametrize("words", [(), ("run",), ("--log", "info"), ("run", "--log", "info")])
def test_run_is_what_happens_without_a_command(said, words):
    assert call(*words).exit_code == 0
    assert len(said) == 1


def test_the_port_comes_from_the_option_or_evccs_variable(said):
    call("--port", "7100", EVCC_NETWORK_PORT="7200")
    call(EVCC_NETWORK_PORT="7200")
    assert [options.port for options in said] == [7100, 7200]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-i", "10s"), "--interval is not taken: the interval is set in evcc.yaml"),
        (("--template", "x"), "--template is not taken: write a device with 'type: custom'"),
        (("--ignore-db", "x"), "--ignore-db is not taken: settings always come from the database"),
        (("-l", "dbug"), "'dbug' is no log level. Did you mean 'debug'?"),
        (("--port", "0"), "0 is not in the range"),
        (("checkit",), "No such command 'checkit'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(said, words, sentence):
    result = call(*words)
    assert result.exit_code == 2
    assert sentence in result.output
    assert said == []


def test_help_names_every_command():
    text = call("--help").output
    for command in ("run", "check", "devices", "demo"):
        assert f"\n  {command} " in text
    for command in ("run", "check", "devices", "demo"):
        assert call(command, "--help").exit_code == 0


def test_options_survive_the_way_through_the_environment(tmp_path):
    options = Options(
        config=tmp_path / "a.yaml",
        database=tmp_path / "b.db",
        log="debug",
        disable_auth=True,
        demo=True,
        custom_css=tmp_path / "c.css",
        observe=True,
        port=7100,
        demo_clock="1;2;3",
    )
    assert Options.from_environment(options.environment()) == options
    assert Options.from_environment(Options().environment()) == Options()


def test_every_path_is_made_absolute_and_the_port_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("evcc.yaml").write_text("network: {port: 7300}")
    found = completed(Options(database=Path("x.db")), {"HOME": "/nowhere"})
    assert found == Options(config=tmp_path / "evcc.yaml", database=tmp_path / "x.db", port=7300)
    assert completed(Options(port=7400), {"HOME": "/nowhere"}).port == 7400
    assert completed(Options(), {"HOME": "/nowhere", "EVCC_NETWORK_PORT": "7500"}).port == 7500


WSGI = """
import json, os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    names = [name for name in os.environ if name.startswith("EVCC_FLASK_")]
    return [json.dumps({name: os.environ[name] for name in names} | {"cwd": os.getcwd()}).encode()]
"""
SETTINGS = """
from pathlib import Path
bind = ["127.0.0.1:0"]
wsgi_app = "wsgi:application"
pythonpath = str(Path(__file__).resolve().parent)
def when_ready(server):
    print("ready", server.LISTENERS[0].sock.getsockname()[1], flush=True)
"""
STARTS = """
from pathlib import Path
import evcc_flask.layout as layout
layout.project_file = lambda name: Path({folder!r}) / name
from evcc_flask.cli import main
main()
"""


def test_run_becomes_the_server_in_any_working_directory(tmp_path):
    project, here = tmp_path / "project", tmp_path / "here"
    project.mkdir()
    here.mkdir()
    (project / "wsgi.py").write_text(WSGI)
    (project / "gunicorn.conf.py").write_text(SETTINGS)
    (here / "wsgi.py").write_text("raise SystemExit('a stranger stands in')")
    (here / "evcc.yaml").write_text("network: {port: 7345}")
    command = [sys.executable, "-c", STARTS.format(folder=str(project)), "-c", "evcc.yaml", "--observe"]
    environ = {**os.environ, "HOME": str(here)}
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True, env=environ) as server:
        try:
            word, port = server.stdout.readline().split()
            assert word == "ready"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                assert answer.read().decode() == (
                    f'{{"EVCC_FLASK_CONFIG": "{here}/evcc.yaml", "EVCC_FLASK_OBSERVE": "1", '
                    f'"EVCC_FLASK_PORT": "7345", "cwd": "{here}"}}'
                )
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0


def test_the_server_is_started_with_files_of_the_project():
    command = server_command()
    assert command[:4] == [sys.executable, "-P", "-m", "gunicorn"]
    assert Path(command[-1]).name == "gunicorn.conf.py"


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "evcc_flask.cli", "run", "--port", str(port)]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert f"port {port} is in use" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
