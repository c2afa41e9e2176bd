"""Texts with a setter's value in them."""

import pytest

from evcc_flask.bus.needs import ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.wording import wording


@pytest.mark.parametrize(
    ("text", "value", "filled"),
    [
        ("amp=${maxcurrent}", 16, "amp=16"),
        ("amp=${MaxCurrent}", 6.5, "amp=6.5"),
        ("${maxcurrent:%.1f}", 6, "6.0"),
        ("${maxcurrent:%d}", 6.9, "6"),
        ("${maxcurrent:%02x}", 16, "10"),
        ("${maxcurrent:%d}", True, "1"),
        ("${maxcurrent:%d}", False, "0"),
        ("${maxcurrent:%t}", True, "true"),
        ("${maxcurrent:%5.1f%%}", 6, "  6.0%"),
        ("${maxcurrent:%s}", "now", "now"),
        ("${maxcurrent}", True, "true"),
        ("${maxcurrent}", 16.0, "16"),
        ("{{ .maxcurrent }}", 16, "16"),
        ("{{.MaxCurrent}}/x", 16, "16/x"),
        ("{{if .maxcurrent}}on{{else}}off{{end}}", False, "off"),
        ("{{ if eq .maxcurrent 1 }}a{{ else if eq .maxcurrent 2 }}b{{ else }}c{{ end }}", 2, "b"),
        ("{{ if gt .maxcurrent 6 }}a{{ if gt .maxcurrent 10 }}b{{ end }}{{ end }}.", 16, "ab."),
        ('{{ printf "%.1f" .maxcurrent }}', 6, "6.0"),
        ('{{ .maxcurrent | printf "%d A" }}', 6.2, "6 A"),
        ("{{ mul .maxcurrent 1000 }}", 6, "6000"),
        ("{{ mulf .maxcurrent 0.5 }}", 5, "2.5"),
        ("{{ div (mul .maxcurrent 3) 2 | int }}", 5, "7"),
        ("a {{- .maxcurrent -}} b", 1, "a1b"),
        ('{"a": "{{ .maxcurrent }}", "b": ${maxcurrent:%d}}', 3, '{"a": "3", "b": 3}'),
        ("plain $text {x}", None, "plain $text {x}"),
    ],
)
def test_the_value_is_written_into_the_text(text, value, filled):
    assert wording(text, "maxcurrent").filled(value) == filled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${current}", "Here it is called maxcurrent"),
        ("{{ .current }}", "Here it is called maxcurrent"),
        ("${maxcurrent:%y}", "is no format"),
        ("${maxcurrent:5}", "is no format"),
        ("{{ now | date }}", "no function"),
        ("{{ range .maxcurrent }}x{{ end }}", "no function"),
        ("{{ if .maxcurrent }}x", "no {{ end }}"),
        ("{{ end }}", "no {{ if }}"),
        ("{{ .maxcurrent ", "not closed"),
        ("{{ }}", "empty"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_when_it_is_read(text, words):
    with pytest.raises(Misconfigured) as caught:
        wording(text, "maxcurrent")
    assert words in f"{caught.value.message} {caught.value.remedy}"


def test_a_getter_has_no_parameter():
    with pytest.raises(Misconfigured) as caught:
        wording("${power}")
    assert "no parameter" in caught.value.remedy


def test_a_value_that_does_not_fit_the_format_is_an_error_of_the_write():
    with pytest.raises(ReadError):
        wording("${mode:%d}", "mode").filled("now")
