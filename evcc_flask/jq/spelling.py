"""Newer jq syntax in words that jq 1.5 reads: ``@base64d`` and ``if`` without ``else``.

Everything else that 1.5 lacks is a function and is defined in the prelude; these two are syntax, so the text itself is
changed, token by token, leaving strings and comments as they are.
"""

import re

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<quote>")
    | (?P<format>@\w+)
    | (?P<word>\.?[A-Za-z_][\w]*|\$\w+)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<other>.|\n)""",
    re.VERBOSE,
)
_STRING = re.compile(r'(?:[^"\\]|\\[^(])*')
_KEY = re.compile(r"\s*:")


def respelled(text: str) -> str:
    """``text`` for jq 1.5. Text that is no jq comes back as odd as it was; jq then says what is wrong with it."""
    return _code(text, 0)[0]


def _code(text: str, position: int) -> tuple[str, int]:
    """The code from ``position`` to the end, or to the ``)`` that closes an interpolation."""
    out: list[str] = []
    branches: list[bool] = []
    depth = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        assert token is not None
        position = token.end()
        piece = token[0]
        match token.lastgroup:
            case "quote":
                piece, position = _string(text, position)
            case "format" if piece == "@base64d" and not text[position:].lstrip().startswith('"'):
                piece = "_base64d"
            case "open":
                depth += 1
            case "close":
                if depth == 0:
                    return "".join(out) + piece, position
                depth -= 1
            case "word" if not _KEY.match(text, position):
                piece = _keyword(piece, branches)
        out.append(piece)
    return "".join(out), position


def _keyword(word: str, branches: list[bool]) -> str:
    """``branches`` holds for each open ``if`` whether its ``else`` was seen."""
    if word == "if":
        branches.append(False)
    elif word == "else" and branches:
        branches[-1] = True
    elif word == "end" and branches and not branches.pop():
        return "else . end"
    return word


def _string(text: str, position: int) -> tuple[str, int]:
    out = ['"']
    while position < len(text):
        plain = _STRING.match(text, position)
        assert plain is not None
        out.append(plain[0])
        position = plain.end()
        if text.startswith("\\(", position):
            inner, position = _code(text, position + 2)
            out.append("\\(" + inner)
        else:
            return "".join(out) + text[position : position + 1], position + 1
    return "".join(out), position
