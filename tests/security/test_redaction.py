"""Secrets are taken out of all that leaves, and honest words stay."""

import re

import pytest

from evcc_flask.security.redaction import MASK, Redactor, telling


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("GET http://admin:pass@host/x failed", "GET http://***@host/x failed"),
        ("http://h/api/user/joe/x: refused", "http://h/api/user/***/x: refused"),
        ("at http://h/api/ab12cd34ef: refused", "at http://h/api/***: refused"),
        ("http://h/a?x=s3cr3tv4lue&b=inverter1.", "http://h/a?x=***&b=inverter1."),
        ("http://h/data.json?uuid=0f1e2d3c-4b5a-6978", "http://h/data.json?uuid=***"),
        ("tls://joe:x@broker:8883 is gone", "tls://***@broker:8883 is gone"),
        ("http://host/x?token=abc&q=1", "http://host/x?token=***&q=1"),
        ("http://host/x?access_token=abc", "http://host/x?access_token=***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"),
        ("sent 'Authorization': 'Bearer abc.def'", "sent 'Authorization': '***'"),
        ("Cookie: auth=abc; theme=dark", "Cookie: ***"),
        ("sent Set-Cookie: auth=abc", "sent Set-Cookie: ***"),
        ("tried Bearer abcdefgh12345", "tried Bearer ***"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln back", "got *** back"),
        ("{'password': 'abc', 'user': 'x'}", "{'password': '***', 'user': 'x'}"),
        ('{"apiKey":"k1","pin":1234}', '{"apiKey":"***","pin":***}'),
        ("password: hunter2", "password: ***"),
        ("user: u\npassword: p\nhost: h", "user: u\npassword: ***\nhost: h"),
        ("client_secret = xyz", "client_secret = ***"),
    ],
)
def test_patterns_that_tell_a_secret_are_masked(said, left):
    assert Redactor().text(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "lp-1: offered 12.3 A on 3 phases, surplus 4200 W",
        "evcc.yaml:3: mqtt.password: needs a text, not a map.",
        "the password is wrong",
        "http://host:80/a?b=c",
        "https://h/rest/items/EVSE1_Power/state?from=2026-11-24",
        "http://h/solar_api/v1/GetPowerFlowRealtimeData.fcgi, inverter1 of 12345678",
        "monkey: banana",
        "pinned: 5",
        "registers 40000-40002: timeout",
    ],
)
def test_honest_words_stay(said):
    assert Redactor().text(said) == said


def test_the_secrets_of_the_house_are_found_wherever_they_stand():
    redactor = Redactor()
    redactor.learn(
        {
            "mqtt": {"broker": "b", "user": "joe", "password": "sun shine"},
            "meters": [{"name": "m", "uri": "http://admin:geheim1@1.2.3.4/a"}],
            "sponsortoken": "abcdef123456",
        }
    )
    assert redactor.text("tried sun shine, sun%20shine, geheim1 and abcdef123456 for joe") == (
        f"tried {MASK}, {MASK}, {MASK} and {MASK} for joe"
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("var password = 'plant-js'; throw new Error(password)", "Error: plant-js"),
        ("http://192.0.2.4/api/0123456789ABCDEF0123/lights", "answered 404 at /api/0123456789ABCDEF0123/lights"),
        ("192.0.2.4/api/pl4nt0123456789/x", "answered 404 at pl4nt0123456789"),
        ("ws://192.0.2.4/key/plantwithoutanydigit", "no plantwithoutanydigit here"),
        ("tgram://123456789:ABC-pl4nt/42/", "no ABC-pl4nt here"),
        ("gotify://push.example.com:80/Azy.pl4ntJLVa/", "no Azy.pl4ntJLVa at push.example.com"),
        ("http://pl4nt-user7@192.0.2.4/", "no pl4nt-user7 here"),
        ("http://192.0.2.4/state?token=plant-query", "moved to /elsewhere/plant-query"),
    ],
)
def test_what_gives_itself_away_in_an_address_or_a_script_is_known_without_its_name(written, said):
    redactor = Redactor()
    redactor.learn({"power": {"source": "any", "uri" if written[0] == "1" else "script": written}})
    assert MASK in redactor.text(said)
    assert not re.search("pl[a4]nt", redactor.text(said))
    assert "0123456789" not in redactor.text(said)


def test_plain_parts_of_an_address_stay():
    redactor = Redactor()
    redactor.learn({"uri": "http://192.0.2.4/solar_api/v1/GetPowerFlowRealtimeData.fcgi", "topic": "token=${token}"})
    honest = "http://192.0.2.4/solar_api/v1/GetPowerFlowRealtimeData.fcgi answered 500"
    assert redactor.text(honest) == honest


def test_a_path_that_is_called_cookie_takes_no_reason_with_it():
    honest = "https://dexters-web.de:6869/api/cookie: answered 401. Are user and password right?"
    assert Redactor().text(honest) == honest


def test_the_beginning_of_a_secret_where_a_text_was_cut_is_one_too():
    redactor = Redactor()
    redactor.learn({"password": "hunter2hunter2"})
    assert redactor.text("'<html>hunter2hun'… and \"hunte\"… end") == "'<html>***'… and \"***\"… end"
    assert redactor.text("the hun… hunted… hunt") == "the hun… hunted… hunt"


def test_short_secrets_do_not_blacken_honest_numbers():
    redactor = Redactor()
    redactor.learn({"vehicle": {"pin": 1234}})
    assert redactor.text("power 1234 W") == "power 1234 W"


def test_a_structure_keeps_its_shape():
    tree = {"a": [{"password": "x", "user": "u"}], "token": "", "uri": "http://a:b@h", "certificate": {"private": "k"}}
    assert Redactor().structure(tree) == {
        "a": [{"password": MASK, "user": "u"}],
        "token": "",
        "uri": f"http://{MASK}@h",
        "certificate": {"private": MASK},
    }
    assert tree["token"] == ""


@pytest.mark.parametrize("key", ["password", "mqtt_password", "accessToken", "apikey", "PIN", "clientSecret"])
def test_keys_that_tell(key):
    assert telling(key)


@pytest.mark.parametrize("key", ["user", "host", "title", "monkey", "spin", "tokens_used", "key", "name"])
def test_keys_that_do_not(key):
    assert not telling(key)
