# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Two partners with bank accounts who call the API. Extensions use this, too."""

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.fastapi.tests.common import FastAPITransactionCase
from odoo.addons.my_demo_api.routers import router

__all__ = ["MyDemoHttpCase", "MyDemoRouterCase"]


class MyDemoMixin:
    """Creates users A and B: three bank accounts belong to A, one to B."""

    @classmethod
    def create_callers(cls) -> None:
        """Set the class attributes for the tests."""
        cls.endpoint = cls.env.ref("my_demo_api.fastapi_endpoint")
        cls.app_user = cls.env.ref("my_demo_api.my_demo_app_user")
        cls.user_a, cls.user_b = (
            new_test_user(
                cls.env,
                login=login,
                name=f"Caller {login}",
                email=f"{login}@example.com",
                password=f"password of {login}",
                groups="base.group_portal",
                context={"no_reset_password": True},
            )
            for login in ("my_demo_a", "my_demo_b")
        )
        cls.partner_a = cls.user_a.partner_id
        cls.partner_b = cls.user_b.partner_id
        bank = cls.env["res.bank"].create({"name": "Test Bank", "bic": "TESTBEB0"})
        cls.accounts_a = cls.env["res.partner.bank"].create(
            [
                {
                    "acc_number": f"A-{number}",
                    "partner_id": cls.partner_a.id,
                    "sequence": number,
                }
                for number in (1, 2, 3)
            ]
        )
        cls.accounts_a[0].bank_id = bank
        cls.account_b = cls.env["res.partner.bank"].create(
            {"acc_number": "B-1", "partner_id": cls.partner_b.id}
        )


@tagged("post_install", "-at_install")
class MyDemoRouterCase(MyDemoMixin, FastAPITransactionCase):
    """Calls the routers without a server, as the app's user, for partner A.

    No endpoint is involved, so this is the API without its extensions, as far as they
    are not made in Odoo's models.
    """

    default_fastapi_router = router

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.create_callers()
        cls.default_fastapi_running_user = cls.app_user
        # a record in the environment of the app's user, as in the app
        cls.default_fastapi_authenticated_partner = cls.partner_a.with_user(
            cls.app_user
        )


@tagged("post_install", "-at_install")
class MyDemoHttpCase(MyDemoMixin, HttpCase):
    """Calls the endpoint over HTTP."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.create_callers()
        # an upgraded database may have other values
        cls.endpoint.write({"auth_api_key": True, "api_key_header": False})
        cls.keys = {
            user: cls.make_key(cls.endpoint, user) for user in (cls.user_a, cls.user_b)
        }

    @classmethod
    def make_key(cls, endpoint, user):
        """Create an API key of a user for an endpoint."""
        keys = cls.env["fastapi.endpoint.key"]
        return keys._generate(endpoint, user, "test")[1]

    def call(self, path, user=None, root_path=None, **kwargs):
        """Send a request.

        :param str path: path below the endpoint
        :param user: whose key of the addon's endpoint is sent, None for no credentials
        :param str root_path: where the endpoint is mounted, if not the one of the addon
        :param kwargs: arguments of ``url_open``
        """
        if user is not None:
            kwargs["headers"] = {
                **kwargs.get("headers", {}),
                "Authorization": f"Bearer {self.keys[user]}",
            }
        return self.url_open((root_path or self.endpoint.root_path) + path, **kwargs)
