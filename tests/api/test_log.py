"""The log, for who is logged in."""

import json
import logging
from pathlib import Path

import pytest

from evcc_flask.logs.ring import Line
from evcc_flask.logs.setup import RING, TRACE

CONTRACT = json.loads((Path(__file__).parents[1] / "fixtures" / "contract.json").read_text())
SAID = [
    ("lp-1", logging.DEBUG, "offered 6 A"),
    ("site", logging.WARNING, "no grid reading"),
    ("lp-2", logging.ERROR, "no answer"),
    ("lp-1", logging.CRITICAL, "end"),
    ("site", TRACE, "deep"),
]


def line(area, level, text):
    return f"[{area:<6}] {logging.getLevelName(level)} 2026/05/04 12:00:00 {text}"


@pytest.fixture(autouse=True)
def said(monkeypatch):
    monkeypatch.setattr(RING, "_lines", type(RING._lines)(maxlen=10_000))
    for area, level, text in SAID:
        RING.append(Line(area, level, line(area, level, text)))


@pytest.fixture
def owner(house):
    client = house.app().test_client()
    client.put("/api/auth/password", json={"new": "open sesame"})
    assert client.post("/api/auth/login", json={"password": "open sesame"}).status_code == 200
    return client


@pytest.fixture
def texts(owner):
    def texts(query):
        answer = owner.get(f"/api/system/log?{query}")
        assert answer.status_code == 200, answer.text
        assert all(each.endswith("\n") for each in answer.json["result"])
        return [each.rstrip("\n").split("12:00:00 ")[1] for each in answer.json["result"]]

    return texts


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("level=TRACE", ["offered 6 A", "no grid reading", "no answer", "end", "deep"]),
        ("level=DEBUG", ["offered 6 A", "no grid reading", "no answer", "end"]),
        ("level=INFO", ["no grid reading", "no answer", "end"]),
        ("level=WARN", ["no grid reading", "no answer", "end"]),
        ("level=error", ["no answer", "end"]),
        ("level=FATAL", ["end"]),
        ("level=TRACE&areas=site", ["no grid reading", "deep"]),
        ("level=TRACE&areas=site,lp-2", ["no grid reading", "no answer", "deep"]),
        ("level=TRACE&areas=site&areas=lp-2", ["no grid reading", "no answer", "deep"]),
        ("level=TRACE&area=site&area=lp-2", ["no grid reading", "no answer", "deep"]),
        ("level=TRACE&area=site&areas=lp-2", ["no grid reading", "no answer", "deep"]),
        ("level=TRACE&areas=", ["offered 6 A", "no grid reading", "no answer", "end", "deep"]),
        ("level=TRACE&areas=nobody", []),
        ("level=TRACE&count=2", ["end", "deep"]),
        ("level=TRACE&areas=lp-1&count=1", ["end"]),
        ("level=FATAL&count=100000", ["end"]),
        ("level=FATAL&_=1700000000", ["end"]),
    ],
)
def test_lines_are_chosen_by_area_level_and_count(texts, query, found):
    assert texts(query) == found


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("", "level"),
        ("level=", "level"),
        ("level=LOUD", "level"),
        ("level=INFO&count=x", "count"),
        ("level=INFO&count=0", "count"),
        ("level=INFO&count=-1", "count"),
        ("level=INFO&count=1.5", "count"),
        ("level=INFO&count=" + "9" * 3000 + "x", "count"),
        ("level=INFO&format=pdf", "format"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(owner, query, about):
    answer = owner.get(f"/api/system/log?{query}")
    assert answer.status_code == 400
    assert answer.json["error"].startswith(about)


def test_the_file_is_text_with_the_time_and_the_level_in_its_name(owner):
    answer = owner.get("/api/system/log?level=ERROR&format=txt")
    assert answer.text == line("lp-2", logging.ERROR, "no answer") + "\n" + line("lp-1", 50, "end") + "\n"
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evcc-20260504-120000-error.log"'


def test_the_areas_that_have_spoken(owner):
    assert owner.get("/api/system/log/areas").json == {"result": ["lp-1", "lp-2", "site"]}


def test_ten_thousand_lines_are_kept(texts):
    for number in range(10_001):
        RING.append(Line("many", logging.INFO, f"12:00:00 {number}"))
    assert len(texts("level=TRACE")) == 10_000
    assert texts("level=TRACE&count=1") == ["10000"]


@pytest.mark.parametrize("path", ["/api/system/log", "/api/system/log?level=DEBUG", "/api/system/log/areas"])
def test_strangers_do_not_read_it(client, path):
    assert client.get(path).status_code == 401
    assert client.get(path).text == "Unauthorized"


def test_the_levels_are_the_contracts():
    from evcc_flask.api.schemas.log import WORDS

    assert CONTRACT["components"]["schemas"]["LogLevel"]["enum"] == WORDS
