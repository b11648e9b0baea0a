# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An endpoint whose tools are called by the official SDK's client."""

import asyncio
import functools
from contextlib import asynccontextmanager

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from odoo.addons.test_fastapi.tests.servers import TIMEOUT
from odoo.addons.test_fastapi.tests.test_auth_servers import CallerCase

ROOT_PATH = "/mcp-clients"

#: The revisions of the protocol: the stateless one, and those with a handshake.
MODES = ("2026-07-28", "legacy")


def in_each_mode(test):
    """Run a test with a client of each kind of revision."""

    @functools.wraps(test)
    def run(self):
        for mode in MODES:
            with self.subTest(mode):
                self.mode = mode
                test(self)
                self.query("DELETE FROM test_fastapi_item")

    return run


def get_text(result):
    """Return the text of a result."""
    return "".join(block.text for block in result.content)


def iter_errors(error):
    """Yield the exceptions in an exception, which may be a group."""
    for inner in getattr(error, "exceptions", ()):
        yield from iter_errors(inner)
    yield error


class ClientCase(CallerCase):
    app = "test_mcp_clients"
    mode = MODES[0]
    #: How many connections a client opens at a time.
    limits = httpx2.Limits()

    def setUp(self):
        super().setUp()
        self.endpoint_id = self.create_endpoint(
            self.first,
            ROOT_PATH,
            app=self.app,
            mcp_server="all",
            auth_api_key=True,
            accept_unscoped_keys=True,
            run_as="caller",
        )

    @property
    def url(self):
        return f"http://127.0.0.1:{self.first.port}{ROOT_PATH}/mcp"

    @asynccontextmanager
    async def open_client(self, key=None, **options):
        """Provide a client of the SDK.

        :param key: an API key, or an empty text; default: that of the caller
        """
        key = self.key if key is None else key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx2.AsyncClient(
                headers=headers, timeout=TIMEOUT, limits=self.limits
            ) as http_client,
            Client(
                streamable_http_client(self.url, http_client=http_client),
                mode=self.mode,
                **options,
            ) as client,
        ):
            yield client

    def use(self, work, **options):
        """Return the result of an asynchronous function of a client."""

        async def run():
            async with self.open_client(**options) as client:
                return await work(client)

        return asyncio.run(asyncio.wait_for(run(), TIMEOUT))

    def call_tool(self, name, arguments=None, **options):
        return self.use(lambda client: client.call_tool(name, arguments), **options)
