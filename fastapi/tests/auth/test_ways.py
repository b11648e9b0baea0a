# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``Authentication``, with ways to authenticate that only tests have."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer

from odoo.api import Environment
from odoo.tests import new_test_user

from odoo.addons.base.models.res_partner import ResPartner

from ...app.prepare import EndpointFastAPI
from ...auth import Authentication, Caller, Way
from ...auth.bearer import BearerCredentials, BearerScheme
from ...auth.overrides import find_ways, is_by_app, make_overrides
from ...dependencies import (
    authenticated_caller,
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_caller,
)
from ...error_handlers import default_exception_handlers
from ...exceptions import InvalidCredentials
from ..common import FastAPITransactionCase

router = APIRouter()

RequiredCaller = Annotated[Caller, Depends(authenticated_caller)]


@router.get("/caller")
def get_caller(caller: RequiredCaller) -> dict[str, Any]:
    return {"method": caller.method, "user": caller.user_id}


@router.get("/optional")
def get_caller_if_any(
    caller: Annotated[Caller | None, Depends(optionally_authenticated_caller)],
) -> str | None:
    return caller and caller.method


@router.get("/env")
def get_env(env: Annotated[Environment, Depends(odoo_env)]) -> int:
    return env.uid


def need_scope(caller: RequiredCaller) -> Caller:
    return caller


@router.get("/scopes")
def get_scopes(
    caller: RequiredCaller,
    first: Annotated[Caller, Security(need_scope, scopes=["a"])],
    second: Annotated[Caller, Security(need_scope, scopes=["b"])],
) -> bool:
    return caller == first == second


class UserIdWay(Way):
    """The credential is the id of a user: only for tests."""

    def __init__(self, name, challenge=None, scheme=None):
        self.name = name
        self.challenge = challenge
        self.scheme = scheme or APIKeyHeader(
            name=f"X-{name}", scheme_name=name, auto_error=False
        )
        self.calls = []
        self.others = None

    def join(self, others):
        self.others = [other.name for other in others]

    def authenticate(self, credential, connection, env):
        text = getattr(credential, "credentials", credential)
        self.calls.append(text)
        if text == "for another":
            return None
        if text.startswith("partner "):
            return Caller(self.name, int(text.removeprefix("partner ")))
        if not text.isdigit():
            raise InvalidCredentials("That is no number")
        user = env["res.users"].sudo().browse(int(text)).exists()
        if not user:
            return Caller(self.name, 1, int(text))
        return Caller(self.name, user.partner_id.id, user.id)


class WayCase(FastAPITransactionCase):
    default_fastapi_router = router

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "one@test")
        cls.other = new_test_user(cls.env, "two@test")

    def client(self, *ways, raise_server_exceptions=True, **kwargs):
        options = {"run_as_caller": False, "allow_portal_users": False, **kwargs}
        overrides = make_overrides(
            Authentication(ways, **options), endpoint_uid=self.env.uid, **options
        )
        return self._create_test_client(
            dependency_overrides=overrides,
            raise_server_exceptions=raise_server_exceptions,
        )


class TestWays(WayCase):
    def test_any_way_is_enough(self):
        ways = UserIdWay("one"), UserIdWay("two")
        with self.client(*ways) as client:
            for way in ways:
                headers = {f"X-{way.name}": str(self.user.id)}
                body = client.get("/caller", headers=headers).json()
                self.assertEqual(body, {"method": way.name, "user": self.user.id})
            self.assertEqual(client.get("/caller").status_code, 401)
            self.assertIsNone(client.get("/optional").json())
            for path in ("/caller", "/optional"):
                response = client.get(path, headers={"X-two": "wrong"})
                self.assertEqual(response.status_code, 401)
                self.assertEqual(response.json(), {"detail": "That is no number"})
        self.assertEqual(ways[0].others, ["two"])

    def test_two_credentials(self):
        ways = UserIdWay("one"), UserIdWay("two")
        with self.client(*ways) as client:
            headers = {"X-one": str(self.user.id), "X-two": str(self.user.id)}
            body = client.get("/caller", headers=headers).json()
            self.assertEqual(body["method"], "one")
            headers["X-two"] = str(self.other.id)
            for path in ("/caller", "/optional"):
                response = client.get(path, headers=headers)
                self.assertEqual(response.status_code, 403)
                self.assertIn("different users", response.json()["detail"])
            headers["X-two"] = "wrong"
            self.assertEqual(client.get("/caller", headers=headers).status_code, 401)
            headers["X-two"] = "for another"
            self.assertEqual(client.get("/caller", headers=headers).status_code, 200)

    def test_credential_for_another_way(self):
        bearer = UserIdWay("one", "Bearer", HTTPBearer(auto_error=False))
        another = UserIdWay("two", "Bearer", HTTPBearer(auto_error=False))
        with self.client(bearer, another) as client:
            headers = {"Authorization": "Bearer for another"}
            response = client.get("/caller", headers=headers)
        self.assertEqual(response.status_code, 401)
        self.assertEqual((bearer.calls, another.calls), (["for another"],) * 2)

    def test_challenges(self):
        bearer = HTTPBearer(auto_error=False)
        ways = (
            UserIdWay("one", "Bearer", bearer),
            UserIdWay("two", 'Basic realm="x"'),
            UserIdWay("three", "Bearer", HTTPBearer(scheme_name="x", auto_error=False)),
            UserIdWay("four", scheme=APIKeyCookie(name="session", auto_error=False)),
        )
        with self.client(*ways) as client:
            for headers, challenge in (
                ({}, 'Bearer, Basic realm="x"'),
                ({"X-two": "wrong"}, 'Bearer, Basic realm="x"'),
                (
                    {"Authorization": "Bearer wrong"},
                    'Bearer error="invalid_token", Basic realm="x"',
                ),
            ):
                response = client.get("/caller", headers=headers)
                self.assertEqual(response.status_code, 401)
                self.assertEqual(response.headers["WWW-Authenticate"], challenge)
        with self.client(UserIdWay("one", 'Bearer realm="y"', bearer)) as client:
            response = client.get("/caller", headers={"Authorization": "Bearer wrong"})
        self.assertEqual(
            response.headers["WWW-Authenticate"],
            'Bearer realm="y", error="invalid_token"',
        )
        with self.client(ways[3]) as client:
            self.assertNotIn("WWW-Authenticate", client.get("/caller").headers)

    def test_one_authentication_a_request(self):
        way = UserIdWay("one")
        with self.client(way, run_as_caller=True) as client:
            headers = {"X-one": str(self.user.id)}
            self.assertTrue(client.get("/scopes", headers=headers).json())
            self.assertEqual(len(way.calls), 1)
            client.get("/scopes", headers=headers)
            self.assertEqual(len(way.calls), 2)

    def test_users_who_may_not_call(self):
        archived = new_test_user(self.env, "archived@test")
        archived.active = False
        gone = self.env["res.users"].search([], order="id desc", limit=1).id + 1000
        portal = new_test_user(self.env, "portal@test", "base.group_portal")
        public = new_test_user(self.env, "public@test", "base.group_public")
        root = self.env.ref("base.user_root")
        for user_id, allow, status in (
            (archived.id, True, 401),
            (gone, True, 401),
            (portal.id, False, 403),
            (portal.id, True, 200),
            (public.id, True, 403),
            (root.id, True, 401),  # archived
            (self.user.id, False, 200),
        ):
            way = UserIdWay("one", "Bearer", HTTPBearer(auto_error=False))
            with self.client(way, allow_portal_users=allow) as client:
                headers = {"Authorization": f"Bearer {user_id}"}
                response = client.get("/caller", headers=headers)
                self.assertEqual(response.status_code, status, user_id)

    def test_partner_without_a_user(self):
        partner = self.env["res.partner"].create({"name": "Without a user"})
        headers = {"X-one": f"partner {partner.id}"}
        with self.client(UserIdWay("one")) as client:
            body = client.get("/caller", headers=headers).json()
            self.assertEqual(body, {"method": "one", "user": None})
        with self.client(UserIdWay("one"), run_as_caller=True) as client:
            for path in ("/caller", "/env"):
                response = client.get(path, headers=headers)
                self.assertEqual(response.status_code, 403)
                self.assertIn("no user in Odoo", response.json()["detail"])

    def test_run_as_caller(self):
        default_env = self.env.transaction.default_env
        for raises in (True, False):
            with self.client(
                UserIdWay("one"), run_as_caller=True, raise_server_exceptions=raises
            ) as client:
                headers = {"X-one": str(self.user.id)}
                self.assertEqual(
                    client.get("/env", headers=headers).json(), self.user.id
                )
                self.assertEqual(client.get("/env").status_code, 401)
            self.assertIs(self.env.transaction.default_env, default_env)

    def test_prepare(self):
        prepared = []

        class PreparedWay(UserIdWay):
            def prepare(self, headers):
                if headers.get("x-one"):
                    return lambda: prepared.append(headers["X-One"])
                return None

        with self.client(PreparedWay("one")) as client:
            client.get("/caller", headers={"X-one": str(self.user.id)})
            client.get("/caller")
        self.assertEqual(prepared, [str(self.user.id)])

    def test_openapi(self):
        ways = (
            UserIdWay("one"),
            UserIdWay("two", "Bearer", HTTPBearer(auto_error=False)),
        )
        with self.client(*ways) as client:
            document = client.app.openapi()
        security = document["paths"]["/caller"]["get"]["security"]
        self.assertEqual(security, [{"one": []}, {"HTTPBearer": []}])

    def test_bearer_credential_is_not_shown(self):
        way = UserIdWay("one", "Bearer", BearerScheme(scheme_name="one"))
        with self.client(way) as client:
            headers = {"Authorization": f"Bearer {self.user.id}"}
            self.assertEqual(client.get("/caller", headers=headers).status_code, 200)
            headers = {"Authorization": "Basic x"}
            self.assertEqual(client.get("/caller", headers=headers).status_code, 401)
        credential = BearerCredentials(scheme="Bearer", credentials="secret")
        self.assertNotIn("secret", f"{credential!r} {credential}")

    def test_without_an_authorization_server(self):
        way = UserIdWay("one")
        self.assertEqual(way.authorization_servers, ())
        self.assertEqual(way.get_client_scopes(("read", "write")), ["read", "write"])

    def test_overrides_of_an_app(self):
        authentication = Authentication([UserIdWay("one")])
        made = make_overrides(
            authentication,
            run_as_caller=True,
            allow_portal_users=False,
            endpoint_uid=self.env.uid,
        )
        self.assertFalse(is_by_app({}))
        self.assertFalse(is_by_app(made))
        self.assertEqual(find_ways(made), authentication.ways)
        self.assertEqual(find_ways({}), ())

        def own() -> ResPartner:
            raise HTTPException(401)

        self.assertTrue(is_by_app({**made, authenticated_partner_impl: own}))


class TestInjectedCaller(WayCase):
    """A test injects the caller of an app that runs as the caller."""

    def client_of(self, **kwargs):
        ways = [UserIdWay("one")]
        options = {"run_as_caller": True, "allow_portal_users": False}
        overrides = make_overrides(
            Authentication(ways, **options), endpoint_uid=self.env.uid, **options
        )
        app = self.make_app(overrides)
        return self._create_test_client(app=app, router=router, **kwargs)

    def make_app(self, overrides):
        app = EndpointFastAPI(exception_handlers=default_exception_handlers())
        app.dependency_overrides.update(overrides)
        app.state.odoo_runs_as_caller = True
        return app

    def test_partner(self):
        with self.client_of(partner=self.user.partner_id) as client:
            self.assertEqual(client.get("/env").json(), self.user.id)
            body = client.get("/caller").json()
        self.assertEqual(body, {"method": "app", "user": self.user.id})

    def test_user(self):
        with self.client_of(user=self.user) as client:
            self.assertEqual(client.get("/env").json(), self.user.id)
            body = client.get("/caller").json()
            self.assertEqual(client.get("/optional").json(), "app")
        self.assertEqual(body, {"method": "app", "user": self.user.id})

    def test_user_of_a_partner_with_two(self):
        partner = self.user.partner_id
        second = new_test_user(self.env, "second@test", partner_id=partner.id)
        with self.assertRaises(ValueError), self.client_of(partner=partner):
            pass
        with self.client_of(partner=partner, user=second) as client:
            self.assertEqual(client.get("/env").json(), second.id)

    def test_no_caller_is_injected(self):
        with self.client_of() as client:
            self.assertEqual(client.get("/env").status_code, 401)
            headers = {"X-one": str(self.user.id)}
            self.assertEqual(client.get("/env", headers=headers).json(), self.user.id)
