"""Serves the page and that of the API: each one document, one style sheet, one script, and nothing from elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

HERE = Path(__file__).parent
FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/api/docs": ("apidocs.html", "text/html"),
    "/api/apidocs.css": ("apidocs.css", "text/css"),
    "/api/apidocs.js": ("apidocs.js", "text/javascript"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)


def register(app: "Flask") -> None:
    """Serve the page at the top."""
    from flask import Response, send_file

    def served(name: str, kind: str) -> Response:
        response = send_file(HERE / name, mimetype=kind, conditional=True, etag=True)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    for path, (name, kind) in FILES.items():
        app.add_url_rule(path, endpoint=name, view_func=served, defaults={"name": name, "kind": kind})
