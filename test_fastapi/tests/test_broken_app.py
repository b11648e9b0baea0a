# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.tools import mute_logger

from odoo.addons.test_fastapi.models.fastapi_endpoint import BREAKS_PARAM, conflicts

from .common import FastapiHttpCase


class TestBrokenApp(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broken = cls._create_endpoint("/breakable", app="test_breakable")

    def setUp(self):
        super().setUp()
        self.broken._reset_app()  # broken by the previous test

    def _break(self, how):
        self.env["ir.config_parameter"].set_param(BREAKS_PARAM, how)

    def _assert_unavailable(self, response):
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.json(), {"detail": "Service Unavailable"})

    def test_unavailable_until_fixed(self):
        for how, cause in (
            ("hook", "secret of the hook"),
            ("lifespan", "secret of the lifespan"),
            ("database", "division by zero"),
            ("constraint", "test_fastapi_item_name_unique"),
        ):
            with self.subTest(how), mute_logger("odoo.sql_db"):
                self._break(how)
                for path in ("/identity", "/unknown", "/docs"):
                    with self.assertLogs(level="WARNING") as logs:
                        self._assert_unavailable(self.get(f"/breakable{path}"))
                    (record,) = logs.records
                    self.assertEqual(record.levelno, logging.ERROR)
                    self.assertIn("'Test at /breakable'", record.getMessage())
                    self.assertIn(" /breakable ", record.getMessage())
                    self.assertIn(cause, logs.output[0])
                    self.assertIn("in _build_app", logs.output[0])  # the traceback
                self.assertEqual(self.get("/test/identity").status_code, 200)
                self._break("")
                self.assertEqual(self.get("/breakable/identity").status_code, 200)
                self.broken._reset_app()

    def test_built_app_stays_in_use(self):
        self._break("")
        self.assertEqual(self.get("/breakable/identity").status_code, 200)
        self._break("hook")
        self.assertEqual(self.get("/breakable/identity").status_code, 200)

    def test_exception_before_the_app_is_built(self):
        # Odoo refuses a body above the limit before the app is built
        self._break("hook")
        limit = "web.max_file_upload_size"
        self.env["ir.config_parameter"].set_param(limit, "10")
        with self.assertLogs("odoo.addons.fastapi", "ERROR") as logs:
            response = self.post("/breakable/order", data=b"x" * 100)
        self._assert_unavailable(response)
        self.assertEqual(len(logs.records), 1)

    def test_conflict_is_replayed(self):
        self._break("conflict")
        conflicts.clear()
        with self.assertNoLogs(level="WARNING"):
            response = self.get("/breakable/identity")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(conflicts, ["/breakable"] * 2)

    def test_build_is_independent_of_the_user(self):
        # the app doesn't depend on user and context of the first request
        seen = []
        model = type(self.env["fastapi.endpoint"])
        original = model._get_app

        def spy(endpoint):
            seen.append(
                (endpoint.env.user, dict(endpoint.env.context), endpoint.env.su)
            )
            return original(endpoint)

        self.patch(model, "_get_app", spy)
        admin = self.env.ref("base.user_admin")
        asking = self.broken.with_user(admin).with_context(lang="fr_FR", bin_size=True)
        self.assertEqual(asking.state, "live")
        self.assertEqual(seen, [(self.runner, {}, True)])
