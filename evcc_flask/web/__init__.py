"""Serves the built dashboard and the page of the API: files of ours, and nothing from elsewhere.

The build lays compressed variants beside its files. What lies in ``assets`` has its content's digest in its name and
never changes; everything else is asked for again each time, and answered with 304.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

HERE = Path(__file__).parent
BUILT = HERE / "static"
API_PAGE = {
    "/api/docs": ("apidocs.html", "text/html"),
    "/api/apidocs.css": ("apidocs.css", "text/css"),
    "/api/apidocs.js": ("apidocs.js", "text/javascript"),
}
TOP = {
    "": ("index.html", "text/html"),
    "manifest.webmanifest": ("manifest.webmanifest", "application/manifest+json"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
    "icon-192.png": ("icon-192.png", "image/png"),
    "icon-512.png": ("icon-512.png", "image/png"),
    "apple-touch-icon.png": ("apple-touch-icon.png", "image/png"),
}
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
VARIANTS = (("br", ".br"), ("gzip", ".gz"))
"""Best first."""
YEAR_S = 365 * 24 * 3600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
UNBUILT = (
    '<!doctype html><html lang="en"><head><meta name="evcc-app-compatible" content="true"><title>evcc-flask</title>'
    "</head><body><p>The dashboard is not built: run script/setup. The API is at "
    '<a href="api/state">api/state</a>.</p></body></html>'
)


def register(app: "Flask") -> None:
    """Serve the dashboard at the top, and the page of the API."""
    from flask import Response, abort, request, send_file

    def served(file: Path, kind: str, *, forever: bool = False) -> Response:
        variants = [each for each in VARIANTS if file.with_name(file.name + each[1]).is_file()]
        coding = request.accept_encodings.best_match([name for name, _ in variants]) if variants else None
        ending = dict(VARIANTS)[coding] if coding else ""
        response = send_file(file.with_name(file.name + ending), mimetype=kind, conditional=True, etag=True)
        response.headers.pop("Content-Disposition", None)
        if coding:
            response.headers["Content-Encoding"] = coding
        if variants:
            response.vary.add("Accept-Encoding")
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if forever else "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def page(name: str, kind: str) -> Response:
        file = BUILT / name
        if not file.is_file():
            return Response(UNBUILT, 503, mimetype="text/html") if name == "index.html" else abort(404)
        return served(file, kind)

    def asset(name: str) -> Response:
        file = BUILT / "assets" / name
        if file.suffix not in KINDS or not file.is_file():
            abort(404)
        return served(file, KINDS[file.suffix], forever=True)

    def api_page(name: str, kind: str) -> Response:
        return served(HERE / name, kind)

    for path, (name, kind) in TOP.items():
        app.add_url_rule(f"/{path}", endpoint=name, view_func=page, defaults={"name": name, "kind": kind})
    for path, (name, kind) in API_PAGE.items():
        app.add_url_rule(path, endpoint=name, view_func=api_page, defaults={"name": name, "kind": kind})
    app.add_url_rule("/assets/<name>", endpoint="asset", view_func=asset)
