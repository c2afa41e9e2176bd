"""The built dashboard as the server hands it out."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from evcc_flask import web
from evcc_flask.domain.reasons import Code

TOP = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("house", TOP / "tests" / "api" / "conftest.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
house = _module.house
client = _module.client


@pytest.fixture
def assets():
    return sorted((web.BUILT / "assets").glob("*.js"))


def test_the_page_says_that_evccs_app_may_use_us(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "evcc-app-compatible" in answer.text


def test_the_page_runs_only_what_comes_from_us(client):
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?://", answer.text)


def test_every_address_of_the_page_is_relative_so_that_it_works_below_any_path(client):
    named = re.findall(r'(?:src|href)="([^"]+)"', client.get("/").text)
    assert named
    assert all(not name.startswith(("/", "http")) for name in named)
    assert all(client.get(f"/{name.removeprefix('./')}").status_code == 200 for name in named if name != "api/docs")


def test_the_page_is_asked_for_again_and_its_assets_are_kept_for_a_year(client, assets):
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-cache"
    assert client.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    asset = client.get(f"/assets/{assets[0].name}")
    assert "immutable" in asset.headers["Cache-Control"]
    assert "max-age=31536000" in asset.headers["Cache-Control"]


@pytest.mark.parametrize(("accepted", "sent"), [("gzip, deflate", "gzip"), ("gzip, deflate, br", "br"), ("", None)])
def test_what_was_compressed_at_the_build_is_sent_to_whoever_takes_it(client, assets, accepted, sent):
    answer = client.get(f"/assets/{assets[0].name}", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == sent
    assert answer.content_type.startswith("text/javascript")
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_beside_the_built_files_is_served(client, assets):
    for path in ("/assets/none.js", "/assets/../stamp", "/stamp", "/index.html", f"/assets/{assets[0].name}.gz"):
        assert client.get(path).status_code == 404, path


def test_before_it_is_built_the_page_says_so(client, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "BUILT", tmp_path)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "script/setup" in answer.text


def test_the_manifest_names_icons_that_are_there(client):
    manifest = json.loads(client.get("/manifest.webmanifest").text)
    assert {client.get(f"/{icon['src']}").status_code for icon in manifest["icons"]} == {200}


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_reason_has_a_sentence_in_each_language(language):
    catalogue = (TOP / "dashboard" / "src" / "i18n" / f"{language}.ts").read_text()
    spoken = set(re.findall(r'^  "reason\.(\w+)":', catalogue, re.MULTILINE))
    assert {code.value for code in Code} - spoken == set()
