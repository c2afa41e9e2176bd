"""The library of providers: rows of ``library/*.yaml``, found by their own names, evcc's template names and types.

The words of a row:

``title``, ``proof`` (``capture``: an answer of the provider is among the tests; ``documented``: one in the form of its
documentation is; ``unproven``), ``covers`` (further names of the template), ``native`` (evcc's ``type``), ``usages``,
``kind`` (``priceforecast``, ``co2``, ``solar``), ``refresh``, ``calls_a_day``, ``slot`` (of the last one in a list
without ends), ``points`` (values are those of a moment, not means of a slot), ``keeps`` (how long an answer is
believed), ``window`` (two parameters, hours outside of which nothing is asked), ``notes``.

``parameters``: each with ``is`` (text, words, number, whole, flag, duration), ``required``, ``default``, ``one_of``,
``map``.

``steps``: calls in their order: ``uri``, ``body``, ``headers``, ``bearer``, ``basic``; ``when`` names a parameter that
must be given, ``unless`` some that must not; ``each`` makes one call for each of these days; ``take`` is jq on the
answer (XML as JSON, as plugins see it), or on null where there is no ``uri``; ``as`` its name in what follows. The last
step's result is the list of slots: ``start``, ``end``, ``value``.

Texts of a step may hold ``{parameter}`` and times: ``{now-2h|ms}``, ``{today|%Y-%m-%d}``. In jq they are
``$parameter``, ``$now`` (Unix seconds) and ``$net`` (charges, tax or a formula are to be added).
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from evcc_flask.domain.issues import Misconfigured

FOLDER = Path(__file__).with_name("library")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Row = Mapping[str, Any]


@cache
def rows() -> Mapping[str, Row]:
    """All rows by their own name."""
    found: dict[str, Row] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for name, row in yaml.load(file.read_text("utf-8"), LOADER).items():
            if name in found:
                raise ValueError(f"{file.name}: {name} is described twice")
            found[name] = row
    return found


def find(key: str, word: str, others: tuple[str, ...] = ()) -> tuple[str, Row]:
    """The row of a ``template:`` or ``type:``. Raises Misconfigured with the near miss."""
    index = _index("covers" if key == "template" else "native")
    if word in index:
        return index[word], rows()[index[word]]
    known = (*others, *index)
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(known))}."
    raise Misconfigured(f"{word!r} is no {key} of a tariff that this program knows", (key,), hint)


@cache
def _index(key: str) -> Mapping[str, str]:
    index: dict[str, str] = {}
    for name, row in rows().items():
        own = (name,) if key == "covers" else ()
        for word in (*own, *row.get(key, ())):
            if word in index:
                raise ValueError(f"{word} is claimed by {index[word]} and {name}")
            index[word] = name
    return index
