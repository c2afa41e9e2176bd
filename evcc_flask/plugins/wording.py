"""Texts with parameters in them: ``${name}``, ``${name:%.1f}`` and simple Go templates, ``{{ .name }}``.

Of Go's templates: ``.name``, numbers and texts, ``if``/``else if``/``else``/``end``, pipes, and the functions of
``FUNCTIONS``. Anything else is refused when the configuration is read, not when the car should charge.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.domain.issues import Misconfigured

from .ports import Value
from .values import finite, spelled

EVERY = "*"
"""In the place of a parameter's name: the value is a map of many."""

Part = Callable[[Any], str]
Expression = Callable[[Any], Any]

_DOLLAR = re.compile(r"\$\{(\w+)(?::([^}]*))?\}")
_GO = re.compile(r"(\s*)\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)
_VERB = re.compile(r"%([-+ 0#]*\d*(?:\.\d+)?)([dsvfgeExXtq%])")
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\||\(|\)|[^\s|()"]+)')


@dataclass(frozen=True)
class Wording:
    """A text, ready to be filled in."""

    parts: tuple[Part, ...]

    def filled(self, value: Any = None) -> str:
        """The text with the parameter's value. Raises ReadError where the value does not fit the format."""
        try:
            return "".join(part(value) for part in self.parts)
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise ReadError(ErrorKind.VALUE, f"{value!r} does not fit into the text: {error}") from None


def wording(text: str, name: str = "") -> Wording:
    """Compile ``text`` with the parameter ``name`` (any case; "" for getters). Raises Misconfigured."""
    parts: list[Part] = []
    position = 0
    for match in _DOLLAR.finditer(text):
        parts += _go(text[position : match.start()], name)
        _known(match[1], name)
        parts.append(_formatted(match[2]) if match[2] else spelled)
        position = match.end()
    return Wording((*parts, *_go(text[position:], name)))


def templated(text: str) -> Wording:
    """Go templates alone, to be filled with a map of any values by name in lower case. Raises Misconfigured."""
    return Wording(tuple(_go(text, EVERY)))


def printf(verb: str, value: Value) -> str:
    """One of Go's verbs, ``%.1f``; ``%d`` of a flag is 1 or 0, of a float its whole part."""
    flags, letter = verb[1:-1], verb[-1]
    if letter in "sv":
        return f"%{flags}s" % spelled(value)
    if letter == "q":
        return json.dumps(spelled(value))
    if letter == "t":
        return spelled(bool(value))
    if letter in "dxX":
        return f"%{flags}{letter}" % int(finite(value))
    return f"%{flags}{letter}" % finite(value)


def _formatted(text: str) -> Part:
    if not _VERB.search(text) or "%" in _VERB.sub("", text):
        raise Misconfigured(f"{text!r} is no format", remedy="Write ${name:%d}, ${name:%.1f} or ${name:%s}.")
    return lambda value: _VERB.sub(lambda verb: "%" if verb[2] == "%" else printf(verb[0], value), text)


def _known(word: str, name: str) -> None:
    if word.lower() != name.lower():
        here = f"Here it is called {name}." if name else "A value that is read has no parameter."
        raise Misconfigured(f"{word!r} is no parameter", remedy=here)


def _go(text: str, name: str) -> list[Part]:
    if "{{" not in text:
        return [_constant(text)] if text else []
    tokens: list[tuple[str, str]] = []
    position, trimmed = 0, False
    for match in _GO.finditer(text):
        literal = text[position : match.start()] + ("" if match[2] else match[1])
        tokens += [("text", literal.lstrip() if trimmed else literal), ("action", match[3])]
        position, trimmed = match.end(), bool(match[4])
    rest = text[position:]
    if "{{" in rest:
        raise Misconfigured("a {{ is not closed", remedy="Write {{ .name }}.")
    tokens.append(("text", rest.lstrip() if trimmed else rest))
    parts, left = _block(tokens, name, ())
    if left:
        raise Misconfigured(f"{{{{ {left[0][1]} }}}} has no {{{{ if }}}}")
    return parts


def _block(tokens: list[tuple[str, str]], name: str, ends: Sequence[str]) -> tuple[list[Part], list[tuple[str, str]]]:
    """Parts up to an ``else`` or ``end``, and the tokens from there on."""
    parts: list[Part] = []
    while tokens:
        (what, text), *rest = tokens
        word = text.split()[0] if what == "action" and text else ""
        if word in ("else", "end"):
            if word not in ends:
                raise Misconfigured(f"{{{{ {text} }}}} has no {{{{ if }}}}")
            return parts, tokens
        if word == "if":
            part, rest = _branch(text[2:], rest, name)
            parts.append(part)
        elif what == "action":
            parts.append(_printed(_expression(text, name)))
        elif text:
            parts.append(_constant(text))
        tokens = rest
    if ends:
        raise Misconfigured("an {{ if }} has no {{ end }}")
    return parts, []


def _branch(condition: str, tokens: list[tuple[str, str]], name: str) -> tuple[Part, list[tuple[str, str]]]:
    test = _expression(condition, name)
    then, rest = _block(tokens, name, ("else", "end"))
    (_, closing), *rest = rest
    otherwise: list[Part] = []
    words = closing.split()
    if words[0] == "else" and len(words) > 1:
        if words[1] != "if":
            raise Misconfigured(f"{{{{ {closing} }}}} is not understood", remedy="Write {{ else if … }}.")
        chained, rest = _branch(closing.split("if", 1)[1], rest, name)
        otherwise = [chained]
    elif words[0] == "else":
        otherwise, rest = _block(rest, name, ("end",))
        rest = rest[1:]
    return lambda value: "".join(part(value) for part in (then if test(value) else otherwise)), rest


def _expression(text: str, name: str) -> Expression:
    tokens = [match[1] for match in _TOKEN.finditer(text)]
    expression, rest = _pipe(tokens, name)
    if rest:
        raise Misconfigured(f"{{{{ {text} }}}} is not understood", remedy=_REMEDY)
    return expression


def _pipe(tokens: list[str], name: str) -> tuple[Expression, list[str]]:
    piped: Expression | None = None
    while True:
        words: list[Expression | str] = []
        while tokens and tokens[0] not in ("|", ")"):
            token, *tokens = tokens
            if token == "(":
                inner, tokens = _pipe(tokens, name)
                if tokens[:1] != [")"]:
                    raise Misconfigured("a ( is not closed")
                words.append(inner)
                tokens = tokens[1:]
            else:
                words.append(_operand(token, name))
        piped = _call(words, piped)
        if tokens[:1] != ["|"]:
            return piped, tokens
        tokens = tokens[1:]


def _operand(token: str, name: str) -> Expression | str:
    if token.startswith("."):
        return _taken(token[1:], name)
    if token.startswith('"'):
        return _always(json.loads(token))
    if token in ("true", "false"):
        return _always(token == "true")
    try:
        return _always(float(token) if "." in token else int(token))
    except ValueError:
        return token


def _taken(word: str, name: str) -> Expression:
    if name == EVERY:
        return lambda values: values.get(word.lower(), "")
    _known(word, name)
    return lambda value: value


def _call(words: list[Expression | str], piped: Expression | None) -> Expression:
    if not words:
        raise Misconfigured("an empty {{ }} gives nothing", remedy=_REMEDY)
    head, *arguments = words
    if not isinstance(head, str):
        if arguments or piped:
            raise Misconfigured("a value is no function", remedy=_REMEDY)
        return head
    function = FUNCTIONS.get(head)
    given: list[Expression] = [argument for argument in arguments if not isinstance(argument, str)]
    if function is None or len(given) != len(arguments):
        unknown = next((word for word in words if isinstance(word, str) and word not in FUNCTIONS), head)
        raise Misconfigured(f"{unknown!r} is no function that is known here", remedy=_REMEDY)
    if piped is not None:
        given.append(piped)
    return lambda value: function(*(argument(value) for argument in given))


def _printed(expression: Expression) -> Part:
    return lambda value: spelled(expression(value))


def _constant(text: str) -> Part:
    return lambda value: text


def _always(thing: Any) -> Expression:
    return lambda value: thing


def _printed_verbs(text: str, *values: Value) -> str:
    left = list(values)
    return _VERB.sub(lambda verb: "%" if verb[2] == "%" else printf(verb[0], left.pop(0)), text)


def _whole(value: Value) -> int:
    return int(finite(value))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "printf": _printed_verbs,
    "print": lambda *values: "".join(spelled(value) for value in values),
    "eq": lambda one, *others: any(one == other for other in others),
    "ne": lambda one, other: one != other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "not": lambda one: not one,
    "and": lambda *values: next((value for value in values if not value), values[-1]),
    "or": lambda *values: next((value for value in values if value), values[-1]),
    "int": _whole,
    "int64": _whole,
    "float64": finite,
    "toString": spelled,
    "toJson": json.dumps,
    "quote": lambda value: json.dumps(spelled(value)),
    "upper": lambda value: spelled(value).upper(),
    "lower": lambda value: spelled(value).lower(),
    "ternary": lambda yes, no, test: yes if test else no,
    "add": lambda one, *others: _whole(one) + sum(_whole(other) for other in others),
    "sub": lambda one, other: _whole(one) - _whole(other),
    "mul": lambda one, other: _whole(one) * _whole(other),
    "div": lambda one, other: int(_whole(one) / _whole(other)),
    "mod": lambda one, other: _whole(one) % _whole(other),
    "addf": lambda one, *others: finite(one) + sum(finite(other) for other in others),
    "subf": lambda one, other: finite(one) - finite(other),
    "mulf": lambda one, other: finite(one) * finite(other),
    "divf": lambda one, other: finite(one) / finite(other),
    "max": lambda *values: max(_whole(value) for value in values),
    "min": lambda *values: min(_whole(value) for value in values),
    "round": lambda value, places: round(finite(value), _whole(places)),
    "timeRound": lambda value, step: value,
}
_REMEDY = f"Known: .name, if, else, end, {', '.join(FUNCTIONS)}."
