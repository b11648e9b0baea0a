# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Attributes of dependencies: ``runs_last``, ``describe_operation``."""

from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Depends, Header, Request
from fastapi.openapi.models import OpenAPI

from ...app import route_apps
from ...app.openapi_document import refer_to_error
from ...app.prepare import EndpointFastAPI
from .openapi_case import get_operations, make_handler
from .routes_case import OverridesCase


class Late:
    """A dependency that notes its name when it is called."""

    runs_last = True

    def __init__(self, name):
        self.name = name

    def __call__(self, request: Request):
        request.state.called.append(self.name)

    def describe_operation(self, method, operation):
        operation["summary"] = f"{method} {self.name}"
        for status in ("409", "422"):
            operation["responses"][status] = refer_to_error(status)


def start(request: Request):
    request.state.called = []


def caller(request: Request):
    request.state.called.append("caller")


def make_app(first, last):
    """Return an app with two late dependencies, of the app and of a route."""
    router = APIRouter(dependencies=[Depends(first)])

    @router.get("/called", dependencies=[Depends(last)])
    def get_called(
        request: Request,
        _caller: Annotated[None, Depends(caller)],
        number: Annotated[int, Header()] = 0,
    ) -> list[str]:
        return request.state.called

    app = EndpointFastAPI(dependencies=[Depends(start)])
    app.include_router(router)
    return app


class TestRunsLast(OverridesCase):
    def test_from_the_inside_out(self):
        app = make_app(Late("of the app"), Late("of the route"))
        expected = ["caller", "of the route", "of the app"]
        self.assertEqual(self.get(app, "/called"), expected)

    def test_without_a_plan(self):
        """FastAPI calls the dependencies, as for a request with telemetry."""
        app = make_app(Late("of the app"), Late("of the route"))
        with patch.object(route_apps, "make_plan", return_value=None) as make_plan:
            called = self.get(app, "/called")
        make_plan.assert_called_once()
        self.assertEqual(called, ["caller", "of the route", "of the app"])

    def test_override_of_a_late_dependency(self):
        late = Late("late")
        app = make_app(late, late)
        app.dependency_overrides[late] = Late("other")
        self.assertEqual(self.get(app, "/called"), ["caller", "other"])


class TestDescribeOperation(OverridesCase):
    def test_operations_with_the_dependency(self):
        app = EndpointFastAPI()
        described = [Depends(Late("late"))]
        app.post("/with", dependencies=described)(make_handler("with"))
        app.post("/without")(make_handler("without"))
        described, other = get_operations(app).values()
        self.assertEqual(described["summary"], "post late")
        self.assertEqual(
            list(described["responses"]), ["200", "400", "409", "422", "500", "503"]
        )
        self.assertEqual(list(other["responses"]), ["200", "400", "500", "503"])
        # all references lead somewhere
        components = OpenAPI(**app.openapi()).components
        self.assertLessEqual(
            {"Conflict", "ValidationError"}, components.responses.keys()
        )
        self.assertLessEqual(
            {"HTTPValidationError", "ValidationError"}, components.schemas.keys()
        )
