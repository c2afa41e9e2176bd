import gzip
import json

import pytest


def test_the_state_is_wrapped_and_exactly_what_was_published(client, house):
    answer = client.get("/api/state")
    assert answer.status_code == 200
    assert answer.data == house.state.published.body
    assert answer.json["result"]["siteTitle"] == "Home"
    assert answer.content_type == "application/json; charset=UTF-8"


def test_it_is_compressed_for_who_takes_it(client, house):
    answer = client.get("/api/state", headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == house.state.published.body


@pytest.mark.parametrize("accepted", ["br", "gzip;q=0", "identity"])
def test_it_is_plain_for_who_does_not(client, house, accepted):
    assert client.get("/api/state", headers={"Accept-Encoding": accepted}).data == house.state.published.body


@pytest.mark.parametrize("query", ["", "?_=1"])
def test_who_has_it_already_is_not_sent_it_again_until_it_changes(client, query):
    etag = client.get(f"/api/state{query}").headers["ETag"]
    again = client.get(f"/api/state{query}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    client.post("/api/loadpoints/1/mode/pv")
    assert client.get(f"/api/state{query}", headers={"If-None-Match": etag}).status_code == 200


def test_a_query_that_means_nothing_changes_nothing(client, house):
    assert client.get("/api/state?_=1700000000").data == house.state.published.body


def test_head_has_the_length_and_no_body(client, house):
    answer = client.head("/api/state")
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(house.state.published.body)


@pytest.mark.parametrize("query", ["", "?_=1"])
def test_the_bare_envelope(house, query):
    answer = house.app("bare").test_client().get(f"/api/state{query}")
    assert answer.json == json.loads(house.state.published.bare)
    assert answer.data.endswith(b"}\n")


def test_both_envelopes_at_once(house):
    answer = house.app("both").test_client().get("/api/state").json
    state = json.loads(house.state.published.bare)
    assert answer == {"result": state, **state}


def test_scalars_are_wrapped_in_both_and_naked_in_bare(house):
    assert house.app("both").test_client().post("/api/residualpower/5").json == {"result": 5}
    assert house.app("bare").test_client().post("/api/residualpower/6").data == b"6\n"


def test_below_bare_everything_is_naked_whatever_is_configured(house):
    client = house.app("wrapped").test_client()
    assert client.get("/bare/api/state").data == house.state.published.bare + b"\n"
    assert client.get("/bare/api/state?_=1").json["siteTitle"] == "Home"
    assert client.post("/bare/api/residualpower/6").data == b"6\n"
    assert client.get("/bare/api/sessions").json == []
    assert client.get("/bare/api/vehicles").status_code == 404
    assert client.get("/api/state").data == house.state.published.body
