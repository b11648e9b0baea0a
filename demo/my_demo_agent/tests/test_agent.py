# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes of the app, without a server."""

from unittest import SkipTest

from odoo.exceptions import AccessError, MissingError
from odoo.tests import new_test_user, tagged

from odoo.addons.fastapi.tests.common import FastAPITransactionCase
from odoo.addons.fastapi_mcp_server.tools import collect_tools


@tagged("post_install", "-at_install")
class TestAgent(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "fastapi.app.my_demo_agent" not in cls.env:
            raise SkipTest("not installed; see test_fastapi: test_demo_addons")
        cls.endpoint = cls.env["fastapi.endpoint"].search(
            [("root_path", "=", "/my_demo_agent")]
        )
        cls.user = new_test_user(
            cls.env,
            "agent@test",
            "base.group_user,base.group_partner_manager",
            name="Agent's User",
        )
        cls.default_fastapi_running_user = cls.user
        cls.company, cls.person = cls.env["res.partner"].create(
            [
                {"name": "Quince Orchard", "city": "Ghent", "email": "hi@quince.test"},
                {"name": "Ann Quince"},
            ]
        )
        cls.person.parent_id = cls.company
        cls.path = f"/contacts/{cls.person.id}/activities"

    def setUp(self):
        super().setUp()
        self.app = self.endpoint._get_app()
        self.client = self.enterContext(self._create_test_client(app=self.app))

    def schedule(self, **values):
        content = {"summary": "Send the list", "due": "2026-12-01", **values}
        response = self.client.post(self.path, json=content)
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def test_find_contacts(self):
        for text in ("quince", "GHENT", "hi@quince"):
            response = self.client.get("/contacts", params={"text": text})
            contacts = {contact["name"]: contact for contact in response.json()}
            self.assertIn("Quince Orchard", contacts, text)
        contacts = self.client.get("/contacts", params={"text": "ann quince"}).json()
        self.assertEqual([item["company"] for item in contacts], ["Quince Orchard"])
        params = {"text": "quince", "limit": 1}
        self.assertEqual(len(self.client.get("/contacts", params=params).json()), 1)
        for params in ({"text": " "}, {"text": "a", "limit": 51}, {}):
            response = self.client.get("/contacts", params=params)
            self.assertEqual(response.status_code, 422, response.text)

    def test_schedule_and_list(self):
        later = self.schedule(due="2026-12-24", kind="call", note="<b>plain</b>")
        self.assertEqual(
            {name: later[name] for name in ("contact", "due", "kind", "user")},
            {
                "contact": "Quince Orchard, Ann Quince",
                "due": "2026-12-24",
                "kind": "Call",
                "user": "Agent's User",
            },
        )
        activity = self.env["mail.activity"].browse(later["id"])
        self.assertEqual(activity.create_uid, self.user)
        self.assertIn("&lt;b&gt;plain", activity.note)
        first = self.schedule()
        for path in (self.path, "/my_activities"):
            listed = self.client.get(path).json()
            self.assertEqual(
                [item["id"] for item in listed], [first["id"], later["id"]]
            )

    def test_complete(self):
        activity, other = self.schedule(), self.schedule(summary="Call back")
        path = f"/activities/{activity['id']}/done"
        response = self.client.post(path, json={"feedback": "They are happy."})
        self.assertEqual(
            response.json(), {"id": activity["id"], "open_activities": [other]}
        )
        self.assertIn("They are happy.", self.person.message_ids[0].body)
        self.assertEqual(self.person.message_ids[0].author_id, self.user.partner_id)
        with self.assertRaisesRegex(MissingError, "no such open activity"):
            self.client.post(path, json={})

    def test_rights_are_those_of_the_caller(self):
        reader = new_test_user(self.env, "reader@test")
        with self._create_test_client(app=self.app, user=reader) as client:
            self.assertEqual(client.get(self.path).status_code, 200)
            with self.assertRaises(AccessError):
                client.post(self.path, json={"summary": "Call", "due": "2026-12-01"})

    def test_missing_contacts(self):
        for contact_id in (2**31 - 1, 2**31, 0):
            path = f"/contacts/{contact_id}/activities"
            if contact_id == 2**31 - 1:
                with self.assertRaisesRegex(MissingError, "no such contact"):
                    self.client.get(path)
            else:
                self.assertEqual(self.client.get(path).status_code, 422)

    def test_what_agents_see(self):
        found = collect_tools(self.app, self.endpoint.root_path)
        self.assertEqual(found.refused, [])
        self.assertEqual(
            {name: tool.read_only for name, tool in found.tools.items()},
            {
                "find_contacts": True,
                "list_activities": True,
                "list_my_activities": True,
                "schedule_activity": False,
                "complete_activity": False,
            },
        )
        self.assertEqual(list(found.resources), ["odoo://my_demo_agent/my_activities"])
        self.assertEqual(list(found.prompts), ["prepare_call"])

    def test_prompt(self):
        params = {"contact": "Ann"}
        text = self.client.get("/prompts/prepare_call", params=params).text
        self.assertTrue(text.startswith("I am about to call Ann. "), text)

    def test_form_has_no_warnings(self):
        endpoint = self.endpoint
        self.assertEqual(endpoint.state, "live")
        self.assertFalse(endpoint.user_warning or endpoint.auth_warning)
        self.assertFalse(endpoint.mcp_warning)
