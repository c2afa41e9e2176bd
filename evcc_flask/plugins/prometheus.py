"""A figure that Prometheus knows, by an instant query."""

from typing import Any
from urllib.parse import quote

from . import http
from .fields import Flag, Loose, Number, Text, Timeout, Tree
from .ports import Source
from .problems import load
from .shop import Shop
from .values import Kind

VALUE = """
if .status != "success" then error(.error // "no success")
elif .data.resultType == "scalar" then .data.result[1]
elif .data.result | length == 1 then .data.result[0].value[1]
else error("the query gives \\(.data.result | length) values, one is needed") end
"""


class Prometheus(Loose):
    uri = Text(required=True)
    query = Text(required=True)
    timeout = Timeout(load_default=10.0)
    scale = Number(load_default=1.0)
    auth = Tree(load_default=None)
    insecure = Flag(load_default=False)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    settings = load(Prometheus(), node)
    base, query = settings.pop("uri").rstrip("/"), settings.pop("query")
    call = {
        **{key: value for key, value in settings.items() if value is not None},
        "timeout": f"{settings['timeout']}s",
        "uri": f"{base}/api/v1/query?query={quote(query, safe='')}",
        "jq": VALUE,
    }
    return http.source(call, shop, kind, max_age_s)
