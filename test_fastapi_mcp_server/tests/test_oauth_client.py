# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The official SDK's client logs in at the OpenID provider of an endpoint."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.server_case import ServerCase
from odoo.addons.test_fastapi.tests.servers import TIMEOUT

from .login_issuer import LoginIssuer

#: The revisions of the protocol: the stateless one, and those with a handshake.
MODES = ("2026-07-28", "legacy")
REDIRECT_URI = "http://127.0.0.1:9/callback"


class Storage:
    """Keeps what the client has registered, and its tokens."""

    def __init__(self):
        self.tokens = self.client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Browser:
    """Follows the client to the login, and back."""

    async def open(self, url):
        async with httpx2.AsyncClient() as client:
            response = await client.get(url)
        self.query = parse_qs(urlsplit(response.headers["Location"]).query)

    async def get_result(self):
        values = {name: self.query[name][0] for name in ("code", "state", "iss")}
        return AuthorizationCodeResult(**values)


@tagged("post_install", "-at_install")
class TestOauthClient(ServerCase):
    def setUp(self):
        super().setUp()
        self.issuer = LoginIssuer("test_fastapi_runner")
        self.addCleanup(self.issuer.close)
        self.url = f"http://127.0.0.1:{self.first.port}/oauth/mcp"
        (self.provider_id,) = self.first.rpc(
            "fastapi.oidc.provider",
            "create",
            [
                {
                    "name": "Login",
                    "issuer": self.issuer.url,
                    "audience": self.url,
                    "allow_private_network": True,
                    "match_claim": "preferred_username",
                    "match_field": "login",
                }
            ],
        )
        self.create_endpoint(
            self.first,
            "/oauth",
            app="test_mcp_oauth",
            mcp_server="all",
            auth_oidc=True,
            allow_portal_users=True,
            oidc_provider_id=self.provider_id,
        )

    def clean_up(self):
        result = super().clean_up()
        self.first.rpc("fastapi.oidc.provider", "unlink", [self.provider_id])
        return result

    def use(self, work, mode, storage=None):
        """Return the result of an asynchronous function of a client."""
        browser = Browser()
        auth = OAuthClientProvider(
            self.url,
            OAuthClientMetadata(redirect_uris=[REDIRECT_URI], client_name="Test"),
            storage or Storage(),
            browser.open,
            browser.get_result,
        )

        async def run():
            async with (
                httpx2.AsyncClient(auth=auth, timeout=TIMEOUT) as http_client,
                Client(
                    streamable_http_client(self.url, http_client=http_client),
                    mode=mode,
                ) as client,
            ):
                return await work(client)

        return asyncio.run(asyncio.wait_for(run(), TIMEOUT))

    async def list_tools(self, client):
        return {tool.name for tool in (await client.list_tools()).tools}

    def test_login(self):
        for number, mode in enumerate(MODES, 1):
            with self.subTest(mode):
                tools = self.use(self.list_tools, mode)
                self.assertEqual(tools, {"read_orders", "create_order", "read_denied"})
                self.assertEqual(self.issuer.requests["/token"], number)
                for asked in self.issuer.asked[-2:]:
                    self.assertEqual(asked["resource"], self.url)
                self.assertEqual(
                    self.issuer.asked[-2]["scope"], "orders:read orders:write"
                )

    def test_login_for_a_call(self):
        """A user has granted less than the tool needs, and is asked again."""
        self.issuer.granted = {"orders:read"}
        storage = Storage()

        async def call(client):
            tools = await self.list_tools(client)
            self.issuer.granted = None
            return tools, await client.call_tool("create_order", {})

        tools, result = self.use(call, MODES[0], storage)
        self.assertEqual(tools, {"read_orders", "read_denied"})
        self.assertFalse(result.is_error)
        self.assertEqual(result.structured_content, {"created": "nothing"})
        self.assertEqual(self.issuer.requests["/token"], 2)
        self.assertEqual(
            set(storage.tokens.scope.split()), {"orders:read", "orders:write"}
        )

    def test_login_without_an_audience_for_this_server(self):
        self.first.rpc(
            "fastapi.oidc.provider", "write", [self.provider_id], {"audience": "api"}
        )
        with self.assertRaises(Exception) as caught:
            self.use(self.list_tools, MODES[0])
        self.assertIn(
            "The token is not valid.", str(list(_iter_errors(caught.exception)))
        )


def _iter_errors(error):
    for inner in getattr(error, "exceptions", ()):
        yield from _iter_errors(inner)
    yield error
