# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The official SDK's client calls the tools of an endpoint."""

import asyncio
import json

import anyio
import httpx2
from mcp.shared.exceptions import MCPError

from odoo.addons.test_fastapi.tests.server_case import LOCK
from odoo.addons.test_fastapi.tests.servers import Background

from ..routers.clients import SECRET
from .client_case import ROOT_PATH, ClientCase, get_text, in_each_mode, iter_errors


class TestClient(ClientCase):
    @in_each_mode
    def test_list(self):
        tools = self.use(lambda client: client.list_tools()).tools
        tools = {tool.name: tool for tool in tools}
        self.assertIn("find_items", tools)
        self.assertNotIn("secret", tools)
        self.assertNotIn("catalog", tools)
        find, create = tools["find_items"], tools["create_item"]
        self.assertTrue(find.annotations.read_only_hint)
        self.assertFalse(create.annotations.read_only_hint)
        self.assertFalse(create.annotations.destructive_hint)
        self.assertEqual(find.description, "Find items by a part of their name.")
        self.assertEqual(
            find.input_schema["properties"]["name"]["description"],
            "A part of the name.",
        )
        self.assertIn("name", create.input_schema["required"])

    @in_each_mode
    def test_call(self):
        async def work(client):
            created = await client.call_tool("create_item", {"name": "tea"})
            found = await client.call_tool("find_items", {"name": "te", "limit": 1})
            return created, found

        created, found = self.use(work)
        self.assertFalse(created.is_error, created)
        self.assertEqual(created.structured_content["name"], "tea")
        self.assertEqual(self.names(), ["tea"])
        self.assertFalse(found.is_error, found)
        self.assertIn("tea", get_text(found))

    @in_each_mode
    def test_wrong_arguments(self):
        for arguments, wrong in (
            ({}, "name"),
            ({"name": "x" * 41}, "name"),
            ({"name": "tea", "quantity": 1001}, "quantity"),
            ({"name": "tea", "quantity": "many"}, "quantity"),
            ({"name": ["tea"]}, "name"),
            ({"name": "tea", "quantity": -1}, "negative"),
            ({"name": "tea", "unknown": 1}, "unknown"),
        ):
            with self.subTest(arguments=arguments):
                result = self.call_tool("create_item", arguments)
                self.assertTrue(result.is_error, result)
                self.assertIn(wrong, get_text(result))
                self.assertEqual(self.names(), [])

    @in_each_mode
    def test_unknown_tool(self):
        async def work(client):
            for name in ("secret", "unknown", "", "find_items ", "catalog"):
                with self.assertRaises(MCPError, msg=name) as caught:
                    await client.call_tool(name, {})
                self.assertEqual(caught.exception.code, -32602, name)

        self.use(work)

    @in_each_mode
    def test_no_rights(self):
        async def work(client):
            tools = await client.list_tools()
            return tools, await client.call_tool("for_managers", {})

        tools, result = self.use(work)
        self.assertNotIn("for_managers", [tool.name for tool in tools.tools])
        self.assertTrue(result.is_error)
        self.assertNotIn("managed", get_text(result))
        # a user of whom Odoo's access rights know nothing
        self.query(
            "DELETE FROM res_groups_users_rel WHERE uid = %s AND gid IN "
            "(SELECT res_id FROM ir_model_data WHERE name = 'group_test_runner')",
            self.user_id,
        )
        self.first.rpc("res.users", "write", [self.user_id], {"lang": "en_US"})
        result = self.call_tool("find_items")
        self.query(
            "INSERT INTO res_groups_users_rel (uid, gid) SELECT %s, res_id "
            "FROM ir_model_data WHERE name = 'group_test_runner'",
            self.user_id,
        )
        self.assertTrue(result.is_error, result)
        self.assertNotIn("Traceback", get_text(result))

    @in_each_mode
    def test_who_calls(self):
        result = self.call_tool("who_calls")
        self.assertEqual(json.loads(get_text(result))["user"], self.user_id)

    @in_each_mode
    def test_refused_by_the_database(self):
        async def work(client):
            first = await client.call_tool("create_item", {"name": "tea"})
            return first, await client.call_tool("create_item", {"name": "tea"})

        first, second = self.use(work)
        self.assertFalse(first.is_error)
        self.assertTrue(second.is_error)
        self.assertIn("An item of that name exists.", get_text(second))
        self.assertEqual(self.names(), ["tea"])

    @in_each_mode
    def test_unhandled(self):
        result = self.call_tool("fails")
        self.assertTrue(result.is_error)
        self.assertNotIn(SECRET, get_text(result))
        self.assertNotIn("Traceback", result.model_dump_json())

    @in_each_mode
    def test_conflict(self):
        """Two calls write the same record: one is replayed, none is lost."""
        created = self.call_tool("create_item", {"name": "tea"})
        item_id = created.structured_content["id"]
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        arguments = {"item_id": item_id, "lock": LOCK}

        async def work(client):
            return await asyncio.gather(
                *(client.call_tool("count_item", arguments) for _call in range(2))
            )

        calls = Background(self.use, work)
        self.wait_for_lock(2)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        results = calls.result()
        self.assertEqual([result.is_error for result in results], [False, False])
        self.assertEqual(
            sorted(result.structured_content["quantity"] for result in results), [1, 2]
        )
        self.assertEqual(self.quantity(item_id), 2)

    @in_each_mode
    def test_fifty_at_once(self):
        names = [f"item {number}" for number in range(50)]

        async def work(client):
            return await asyncio.gather(
                *(client.call_tool("create_item", {"name": name}) for name in names)
            )

        results = self.use(work)
        self.assertEqual(
            [result.structured_content["name"] for result in results], names
        )
        self.assertEqual(sorted(self.names()), sorted(names))

    @in_each_mode
    def test_cancel(self):
        """A cancelled call does not harm the next one, nor stay in a transaction."""
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")

        async def work(client):
            async def call():
                await client.call_tool(
                    "create_item_locked", {"name": "tea", "lock": LOCK}
                )

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await anyio.to_thread.run_sync(self.wait_for_lock, 1)
                tasks.cancel_scope.cancel()
            return await client.call_tool("find_items")

        found = self.use(work)
        self.assertEqual(found.structured_content, {"result": []})
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.wait_for_lock(0)
        self.wait_until(self.connections, 0)

    def test_cancel_while_it_waits(self):
        """A client that closes the connection cancels an asynchronous handler."""

        async def work(client):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(
                    client.call_tool, "create_item_slowly", {"name": "tea"}
                )
                await anyio.to_thread.run_sync(self.wait_for_transactions, 1)
                tasks.cancel_scope.cancel()

        self.use(work)
        self.wait_for_transactions(0)
        self.assertEqual(self.names(), [])

    def wait_for_transactions(self, count):
        """Wait until a number of transactions have created an item."""
        self.wait_until(
            "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_class "
            "ON pg_class.oid = relation WHERE relname = 'test_fastapi_item' "
            "AND mode = 'RowExclusiveLock'",
            [(count,)],
        )

    def test_cancel_of_a_stream(self):
        """A stream without an end ends when the client cancels the call."""

        async def work(client):
            begun = anyio.Event()

            async def report(value, total, message):
                begun.set()

            async def call():
                await client.call_tool("endless", {}, progress_callback=report)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await begun.wait()
                tasks.cancel_scope.cancel()

        self.use(work)
        # of several processes, one responds that has had the stream
        self.wait_until(self.count_ended, 1)

    def count_ended(self):
        headers = {"Authorization": f"Bearer {self.key}"}
        path = f"{ROOT_PATH}/endless/ended"
        return self.first.request("GET", path, None, headers).json()

    @in_each_mode
    def test_long_result(self):
        self.first.rpc(
            "fastapi.endpoint", "write", [self.endpoint_id], {"mcp_max_result": 1000}
        )
        result = self.call_tool("list_lines", {"count": 50})
        self.assertEqual(len(result.structured_content["result"]), 50)
        result = self.call_tool("list_lines", {"count": 2000})
        self.assertFalse(result.is_error)
        kept = result.structured_content["result"]
        self.assertEqual(kept, [f"é {number:06}" for number in range(len(kept))])
        self.assertIn("page", get_text(result))
        self.assertLess(len(get_text(result).encode()), 1500)
        result = self.call_tool("long_text", {"count": 100_000})
        self.assertFalse(result.is_error)
        self.assertIn("é" * 500, get_text(result))
        self.assertIn("200000 bytes", get_text(result))
        self.assertLess(len(get_text(result).encode()), 1500)

    @in_each_mode
    def test_stream(self):
        progress = []

        async def report(value, total, message):
            progress.append(message)

        async def work(client):
            return await client.call_tool(
                "steps", {"count": 5}, progress_callback=report
            )

        result = self.use(work)
        self.assertFalse(result.is_error)
        steps = "".join(f"step {step}\n" for step in range(5))
        self.assertEqual(get_text(result), steps)
        self.assertEqual("".join(progress), steps)

    @in_each_mode
    def test_resources(self):
        item_id = self.call_tool("create_item", {"name": "tea"}).structured_content[
            "id"
        ]

        async def work(client):
            resources = (await client.list_resources()).resources
            templates = (await client.list_resource_templates()).resource_templates
            catalog = await client.read_resource(str(resources[0].uri))
            uri = templates[0].uri_template.replace("{item_id}", str(item_id))
            entry = await client.read_resource(uri)
            for wrong in ("odoo://x", f"{uri}0", "file:///etc/passwd"):
                with self.assertRaises(MCPError, msg=wrong):
                    await client.read_resource(wrong)
            return resources, catalog, entry

        resources, catalog, entry = self.use(work)
        self.assertEqual(
            [resource.uri for resource in resources],
            [f"odoo://{ROOT_PATH.strip('/')}/catalog"],
        )
        self.assertEqual(catalog.contents[0].text, '["tea"]')
        self.assertIn('"name":"tea"', entry.contents[0].text)

    @in_each_mode
    def test_prompts(self):
        async def work(client):
            prompts = (await client.list_prompts()).prompts
            for arguments in ({}, None):
                with self.assertRaises(MCPError) as caught:
                    await client.get_prompt("ask_for_items", arguments)
                self.assertIn("kind", str(caught.exception))
            with self.assertRaises(MCPError):
                await client.get_prompt("unknown", {})
            return prompts, await client.get_prompt("ask_for_items", {"kind": "tea"})

        prompts, prompt = self.use(work)
        self.assertEqual([prompt.name for prompt in prompts], ["ask_for_items"])
        self.assertEqual(prompts[0].arguments[0].name, "kind")
        self.assertTrue(prompts[0].arguments[0].required)
        self.assertEqual(prompt.messages[0].content.text, "Which tea do we have?")

    @in_each_mode
    def test_without_a_valid_key(self):
        for key in ("", "wrong"):
            with self.subTest(key=key):
                with self.assertRaises(Exception) as caught:
                    self.use(lambda client: client.list_tools(), key=key)
                errors = list(iter_errors(caught.exception))
                self.assertTrue(
                    any(isinstance(error, MCPError) for error in errors), errors
                )

    def test_negotiates(self):
        """A client that asks for the revision gets the stateless one."""
        self.mode = "auto"

        async def work(client):
            return client.protocol_version, client.server_info

        version, info = self.use(work)
        self.assertEqual(version, "2026-07-28")
        self.assertTrue(info.name)


class TestClientEvented(TestClient):
    options = {"command": "gevent"}


class TestClientPrefork(TestClient):
    options = {"workers": 2}
    # Odoo queues 8 connections for each worker, and further ones may be reset
    limits = httpx2.Limits(max_connections=10)
