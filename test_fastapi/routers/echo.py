# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes that return parts of their request, and special responses."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response, UploadFile
from pydantic import BaseModel
from werkzeug.exceptions import abort
from werkzeug.wrappers import Response as WerkzeugResponse

router = APIRouter(tags=["echo"])


class Line(BaseModel):
    name: str
    quantity: int


class Order(BaseModel):
    lines: list[Line]


def method(request: Request) -> dict[str, str]:
    return {"method": request.method}


# One route each: FastAPI warns if methods of one route share an operation id.
for _name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
    router.add_api_route("/method", method, methods=[_name])


@router.get("/request")
async def request(request: Request) -> dict[str, Any]:
    return {
        "path": request.scope["path"],
        "root_path": request.scope["root_path"],
        "query": request.url.query,
        "headers": request.headers.items(),
        "url_for": str(request.url_for("method")),
    }


@router.get("/headers")
async def headers(response: Response) -> dict[str, str]:
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    response.headers["X-Case"] = "Kept"
    return {}


@router.get("/reflect")
def reflect(response: Response, value: str, error: bool = False) -> None:
    """Set a header to what the client sends, unchecked."""
    if error:
        raise HTTPException(400, value, {"X-Reflected": value})
    response.headers["X-Reflected"] = value


@router.get("/empty", status_code=204)
async def empty() -> None:
    return None


@router.post("/body")
async def body(request: Request) -> dict[str, Any]:
    data = await request.body()
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@router.post("/order")
def order(order: Order) -> int:
    return sum(line.quantity for line in order.lines)


@router.post("/form")
def form(name: Annotated[str, Form()], file: UploadFile) -> dict[str, Any]:
    return {
        "name": name,
        "filename": file.filename,
        "sha256": hashlib.sha256(file.file.read()).hexdigest(),
    }


@router.get("/wrong_response")
def wrong_response() -> Order:
    return {"lines": "secret of the handler"}


@router.get("/abort")
def abort_with_response() -> None:
    abort(WerkzeugResponse("unchanged", 410, {"X-Kept": "yes"}))


@router.get("/abort/{code}")
def abort_with_code(code: int) -> None:
    abort(code)
