# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from importlib.metadata import version
from unittest.mock import patch

from odoo.tests import new_test_user, tagged
from odoo.tools import config, parse_version

from odoo.addons.fastapi_auth_oidc.tests.issuer import TestIssuer
from odoo.addons.test_fastapi.tests.common import FastapiHttpCase

WELL_KNOWN = "/.well-known/oauth-protected-resource"
JSON = "application/json"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@tagged("post_install", "-at_install")
class TestOauth(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issuer = TestIssuer()
        cls.addClassCleanup(cls.issuer.close)
        cls.provider = cls.env["fastapi.oidc.provider"].create(
            {
                "name": "Login",
                "issuer": cls.issuer.url,
                "audience": "api",
                "allow_private_network": True,
                "match_claim": "preferred_username",
                "match_field": "login",
            }
        )
        cls.oauth_endpoint = cls.create_oauth_endpoint("/oauth/v1", name="Orders")

    @classmethod
    def create_oauth_endpoint(cls, root_path, **vals):
        return cls._create_endpoint(
            root_path,
            **{
                "app": "test_mcp_oauth",
                "mcp_server": "all",
                "auth_oidc": True,
                "oidc_provider_id": cls.provider.id,
                **vals,
            },
        )

    def read_document(self, path="/oauth/v1/mcp", **kwargs):
        return self.get(f"{WELL_KNOWN}{path}", **kwargs)

    def assert_unknown(self, path="/oauth/v1/mcp"):
        response = self.read_document(path)
        self.assertEqual(response.status_code, 404, response.text)
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], "*")
        self.assertNotIn(self.issuer.url, response.text)

    def token(self, **claims):
        return self.issuer.token(preferred_username="caller@test", **claims)

    def send(self, message=None, path="/oauth/v1/mcp", token=None, **headers):
        headers["Accept"] = "application/json, text/event-stream"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.post(path, json=message or PING, headers=headers)

    def call_tool(self, name, token, **kwargs):
        params = {"name": name, "arguments": {}}
        message = {**PING, "method": "tools/call", "params": params}
        return self.send(message, token=token, **kwargs)

    def list_tools(self, token):
        response = self.send({**PING, "method": "tools/list"}, token=token)
        self.assertEqual(response.status_code, 200, response.text)
        return {tool["name"] for tool in response.json()["result"]["tools"]}

    def challenge(self, scopes="orders:read orders:write"):
        url = f"{self.base_url()}{WELL_KNOWN}/oauth/v1/mcp"
        return f'Bearer resource_metadata="{url}", scope="{scopes}"'

    # the document

    def test_metadata(self):
        response = self.read_document()
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            response.json(),
            {
                "resource": f"{self.base_url()}/oauth/v1/mcp",
                "resource_name": "Orders",
                "authorization_servers": [self.issuer.url],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["orders:read", "orders:write"],
            },
        )
        self.assertEqual(response.headers["Content-Type"].partition(";")[0], JSON)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", response.headers)
        head = self.call("HEAD", f"{WELL_KNOWN}/oauth/v1/mcp")
        self.assertEqual((head.status_code, head.text), (200, ""))

    def test_scopes_of_tools_that_read(self):
        self.oauth_endpoint.mcp_server = "read"
        self.assertEqual(
            self.read_document().json()["scopes_supported"], ["orders:read"]
        )

    def test_scopes_of_clients(self):
        self.provider.client_scopes = "openid api://orders/{scope}"
        names = ["openid", "api://orders/orders:read", "api://orders/orders:write"]
        self.assertEqual(self.read_document().json()["scopes_supported"], names)
        challenge = self.send().headers["WWW-Authenticate"]
        self.assertEqual(challenge, self.challenge(" ".join(names)))

    def test_clients_in_browsers(self):
        headers = {
            "Origin": "https://inspector.example.com",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "mcp-protocol-version",
        }
        path = f"{WELL_KNOWN}/oauth/v1/mcp"
        response = self.call("OPTIONS", path, headers=headers)
        self.assertEqual(response.status_code, 204)
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(response.headers["Access-Control-Allow-Headers"], "*")
        self.assertIn("GET", response.headers["Access-Control-Allow-Methods"])
        self.assertEqual(
            self.read_document().headers["Access-Control-Allow-Origin"], "*"
        )
        self.assertEqual(self.post(path).status_code, 405)

    def test_other_paths(self):
        self.create_oauth_endpoint("/oauth/v1/mcp/inner")
        self.assertEqual(self.read_document("/oauth/v1/mcp/inner/mcp").status_code, 200)
        for path in (
            "/oauth/v1",
            "/oauth/v1/orders",
            "/oauth/v1/mcp/",
            "/oauth/v1/mcp/x",
            "/oauth/v1/mcp/inner",
            "/oauth/v1/x/mcp",
            "/oauth/mcp",
            "/mcp",
            "/web/mcp",
            "/no/such/mcp",
            "/oauth/v1/%2e%2e/v1/mcp",
            "/oauth/v1/mcp%00",
            "/'/mcp",
            "/%22%5C/mcp",
            "/%FF/mcp",
        ):
            with self.subTest(path):
                self.assert_unknown(path)
        self.assertEqual(self.get(WELL_KNOWN).status_code, 404)

    def test_root_path_with_quotes(self):
        self.create_oauth_endpoint("/it's/ü,b")
        quoted = "/it's/%C3%BC,b/mcp"
        resource = self.read_document(quoted).json()["resource"]
        self.assertEqual(resource, f"{self.base_url()}{quoted}")
        challenge = self.send(path=quoted).headers["WWW-Authenticate"]
        self.assertIn(f'="{self.base_url()}{WELL_KNOWN}{quoted}"', challenge)

    def test_endpoints_without_a_document(self):
        for vals in (
            {"mcp_server": False},
            {"auth_oidc": False, "auth_api_key": True},
            {"oidc_provider_id": False},
            {"active": False},
        ):
            with self.subTest(vals):
                before = {name: self.oauth_endpoint[name] for name in vals}
                self.assertEqual(self.read_document().status_code, 200)
                self.oauth_endpoint.write(vals)
                self.assert_unknown()
                self.oauth_endpoint.write(before)
        self.provider.active = False
        self.assert_unknown()

    def test_app_that_can_not_be_built(self):
        def fail(endpoint):
            raise ValueError("the cause")

        self.mute("odoo.http")
        self.patch(type(self.oauth_endpoint), "_get_fastapi_routers", fail)
        self.oauth_endpoint._reset_app()
        response = self.read_document()
        self.assertEqual(response.status_code, 500, response.text)
        self.assertNotIn("the cause", response.text)

    def test_hosts(self):
        port = self.base_url().rpartition(":")[2]
        for host in ("evil.example.com", "[::1]:80", f"localhost:{port}"):
            with self.subTest(host):
                metadata = self.read_document(headers={"Host": host}).json()
                resource = f"http://{host}/oauth/v1/mcp"
                self.assertEqual(metadata["resource"], resource)
                self.assertEqual(metadata["authorization_servers"], [self.issuer.url])
        hosts = ['a"b', "a/b", "a\\b", "a b", "user@b"]
        # before, Odoo itself responds with a 500 (Request.url of Werkzeug)
        if parse_version(version("Werkzeug")) >= parse_version("3.1"):
            hosts.append("a:b")
        for host in hosts:
            with self.subTest(host):
                response = self.read_document(headers={"Host": host})
                self.assertEqual(response.status_code, 400, response.text)
                self.assertNotIn(self.issuer.url, response.text)

    def test_forwarded_headers(self):
        headers = {
            "X-Forwarded-Host": "odoo.example.com",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "1.2.3.4",
            "X-Forwarded-Prefix": "/erp",
        }
        # without proxy_mode, anybody can send them
        metadata = self.read_document(headers=headers).json()
        self.assertEqual(metadata["resource"], f"{self.base_url()}/oauth/v1/mcp")
        url = "https://odoo.example.com/erp"
        with patch.dict(config.options, {"proxy_mode": True}):
            metadata = self.read_document(headers=headers).json()
            self.assertEqual(metadata["resource"], f"{url}/oauth/v1/mcp")
            challenge = self.send(**headers).headers["WWW-Authenticate"]
            self.assertIn(f'="{url}{WELL_KNOWN}/oauth/v1/mcp"', challenge)
            for name, value in (
                ("X-Forwarded-Prefix", "//evil.example.com"),
                ("X-Forwarded-Proto", "javascript"),
                ("X-Forwarded-Host", "odoo.example.com:"),
            ):
                with self.subTest(value):
                    response = self.read_document(headers={**headers, name: value})
                    resource = response.json()["resource"]
                    self.assertRegex(resource, "^https?://odoo.example.com[:/]")
                    self.assertNotIn("evil", resource)

    # the responses of the server

    def test_no_token(self):
        for message in (PING, {**PING, "method": "tools/list"}):
            response = self.send(message)
            self.assertEqual(response.status_code, 401, response.text)
            self.assertEqual(response.headers["WWW-Authenticate"], self.challenge())
        response = self.call_tool("read_orders", None)
        self.assertEqual(response.status_code, 401, response.text)
        challenge = self.challenge("orders:read")
        self.assertEqual(response.headers["WWW-Authenticate"], challenge)

    def test_wrong_tokens(self):
        for claims in (
            {"aud": "other"},
            {"aud": f"{self.base_url()}/oauth/v1/mcp"},
            {"iss": "https://other.example.com"},
            {"exp": 1},
        ):
            with self.subTest(claims):
                response = self.send(token=self.token(**claims))
                self.assertEqual(response.status_code, 401, response.text)
                self.assertEqual(
                    response.headers["WWW-Authenticate"],
                    f'{self.challenge()}, error="invalid_token"',
                )

    def test_url_of_the_server_as_audience(self):
        url = f"{self.base_url()}/oauth/v1/mcp"
        self.provider.audience = f"api {url}"
        self.assertEqual(self.send(token=self.token(aud=url)).status_code, 200)
        # the header of a client can't choose the audience
        token = self.token(aud="http://evil.example.com/oauth/v1/mcp")
        response = self.send(token=token, Host="evil.example.com")
        self.assertEqual(response.status_code, 401, response.text)

    def test_scopes_of_a_token(self):
        token = self.token(scope="orders:read")
        self.assertEqual(self.list_tools(token), {"read_orders", "read_denied"})
        response = self.call_tool("read_orders", token)
        self.assertEqual(
            response.json()["result"]["structuredContent"], {"method": "oidc"}
        )
        response = self.call_tool("create_order", token)
        self.assertEqual(response.status_code, 403, response.text)
        challenge = response.headers["WWW-Authenticate"]
        url = f"{self.base_url()}{WELL_KNOWN}/oauth/v1/mcp"
        self.assertIn(f'Bearer resource_metadata="{url}", error="insuff', challenge)
        # all that the call needs, so that one more login is enough
        self.assertRegex(challenge, ', scope="orders:(read|write) orders:(read|write)"')

    def test_another_403_is_a_result(self):
        response = self.call_tool("read_denied", self.token())
        self.assertEqual(response.status_code, 200, response.text)
        result = response.json()["result"]
        self.assertTrue(result["isError"])
        self.assertIn("Nobody may read this.", result["content"][0]["text"])

    def test_keys(self):
        self.oauth_endpoint.auth_api_key = True
        record, key = self.env["fastapi.endpoint.key"]._generate(
            endpoint=self.oauth_endpoint,
            user=self.caller,
            name="Test",
            scopes="orders:read",
        )
        self.assertEqual(self.list_tools(key), {"read_orders", "read_denied"})
        response = self.call_tool("read_orders", key)
        self.assertEqual(
            response.json()["result"]["structuredContent"], {"method": "api_key"}
        )
        # a new login would not help
        response = self.call_tool("create_order", key)
        self.assertEqual(response.status_code, 200, response.text)
        result = response.json()["result"]
        self.assertTrue(result["isError"])
        self.assertIn("orders:write", result["content"][0]["text"])

    def test_key_of_a_user_who_may_not_call(self):
        """A login would not help this client."""
        self.oauth_endpoint.write({"auth_api_key": True, "allow_portal_users": True})
        user = new_test_user(self.env, "portal@test", groups="base.group_portal")
        _record, key = self.env["fastapi.endpoint.key"]._generate(
            endpoint=self.oauth_endpoint, user=user, name="Test"
        )
        self.oauth_endpoint.allow_portal_users = False
        response = self.send(token=key)
        self.assertEqual(response.status_code, 403, response.text)
        self.assertNotIn("WWW-Authenticate", response.headers)

    def test_only_keys(self):
        self.oauth_endpoint.write({"auth_oidc": False, "auth_api_key": True})
        response = self.send()
        self.assertEqual(response.status_code, 401, response.text)
        self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
