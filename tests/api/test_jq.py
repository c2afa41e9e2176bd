"""``GET /api/state?jq=…``: one value of the state, as widgets ask for it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from evcc_flask.jq.pool import BusyError, Pool


@pytest.fixture
def app(house):
    app = house.app()
    yield app
    app.extensions["evcc-flask"].filters.close()


@pytest.fixture
def ask(app):
    client = app.test_client()

    def asked(text, path="/api/state", **more):
        # Where the workers are only just starting, somebody else asks again, too.
        for _ in range(5):
            answer = client.get(path, query_string={"jq": text, **more})
            if answer.status_code != 503:
                break
        return answer

    return asked


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (".siteTitle", b'"Home"\n'),
        (".result.siteTitle", b'"Home"\n'),
        (".loadpoints[0].mode", b'"off"\n'),
        (".result.loadpoints | map(.title)", b'["Carport","Garage"]\n'),
        ("{result: {titles: [.loadpoints[].title]}}", b'{"result":{"titles":["Carport","Garage"]}}\n'),
        (".forecast.co2", b"null\n"),
        ("env, $ENV | length", None),
        ("$ENV", b"{}\n"),
    ],
)
def test_the_result_is_never_wrapped(ask, text, body):
    answer = ask(text)
    if body is None:
        assert answer.json == {"error": "jq: too many results"}
        return
    assert (answer.status_code, answer.data) == (200, body)
    assert answer.content_type == "application/json; charset=UTF-8"


@pytest.mark.parametrize("envelope", ["wrapped", "bare", "both"])
def test_the_envelope_does_not_matter(house, envelope):
    app = house.app(envelope)
    whole = [app.test_client().get("/api/state", query_string={"jq": text}).json for text in (".", ".result")]
    app.extensions["evcc-flask"].filters.close()
    assert whole == [json.loads(house.state.published.bare)] * 2


def test_an_empty_filter_is_none(ask, house):
    assert ask(" ").data == house.state.published.body


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("empty", "jq: empty result"),
        (".loadpoints[]", "jq: too many results"),
        ("nan", "jq: the result holds a number or a character that JSON does not have"),
        ("input", "jq: input is not available here"),
        ("x" * (1 << 20), "jq: the filter is longer than 65536 bytes"),
    ],
)
def test_what_has_no_result_is_a_bad_request(ask, text, error):
    answer = ask(text)
    assert (answer.status_code, answer.json) == (400, {"error": error})
    assert answer.content_type == "application/json; charset=UTF-8"


def test_an_endless_filter_is_ended_by_whichever_limit_is_reached_first(ask):
    answer = ask("def f: f; f")
    assert answer.status_code == 400
    assert answer.json["error"] in (
        "jq: the filter took more than 250 ms of the processor",
        "jq: the filter took longer than 1 s",
    )


def test_jq_itself_says_why_a_filter_does_not_fit(ask):
    answer = ask(".loadpoints.title")
    assert answer.status_code == 400
    assert answer.json["error"].startswith("jq: Cannot index array with string")


def test_a_change_is_seen_at_once(ask, app):
    assert ask(".loadpoints[0].mode").json == "off"
    app.test_client().post("/api/loadpoints/1/mode/pv")
    assert ask(".loadpoints[0].mode").json == "pv"


def test_what_was_asked_before_needs_no_worker(ask, app):
    first = ask(".siteTitle")
    app.extensions["evcc-flask"].filters.close()
    again = ask(".siteTitle", _="1700000000")
    assert (again.status_code, again.data) == (200, first.data)
    for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
        assert again.headers[name] == first.headers[name]


def test_letters_of_all_alphabets(ask):
    assert ask('"ä€𝔞" + .siteTitle').json == "ä€𝔞Home"
    assert ask('"ä€𝔞" + .siteTitle').json == "ä€𝔞Home"


def test_who_cannot_be_served_may_come_again(house, monkeypatch):
    def busy(*asked):
        raise BusyError("no filter could be run within 1 s")

    monkeypatch.setattr(Pool, "ask", busy)
    answer = house.app().test_client().get("/api/state?jq=.")
    assert (answer.status_code, answer.json) == (503, {"error": "jq: no filter could be run within 1 s"})
    assert answer.headers["Retry-After"] == "1"


def test_many_at_once_each_get_their_own(ask):
    ask(".")
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: ask(f".siteTitle + {json.dumps(str(number))}").json, range(64)))
    assert answers == [f"Home{number}" for number in range(64)]
