"""``deploy/nginx.conf``, with a real nginx in front."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
import websocket

from tests.served import TOP

pytestmark = pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("openssl")), reason="nginx or openssl is not installed"
)
TLS = "listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"


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

    def __init__(self, folder, upstream):
        self.http, self.https = free_port(), free_port()
        certificate(folder)
        site = (TOP / "deploy" / "nginx.conf").read_text()
        for ours, theirs in (
            ("server 127.0.0.1:7070;", f"server 127.0.0.1:{upstream};"),
            ("listen 80;", f"listen 127.0.0.1:{self.http};"),
            ("listen [::]:80;", TLS.format(port=self.https, folder=folder)),
        ):
            assert ours in site
            site = site.replace(ours, theirs)
        (folder / "site.conf").write_text(site)
        places = " ".join(
            f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\nuser root;\n"
            f"events {{}}\nhttp {{ access_log off; {places} include {folder}/site.conf; }}\n"
        )
        self.process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"])

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
        answer.text = answer.read().decode()
        connection.close()
        return answer


@pytest.fixture
def nginx(caller, tmp_path):
    folder = tmp_path / "nginx"
    folder.mkdir()
    nginx = Nginx(folder, caller.served.port)
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
