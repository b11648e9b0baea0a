# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Methods called with all rights, after a check of the caller's rights."""

from types import MethodType

from odoo.exceptions import AccessError, MissingError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.fastapi.access import checked_sudo

CLOSED = "ir.config_parameter"  # the caller has no rights on it


@tagged("post_install", "-at_install")
class TestCheckedSudo(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runner = cls.env.ref("test_fastapi.user_test_runner")
        cls.access = cls.env.ref("test_fastapi.access_test_fastapi_item")
        cls.partner, cls.other = cls.env["res.partner"].create(
            [{"name": "Caller"}, {"name": "Other"}]
        )
        cls.context = {"authenticated_partner_id": cls.partner.id}
        env = cls.env(user=cls.runner, context=cls.context)
        cls.items = env["test.fastapi.item"]
        items = cls.env["test.fastapi.item"].create(
            [
                {"name": "own", "partner_id": cls.partner.id},
                {"name": "other's", "partner_id": cls.other.id},
            ]
        )
        cls.own, cls.others = items.with_env(env)

    def test_the_method_has_all_rights(self):
        def rename(item, name):
            item.name = f"{name} {item.env[CLOSED].search_count([]) > 0}"

        with self.assertRaises(AccessError):
            rename(self.own, "renamed")
        checked_sudo("write", MethodType(rename, self.own), "renamed")
        self.assertEqual(self.own.name, "renamed True")

    def test_user_and_context_stay(self):
        def get_environment(item):
            return [item.env]

        (env,) = checked_sudo("read", MethodType(get_environment, self.own))
        self.assertTrue(env.su)
        self.assertEqual((env.uid, env.context), (self.runner.id, self.context))
        checked_sudo("write", self.own.write, {"quantity": 5})
        self.assertEqual(self.own.quantity, 5)
        self.assertEqual(self.own.write_uid, self.runner)
        vals = {"name": "new", "partner_id": self.partner.id}
        item = checked_sudo("create", self.items.create, vals)
        self.assertEqual(item.create_uid, self.runner)

    def test_record_rules_of_the_caller(self):
        for records in (self.others, self.own + self.others):
            for operation, method, args in (
                ("write", records.write, [{"quantity": 5}]),
                ("unlink", records.unlink, []),
                ("read", records.read, [["name"]]),
            ):
                with self.subTest(operation, records=records):
                    with self.assertRaises(AccessError):
                        checked_sudo(operation, method, *args)
        self.assertEqual(self.others.sudo().quantity, 0)

    def test_access_rights_of_the_caller(self):
        user = new_test_user(self.env, "no_rights", "base.group_portal")
        items = self.items.with_user(user)
        for operation, method, args in (
            ("create", items.create, [{"name": "new"}]),
            ("write", items.browse(self.own.id).write, [{"quantity": 5}]),
            ("read", items.browse(self.own.id).read, [["name"]]),
        ):
            with self.subTest(operation), self.assertRaises(AccessError):
                checked_sudo(operation, method, *args)

    def test_the_operation_is_checked(self):
        self.access.perm_write = False
        with self.assertRaises(AccessError):
            checked_sudo("write", self.own.write, {"quantity": 5})
        # the app chooses the operation of a method
        checked_sudo("unlink", self.own.write, {"quantity": 5})
        self.assertEqual(self.own.quantity, 5)

    def test_created_records_are_checked(self):
        vals = {"name": "for another", "partner_id": self.other.id}
        with self.assertRaises(AccessError):
            checked_sudo("create", self.items.create, vals)
        vals_list = [{"name": "for nobody"}, vals]
        with self.assertRaises(AccessError):
            checked_sudo("create", self.items.create, vals_list)
        self.access.perm_create = False
        with self.assertRaises(AccessError):
            checked_sudo("create", self.items.create, {"name": "for nobody"})

    def test_created_records_have_to_be_returned(self):
        def create(items, name):
            return items.create({"name": name, "partner_id": self.other.id})

        for name, method in (
            ("id", lambda items: create(items, "id").id),
            ("list", lambda items: [create(items, "list")]),
            ("partner", lambda items: create(items, "partner").partner_id),
        ):
            with self.subTest(name):
                with self.assertRaisesRegex(TypeError, "has to return the records"):
                    checked_sudo("create", MethodType(method, self.items))

    def test_returned_records_have_the_rights_of_the_caller(self):
        for make, find in (
            (lambda item: item, lambda found: found),
            (lambda item: [item], lambda found: found[0]),
            (lambda item: ({item},), lambda found: next(iter(found[0]))),
            (lambda item: {"item": [item]}, lambda found: found["item"][0]),
            (lambda item: {item: 1}, lambda found: next(iter(found))),
        ):
            found = find(checked_sudo("read", MethodType(make, self.own)))
            self.assertEqual(found, self.own)
            self.assertEqual(found.env, self.own.env)
        for make in (
            lambda item: item.browse(self.others.id),
            lambda item: item.env[CLOSED].search([], limit=1),
        ):
            found = checked_sudo("read", MethodType(make, self.own))
            with self.assertRaises(AccessError):
                found.read(["id", "create_date"])

    def test_other_values_are_returned_as_they_are(self):
        for value in (None, 5, "text", [1, (2, {3})], {"a": range(2)}):
            found = checked_sudo("read", MethodType(lambda item, v=value: v, self.own))
            self.assertEqual(found, value)

    def test_sudo_gives_the_caller_no_rights(self):
        with self.assertRaises(AccessError):
            checked_sudo("write", self.others.sudo().write, {"quantity": 5})
        vals = {"name": "for another", "partner_id": self.other.id}
        with self.assertRaises(AccessError):
            checked_sudo("create", self.items.sudo().create, vals)

    def test_calls_within_calls(self):
        def touch(item):
            checked_sudo("write", item.write, {"quantity": 5})
            return item

        found = checked_sudo("read", MethodType(touch, self.own))
        self.assertEqual((found.quantity, found.env.su), (5, False))
        with self.assertRaises(AccessError):
            checked_sudo(
                "read",
                MethodType(lambda item: touch(item.browse(self.others.id)), self.own),
            )

    def test_superuser(self):
        for records in (self.own.with_env(self.env), self.own.with_user(1)):
            with self.assertRaisesRegex(RuntimeError, "for the superuser"):
                checked_sudo("write", records.write, {"quantity": 5})
        with self.assertRaisesRegex(RuntimeError, "for the superuser"):
            checked_sudo("create", self.items.with_user(1).create, {"name": "new"})

    def test_no_saved_record(self):
        for records in (
            self.items,
            self.items.new({"name": "new"}),
            self.items.new(origin=self.others),
            self.items.browse(2**31 - 1),
        ):
            with self.subTest(records), self.assertRaises(MissingError):
                checked_sudo("write", records.write, {"quantity": 5})

    def test_unsuitable_methods(self):
        async def wait(item):
            pass

        def generate(item):
            yield item

        async def generate_later(item):
            yield item

        for function in (wait, generate, generate_later):
            with self.subTest(function.__name__):
                with self.assertRaisesRegex(TypeError, "would still run"):
                    checked_sudo("write", MethodType(function, self.own))
        for function in (print, self.own, lambda: None, self.assertTrue):
            with self.assertRaisesRegex(TypeError, "not a method of records"):
                checked_sudo("write", function)
        with self.assertRaisesRegex(ValueError, "'delete' is not one of"):
            checked_sudo("delete", self.own.unlink)
