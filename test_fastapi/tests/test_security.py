# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import xmlrpc.client

from odoo.exceptions import AccessError
from odoo.service.server import thread_local
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import RPC_LOGGERS, FastapiHttpCase


class TestSecurity(FastapiHttpCase):
    def test_runner_only_sees_its_own_records(self):
        self.env["fastapi.endpoint"].create(
            {"name": "of another user", "app": "test", "root_path": "/another"}
        )
        for path, expected in (
            ("/test/visible_to_anybody/res.users", [self.runner.id]),
            ("/test/visible_to_anybody/res.partner", [self.runner.partner_id.id]),
            ("/test/visible_to_anybody/fastapi.endpoint", [self.endpoint.id]),
        ):
            self.assertEqual(self.get(path).json(), expected)
        response = self.get("/test/visible_to_anybody/ir.config_parameter")
        self.assertEqual(response.status_code, 403)

    def test_authenticated_partner_is_seen(self):
        response = self.get("/test/visible/res.partner", auth=self.caller_auth)
        self.assertCountEqual(
            response.json(), [self.runner.partner_id.id, self.caller.partner_id.id]
        )

    def test_record_rule_by_authenticated_partner(self):
        other = new_test_user(self.env, "other@test", password="other's secret")
        model = self.env["test.fastapi.item"]
        of_no_partner = model.create({"name": "of no partner"})
        of_caller = model.create(
            {"name": "of the caller", "partner_id": self.caller.partner_id.id}
        )
        path = "/test/visible/test.fastapi.item"
        # alternately: a cached rule must not be used for another caller
        for _attempt in range(2):
            body = self.get(path, auth=self.caller_auth).json()
            self.assertCountEqual(body, [of_no_partner.id, of_caller.id])
            body = self.get(path, auth=(other.login, "other's secret")).json()
            self.assertEqual(body, [of_no_partner.id])
            body = self.get("/test/visible_to_anybody/test.fastapi.item").json()
            self.assertEqual(body, [of_no_partner.id])

    def test_methods_that_are_not_for_rpc(self):
        manager = new_test_user(
            self.env,
            "manager@test",
            groups="fastapi.group_fastapi_manager",
            password="manager's secret",
        )
        self.env.flush_all()
        self.mute(*RPC_LOGGERS)

        def call(method, *args):
            return self.xmlrpc_object.execute(
                self.env.cr.dbname,
                manager.id,
                "manager's secret",
                "fastapi.endpoint",
                method,
                *args,
            )

        self.assertIn(self.endpoint.id, call("search", []))
        call("action_sync_registry", self.endpoint.ids)
        for method, args in (
            ("get_app", ["/test"]),
            ("get_uid", ["/test"]),
            ("_get_app", [self.endpoint.ids]),
            ("_load_demo_data", []),
        ):
            with self.assertRaises(xmlrpc.client.Fault, msg=method) as caught:
                call(method, *args)
            self.assertIn("rivate", caught.exception.faultString)


@tagged("post_install", "-at_install")
class TestAccessRights(TransactionCase):
    def test_users_read_and_managers_write(self):
        user = new_test_user(self.env, "user@test", groups="fastapi.group_fastapi_user")
        manager = new_test_user(
            self.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        internal = new_test_user(self.env, "internal@test")
        endpoints = self.env["fastapi.endpoint"]
        endpoint = endpoints.with_user(manager).create(
            {"name": "Managed", "app": "test", "root_path": "/managed"}
        )
        self.assertEqual(endpoint.with_user(user).name, "Managed")
        with self.assertRaises(AccessError):
            endpoint.with_user(user).name = "Changed"
        with self.assertRaises(AccessError):
            endpoint.with_user(user).unlink()
        with self.assertRaises(AccessError):
            endpoint.with_user(internal).read(["name"])
        endpoint.with_user(manager).name = "Changed"
        endpoint.with_user(manager).unlink()

    def test_rule_name_is_always_defined(self):
        context = self.env["ir.rule"]._eval_context()
        self.assertIs(context["authenticated_partner_id"], False)
        context = self.env["ir.rule"].with_context(authenticated_partner_id=7)
        self.assertEqual(context._eval_context()["authenticated_partner_id"], 7)
        # a call of ``execute_kw`` in another test leaves this on the thread
        self.addCleanup(setattr, thread_local, "rpc_model_method", "")
        thread_local.rpc_model_method = "res.partner.read"
        self.assertEqual(context._eval_context()["authenticated_partner_id"], 7)
        self.assertIn(
            "authenticated_partner_id", self.env["ir.rule"]._compute_domain_keys()
        )
