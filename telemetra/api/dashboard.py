"""The dashboard's pages and files: static, read once, served from memory.

Files stand under a path that holds a hash of all of them. So browsers may keep them for ever, a new version is
fetched at once, and modules import each other by relative paths without a bundler.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from telemetra.api.compression import MINIMUM_BYTES
from telemetra.api.perimeter import header
from telemetra.errors import NotFound

FOLDER = Path(__file__).parent.parent / "dashboard"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
PAGES = ("/streams/{stream_id}", "/connectors", "/trust")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_COMPRESSED_ALREADY = {".woff2"}
_FOR_EVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r"""^(?:import|export)\b[^;"'(]*["'](\.[^"']+)["']""", re.MULTILINE)


class File(NamedTuple):
    content: bytes
    gzipped: bytes | None
    media_type: str


class Dashboard:
    """All files of the folder, and the pages made of its two templates."""

    def __init__(self, title: str, folder: Path = FOLDER) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA_TYPES)
        self.files = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
        digest = hashlib.sha256()
        for name, file in self.files.items():
            digest.update(name.encode() + b"\0" + file.content + b"\0")
        self.base = f"/static/{digest.hexdigest()[:16]}"
        self._page = self._fill(folder / "index.html", title, "js/main.js")
        self._overlay = self._fill(folder / "overlay.html", title, "js/overlay/main.js")

    def page(self) -> Response:
        return _html(self._page)

    def overlay(self) -> Response:
        return _html(self._overlay)

    def file(self, request: Request) -> Response:
        """A file under the current base, for ever; an older base leads to the current one."""
        version, name = request.path_params["version"], request.path_params["name"]
        file = self.files.get(name)
        if file is None:
            raise NotFound(f"The dashboard has no file {name!r}.")
        if not self.base.endswith("/" + version):
            return RedirectResponse(f"{self.base}/{quote(name)}", 302, {"Cache-Control": "no-store"})
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if file.gzipped is not None and "gzip" in (header(request.scope, b"accept-encoding") or ""):
            return Response(file.gzipped, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})
        return Response(file.content, media_type=file.media_type, headers=headers)

    def _fill(self, template: Path, title: str, entry: str) -> bytes:
        """The page: `{base}`, `{title}`, and a line for each module that its entry leads to, to be fetched at once."""
        preloads = "\n".join(f'<link rel="modulepreload" href="{self.base}/{name}">' for name in self._modules(entry))
        text = template.read_text(encoding="utf-8")
        text = text.replace("{base}", self.base).replace("{title}", html.escape(title)).replace("{preloads}", preloads)
        return text.encode()

    def _modules(self, entry: str) -> list[str]:
        """The modules that `entry` imports statically, directly or not, and itself."""
        found: dict[str, None] = {}
        waiting = [entry]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found[name] = None
            for target in _IMPORT.findall(self.files[name].content.decode()):
                parts = name.split("/")[:-1]
                for step in target.split("/"):
                    if step == "..":
                        parts.pop()
                    elif step != ".":
                        parts.append(step)
                waiting.append("/".join(parts))
        return list(found)


def add_dashboard_routes(app: FastAPI, dashboard: Dashboard) -> None:
    """All but `/`, which answers browsers and API clients alike."""

    async def page(request: Request) -> Response:
        return dashboard.page()

    async def overlay(request: Request) -> Response:
        return dashboard.overlay()

    async def file(request: Request) -> Response:
        return dashboard.file(request)

    for path in PAGES:
        app.add_route(path, page, include_in_schema=False)
    app.add_route("/overlay/{stream_id}", overlay, include_in_schema=False)
    app.add_route("/static/{version}/{name:path}", file, include_in_schema=False)


def wants_page(request: Request) -> bool:
    """Whether it comes from a browser that shows a page, and not from a client of the API."""
    return "text/html" in (header(request.scope, b"accept") or "")


def _html(body: bytes) -> Response:
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding"}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


def _read(path: Path) -> File:
    content = path.read_bytes()
    worth = path.suffix not in _COMPRESSED_ALREADY and len(content) >= MINIMUM_BYTES // 4
    return File(content, gzip.compress(content, 9, mtime=0) if worth else None, MEDIA_TYPES[path.suffix])
