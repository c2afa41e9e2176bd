"""``deploy/nginx.conf``, with a real nginx in front."""

import gzip
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
import websocket

from tests.clients.conftest import calling
from tests.served import TOP

pytestmark = pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("openssl")), reason="nginx or openssl is not installed"
)
BUILT = TOP / "evcc_flask" / "web" / "static"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder):
    subject = ("-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    files = ("-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    subprocess.run(["openssl", "req", "-x509", *subject, *files], check=True, capture_output=True)


class Nginx:
    """Our site, at a port for http and one for https, of an nginx that keeps all its files in one folder."""

    def __init__(self, folder, run):
        self.http, self.https = free_port(), free_port()
        certificate(folder)
        (folder / "snippets").mkdir()
        for name, there, changes in (
            ("nginx.conf", "site.conf", (("listen 80;", f"listen 127.0.0.1:{self.http};"), ("listen [::]:80;", ""))),
            ("nginx-https.conf", "https.conf", (("listen 443", f"listen 127.0.0.1:{self.https}"), *self.tls(folder))),
            ("nginx-locations.conf", "snippets/evcc-flask.conf", (("/opt/evcc-flask/venv/static", str(BUILT)),)),
        ):
            text = (TOP / "deploy" / name).read_text()
            for ours, theirs in changes:
                assert ours in text
                text = text.replace(ours, theirs)
            (folder / there).write_text(text.replace("/run/evcc-flask", str(run)))
        places = " ".join(
            f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\nuser root;\n"
            f"events {{}}\nhttp {{ {places} include {folder}/site.conf; include {folder}/https.conf; }}\n"
        )
        self.process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"])

    @staticmethod
    def tls(folder):
        return (
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/evcc-flask/tls.crt", f"{folder}/cert.pem"),
            ("/etc/evcc-flask/tls.key", f"{folder}/key.pem"),
        )

    def ready(self):
        while True:
            assert self.process.poll() is None
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.http)) == 0:
                    return self
            threading.Event().wait(0.02)

    def ask(self, method, path, body=None, headers=None, *, tls=False, source="127.0.0.1"):
        place = {"timeout": 20, "source_address": (source, 0)}
        if tls:
            trusting = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.https, context=trusting, **place)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.http, **place)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.body = answer.read()
        answer.text = answer.body.decode(errors="replace")
        connection.close()
        return answer


@pytest.fixture
def run():
    """A folder in RAM, as systemd makes one; a socket's path has to be short."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def caller(tmp_path, run):
    """A server that listens at a socket in the file system, too."""
    with calling(tmp_path, RUNTIME_DIRECTORY=str(run)) as caller:
        yield caller


@pytest.fixture
def nginx(caller, run, tmp_path):
    folder = tmp_path / "nginx"
    folder.mkdir()
    nginx = Nginx(folder, run)
    yield nginx.ready()
    nginx.process.terminate()
    nginx.process.wait(10)


def test_reading_and_writing(nginx, caller):
    assert json.loads(nginx.ask("GET", "/api/state").text)["result"]["siteTitle"] == "Home"
    assert nginx.ask("POST", "/api/loadpoints/1/mode/pv").text == '{"result":"pv"}\n'
    assert caller.state()["loadpoints"][0]["mode"] == "pv"
    etag = nginx.ask("GET", "/api/state").headers["ETag"]
    assert nginx.ask("GET", "/api/state", headers={"If-None-Match": etag}).status == 304


def test_a_live_connection(nginx):
    live = websocket.create_connection(f"ws://127.0.0.1:{nginx.http}/ws", timeout=20)
    assert json.loads(live.recv())["loadpoints.0.mode"] == "off"
    nginx.ask("POST", "/api/loadpoints/1/mode/now")
    assert json.loads(live.recv()) == {"loadpoints.0.mode": "now"}
    live.close()


def test_the_address_of_the_client_is_known_and_cannot_be_feigned(nginx):
    nginx.ask("POST", "/api/residualpower/7", headers={"X-Forwarded-For": "10.9.8.7"}, source="127.0.0.2")
    (change,) = json.loads(nginx.ask("GET", "/api/changes?key=site.residualPower").text)["result"]
    assert change["address"] == "127.0.0.2"


def test_a_cookie_is_secure_behind_https_only(nginx):
    kind = {"Content-Type": "application/json"}
    nginx.ask("PUT", "/api/auth/password", '{"current": "", "new": "sun"}', kind)
    cookies = [
        nginx.ask("POST", "/api/auth/login", '{"password": "sun"}', kind, tls=tls).headers["Set-Cookie"]
        for tls in (True, False)
    ]
    assert ["Secure" in cookie for cookie in cookies] == [True, False]


def test_strange_names_and_large_bodies_are_refused_here_too(nginx):
    assert nginx.ask("GET", "/api/state", headers={"Host": "evil.example"}).status == 421
    assert nginx.ask("POST", "/api/auth/login", b"x" * (2 << 20)).status == 413


def test_slow_bodies_do_not_reach_us(nginx, caller):
    slow = []
    for _ in range(50):
        slow.append(socket.create_connection(("127.0.0.1", nginx.http)))
        slow[-1].sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{")
    assert max(caller.served.get("/api/health")[2] for _ in range(5)) < 1
    assert nginx.ask("GET", "/api/health").status == 200
    for each in slow:
        each.close()


def by_file(answer):
    """Whether nginx answered from the file: its ETags are never weak."""
    return not answer.headers.get("ETag", "W/").startswith("W/")


def test_the_plain_state_is_nginxs_own_answer_and_equal_to_ours(nginx, caller):
    theirs, ours = nginx.ask("GET", "/api/state"), caller.ask("GET", "/api/state")
    assert by_file(theirs)
    assert not by_file(ours)
    assert theirs.text == ours.text
    same = ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy")
    assert [theirs.headers[name] for name in same] == [ours.headers[name] for name in same]
    assert theirs.headers["Last-Modified"] is None
    packed = nginx.ask("GET", "/api/state", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.body).decode()) == ("gzip", ours.text)


def test_whoever_writes_reads_what_he_wrote_at_once(nginx):
    """Names of equal length within one second: a file's time and length alone would call them unchanged."""
    known = {}
    for number in range(40):
        mode = ("off", "now")[number % 2]
        nginx.ask("POST", f"/api/loadpoints/1/mode/{mode}")
        answer = nginx.ask("GET", "/api/state", headers={"If-None-Match": known.get("etag", '"none"')})
        assert answer.status == 200, number
        assert json.loads(answer.text)["result"]["loadpoints"][0]["mode"] == mode
        known["etag"] = answer.headers["ETag"]
    assert nginx.ask("GET", "/api/state", headers={"If-None-Match": known["etag"]}).status == 304


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/state?jq=.siteTitle", {}),
        ("/api/state?", {"Authorization": "Bearer evcc_1"}),
        ("/api/state", {"Authorization": "Bearer evcc_1"}),
        ("/api/state", {"Origin": "http://page.example"}),
        ("/api/state", {"Host": "evcc.example.org"}),
        ("/bare/api/state", {}),
    ],
)
def test_a_filter_a_login_another_page_and_a_strange_name_reach_us(nginx, path, headers):
    assert not by_file(nginx.ask("GET", path, headers=headers))


def test_when_we_are_gone_there_is_no_old_state(nginx, caller, run):
    assert (run / "state.json").exists()
    caller.served.process.terminate()
    caller.served.process.wait(20)
    assert not list(run.glob("state*"))
    assert nginx.ask("GET", "/api/state").status == 502


def test_below_a_path_of_its_own_everything_is_there(nginx, caller):
    assert nginx.ask("GET", "/evcc").headers["Location"] == "/evcc/"
    assert by_file(nginx.ask("GET", "/evcc/api/state"))
    assert nginx.ask("GET", "/evcc/api/state?jq=.siteTitle").text == '"Home"\n'
    assert nginx.ask("POST", "/evcc/api/loadpoints/1/mode/pv").text == '{"result":"pv"}\n'
    live = websocket.create_connection(f"ws://127.0.0.1:{nginx.http}/evcc/ws", timeout=20)
    assert json.loads(live.recv())["loadpoints.0.mode"] == "pv"
    live.close()
    page = nginx.ask("GET", "/evcc/")
    assert page.status == 200
    assert 'src="/' not in page.text
    assert 'href="/' not in page.text


def test_files_with_their_digest_in_the_name_are_nginxs_matter(nginx):
    name = next(file.name for file in (BUILT / "assets").glob("*.js"))
    answer = nginx.ask("GET", f"/assets/{name}", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert by_file(answer)
    assert nginx.ask("GET", "/assets/none.js").status == 404


def test_guessing_a_password_is_slowed_down_before_it_reaches_us(nginx):
    kind = {"Content-Type": "application/json"}
    answers = [nginx.ask("POST", "/api/auth/login", '{"password": "?"}', kind) for _ in range(30)]
    assert answers[-1].status == 429
    assert nginx.ask("GET", "/api/state").status == 200
