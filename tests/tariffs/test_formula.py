"""The formula of a price: what evcc documents, and nothing else whatever is written there."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.tariffs.formula import FormulaError, compile_formula

MONDAY_7 = datetime(2026, 5, 4, 7, 30, tzinfo=ZoneInfo("Europe/Berlin"))


def value(text, price=0.1, charges=0.05, tax=0.2, ts=MONDAY_7):
    return compile_formula(text).value(price, charges, tax, ts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price", 0.1),
        ("(price + charges) * (1 + tax)", 0.18),
        ("math.Max((price + charges) * (1 + tax), 0.0)", 0.18),
        ("math.Min(price, -price)", -0.1),
        ("price - charges - tax", -0.15),
        ("2 + 3 * 4 - 10 / 4", 12.0),
        ("7 % 4 + 7.5 / 2", 6.75),
        ("-7 / 2", -3.0),
        ("1e-1 + .5 + 1_000", 1000.6),
        ("ts.Hour() * 100 + ts.Minute()", 730.0),
        ("ts.Year() + ts.YearDay()", 2150.0),
        ("math.Round(2.5) + math.Floor(-0.5)", 2.0),
        ("x := price * 2; x + 1", 1.2),
        ("var x = 3.0\nx *= 2\nx", 6.0),
        ("if ts.Hour() >= 6 && ts.Hour() < 9 { price = 0.5 }\nprice + charges", 0.55),
        ("if ts.Weekday() == time.Sunday { 1 } else if ts.Month() == time.May { 2 } else { 3 }", 2.0),
        ("if !(price < 0) || false {\n\treturn 0.25\n}\nprice", 0.25),
        ("// a remark\nprice /* of the exchange */ + 0.0", 0.1),
        ("float64(ts.Hour()) * 0.5", 3.5),
        ("if ts.Hour() >= 6 && // in the morning\n ts.Hour() < 9 {\n 1\n} else {\n 2 }", 1.0),
        ("if price > 1 ||\n\n charges > 0.01 { 1 } else { 2 }", 1.0),
        ("price +\n 1", 1.1),
        ("math.Max(\n price,\n 3)", 3.0),
    ],
)
def test_what_is_documented_is_reckoned_as_go_does(text, expected):
    assert value(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')", "price.__class__", "open(1)", "os.Exit(1)", "exec.Command(1)",
        "import \"os\"", "price ** 2", "for { }", "for i := 0; i < 10; i++ { }", "func() { }()", "go price",
        "ts", "ts.Local",
        "ts.hour()", "math.Max(1)", "math.Max(1, 2, 3)", "math.Inf(1)", "price[0]", "[]float64{1}", "'a'",
        "`a`", "\"a\"",
        "price $ 2", "x", "x = 1", "ts = 1; price", "math.Pi = 3", "price +", "(price", "price)", "if price > 0 { 1",
        "if { 1 }",
        "else { 1 }", ":= 2", "x := ; x", "price price", "1 2", "0x10", "if price > 0 { y := 1 }; y",
        "\0", "ﬁ", "price\u2028",
        "9" * 400, "1e400", "9223372036854775808", "price\n* 2", "price &&; true",
        "(" * 5000, "-" * 5000, "!" * 300 + "true", "{" * 200, "if true {" * 200, "x" * 5000,
    ],
)  # fmt: skip
def test_anything_else_is_refused_when_it_is_read(text):
    with pytest.raises(Misconfigured):
        compile_formula(text)


@pytest.mark.parametrize(
    "text",
    ["1 / 0", "1.0 / 0.0", "math.Sqrt(0 - 1)", "math.Log(0)", "math.Pow(10, 1000)", "math.Exp(1e9)", "true",
     "price > 0",
     "price + true", "if 1 { 2 }", "!price", "", "// nothing", "9223372036854775807 + 1", "math.Floor(1e308 * 10)",
     "if price < 0 { 1 }", "x := 1; x"],
)  # fmt: skip
def test_what_has_no_value_is_an_error_and_no_price(text):
    if text == "x := 1; x":
        assert value(text) == 1.0
        return
    with pytest.raises(FormulaError):
        value(text)


def test_the_line_is_named():
    with pytest.raises(Misconfigured, match="line 3: 'foo' cannot be understood"):
        compile_formula("x := 1\n\ny := foo(x)\ny")


def test_a_number_that_is_too_large_is_told_with_its_line():
    with pytest.raises(Misconfigured, match="line 2: 99999999999999999999… is too large a number"):
        compile_formula("price +\n" + "9" * 400)


def test_a_whole_number_beyond_all_floats_is_an_error_and_no_price():
    with pytest.raises(FormulaError, match="the formula fails"):
        value("9000000000000000000 * 9000000000000000000")


def test_a_name_in_a_block_does_not_hide_one_outside():
    with pytest.raises(Misconfigured, match="known already"):
        compile_formula("x := 1\nif price > 0 { x := 2 }\nx")


@given(
    st.text(
        alphabet="price charges tax ts.Hour() math.Max 0123456789.+-*/%<>=!&|(){};:,\n if else return x", max_size=60
    )
)
def test_no_text_does_anything_but_give_a_number_or_a_reason(text):
    try:
        found = value(text)
    except (Misconfigured, FormulaError):
        return
    assert isinstance(found, float)
