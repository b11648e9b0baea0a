# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is noted of the partner whom an app finds by its own override."""

import functools
from types import SimpleNamespace

from fastapi import Depends, FastAPI, Header
from fastapi.testclient import TestClient

from odoo.tests import TransactionCase

from ...auth.caller import Caller, authenticated_partner_impl
from ...auth.overrides import note_callers
from ...bridge.request_state import STATE_KEY, RequestState


class TestNoteCallers(TransactionCase):
    def call(self, override):
        """Call an app with an override; return its partner, and the noted caller."""
        app, state, partners = FastAPI(), RequestState(), []
        app.dependency_overrides[authenticated_partner_impl] = override
        note_callers(app.dependency_overrides)
        noting = app.dependency_overrides[authenticated_partner_impl]
        note_callers(app.dependency_overrides)  # an app may be built again
        self.assertIs(app.dependency_overrides[authenticated_partner_impl], noting)

        @app.get("/")
        def get(partner=Depends(authenticated_partner_impl)):  # noqa: B008
            partners.append(partner)

        async def app_with_state(scope, receive, send):
            scope[STATE_KEY] = state
            await app(scope, receive, send)

        response = TestClient(app_with_state).get("/", headers={"X-A": "1"})
        self.assertEqual(response.status_code, 200, response.text)
        return partners[0], state.caller

    def test_kinds_of_overrides(self):
        partner = self.env.user.partner_id

        class Finder:
            __hash__ = None

            def __eq__(self, other):
                return self is other

            def __call__(self, x_a: str = Header()):
                return partner

            def find(self, x_a: str = Header()):
                return partner

        async def find_async(x_a: str = Header()):
            return partner

        def find_by_generator(x_a: str = Header()):
            yield partner

        @functools.wraps(find_async)
        async def decorated(*args, **kwargs):
            return await find_async(*args, **kwargs)

        for override in (
            find_async,
            find_by_generator,
            decorated,
            Finder(),
            Finder().find,
            lambda: partner,
        ):
            with self.subTest(override):
                found, caller = self.call(override)
                self.assertIs(found, partner)
                self.assertEqual(caller, Caller("app", partner.id))

    def make_override(self, result):
        return lambda: result

    def test_results_without_a_partner(self):
        partners = self.env["res.partner"]
        for result in (
            None,
            partners,
            partners.search([], limit=2),
            partners.new({"name": "New"}),
            SimpleNamespace(id=7),
        ):
            with self.subTest(result):
                found, caller = self.call(self.make_override(result))
                self.assertIs(found, result)
                self.assertIsNone(caller)
