# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which users may open the pages of the addon."""

import ast
import itertools

from .access_case import READERS, REFUSED, AccessCase


class TestPages(AccessCase):
    def test_menu(self):
        menu = self.env.ref("fastapi.menu_fastapi_root")
        for identity, user in self.users.items():
            with self.subTest(identity):
                menus = menu.with_user(user)
                visible = menus.has_access("read") and menus._visible_menu_ids()
                self.assertEqual(menu.id in (visible or ()), identity in READERS)

    def open_action(self, path):
        """Load an action by its path and read what its views show, as a browser does.

        :return: name of the error, or None; number of records
        """

        def call_kw(model, method, args, **kwargs):
            params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
            return self._result(f"/web/dataset/call_kw/{model}/{method}", params)

        error, action = self._result("/web/action/load", {"action_id": path})
        if error:
            return error, None
        error, views = call_kw(action["res_model"], "get_views", [action["views"]])
        if error:
            return error, None
        fields = views["models"][action["res_model"]]["fields"]
        error, found = call_kw(
            action["res_model"],
            "web_search_read",
            [ast.literal_eval(action["domain"] or "[]")],
            specification={name: {} for name in fields},
            context={**ast.literal_eval(action["context"]), "active_test": False},
        )
        return error, found and found["length"]

    def test_action(self):
        for identity, _call in itertools.islice(self.calls(), 0, None, 4):
            endpoints = self.env["fastapi.endpoint"].with_user(self.users[identity])
            self.make_endpoint(identity)
            with self.subTest(identity):
                error, count = self.open_action("fastapi-endpoints")
                if identity in READERS | {"runner"}:
                    self.assertIsNone(error)
                    visible = endpoints.with_context(active_test=False)
                    self.assertEqual(count, visible.search_count([]))
                    self.assertGreater(count, 0)
                else:
                    self.assertIn(error, REFUSED)

    def test_routes_and_docs(self):
        # the app runs as the user of its endpoint, for each caller
        for identity, _call in itertools.islice(self.calls(), 0, None, 4):
            with self.subTest(identity):
                for path in ("/test/docs", "/test/redoc", "/test/openapi.json"):
                    self.assertEqual(self.get(path).status_code, 200)
                body = self.get("/test/identity").json()
                self.assertEqual(body["uid"], self.runner.id)
                self.assertFalse(body["su"])
                self.assertEqual(self.get("/test/partner").status_code, 401)
