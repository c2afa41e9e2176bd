"""curl, as people write it into scripts."""

import json
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


def curl(caller, *words):
    path, *options = words
    command = ["curl", "-sS", "--max-time", "20", *options, f"http://localhost:{caller.served.port}{path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_read_filter_and_write(caller):
    assert json.loads(curl(caller, "/api/state"))["result"]["siteTitle"] == "Home"
    assert curl(caller, "/api/state", "-G", "--data-urlencode", "jq=.loadpoints[0] | {title, mode}") == (
        '{"title":"Carport","mode":"off"}\n'
    )
    assert curl(caller, "/api/loadpoints/1/mode/pv", "-X", "POST") == '{"result":"pv"}\n'
    assert curl(caller, "/api/loadpoints/1/mode/now", "-d", "") == '{"result":"now"}\n'
    assert curl(caller, "/api/loadpoints/1/smartcostlimit", "-X", "DELETE") == '{"result":null}\n'


def test_compressed_and_conditional(caller, tmp_path):
    assert json.loads(curl(caller, "/api/state", "--compressed"))["result"]["siteTitle"] == "Home"
    etag = str(tmp_path / "etag")
    curl(caller, "/api/state", "--etag-save", etag)
    assert curl(caller, "/api/state", "--etag-compare", etag, "-w", "%{http_code}") == "304"


def test_a_password_and_the_log_as_a_file(caller):
    kind = "Content-Type: application/json"
    curl(caller, "/api/auth/password", "-X", "PUT", "-H", kind, "-d", '{"current": "", "new": "sun"}')
    assert curl(caller, "/api/system/log?level=info", "-w", "%{http_code}") == "Unauthorized401"
    login = curl(caller, "/api/auth/login", "-i", "-H", kind, "-d", '{"password": "sun"}')
    word = login.partition("auth=")[2].partition(";")[0]
    text = curl(caller, "/api/system/log?level=info&format=txt", "-b", f"auth={word}")
    assert "listening at" in text


def test_a_large_body_is_refused(caller, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * (2 << 20))
    for more in ((), ("-H", "Expect:")):
        words = ("-w", "%{http_code}", "-o", "/dev/null", "--data-binary", f"@{body}", *more)
        assert curl(caller, "/api/auth/login", *words) == "413"


def test_two_protocols_and_names(caller):
    assert curl(caller, "/api/health", "--http1.0") == "OK\n"
    assert curl(caller, "/api/health", "-H", "Host: evcc.local") == "OK\n"
    assert curl(caller, "/api/health", "-H", "Host: evil.example", "-o", "/dev/null", "-w", "%{http_code}") == "421"
