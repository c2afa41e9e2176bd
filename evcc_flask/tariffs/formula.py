"""The formula of a price, in the few words of Go that evcc documents for it, read by a parser of our own.

Statements: ``x := …``, ``var x = …``, ``x = …`` and ``+=``, ``-=``, ``*=``, ``/=``, ``if … { } else { }``, ``return``;
expressions of numbers, ``+ - * / %``, comparisons, ``&& || !``, parentheses, ``math.…`` and ``ts.Hour()`` and its like.
The value of the last expression, or of ``return``, is the price. Nothing else can be written, so nothing else can be
done: there is no loop, no attribute and no import.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evcc_flask.domain.issues import Misconfigured

from .gowords import ARITHMETIC, COMPARISONS, CONSTANTS, MATH, OF_TIME, WHOLE_LIMIT, Value, number, truth

LONGEST = 4000
"""Characters; a price needs a few lines."""
DEEPEST = 40
"""Parentheses and blocks in each other."""
GIVEN = ("price", "charges", "tax", "ts")

_TOKEN = re.compile(
    r"[ \t\r]*(?:(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<end>\n|;)"
    r"|(?P<number>\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)"
    r"|(?P<sign>:=|[-+*/]=|==|!=|<=|>=|&&|\|\||[-+*/%<>!=(){},]))",
    re.DOTALL | re.ASCII,
)


Scope = dict[str, Any]
Expression = Callable[[Scope], Value]
Statement = Callable[[Scope], "Value | None"]


class Return(Exception):
    """No error: the value of a ``return``, on its way out."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class FormulaError(Exception):
    """This price cannot be worked out; the text says why."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A compiled formula; get one from :func:`compile_formula`."""

    text: str
    _run: Statement

    def value(self, price: float, charges: float, tax: float, ts: datetime) -> float:
        """The price per kWh at ``ts``, the local wall time. Raises FormulaError."""
        scope: Scope = {"price": price, "charges": charges, "tax": tax, "ts": ts}
        try:
            try:
                value = self._run(scope)
            except Return as ended:
                value = ended.value
            figure = None if value is None or isinstance(value, bool) else float(value)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise FormulaError(f"the formula fails: {error}") from None
        if figure is None or not math.isfinite(figure):
            raise FormulaError(f"the formula gives {'no value' if value is None else value}, and no price")
        return figure


def compile_formula(text: str) -> Formula:
    """Read ``text``. Raises Misconfigured with the line of the formula that cannot be read."""
    if len(text) > LONGEST:
        raise Misconfigured(f"has {len(text)} characters; a formula may have {LONGEST}")
    parser = _Parser(text)
    return Formula(text, parser.program())


class _Parser:
    """From the text to closures, by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0
        self._names = set(GIVEN)

    def program(self) -> Statement:
        body = self._block("")
        if self._kind != "over":
            raise self._wrong()
        return body

    def _block(self, closing: str) -> Statement:
        """Statements up to ``closing``; their value is that of the last expression."""
        self._deeper()
        known = set(self._names)
        statements: list[Statement] = []
        self._skip_ends()
        while self._kind != "over" and self._word != closing:
            statements.append(self._statement())
            if self._kind not in ("end", "over") and self._word != closing:
                raise self._wrong()
            self._skip_ends()
        self._names = known
        self._depth -= 1

        def run(scope: Scope) -> Value | None:
            value: Value | None = None
            for statement in statements:
                found = statement(scope)
                value = value if found is None else found
            return value

        return run

    def _statement(self) -> Statement:
        if self._taken("if"):
            return self._branch()
        if self._taken("return"):
            result = self._expression()

            def leave(scope: Scope) -> None:
                raise Return(result(scope))

            return leave
        declared = self._taken("var")
        following = self._tokens[self._at + 1][1] if self._at + 1 < len(self._tokens) else ""
        if self._kind == "name" and (declared or following in (":=", "=", "+=", "-=", "*=", "/=")):
            return self._assignment(declared=declared)
        if declared:
            raise self._wrong()
        return self._expression()

    def _assignment(self, *, declared: bool) -> Statement:
        name, line = self._word, self._line
        if "." in name or name in CONSTANTS or name in ("if", "else", "return", "var", "ts"):
            raise self._wrong()
        self._at += 1
        if declared and self._kind == "name" and self._word in ("float64", "int"):
            self._at += 1
        sign = self._word
        self._at += 1
        if sign not in (":=", "=", "+=", "-=", "*=", "/=") or (declared and sign != "="):
            self._at -= 1
            raise self._wrong()
        value = self._expression()
        new = declared or sign == ":="
        if not new and name not in self._names:
            raise Misconfigured(f"line {line}: {name!r} is not known yet", remedy=f"Write {name} := … first.")
        if new and name in self._names and self._depth > 1:
            raise Misconfigured(
                f"line {line}: {name!r} is known already", remedy=f"Write {name} = … inside of a block."
            )
        self._names.add(name)
        operate = ARITHMETIC[sign[0]] if len(sign) == 2 and sign != ":=" else None

        def assign(scope: Scope) -> None:
            scope[name] = value(scope) if operate is None else operate(scope[name], value(scope))

        return assign

    def _branch(self) -> Statement:
        self._deeper()
        condition = self._expression()
        self._need("{")
        then = self._block("}")
        self._need("}")
        otherwise: Statement | None = None
        if self._taken("else"):
            if self._taken("if"):
                otherwise = self._branch()
            else:
                self._need("{")
                otherwise = self._block("}")
                self._need("}")
        self._depth -= 1

        def run(scope: Scope) -> Value | None:
            if truth(condition(scope)):
                return then(scope)
            return otherwise(scope) if otherwise is not None else None

        return run

    def _expression(self, level: int = 0) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._expression(level + 1)
        while self._kind == "sign" and self._word in _LEVELS[level]:
            sign = self._word
            self._at += 1
            left = _joined(sign, left, self._expression(level + 1))
        return left

    def _unary(self) -> Expression:
        self._deeper()
        try:
            if self._taken("!"):
                inner = self._unary()
                return lambda scope: not truth(inner(scope))
            if self._taken("-"):
                inner = self._unary()
                return lambda scope: -number(inner(scope))
            if self._taken("+"):
                return self._unary()
            return self._operand()
        finally:
            self._depth -= 1

    def _operand(self) -> Expression:
        kind, word = self._kind, self._word
        if self._taken("("):
            inner = self._expression()
            self._need(")")
            return inner
        if kind == "number":
            self._at += 1
            digits = word.replace("_", "")
            figure: float = int(digits) if digits.isdigit() else float(digits)
            if figure >= WHOLE_LIMIT if isinstance(figure, int) else math.isinf(figure):
                self._at -= 1
                raise Misconfigured(f"line {self._line}: {word[:20]}… is too large a number")
            return lambda scope: figure
        if kind != "name":
            raise self._wrong()
        if word in OF_TIME:
            self._at += 1
            self._need("(")
            self._need(")")
            read = OF_TIME[word]
            return lambda scope: read(scope["ts"])
        if word in MATH:
            return self._call(*MATH[word])
        if word in CONSTANTS:
            self._at += 1
            constant = CONSTANTS[word]
            return lambda scope: constant
        if word in self._names and word != "ts":
            self._at += 1
            return lambda scope: scope[word]
        raise self._wrong()

    def _call(self, count: int, function: Callable[..., float]) -> Expression:
        self._at += 1
        self._need("(")
        arguments = [self._expression()]
        while self._taken(","):
            arguments.append(self._expression())
        self._need(")")
        if len(arguments) != count:
            self._at -= 1
            raise self._wrong(f"{count} value{'s' * (count > 1)} wanted here")
        return lambda scope: function(*(number(argument(scope)) for argument in arguments))

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _word(self) -> str:
        return self._tokens[self._at][1]

    @property
    def _line(self) -> int:
        return self._tokens[self._at][2]

    def _taken(self, word: str) -> bool:
        if self._word != word:
            return False
        self._at += 1
        return True

    def _need(self, word: str) -> None:
        if not self._taken(word):
            raise self._wrong(f"{word!r} is missing")

    def _skip_ends(self) -> None:
        while self._kind == "end":
            self._at += 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Misconfigured(f"line {self._line}: too many brackets in each other")

    def _wrong(self, why: str = "") -> Misconfigured:
        shown = repr(self._word) if self._kind not in ("over", "end") else "the end of the line"
        what = f"{why} before {shown}" if why else f"{shown} cannot be understood"
        return Misconfigured(
            f"line {self._line}: {what}", remedy="Known: price, charges, tax, ts.Hour() …, math.Max(…) …, if and :=."
        )


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line, position, before = 1, 0, ""
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            if not (rest := text[position:].lstrip(" \t\r")):
                break
            raise Misconfigured(f"line {line}: {rest[0]!r} has no meaning in a formula")
        kind = str(match.lastgroup)
        # As in Go, a line goes on behind an operator, a comma and an opening bracket.
        if kind != "comment" and not (match[kind] == "\n" and before):
            yield kind, match[kind], line
            before = match[kind] if kind == "sign" and match[kind] not in (")", "}") else ""
        line += match[0].count("\n")
        position = match.end()
    yield "over", "", line


_LEVELS = (("||",), ("&&",), tuple(COMPARISONS), ("+", "-"), ("*", "/", "%"))
"""From what binds least to what binds most."""


def _joined(sign: str, left: Expression, right: Expression) -> Expression:
    if sign == "||":
        return lambda scope: truth(left(scope)) or truth(right(scope))
    if sign == "&&":
        return lambda scope: truth(left(scope)) and truth(right(scope))
    if sign in COMPARISONS:
        compare = COMPARISONS[sign]
        return lambda scope: compare(number(left(scope)), number(right(scope)))
    operate = ARITHMETIC[sign]
    return lambda scope: operate(number(left(scope)), number(right(scope)))
