# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Two partners who call the API, with bank accounts; also for tests of extensions."""

from base64 import b64encode

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.fastapi.tests.common import FastAPITransactionCase
from odoo.addons.my_demo_api.routers import router

__all__ = ["MyDemoHttpCase", "MyDemoRouterCase"]


class MyDemoMixin:
    """Creates users A and B: three bank accounts belong to A, one to B."""

    @classmethod
    def create_callers(cls) -> None:
        """Set the class attributes that the tests use."""
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
        # as the app has it: a record in the environment of the app's user
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
        # wrong passwords are sent on purpose
        cls.env["ir.config_parameter"].sudo().set_param("base.login_cooldown_after", 0)
        cls.endpoint.my_demo_auth_method = "http_basic"

    def call(self, path, user=None, password=None, root_path=None, **kwargs):
        """Return the answer to a request.

        :param str path: path below the endpoint
        :param user: user to authenticate with HTTP Basic, None for no credentials
        :param str password: password to send instead of the user's
        :param str root_path: where the endpoint is mounted, if not the one of the addon
        :param kwargs: arguments of ``url_open``
        """
        if user is not None:
            password = password or f"password of {user.login}"
            credentials = b64encode(f"{user.login}:{password}".encode()).decode()
            kwargs["headers"] = {
                **kwargs.get("headers", {}),
                "Authorization": f"Basic {credentials}",
            }
        return self.url_open((root_path or self.endpoint.root_path) + path, **kwargs)
