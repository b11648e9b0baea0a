# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from dataclasses import replace

from fastapi import FastAPI

from odoo.tests import BaseCase

from odoo.addons.fastapi.auth import Authentication, Caller, Way
from odoo.addons.fastapi.auth.bearer import BearerScheme
from odoo.addons.fastapi.auth.overrides import make_overrides

from ..server.authorization import ProtectedResource, get_base_url

BASE_URL = "https://odoo.example.com"
METADATA = (
    f'resource_metadata="{BASE_URL}/.well-known/oauth-protected-resource/api/mcp"'
)
INSUFFICIENT = b'Bearer error="insufficient_scope", scope="write"'


class TokenWay(Way):
    """Tokens of an OAuth server with other names for scopes."""

    name = "token"
    challenge = "Bearer"
    scheme = BearerScheme(scheme_name="Token")

    def __init__(self, *servers):
        self.authorization_servers = servers

    def authenticate(self, credential, connection, env):
        return None

    def get_client_scopes(self, scopes):
        return [f"api:{scope}" for scope in scopes]


def find(*ways, scopes=()):
    app = FastAPI()
    app.dependency_overrides = make_overrides(
        Authentication(ways) if ways else None,
        run_as_caller=False,
        allow_portal_users=False,
        endpoint_uid=1,
    )
    return ProtectedResource.find(app, name="API", root_path="/api", scopes=scopes)


def www_authenticate(resource, *values, scopes=None):
    headers = [(b"WWW-Authenticate", value.encode()) for value in values]
    found = resource.challenge([(b"x-other", b"1"), *headers], BASE_URL, scopes)
    assert found[0] == (b"x-other", b"1")
    return [value.decode() for _name, value in found[1:]]


class TestAuthorization(BaseCase):
    def test_no_authorization_server(self):
        self.assertIsNone(find())
        self.assertIsNone(find(TokenWay()))

    def test_metadata(self):
        one, two = "https://one.example.com/", "https://two.example.com/realms/a"
        resource = find(
            TokenWay(one, two), TokenWay(), TokenWay(two), scopes=["b", "a", "b"]
        )
        self.assertEqual(
            resource.make_metadata(BASE_URL),
            {
                "resource": "https://odoo.example.com/api/mcp",
                "resource_name": "API",
                "authorization_servers": [one, two],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["api:a", "api:b"],
            },
        )
        # an empty list would mean that there is no scope to ask for
        self.assertNotIn(
            "scopes_supported", find(TokenWay(one)).make_metadata(BASE_URL)
        )

    def test_paths_are_quoted(self):
        path = "/it's/\"a b\\ü%22/mcp"
        resource = replace(find(TokenWay("https://one.example.com")), path=path)
        quoted = "/it's/%22a%20b%5C%C3%BC%2522/mcp"
        metadata = resource.make_metadata(BASE_URL)
        self.assertEqual(metadata["resource"], f"{BASE_URL}{quoted}")
        (value,) = www_authenticate(resource)
        url = f"{BASE_URL}/.well-known/oauth-protected-resource{quoted}"
        self.assertEqual(value, f'Bearer resource_metadata="{url}"')

    def test_challenges(self):
        resource = find(TokenWay("https://one.example.com"))
        for values, expected in (
            ((), [f"Bearer {METADATA}"]),
            (("Bearer",), [f"Bearer {METADATA}"]),
            (("bearer , Basic",), [f"bearer {METADATA} , Basic"]),
            (
                ('Bearer error="invalid_token"',),
                [f'Bearer {METADATA}, error="invalid_token"'],
            ),
            (
                ('Basic realm="Odoo", Bearer error="invalid_token"',),
                [f'Basic realm="Odoo", Bearer {METADATA}, error="invalid_token"'],
            ),
            (
                ('Bearer error="invalid_token", Basic realm="Odoo"',),
                [f'Bearer {METADATA}, error="invalid_token", Basic realm="Odoo"'],
            ),
            (("Basic", "Bearer"), ["Basic", f"Bearer {METADATA}"]),
            (
                ('Basic realm="a, Bearer \\", Bearer"',),
                ['Basic realm="a, Bearer \\", Bearer"', f"Bearer {METADATA}"],
            ),
            (("BearerToken",), ["BearerToken", f"Bearer {METADATA}"]),
        ):
            with self.subTest(values):
                self.assertEqual(www_authenticate(resource, *values), expected)

    def test_scopes_of_a_challenge(self):
        resource = find(TokenWay("https://one.example.com"), scopes=["read", "write"])
        self.assertEqual(
            www_authenticate(resource, "Bearer"),
            [f'Bearer {METADATA}, scope="api:read api:write"'],
        )
        odd = replace(resource, scopes=("read", 'a"b', "ü", "two words"))
        self.assertEqual(
            www_authenticate(odd, "Bearer"), [f'Bearer {METADATA}, scope="api:read"']
        )
        # only those that this call needs
        self.assertEqual(
            www_authenticate(resource, INSUFFICIENT.decode(), scopes=["write"]),
            [f'Bearer {METADATA}, error="insufficient_scope", scope="api:write"'],
        )

    def test_who_must_log_in_again(self):
        resource = find(TokenWay("https://one.example.com"))
        token, key = Caller("token", 1), Caller("api_key", 1)
        headers = [(b"WWW-Authenticate", INSUFFICIENT)]
        self.assertTrue(resource.must_log_in(403, headers, token))
        self.assertFalse(resource.must_log_in(403, headers, key))
        self.assertFalse(resource.must_log_in(403, headers, None))
        self.assertFalse(resource.must_log_in(404, headers, token))
        self.assertFalse(resource.must_log_in(403, [], token))
        self.assertFalse(
            resource.must_log_in(403, [(b"www-authenticate", b"Bearer")], token)
        )

    def test_base_url(self):
        scope = {
            "scheme": "https",
            "server": ("127.0.0.1", 8069),
            "root_path": "/api",
            "headers": [(b"host", b"odoo.example.com:8443")],
        }
        for values, expected in (
            ({}, "https://odoo.example.com:8443"),
            (
                {"root_path": "/a prefix/api"},
                "https://odoo.example.com:8443/a%20prefix",
            ),
            ({"headers": []}, "https://127.0.0.1:8069"),
            ({"headers": [(b"host", b"[::1]:80")]}, "https://[::1]:80"),
            ({"headers": [(b"host", "ü.de".encode())]}, "https://%C3%BC.de"),
        ):
            with self.subTest(values):
                self.assertEqual(get_base_url({**scope, **values}, "/api"), expected)
