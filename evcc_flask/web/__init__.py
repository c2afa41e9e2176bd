"""Serves the built dashboard and the page of the API: files of ours, and nothing from elsewhere.

The build lays compressed variants beside its files. What lies in ``assets`` has its content's digest in its name and
never changes; everything else is asked for again each time, and answered with 304.
"""

import logging
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
OWN_STYLE = "custom.css"
LARGEST_STYLE = 1 << 18
"""Bytes of the owner's style sheet; no sheet for one page needs as much."""
UNBUILT = (
    '<!doctype html><html lang="en"><head><meta name="evcc-app-compatible" content="true"><title>evcc-flask</title>'
    "</head><body><p>The dashboard is not built: run script/setup. The API is at "
    '<a href="api/state">api/state</a>.</p></body></html>'
)

log = logging.getLogger("web")


def register(app: "Flask", style: Path | None = None) -> None:
    """Serve the dashboard at the top, and the page of the API. ``style``: a sheet of the owner's that comes last."""
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
        return guarded(response, f"public, max-age={YEAR_S}, immutable" if forever else "no-cache")

    def guarded(response: Response, caching: str) -> Response:
        response.headers["Cache-Control"] = caching
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def made(text: str | bytes, kind: str) -> Response:
        response = guarded(Response(text, mimetype=kind), "no-cache")
        response.add_etag()
        response.make_conditional(request)
        return response

    def page(name: str, kind: str) -> Response:
        file = BUILT / name
        if not file.is_file():
            return Response(UNBUILT, 503, mimetype="text/html") if name == "index.html" else abort(404)
        if style is not None and name == "index.html":
            link = f'<link rel="stylesheet" href="./{OWN_STYLE}"></head>'
            return made(file.read_text("utf-8").replace("</head>", link, 1), kind)
        return served(file, kind)

    def own_style(file: Path) -> Response:
        """Read for each answer, so that what is edited is seen at the next look."""
        try:
            with file.open("rb") as opened:
                sheet = opened.read(LARGEST_STYLE + 1)
        except OSError as problem:
            log.warning("--custom-css: %s cannot be read: %s. The page looks as usual.", file, problem.strerror)
            abort(404)
        if len(sheet) > LARGEST_STYLE:
            log.warning("--custom-css: %s has more than %d kB. The page looks as usual.", file, LARGEST_STYLE >> 10)
            abort(404)
        return made(sheet, "text/css")

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
    if style is not None:
        app.add_url_rule(f"/{OWN_STYLE}", endpoint="own-style", view_func=own_style, defaults={"file": style})
