"""Every place that listens is named where an owner looks up what his network can reach."""

import re
from pathlib import Path

HERE = Path(__file__).parents[2]
LISTENS = re.compile(
    r"create_server\(|\.bind\(\(|\.listen\(|import serve$|start_server\(|TCPServer\b|HTTPServer\b|UDPServer\b"
    r"|Zeroconf\(\)|IP_ADD_MEMBERSHIP|reuse_port|^bind\b|^ *listen ",
    re.MULTILINE,
)
NAMED = {
    "gunicorn.conf.py": ("7070/tcp", "``web.sock``"),
    "deploy/nginx.conf": ("80/tcp",),
    "deploy/nginx-https.conf": ("443/tcp",),
    "evcc_flask/bus/ocppserver.py": ("8887/tcp", "``ocpp.host``"),
    "evcc_flask/integrations/modbusproxy.py": ("proxy ports/tcp", "``modbusproxy.host``", "readonly: false"),
    "evcc_flask/commands/search.py": ("5353/udp",),
}
AT_HOME = ("evcc_flask/simulation/",)
"""What the demo opens, at 127.0.0.1."""
PROBES = ("evcc_flask/port.py",)
"""Binds to see whether a port is free, and lets go."""


def listening() -> set[str]:
    files = [HERE / "gunicorn.conf.py", *HERE.glob("deploy/*.conf"), *HERE.glob("evcc_flask/**/*.py")]
    found = (path.relative_to(HERE).as_posix() for path in files if LISTENS.search(path.read_text(encoding="utf-8")))
    return {name for name in found if not name.startswith((*AT_HOME, *PROBES))}


def test_each_place_that_listens_is_known() -> None:
    assert listening() == NAMED.keys(), "say in docs/security.rst what somebody in the network can do there"


def test_each_place_that_listens_is_in_the_table() -> None:
    text = (HERE / "docs/security.rst").read_text(encoding="utf-8")
    table = text.split("Listening ports")[1].split("The owner's password")[0]
    assert {name: words for name, words in NAMED.items() if any(word not in table for word in words)} == {}


def test_what_the_demo_opens_is_open_to_this_machine_only() -> None:
    for path in (HERE / "evcc_flask/simulation").glob("**/*.py"):
        assert not re.search(r"[\"'](0\.0\.0\.0|::)[\"']", path.read_text(encoding="utf-8")), path
