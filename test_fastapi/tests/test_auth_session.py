# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's session as a credential."""

from odoo.tests import new_test_user

from ..routers.identity import calls_by_session
from .session_case import SessionCase


class TestSession(SessionCase):
    def test_no_user_is_logged_in(self):
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)
        # a visitor has a session, too
        self.authenticate(None, None)
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)
        self.assertEqual(self.send(Origin="https://evil.example").status_code, 401)

    def test_logged_out(self):
        self.log_in()
        self.assertAccepted(self.send(Origin=self.base_url()))
        self.logout()
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)

    def test_expired(self):
        self.log_in()
        self.caller.password = "another secret"  # ends all sessions
        for method in ("GET", "POST"):
            response = self.send(method, Origin=self.base_url())
            self.assertEqual(response.status_code, 401)

    def test_archived_user(self):
        self.log_in()
        self.caller.active = False
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)

    def test_by_auth_of_the_routing_info(self):
        self._create_endpoint("/by_user", test_routing={"auth": "user"})
        self.log_in()
        path = "/by_user/by_session"
        self.assertRefused(self.send(path=path, Origin="https://evil.example"))
        self.assertAccepted(self.send(path=path, Sec_Fetch_Site="same-origin"))
        # the session opens this route, too, although it does not ask who calls
        path = "/by_user/method"
        for headers, status in (
            ({"Origin": "https://evil.example"}, 403),
            ({}, 403),
            ({"Origin": self.base_url()}, 200),
        ):
            response = self.send(path=path, **headers)
            self.assertEqual(response.status_code, status, response.text)
            self.assertEqual(self.send("GET", path, **headers).status_code, 200)

    def test_a_key_is_not_a_session(self):
        self._create_endpoint("/by_bearer", test_routing={"auth": "bearer"})
        keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        key = {"Authorization": f"Bearer {keys._generate(None, 'test', None)}"}
        path = "/by_bearer/by_session"
        self.assertAccepted(self.send(path=path, **key))
        self.log_in()
        self.assertAccepted(self.send(path=path, **key))
        calls_by_session.clear()
        # at this endpoint Odoo ignores the key
        self.assertRefused(self.send(**key))
        # Odoo accepts these for a page that the user opens
        headers = {
            "Sec_Fetch_Dest": "document",
            "Sec_Fetch_Mode": "navigate",
            "Sec_Fetch_User": "?1",
        }
        self.assertRefused(self.send(path=path, Sec_Fetch_Site="none", **headers))
        self.assertAccepted(
            self.send(path=path, Sec_Fetch_Site="same-origin", **headers)
        )
        new_test_user(self.env, "other@test", password="other's secret")
        self.authenticate("other@test", "other's secret")
        self.assertEqual(self.send(path=path, **key).status_code, 403)


class TestSessionWay(SessionCase):
    """The way is chosen on the endpoint."""

    def setUp(self):
        super().setUp()
        self.pages = self._create_endpoint("/pages", app="test_auth", auth_session=True)
        self.pages.write({"auth_api_key": False, "run_as": "user"})

    def make_key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return f"Bearer {keys._generate(None, 'test', None)}"

    def assertAnonymous(self):
        response = self.get("/pages/auth/caller")
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "Not authenticated"})
        response = self.get("/pages/auth/caller/optional")
        self.assertEqual((response.status_code, response.json()), (200, None))

    def test_who_calls(self):
        self.log_in()
        body = self.get("/pages/auth/caller").json()
        self.assertEqual(body["method"], "session")
        self.assertEqual(body["user_id"], self.caller.id)
        self.assertEqual(body["partner_id"], self.caller.partner_id.id)
        self.assertIsNone(body["scopes"])
        self.assertEqual(body["runs_as"], self.runner.id)
        body = self.get("/pages/auth/caller/optional").json()
        self.assertEqual(body["user_id"], self.caller.id)

    def test_no_user_is_logged_in(self):
        self.assertAnonymous()
        self.authenticate(None, None)  # a visitor's session
        self.assertAnonymous()

    def test_sessions_that_have_ended(self):
        self.log_in()
        self.logout()
        self.assertAnonymous()
        self.log_in()
        self.caller.password = "another secret"
        self.assertAnonymous()
        self.caller.password = self.caller_auth[1]
        self.log_in()
        self.caller.active = False
        self.assertAnonymous()

    def test_users_who_are_refused(self):
        portal = new_test_user(self.env, "portal@test", groups="base.group_portal")
        self.authenticate("portal@test", "portal@test")
        response = self.get("/pages/auth/caller")
        self.assertEqual(response.status_code, 403)
        self.assertIn("internal users", response.json()["detail"])
        self.pages.allow_portal_users = True
        body = self.get("/pages/auth/caller").json()
        self.assertEqual(body["user_id"], portal.id)

    def test_other_sites(self):
        self.log_in()
        self.pages.run_as = "caller"
        self.caller.group_ids += self.env.ref("test_fastapi.group_test_runner")
        path = "/pages/auth/items?name=x"
        items = self.env["test.fastapi.item"]
        for headers in ({}, {"Origin": "https://evil.example"}):
            self.assertRefused(self.send(path=path, **headers))
            self.assertFalse(items.search([]))
        response = self.send(path=path, Origin=self.base_url())
        self.assertEqual(items.browse(response.json()).create_uid, self.caller)
        response = self.send("GET", "/pages/auth/items", Origin="https://evil.example")
        self.assertEqual(response.json(), ["x"])

    def test_with_keys(self):
        self.pages.write({"auth_api_key": True, "accept_unscoped_keys": True})
        path = "/pages/auth/items?name=x"
        key = self.make_key(self.caller)
        body = self.send("GET", "/pages/auth/caller", Authorization=key).json()
        self.assertEqual(body["method"], "api_key")
        self.assertEqual(self.send(path=path, Authorization=key).status_code, 200)
        self.log_in()
        body = self.get("/pages/auth/caller").json()
        self.assertEqual(body["method"], "session")
        other = new_test_user(self.env, "other@test")
        for sent, status in ((key, 200), (self.make_key(other), 403)):
            response = self.send("GET", "/pages/auth/caller", Authorization=sent)
            self.assertEqual(response.status_code, status)

    def test_session_that_is_not_chosen(self):
        self.pages.write({"auth_api_key": True, "auth_session": False})
        self.log_in()
        self.assertAnonymous()

    def test_by_auth_of_the_routing_info(self):
        """A key that Odoo has checked is not a session."""
        self.pages.test_routing = {"auth": "bearer"}
        headers = {"Authorization": self.make_key(self.caller)}
        response = self.get("/pages/auth/caller", headers=headers)
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "Not authenticated"})

    def test_openapi(self):
        document = self.get("/pages/openapi.json").json()
        scheme = document["components"]["securitySchemes"]["OdooSession"]
        self.assertEqual(
            (scheme["type"], scheme["in"], scheme["name"]),
            ("apiKey", "cookie", "session_id"),
        )
        for path, security in (
            ("/auth/caller", [{"OdooSession": []}]),
            ("/auth/caller/optional", [{"OdooSession": []}, {}]),
            ("/auth/open", None),
        ):
            operation = document["paths"][path]["get"]
            self.assertEqual(operation.get("security"), security, path)
        self.pages.write({"auth_api_key": True, "run_as": "caller"})
        document = self.get("/pages/openapi.json").json()
        for path, security in (
            ("/auth/env", [{"APIKey": []}, {"OdooSession": []}]),
            ("/auth/caller/optional", [{"APIKey": []}, {"OdooSession": []}, {}]),
        ):
            operation = document["paths"][path]["get"]
            self.assertEqual(operation["security"], security, path)
