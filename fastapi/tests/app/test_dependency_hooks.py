# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Attributes of dependencies: ``runs_last``, ``describe_operation``."""

from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Depends, Header, Request

from ...app import route
from ...app.prepare import EndpointFastAPI
from .openapi_case import get_operations, make_handler
from .routes_case import OverridesCase


class Late:
    """A dependency that notes its name when it is called."""

    def __init__(self, name, runs_last):
        self.name = name
        self.runs_last = runs_last

    def __call__(self, request: Request):
        request.state.called.append(self.name)

    def describe_operation(self, method, operation):
        operation["responses"]["409"] = {"description": f"{method} {self.name}"}


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
    def test_after_all_others_by_number(self):
        app = make_app(Late("of the app", 2), Late("of the route", 1))
        expected = ["caller", "of the route", "of the app"]
        self.assertEqual(self.get(app, "/called"), expected)

    def test_without_a_plan(self):
        """FastAPI calls the dependencies, as for a request with telemetry."""
        app = make_app(Late("first", 1), Late("second", 1))
        with patch.object(route, "make_plan", return_value=None) as make_plan:
            called = self.get(app, "/called")
        make_plan.assert_called_once()
        self.assertEqual(called, ["caller", "first", "second"])

    def test_override_of_a_late_dependency(self):
        late = Late("late", 1)
        app = make_app(late, late)
        app.dependency_overrides[late] = Late("other", 1)
        self.assertEqual(self.get(app, "/called"), ["caller", "other"])


class TestDescribeOperation(OverridesCase):
    def test_operations_with_the_dependency(self):
        app = EndpointFastAPI()
        described = [Depends(Late("late", 1))]
        app.post("/with", dependencies=described)(make_handler("with"))
        app.post("/without")(make_handler("without"))
        operations = get_operations(app)
        conflict = operations["post", "/with"]["responses"]["409"]
        self.assertEqual(conflict, {"description": "post late"})
        self.assertNotIn("409", operations["post", "/without"]["responses"])
