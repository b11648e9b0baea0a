# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Callers who lose rights while they listen."""

import secrets

from odoo.api import SUPERUSER_ID, Environment
from odoo.tests import tagged

from odoo.addons.fastapi.tests.work_case import get_current_registry
from odoo.addons.fastapi_bus import send_event
from odoo.addons.test_fastapi.tests.test_auth_servers import CallerCase
from odoo.addons.test_fastapi.tests.websocket_case import WebSocketCase

from .test_servers import Stream

MODEL = "test.bus.record"
REVOKED = 1008, "The credential is not valid any more."


@tagged("post_install", "-at_install")
class TestLostRights(CallerCase, WebSocketCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(
            self.first,
            "/bus",
            app="test_bus",
            auth_api_key=True,
            accept_unscoped_keys=True,
            run_as="caller",
        )
        self.headers = {"Authorization": f"Bearer {self.key}"}
        self.rpc = self.first.rpc
        self.registry = get_current_registry(self.dbname)

    def clean_up(self):
        self.query("DELETE FROM bus_bus")
        self.query("DELETE FROM test_bus_record")
        return super().clean_up()

    def add(self, name="x", **vals):
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            return env[MODEL].create({"name": name, **vals}).id

    def change(self, record_id, name):
        with self.registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            env[MODEL].browse(record_id).name = name

    def add_rule(self, domain):
        (model_id,) = self.rpc("ir.model", "search", [("model", "=", MODEL)])
        vals = {"name": "x", "model_id": model_id, "domain_force": domain}
        ids = self.rpc("ir.rule", "create", [vals])
        self.addCleanup(self.rpc, "ir.rule", "unlink", ids)

    def listeners(self):
        """Return functions that read the next change, by WebSocket and by stream."""
        client = self.open("/bus/caller/records", header=self.headers)
        stream = Stream(self.first, "/bus/caller/records", None, self.headers)
        self.addCleanup(stream.close)
        self.assertEqual(client.recv_json(), [])
        self.assertEqual(stream.payloads(1), [[]])
        return client, stream

    def test_record_rule(self):
        client, stream = self.listeners()
        first = self.add()
        self.assertEqual(client.recv_json(), [[first], []])
        self.assertEqual(stream.payloads(1), [[[first], []]])
        self.add_rule("[('name', '!=', 'secret')]")
        self.add("secret")
        self.change(first, "secret")
        self.assertEqual(client.recv_json(), [[], [first]])
        self.assertEqual(stream.payloads(1), [[[], [first]]])

    def test_company(self):
        """The listeners end."""
        (company_id,) = self.rpc(
            "res.company", "create", [{"name": secrets.token_hex(8)}]
        )
        ((own_id,),) = self.query(
            "SELECT company_id FROM res_users WHERE id = %s", self.user_id
        )
        (partner_id,) = self.rpc(
            "res.partner", "create", [{"name": "P", "company_id": own_id}]
        )
        self.add_rule("[('partner_id.company_id', 'in', company_ids)]")
        client, stream = self.listeners()
        record_id = self.add(partner_id=partner_id)
        self.assertEqual(client.recv_json(), [[record_id], []])
        self.assertEqual(stream.payloads(1), [[[record_id], []]])
        vals = {"company_ids": [(6, 0, [company_id])], "company_id": company_id}
        self.rpc("res.users", "write", self.user_id, vals)
        self.change(record_id, "changed")
        self.assertEqual(client.wait_for_close()[0], 1011)
        self.assertIsNone(stream.read_event())
        vals = {"company_ids": [(6, 0, [own_id])], "company_id": own_id}
        self.rpc("res.users", "write", self.user_id, vals)

    def test_group(self):
        """The listeners end."""
        client, stream = self.listeners()
        (group_id,) = self.rpc(
            "res.groups", "search", [("name", "=", "Runner of the test app")]
        )
        self.rpc("res.users", "write", self.user_id, {"group_ids": [(3, group_id)]})
        self.add()
        self.assertEqual(client.wait_for_close()[0], 1011)
        self.assertIsNone(stream.read_event())

    def check_ends(self):
        """Listen, and return a function that checks that all listeners have ended."""
        client, records = self.listeners()
        events = Stream(self.first, "/bus/caller/events/7", None, self.headers)
        self.addCleanup(events.close)
        events.wait_for_start()

        def send():
            with self.registry.cursor() as cr:
                env = Environment(cr, SUPERUSER_ID, {})
                send_event(env, "orders/7", "changed", 1)
            return events.read_event()

        def check():
            self.assertEqual(client.wait_for_close(), REVOKED)
            self.wait_until(lambda: (self.add(), records.read_event())[1], None)
            self.wait_until(send, None)

        return check

    def test_revoked_key(self):
        check = self.check_ends()
        self.query("DELETE FROM res_users_apikeys WHERE user_id = %s", self.user_id)
        check()

    def test_archived_user(self):
        check = self.check_ends()
        self.rpc("res.users", "write", self.user_id, {"active": False})
        check()
