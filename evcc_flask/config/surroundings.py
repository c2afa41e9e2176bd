"""What the environment says instead of the file: EVCC_NETWORK_PORT overrules ``network.port``, and so on."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields

from evcc_flask.plugins.fields import as_map

from .model import Place
from .sections import Retired, SiteSection, Top
from .tree import resolved


def overridden(
    root: Mapping[str, Any], places: Mapping[str, Place], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Place]]:
    """Tree and places with every ``EVCC_…`` that names a plain value laid over; other variables are passed over."""
    tree, found = dict(root), dict(places)
    paths = {*_known(Top()), *_known(SiteSection(), ("site",)), *_written(root)}
    for path in sorted(paths):
        variable = "EVCC_" + "_".join(path).upper()
        if variable in environ:
            tree = _laid(tree, path, resolved(environ[variable]))
            found[".".join(path)] = Place("environment", None, variable)
    return tree, found


def _known(schema: Schema, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in schema.load_fields.items():
        if isinstance(field, fields.Nested):
            yield from _known(field.schema, (*above, name))
        elif not isinstance(field, (fields.Raw, fields.List, Retired)):
            yield (*above, name)


def _written(tree: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _written(value, (*above, key))
        elif not isinstance(value, list):
            yield (*above, key)


def _laid(tree: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = path
    if not rest:
        return {**tree, key: value}
    return {**tree, key: _laid(as_map(tree.get(key)) or {}, tuple(rest), value)}
