import re
from pathlib import Path

import pytest

import evcc_flask.web
from evcc_flask.domain.reasons import Code

WEB = Path(evcc_flask.web.__file__).parent


def test_the_page_says_that_evccs_app_may_use_us(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "evcc-app-compatible" in answer.text
    assert 'href="api/state"' in answer.text


def test_the_page_runs_only_what_comes_from_us(client):
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?://(?!www\.w3\.org)", answer.text)


@pytest.mark.parametrize(("path", "kind"), [("/page.js", "text/javascript"), ("/page.css", "text/css")])
def test_its_files_are_served_and_revalidated(client, path, kind):
    answer = client.get(path)
    assert answer.content_type.startswith(kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_every_reason_has_a_sentence():
    script = (WEB / "page.js").read_text()
    spoken = set(re.findall(r"^  (\w+): \"", script[script.index("REASONS = {") : script.index("UNITS")], re.MULTILINE))
    assert {code.value for code in Code} - spoken == set()


def test_nothing_beside_the_page_is_served(client):
    for path in ("/page.html", "/__init__.py", "/../setup.cfg", "/static/x"):
        assert client.get(path).status_code == 404


def test_the_page_of_the_api_shows_the_document_that_we_serve_with_files_of_ours(client):
    answer = client.get("/api/docs")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    named = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert {f"/api/{name}" for name in named} == {"/api/openapi.json", "/api/apidocs.js", "/api/apidocs.css"}
    assert all(client.get(f"/api/{name}").status_code == 200 for name in named)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
