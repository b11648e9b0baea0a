# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The warning on the form: a rule of another group bypasses a limit to the caller."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, new_test_user, tagged

CALLER = "[('partner_id', '=', authenticated_partner_id)]"
EVERYTHING = "[(1, '=', 1)]"


@tagged("post_install", "-at_install")
class TestRuleWarning(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.env["ir.model"]._get("test.fastapi.item")
        cls.api_group = cls.env.ref("test_fastapi.group_test_runner")
        cls.api_rule = cls.env.ref("test_fastapi.rule_test_item")
        cls.sales = cls.env["res.groups"].create({"name": "Sales of the test"})
        cls.runner = cls.env.ref("test_fastapi.user_test_runner")
        cls.runner.group_ids += cls.sales
        cls.endpoint = cls.env["fastapi.endpoint"].create(
            {
                "name": "Rules",
                "app": "test",
                "root_path": "/rules",
                "user_id": cls.runner.id,
            }
        )

    def _add_rule(self, group, domain=EVERYTHING, model=None, **values):
        return self.env["ir.rule"].create(
            {
                "name": f"A rule of {group.name}",
                "model_id": (model or self.model).id,
                "groups": [Command.set(group.ids)],
                "domain_force": domain,
                **values,
            }
        )

    @property
    def warning(self):
        self.env.invalidate_all()
        return self.endpoint.rule_warning or ""

    def _see(self, partner):
        """Return the partners whose items a caller sees."""
        model = self.env["test.fastapi.item"].with_user(self.runner)
        model = model.with_context(authenticated_partner_id=partner.id)
        return model.search([("name", "like", "of a partner")]).partner_id

    def test_second_group(self):
        self.assertFalse(self.warning)  # the second group has no rule
        rule = self._add_rule(self.sales)
        self.assertIn("Item of the FastAPI test app (test.fastapi.item)", self.warning)
        self.assertIn(
            f"{self.api_group.display_name} limits it to the partner who calls, "
            f"{self.sales.display_name} does not",
            self.warning,
        )
        self.assertIn(f"group of {self.runner.display_name} allow", self.warning)
        rule.active = False
        self.assertFalse(self.warning)

    def test_warning_is_true(self):
        partners = self.env["res.partner"].create([{"name": "A"}, {"name": "B"}])
        self.env["test.fastapi.item"].create(
            [
                {"name": f"{partner.name} of a partner", "partner_id": partner.id}
                for partner in partners
            ]
        )
        self.assertEqual(self._see(partners[0]), partners[0])
        self._add_rule(self.sales)
        self.assertEqual(self._see(partners[0]), partners)
        self.assertTrue(self.warning)
        # the safe pattern of USAGE
        self.api_rule.write(
            {
                "groups": [Command.clear()],
                "domain_force": f"{CALLER} "
                "if user.has_group('test_fastapi.group_test_runner') "
                f"else {EVERYTHING}",
            }
        )
        self.assertEqual(self._see(partners[0]), partners[0])
        self.assertFalse(self.warning)

    def test_implied_group(self):
        self._add_rule(self.sales)
        self.runner.group_ids -= self.sales
        self.assertFalse(self.warning)
        self.api_group.implied_ids += self.sales
        self.assertIn(self.sales.display_name, self.warning)

    def test_rules_without_a_group(self):
        rule = self._add_rule(self.sales)
        rule.groups = False
        self.assertFalse(self.warning)
        rule.groups = self.sales
        self.assertTrue(self.warning)
        self.api_rule.groups = False
        self.assertFalse(self.warning)

    def test_rule_without_a_group_for_another_api(self):
        self._add_rule(self.sales)
        self.env["ir.rule"].create(
            {
                "name": "For the users of another API",
                "model_id": self.model.id,
                "domain_force": f"{CALLER} if user.has_group('base.group_system') "
                f"else {EVERYTHING}",
            }
        )
        self.assertTrue(self.warning)

    def test_harmless_rules(self):
        for domain in (
            CALLER,
            "[('partner_id', 'child_of', authenticated_partner_id)]",
            "[(0, '=', 1)]",
            "[('id', 'in', user.of_another_addon)]",
        ):
            with self.subTest(domain):
                rule = self._add_rule(self.sales)
                self.env.cr.execute(
                    "UPDATE ir_rule SET domain_force = %s WHERE id = %s",
                    [domain, rule.id],
                )
                self.env.invalidate_all()
                self.assertFalse(self.warning)
                rule.unlink()

    def test_domains_that_bypass_the_limit(self):
        for domain in (
            False,
            "[('create_uid', '=', user.id)]",
            "['|', ('id', '=', user.partner_id.id), ('name', '=', 'x')]",
            "[('id', '=', user.partner_id.id)]",  # the id of another model
        ):
            with self.subTest(domain):
                rule = self._add_rule(self.sales, domain)
                self.assertTrue(self.warning)
                rule.unlink()

    def test_group_created_for_the_api(self):
        extra = self.env["res.groups"].create(
            {
                "name": "More of the API",
                "implied_ids": [Command.link(self.api_group.id)],
            }
        )
        self.runner.group_ids += extra
        self._add_rule(extra)
        self.assertFalse(self.warning)
        self._add_rule(self.api_group)
        self.assertFalse(self.warning)
        self._add_rule(self.sales)
        self.assertIn(self.sales.display_name, self.warning)
        self.assertNotIn(extra.display_name, self.warning)

    def test_operations(self):
        rule = self._add_rule(self.sales, perm_read=False, perm_unlink=False)
        self.assertTrue(self.warning)
        self.api_rule.write({"perm_write": False, "perm_create": False})
        self.assertFalse(self.warning)
        rule.perm_read = True
        self.assertTrue(self.warning)
        self.env["ir.model.access"].search(
            [("model_id", "=", self.model.id)]
        ).perm_read = False
        self.assertFalse(self.warning)

    def test_own_user_and_partner(self):
        # a second group that allows the user's own partner, as Odoo's groups do
        self.runner.group_ids = self.env.ref(
            "fastapi.group_fastapi_endpoint_runner"
        ) + self.env.ref("base.group_public")
        self.assertFalse(self.warning)
        self.runner.partner_id.parent_id = self.env["res.partner"].create(
            {"name": "A company", "is_company": True}
        )
        self.assertIn("(res.partner)", self.warning)

    def test_demo_and_simple_users(self):
        self.endpoint._load_demo_data()
        endpoints = self.env["fastapi.endpoint"].search([]) - self.endpoint
        self.assertTrue(endpoints)
        self.assertFalse(any(endpoints.mapped("rule_warning")))
        for groups in ("base.group_user", "base.group_portal", "base.group_system"):
            self.endpoint.user_id = new_test_user(self.env, groups, groups=groups)
            self.assertFalse(self.warning, groups)
        self.endpoint.user_id = self.env.ref("base.user_root")
        self.assertFalse(self.warning)
        self.assertFalse(self.endpoint.new({"user_id": False}).rule_warning)

    def test_form_of_a_manager(self):
        self._add_rule(self.sales)
        manager = new_test_user(
            self.env, "manager@rules", groups="fastapi.group_fastapi_manager"
        )
        self.assertFalse(self.env["ir.rule"].with_user(manager).has_access("read"))
        with Form(self.endpoint.with_user(manager)) as form:
            self.assertIn("Sales of the test", form.rule_warning)
            form.user_id = self.env.ref("base.public_user")
            self.assertFalse(form.rule_warning)
            form.user_id = self.runner
            self.assertIn("Sales of the test", form.rule_warning)

    def test_only_managers_see_names(self):
        user = new_test_user(
            self.env, "user@rules", groups="fastapi.group_fastapi_user"
        )
        endpoint = self.endpoint.with_user(user)
        with self.assertRaises(AccessError):
            endpoint.read(["rule_warning"])
        self.assertNotIn("rule_warning", endpoint.get_view(view_type="form")["arch"])

    def test_lists_do_not_compute_it(self):
        arch = self.endpoint.get_view(view_type="list")["arch"]
        self.assertNotIn("rule_warning", arch)

    def test_cost(self):
        def count_queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(self.endpoint.rule_warning)
            return self.env.cr.sql_log_count - before

        self._add_rule(self.sales)
        count_queries()  # fills caches
        count = count_queries()
        self.assertLess(count, 20)
        for number in range(5):
            group = self.sales.copy({"name": f"Group {number}"})
            self.runner.group_ids += group
            self._add_rule(group)
        count_queries()
        self.assertLessEqual(count_queries(), count)
