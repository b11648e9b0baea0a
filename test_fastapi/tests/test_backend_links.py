# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Links in the backend lead to this addon's page on the same server."""

import re

from odoo.addons.fastapi.models.ir_module_module import PAGE

from .common import FastapiHttpCase


class TestBackendLinks(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        response = self.get(PAGE)
        self.assertEqual(response.status_code, 200)
        self.page = response.text

    def test_learn_more(self):
        module = self.env.ref("base.module_fastapi")
        self.assertEqual(module.website, PAGE)
        module.update_list()
        self.assertEqual(module.website, PAGE)
        self.assertIn('<h1 class="title">FastAPI</h1>', self.page)

    def test_learn_more_of_other_addons(self):
        module = self.env.ref("base.module_web")
        website = module.website
        module.update_list()
        module.write({"state": "installed", "latest_version": module.latest_version})
        self.assertEqual(module.website, website)

    def test_help_of_the_empty_list(self):
        action = self.env.ref("fastapi.fastapi_endpoint_act_window")
        (target,) = re.findall(r'href="([^"]*)"', action.help)
        path, _, anchor = target.partition("#")
        self.assertEqual(path, PAGE)
        self.assertIn(f'id="{anchor}"', self.page)

    def test_no_link_leads_to_another_project(self):
        for model, field in (
            ("ir.ui.view", "arch_db"),
            ("ir.actions.act_window", "help"),
        ):
            names = self.env["ir.model.data"].search(
                [("module", "=like", "fastapi%"), ("model", "=", model)]
            )
            records = self.env[model].browse(names.mapped("res_id"))
            self.assertTrue(records)
            for record in records:
                self.assertNotRegex(record[field] or "", "github.com|odoo-community")
