"""The built dashboard as the server hands it out."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from evcc_flask import create_app, web
from evcc_flask.config.model import Configuration
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


def styled(house, file):
    """A visitor of the dashboard that has a sheet of the owner's."""
    configuration = Configuration()
    app = create_app(house.state, house.database, lambda: house.verdict, house.clock, configuration, style=file)
    return app.test_client()


def test_the_owners_style_sheet_comes_last_and_is_read_anew_each_time(house, tmp_path):
    sheet = tmp_path / "own.css"
    sheet.write_text(":root { --sun: gold }")
    visitor = styled(house, sheet)
    page = visitor.get("/")
    named = re.findall(r'<link rel="stylesheet"[^>]*href="([^"]+)"', page.text)
    assert named[-1] == "./custom.css"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert visitor.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    answer = visitor.get("/custom.css")
    assert (answer.content_type, answer.text) == ("text/css; charset=utf-8", ":root { --sun: gold }")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert visitor.get("/custom.css", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    sheet.write_text(":root { --sun: orange }")
    assert "orange" in visitor.get("/custom.css", headers={"If-None-Match": answer.headers["ETag"]}).text


def test_a_style_sheet_that_is_gone_or_endless_is_left_out_and_the_log_says_so(house, tmp_path, caplog):
    visitor = styled(house, tmp_path / "none.css")
    assert visitor.get("/custom.css").status_code == 404
    assert "none.css cannot be read: No such file or directory" in caplog.text
    assert styled(house, Path("/dev/zero")).get("/custom.css").status_code == 404
    assert "more than 256 kB" in caplog.text


def test_without_a_style_sheet_of_the_owners_none_is_named(client):
    assert "custom.css" not in client.get("/").text
    assert client.get("/custom.css").status_code == 404
