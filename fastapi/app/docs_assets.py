# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scripts, styles and icon of the documentation pages, from ``fastapi-offline``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["get_asset_url", "serve_asset"]

#: The package with the scripts, and the folder in it.
_ASSETS = ("fastapi_offline", "static")
_MEDIA_TYPES = {
    "favicon.png": "image/png",
    "redoc.standalone.js": "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
#: ReDoc's logo on another server. A transparent pixel replaces it.
_FOREIGN_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_PIXEL = b"data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="

#: The URL of an asset changes with its content, so it is valid for a year (in seconds).
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


def get_asset_url(request: Request, name: str) -> str:
    """Return the URL path of an asset, below the requested page.

    :param name: file name, one of those that :func:`serve_asset` serves
    """
    page = quote(request.scope["path"].rstrip("/"))
    return f"{page}/assets/{_get_asset(name).version}/{name}"


@dataclass(frozen=True)
class _Asset:
    """A file for the pages; its version changes with its content."""

    content: bytes
    version: str


@cache
def _get_asset(name: str) -> _Asset:
    """Return a file of the package with the scripts."""
    package, folder = _ASSETS
    # do not import the package, only its files are needed
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {package} is not installed.")
    content = (Path(spec.origin).parent / folder / name).read_bytes()
    content = content.replace(_FOREIGN_LOGO, _PIXEL)
    return _Asset(content, hashlib.sha256(content).hexdigest()[:16])


async def serve_asset(request: Request) -> Response:
    """Serve an asset to anyone: it contains nothing of the app."""
    name: Any = request.path_params["name"]
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    asset = _get_asset(name)
    if request.path_params["version"] != asset.version:
        raise HTTPException(404)
    etag = f'"{asset.version}"'
    headers = {**_ASSET_HEADERS, "ETag": etag}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=_MEDIA_TYPES[name])
