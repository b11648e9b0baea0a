# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from unittest.mock import patch

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials
from starlette.datastructures import Headers

from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.fastapi.auth import Caller, InvalidCredentials

from ..oidc import way as way_module
from ..oidc.way import OidcWay, get_scopes
from .issuer import SigningKey, TestIssuer

LOGGER = "odoo.addons.fastapi_auth_oidc.oidc.way"


@tagged("post_install", "-at_install")
class TestWay(TransactionCase):
    def setUp(self):
        super().setUp()
        self.issuer = TestIssuer()
        self.addCleanup(self.issuer.close)
        self.user = new_test_user(self.env, "ann")
        self.provider = self.env["fastapi.oidc.provider"].create(
            {
                "name": "Login",
                "issuer": self.issuer.url,
                "audience": "api",
                "allow_private_network": True,
                "match_claim": "preferred_username",
                "match_field": "login",
            }
        )
        self.way = self.make_way()

    def make_way(self):
        return OidcWay(self.provider._get_oidc_provider())

    def authenticate(self, token, way=None):
        credential = HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)
        return (way or self.way).authenticate(credential, None, self.env)

    def token(self, **claims):
        return self.issuer.token(preferred_username="ann", **claims)

    def expected(self, *scopes):
        return Caller(
            "oidc", self.user.partner_id.id, self.user.id, scopes=frozenset(scopes)
        )

    def test_a_valid_token(self):
        caller = self.authenticate(self.token(scope="read write", scp=["more"]))
        self.assertEqual(caller, self.expected("read", "write", "more"))
        self.assertEqual(self.authenticate(self.token()), self.expected())
        self.assertEqual(self.issuer.requests["/keys"], 1)

    def test_without_claims_for_scopes_callers_are_not_limited(self):
        self.provider.scope_claim = False
        caller = self.authenticate(self.token(scope="read"), self.make_way())
        self.assertIsNone(caller.scopes)

    def test_scopes(self):
        for claims, expected in (
            ({}, ()),
            ({"scope": "a  b"}, ("a", "b")),
            ({"scope": ["a", 1, "b c"]}, ("a", "b c")),
            ({"scope": 5, "scp": {"a": 1}}, ()),
            ({"scope": ""}, ()),
        ):
            with self.subTest(claims):
                scopes = get_scopes(claims, ("scope", "scp"))
                self.assertEqual(scopes, frozenset(expected))

    @mute_logger(LOGGER)
    def test_tokens_for_other_ways(self):
        other = self.make_way()
        for token in ("key", "a.b", "a.b.c.d.e", ""):
            with self.subTest(token):
                self.way.join([])
                with self.assertRaises(InvalidCredentials):
                    self.authenticate(token)
                self.way.join([other])
                self.assertIsNone(self.authenticate(token))

    def test_invalid_tokens(self):
        other = SigningKey("other")
        for token, detail in (
            ("a.b.c", "The token is not valid."),
            (other.sign(self.issuer.claims()), "The token is not valid."),
            (self.token(exp=1), "The token has expired."),
            (self.token(nbf=2**33), "The token is not valid yet."),
            (self.issuer.token(preferred_username="x"), "The token is not valid."),
        ):
            with (
                self.subTest(detail),
                self.assertLogs(LOGGER, logging.INFO) as log,
                self.assertRaises(InvalidCredentials) as caught,
            ):
                self.authenticate(token)
            self.assertEqual(caught.exception.detail, detail)
            self.assertEqual(caught.exception.error, "invalid_token")
            for part in token.split("."):
                self.assertNotIn(f" {part}", log.output[0])

    @mute_logger(LOGGER)
    def test_a_new_key(self):
        self.authenticate(self.token())
        self.issuer.keys.insert(0, SigningKey("k2"))
        with self.assertRaises(InvalidCredentials):
            self.authenticate(self.token())
        ring = self.way._provider.key_ring
        ring._tried_at -= 61
        self.assertEqual(self.authenticate(self.token()), self.expected())

    @mute_logger("odoo.addons.fastapi_auth_oidc.oidc.key_ring")
    def test_issuer_is_down(self):
        self.issuer.instead["/keys"] = 503, {}
        with self.assertRaises(HTTPException) as caught:
            self.authenticate(self.token())
        self.assertEqual(caught.exception.status_code, 503)
        self.assertEqual(caught.exception.headers, {"Retry-After": "10"})

    def test_no_keys_are_loaded_for_an_invalid_token(self):
        other = SigningKey("other", "ES384")  # not an algorithm of the provider
        for token in ("a.b.c", self.token(iss="x"), other.sign(self.issuer.claims())):
            self.assertIsNone(self.prepare(f"Bearer {token}"))
        self.assertFalse(self.issuer.requests)

    def test_without_an_active_provider_no_token_is_valid(self):
        self.provider.active = False
        with self.assertRaises(InvalidCredentials):
            self.authenticate(self.token(), self.make_way())
        self.assertIsNone(self.make_way().prepare(Headers()))

    def prepare(self, value, name="Authorization"):
        return self.way.prepare(Headers({name: value}))

    def test_prepare(self):
        token = self.token()
        for value in ("", "Bearer", "Basic YTpi", "Bearer key", f"Basic {token}"):
            with self.subTest(value):
                self.assertIsNone(self.prepare(value))
        self.assertIsNone(self.way.prepare(Headers()))
        self.assertFalse(self.issuer.requests)
        wait = self.prepare(f"bearer  {token}", "authorization")
        wait()
        self.assertEqual(self.issuer.requests["/keys"], 1)
        self.assertIsNone(self.prepare(f"Bearer {token}"))

    @mute_logger("odoo.addons.fastapi_auth_oidc.oidc.key_ring")
    def test_no_keys_are_loaded_in_a_transaction(self):
        with patch.object(way_module, "request", True):
            with self.assertRaises(HTTPException):
                self.authenticate(self.token())
        self.assertFalse(self.issuer.requests)

    def test_where_clients_get_a_token(self):
        self.assertEqual(self.way.authorization_servers, (self.issuer.url,))
        self.provider.active = False
        self.assertEqual(self.make_way().authorization_servers, ())

    def test_what_clients_ask_for(self):
        scopes = ["read", "write"]
        self.assertEqual(self.way.get_client_scopes(scopes), scopes)
        for names, expected in (
            ("{scope}", scopes),
            ("openid {scope} read", ["openid", "read", "write"]),
            ("api://a/{scope}", ["api://a/read", "api://a/write"]),
            ("api://a/.default", ["api://a/.default"]),
        ):
            with self.subTest(names):
                self.provider.client_scopes = f" {names} "
                found = self.make_way().get_client_scopes(scopes)
                self.assertEqual(found, expected)
        self.provider.client_scopes = "openid {scope}"
        self.assertEqual(self.make_way().get_client_scopes([]), ["openid"])
        self.provider.active = False
        self.assertEqual(self.make_way().get_client_scopes(scopes), scopes)

    def test_the_url_of_a_server_as_audience(self):
        url = "https://example.com/api/mcp"
        token = self.token(aud=[url])
        with self.assertRaises(InvalidCredentials):
            self.authenticate(token)
        self.provider.audience = f"api {url}"
        self.assertEqual(self.authenticate(token, self.make_way()), self.expected())
        for other in (f"{url}/", "https://example.com/api", "https://example.com"):
            with self.subTest(other), self.assertRaises(InvalidCredentials):
                self.authenticate(self.token(aud=other), self.make_way())

    def test_openapi(self):
        app = FastAPI(dependencies=[Depends(self.way.scheme)])
        app.get("/")(lambda: None)
        schemes = app.openapi()["components"]["securitySchemes"]
        self.assertEqual(
            schemes,
            {
                "OpenIDToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": f"An access token of `{self.issuer.url}`.",
                }
            },
        )
