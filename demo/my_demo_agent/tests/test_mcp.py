# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an agent sees and does with a key, over HTTP."""

import json
from unittest import SkipTest

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestMcp(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "fastapi.app.my_demo_agent" not in cls.env:
            raise SkipTest("not installed; see test_fastapi: test_demo_addons")
        cls.endpoint = cls.env["fastapi.endpoint"].search(
            [("root_path", "=", "/my_demo_agent")]
        )
        groups = "base.group_user,base.group_partner_manager"
        cls.user = new_test_user(cls.env, "agent@test", groups)

    def send(self, scopes, method, **params):
        keys = self.env["fastapi.endpoint.key"]
        vals = (self.endpoint, self.user, "Agent", "2100-01-01", scopes)
        headers = {
            "Authorization": f"Bearer {keys._generate(*vals)[1]}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        }
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        data = json.dumps(message)
        response = self.url_open("/my_demo_agent/mcp", data, headers=headers)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["result"]

    def test_only_keys_with_the_scope_may_write(self):
        def list_names(scopes):
            return [tool["name"] for tool in self.send(scopes, "tools/list")["tools"]]

        reading = ["find_contacts", "list_activities", "list_my_activities"]
        self.assertEqual(list_names(None), reading)
        self.assertEqual(
            list_names("activities:write"),
            [*reading, "schedule_activity", "complete_activity"],
        )
        arguments = {
            "contact_id": self.user.partner_id.id,
            "summary": "Send the list",
            "due": "2026-12-01",
        }
        call = {"name": "schedule_activity", "arguments": arguments}
        result = self.send(None, "tools/call", **call)
        self.assertIs(result["isError"], True)
        self.assertIn("lacks the scope activities:write", result["content"][0]["text"])
        result = self.send("activities:write", "tools/call", **call)
        self.assertIs(result["isError"], False, result)
        (activity,) = self.user.partner_id.activity_ids
        self.assertEqual(result["structuredContent"]["id"], activity.id)
        self.assertEqual(activity.user_id, self.user)

    def test_prompt(self):
        arguments = {"contact": "Ann"}
        result = self.send(
            None, "prompts/get", name="prepare_call", arguments=arguments
        )
        text = result["messages"][0]["content"]["text"]
        self.assertTrue(text.startswith("I am about to call Ann. "), text)
