# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rates and ``Idempotency-Key`` of tools (addon ``fastapi_limits``)."""

import itertools
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import StreamingResponse

from odoo.api import Environment
from odoo.tests import tagged

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi_mcp_server import mcp_tool
from odoo.addons.test_fastapi.tests.common import FastapiHttpCase

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
ACCEPT = "application/json, text/event-stream"

#: Counts what no transaction rolls back.
calls = itertools.count(1)
router = APIRouter(dependencies=[mcp_tool(read_only=False)])


def create(env: Environment, name: str) -> dict[str, str | int]:
    item = env["test.fastapi.item"].create({"name": name})
    return {"name": item.name, "call": next(calls)}


Env = Annotated[Environment, Depends(odoo_env)]


@router.post("/items", operation_id="add_item")
def add_item(name: str, env: Env, response: Response) -> dict[str, str | int]:
    response.headers["X-Call"] = "made"
    return create(env, name)


@router.post("/failing", operation_id="fail")
def fail(name: str, env: Env) -> None:
    create(env, name)
    raise HTTPException(409, "This item can't be added.")


@router.post("/stream", operation_id="stream")
def stream(name: str, env: Env) -> StreamingResponse:
    create(env, name)
    return StreamingResponse(iter(["one ", "two"]))


@router.post("/hidden_stream", operation_id="hidden_stream")
def hidden_stream(name: str, env: Env):
    """Stream, without an annotation that says so."""
    return stream(name, env)


@router.get("/items", operation_id="count_calls")
def count_calls() -> int:
    return next(calls)


class LimitsCase(FastapiHttpCase):
    vals = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "fastapi.rate.count" not in cls.env:
            cls.skipTest(cls, "fastapi_limits is not installed.")
        model = cls.registry["fastapi.app.test_mcp"]
        cls.classPatch(model, "_get_routers", lambda _app: [router])
        cls.agents = cls._create_endpoint(
            "/agents", app="test_mcp", mcp_server="all", **cls.vals
        )

    def send(self, method, params=None, message_id=1, **headers):
        message = {"jsonrpc": "2.0", "id": message_id, "method": method}
        response = self.post(
            "/agents/mcp",
            json={**message, "params": params or {}},
            headers={"Accept": ACCEPT, **headers},
        )
        if response.status_code == 200:
            self.assertEqual(response.json()["id"], message_id)
        return response

    def call_tool(self, tool, message_id=1, headers=None, **arguments):
        params = {"name": tool, "arguments": arguments}
        return self.send("tools/call", params, message_id, **(headers or {}))

    def count(self, name):
        return self.env["test.fastapi.item"].search_count([("name", "=", name)])

    def assertDone(self, response):
        result = response.json()["result"]
        self.assertFalse(result.get("isError"), result)
        return result["structuredContent"]

    def assertFailed(self, response, text):
        self.assertEqual(response.status_code, 200, response.text)
        result = response.json()["result"]
        self.assertTrue(result["isError"], result)
        self.assertIn(text, result["content"][0]["text"])


@tagged("post_install", "-at_install")
class TestRates(LimitsCase):
    def test_a_tool_that_is_called_too_often(self):
        self.agents.rate_by_caller = "2/hour"
        for left in (1, 0):
            response = self.call_tool("count_calls")
            self.assertEqual(response.status_code, 200, response.text)
            self.assertFalse(response.json()["result"].get("isError"))
            # once for each call
            self.assertIn(f'"caller-hour";r={left};', response.headers["RateLimit"])
        response = self.call_tool("count_calls")
        seconds = response.headers["Retry-After"]
        self.assertFailed(response, f"Try again in {seconds} seconds.")
        self.assertFailed(response, "Only 2 requests per hour are allowed")
        self.assertIn('"caller-hour";r=0;', response.headers["RateLimit"])

    def test_other_messages_count(self):
        self.agents.rate_by_address = "1/hour"
        self.assertEqual(self.send("tools/list").status_code, 200)
        self.assertEqual(self.send("tools/list").status_code, 429)

    def test_a_refused_tool_does_nothing(self):
        self.agents.rate_by_caller = "1/hour"
        self.assertDone(self.call_tool("add_item", name="tea"))
        self.assertFailed(self.call_tool("add_item", name="coffee"), "Only 1 request")
        self.assertEqual([self.count(name) for name in ("tea", "coffee")], [1, 0])


@tagged("post_install", "-at_install")
class TestKeys(LimitsCase):
    vals = {"idempotency": "accepted"}

    def setUp(self):
        super().setUp()
        self.key = str(uuid.uuid4())

    def rows(self):
        return self.env["fastapi.idempotency.key"].search(
            [("endpoint_id", "=", self.agents.id)]
        )

    def check_repetition(self, *sent):
        """Call a tool twice, and check that it is carried out once."""
        name = f"tea {self.key}"
        first, second = (
            self.call_tool("add_item", name=name, **kwargs) for kwargs in sent
        )
        self.assertEqual(self.assertDone(second), self.assertDone(first))
        self.assertEqual(self.assertDone(first)["name"], name)
        self.assertNotIn(REPLAYED, first.headers)
        self.assertEqual(second.headers[REPLAYED], "true")
        self.assertEqual(second.headers["X-Call"], "made")
        self.assertEqual(self.count(name), 1)

    def test_argument(self):
        arguments = {"idempotency_key": self.key}
        self.check_repetition(arguments, {**arguments, "message_id": 2})
        row = self.rows()
        self.assertEqual((row.key, row.method), (self.key, "POST"))
        self.assertEqual((row.path, row.status), ("/agents/items", 200))

    def test_header(self):
        headers = {HEADER: self.key}
        self.check_repetition({"headers": headers}, {"headers": headers})

    def test_id_of_the_message(self):
        self.check_repetition({"message_id": self.key}, {"message_id": self.key})

    def test_numbers_are_no_keys(self):
        for name in ("one", "two"):
            self.assertDone(self.call_tool("add_item", message_id=7, name=name))
        self.assertFalse(self.rows())

    def test_other_arguments(self):
        self.assertDone(self.call_tool("add_item", self.key, name="tea"))
        response = self.call_tool("add_item", self.key, name="coffee")
        self.assertFailed(response, "Take a new key for each request")
        self.assertEqual(self.count("coffee"), 0)

    def test_other_tool(self):
        self.assertDone(self.call_tool("add_item", self.key, name="tea"))
        response = self.call_tool("fail", self.key, name="tea")
        self.assertFailed(response, "Take a new key for each request")

    def test_the_same_key_outside_of_a_tool(self):
        """The call of a tool is the request to its route."""
        done = self.assertDone(self.call_tool("add_item", self.key, name="tea"))
        response = self.post("/agents/items?name=tea", headers={HEADER: self.key})
        self.assertEqual(response.headers[REPLAYED], "true", response.text)
        self.assertEqual(response.json(), done)
        self.assertEqual(self.count("tea"), 1)

    def test_failed_calls_are_carried_out_again(self):
        for _turn in range(2):
            response = self.call_tool("fail", self.key, name="tea")
            self.assertFailed(response, "This item can't be added.")
        self.assertFalse(self.rows())
        self.assertEqual(self.count("tea"), 0)

    def test_streams_are_refused(self):
        response = self.call_tool("stream", name="tea", idempotency_key=self.key)
        self.assertFailed(response, "its response is a stream")
        self.assertEqual(self.count("tea"), 0)
        self.assertFalse(self.rows())
        # an id is no key there
        response = self.call_tool("stream", self.key, name="tea")
        self.assertFalse(response.json()["result"].get("isError"), response.text)
        self.assertEqual(self.count("tea"), 1)

    def check_without_storing(self, tool, text):
        """Call a tool whose response can't be stored.

        An id of a message is no key there. A key that the client has sent is refused.
        """
        for name in ("tea", "another tea"):
            response = self.call_tool(tool, self.key, name=name)
            self.assertFalse(response.json()["result"].get("isError"), response.text)
            self.assertEqual(self.count(name), 1)
            self.assertFalse(self.rows())
        sent = {"headers": {HEADER: self.key}}, {"idempotency_key": self.key}
        for kwargs in sent:
            response = self.call_tool(tool, self.key, name="coffee", **kwargs)
            self.assertFailed(response, text)
            self.assertEqual(self.count("coffee"), 0)
            self.assertFalse(self.rows())

    def test_long_responses(self):
        self.env["ir.config_parameter"].set_param(
            "fastapi_limits.idempotency_max_body", "10"
        )
        self.check_without_storing("add_item", "at most 10 are kept")

    def test_hidden_streams(self):
        self.check_without_storing("hidden_stream", "its response is a stream")

    def test_required(self):
        self.agents.idempotency = "required"
        self.assertEqual(self.send("tools/list").status_code, 200)
        response = self.call_tool("add_item", name="tea")
        self.assertFailed(response, "is missing")
        self.check_repetition({"message_id": self.key}, {"message_id": self.key})
