# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Warnings about the user of an endpoint, companies, and list actions."""

import re
from functools import partial
from itertools import product
from typing import Annotated
from unittest.mock import patch

from fastapi import Depends, FastAPI

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from odoo.addons.fastapi.app.prepare import copy_app
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    authenticated_partner_impl,
    fastapi_endpoint,
)

from .common import FastapiHttpCase


async def handle():
    """Not called."""


@tagged("post_install", "-at_install")
class TestUserWarning(TransactionCase):
    def _warning(self, user, **vals):
        return (
            self.env["fastapi.endpoint"]
            .new({"user_id": user.id, **vals})
            ._get_user_warning()
            or ""
        )

    def _user(self, login, groups):
        return new_test_user(self.env, login, groups=groups)

    def test_too_many_rights(self):
        for user, expected in (
            (self.env.ref("base.user_root"), "administers"),
            (self._user("a", "base.group_system"), "administers"),
            (self._user("b", "base.group_erp_manager"), "manages users"),
        ):
            self.assertIn(expected, self._warning(user))
            self.assertIn(user.display_name, self._warning(user))

    def test_no_rights(self):
        for user in (
            self.env.ref("base.public_user"),
            self._user("c", "base.group_portal"),
            self._user("d", "base.group_user"),
        ):
            self.assertIn("or the partner who calls. Routes", self._warning(user))
            self.assertFalse(self._warning(user, run_as="caller"))

    def test_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self._user("k", "fastapi.group_fastapi_endpoint_runner")
        warning = self._warning(user, company_id=other.id)
        self.assertIn("the company Other. Routes", warning)
        self.assertIn(user.display_name, warning)
        self.assertFalse(self._warning(user, company_id=other.id, run_as="caller"))
        self.assertFalse(self._warning(user, company_id=False))
        form = Form(self.env["fastapi.endpoint"])
        form.name, form.app, form.root_path = "x", "test_existing", "/company-user"
        form.user_id = user
        self.assertEqual(form.company_id, user.company_id)
        self.assertFalse(form.user_warning)
        form.company_id = other
        self.assertEqual(form.user_warning, warning)
        form.save()
        user.company_ids += other
        self.assertFalse(form.record.user_warning)

    def test_what_the_app_reads(self):
        """The user is the default one, as ``_create_endpoint`` leaves it."""
        endpoint = self.env["fastapi.endpoint"].create(
            {"name": "x", "app": "test_existing", "root_path": "/existing-user"}
        )

        def nothing():
            """Not called."""

        def partner(partner: Annotated[object, Depends(authenticated_partner)]):
            """Not called."""

        def impl(partner: Annotated[object, Depends(authenticated_partner_impl)]):
            """Not called."""

        def read_endpoint(endpoint: Annotated[object, Depends(fastapi_endpoint)]):
            """Not called."""

        endpoint.auth_api_key = True  # overrides authenticated_partner_impl
        for method, reader in product(
            ("get", "websocket"), (nothing, partner, impl, read_endpoint)
        ):
            app = FastAPI()
            getattr(app, method)("/x", dependencies=[Depends(reader)])(handle)
            with (
                self.subTest(reader.__name__, method=method),
                patch.object(
                    type(endpoint), "_get_app", lambda _self, app=app: copy_app(app)
                ),
            ):
                endpoint._reset_app()
                endpoint.invalidate_recordset(["user_warning"])
                self.assertEqual(endpoint.state, "live")
                self.assertEqual(bool(endpoint.user_warning), reader is not nothing)

    def test_override_without_a_name(self):
        endpoint = self.env["fastapi.endpoint"].create(
            {"name": "x", "app": "test_existing", "root_path": "/unnamed"}
        )
        app = FastAPI()
        app.get("/x", dependencies=[Depends(authenticated_partner)])(handle)
        app.dependency_overrides[authenticated_partner] = partial(handle)
        with patch.object(type(endpoint), "_get_app", lambda _self: copy_app(app)):
            endpoint._reset_app()
            self.assertTrue(endpoint.user_warning)

    def test_rights_of_a_runner(self):
        runner = "fastapi.group_fastapi_endpoint_runner"
        user = self._user("e", runner)
        self.assertFalse(self._warning(user))
        user.group_ids += self.env.ref("base.group_system")
        self.assertIn("administers", self._warning(user))
        self.assertFalse(self._warning(self._user("f", f"base.group_user,{runner}")))

    def test_default_of_a_new_endpoint(self):
        form = Form(self.env["fastapi.endpoint"])
        self.assertEqual(form.user_id, self.env.ref("base.public_user"))
        self.assertFalse(form.user_warning)
        form.user_id = self.env.ref("base.user_admin")
        self.assertIn("administers", form.user_warning)

    def test_administrators_are_chosen_by_administrators(self):
        """Administrators of FastAPI must not get more rights by an app."""
        manager = self._user("g", "base.group_user,fastapi.group_fastapi_manager")
        vals = {"name": "x", "app": "test", "root_path": "/rights"}
        endpoints = self.env["fastapi.endpoint"].with_user(manager)
        endpoint = endpoints.create(vals)
        endpoint.user_id = manager
        for user in (
            self.env.ref("base.user_root"),
            self.env.ref("base.user_admin"),
            self._user("h", "base.group_system"),
            self._user("i", "base.group_erp_manager"),
        ):
            message = f"{user.display_name} administers this database"
            with self.subTest(user.login):
                with (
                    self.assertRaisesRegex(AccessError, re.escape(message)),
                    self.env.cr.savepoint(),
                ):
                    endpoint.user_id = user
                with self.assertRaisesRegex(AccessError, re.escape(message)):
                    endpoints.create(
                        {**vals, "user_id": user.id, "root_path": f"/{user.id}"}
                    )
                by_default = endpoints.with_context(default_user_id=user.id)
                with self.assertRaisesRegex(AccessError, re.escape(message)):
                    by_default.create({**vals, "root_path": f"/{user.id}/default"})
        system = self._user("j", "base.group_system,fastapi.group_fastapi_manager")
        endpoint.with_user(system).user_id = system
        endpoint.name = "renamed by the manager"
        for vals in ({"app": "demo"}, {"run_as": "caller"}, {"root_path": "/moved"}):
            with self.subTest(vals), self.assertRaises(AccessError):
                endpoint.write(vals)

    def test_companies_are_those_of_the_administrator(self):
        other = self.env["res.company"].create({"name": "Other"})
        manager = self._user("g", "base.group_user,fastapi.group_fastapi_manager")
        everywhere, stranger = (self._user(login, "base.group_user") for login in "hi")
        everywhere.company_ids += other
        stranger.write({"company_id": other.id, "company_ids": [(6, 0, other.ids)]})
        endpoints = self.env["fastapi.endpoint"].with_user(manager)
        vals = {"name": "x", "app": "test", "root_path": "/rights"}
        endpoint = endpoints.create({**vals, "user_id": everywhere.id})
        self.assertEqual(endpoint.company_id, self.env.company)
        for change in (
            {"company_id": other.id},
            {"company_id": False},
            {"user_id": stranger.id},
            {"user_id": stranger.id, "company_id": False},
        ):
            with self.subTest(change):
                with (
                    self.assertRaisesRegex(AccessError, "companies that you don't"),
                    self.env.cr.savepoint(),
                ):
                    endpoint.write(change)
                with self.assertRaises(AccessError):
                    endpoints.create(
                        {"user_id": everywhere.id, **vals, "root_path": "/x", **change}
                    )
        manager.company_ids += other
        endpoint.company_id = False
        self.assertFalse(endpoint.company_id)

    def test_no_user(self):
        self.assertFalse(self.env["fastapi.endpoint"].new({"user_id": False}).user_id)
        self.assertFalse(self._warning(self.env["res.users"]))


class TestWarningIsTrue(FastapiHttpCase):
    def test_public_user(self):
        self._create_endpoint(
            "/demo1",
            app="demo",
            demo_auth_method="http_basic",
            user_id=self.env.ref("base.public_user").id,
        )
        for path, status in (("/demo", 200), ("/demo/who_ami", 403)):
            response = self.get(f"/demo1{path}", auth=self.caller_auth)
            self.assertEqual(response.status_code, status, path)


@tagged("post_install", "-at_install")
class TestCompanies(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.env.company
        cls.there = cls.env["res.company"].create({"name": "There"})
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        cls.endpoints = cls.env["fastapi.endpoint"].create(
            [
                {
                    "name": path,
                    "app": "test",
                    "root_path": path,
                    "company_id": company.id,
                }
                for path, company in (
                    ("/here", cls.here),
                    ("/there", cls.there),
                    ("/anywhere", cls.env["res.company"]),
                )
            ]
        )

    def _seen(self, *companies):
        model = self.env["fastapi.endpoint"].with_user(self.manager)
        model = model.with_context(allowed_company_ids=[c.id for c in companies])
        domain = [("id", "in", self.endpoints.ids)]
        return sorted(model.search(domain).mapped("name"))

    def test_endpoints_of_my_companies(self):
        self.assertEqual(self._seen(self.here), ["/anywhere", "/here"])
        self.manager.company_ids += self.there
        self.assertEqual(self._seen(self.there), ["/anywhere", "/there"])
        self.assertEqual(
            self._seen(self.here, self.there), ["/anywhere", "/here", "/there"]
        )

    def test_endpoints_of_all_companies_are_served(self):
        model = self.env["fastapi.endpoint"].with_user(self.manager)
        for path in ("/here", "/there", "/anywhere"):
            self.assertEqual(model.get_app(path).root_path, path)

    def test_root_path_used_by_another_company(self):
        with self.assertRaisesRegex(UserError, "taken by the endpoint"):
            self.env["fastapi.endpoint"].with_user(self.manager).create(
                {"name": "x", "app": "test", "root_path": "/there"}
            )


@tagged("post_install", "-at_install")
class TestActions(TransactionCase):
    def test_duplicate_and_archive(self):
        manager = new_test_user(
            self.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        endpoint = (
            self.env["fastapi.endpoint"]
            .with_user(manager)
            .create({"name": "First", "app": "test", "root_path": "/first"})
        )
        copy = endpoint.copy()
        self.assertEqual(copy.root_path, "/first-copy")
        self.assertEqual(copy.state, "live")
        copy.action_archive()
        self.assertEqual(copy.state, "archived")
        copy.action_unarchive()
        self.assertEqual(copy.state, "live")

    def test_groups_of_the_list(self):
        model = self.env["fastapi.endpoint"]
        for name in ("app", "user_id", "company_id", "route_group", "active"):
            model.formatted_read_group([], [name], ["__count"])
