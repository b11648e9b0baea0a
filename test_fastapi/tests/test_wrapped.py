# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.tools import mute_logger

from ..routers.failing import IN_PYDANTIC
from .common import FastapiHttpCase
from .server_case import LOCK, ServerCase
from .servers import Background

LOGGER = "odoo.addons.fastapi.error_handlers"
FORBIDDEN = {"detail": "You are not allowed to do this."}
REFUSED = {"detail": "Return a book first."}


class TestWrapped(FastapiHttpCase):
    """Exceptions wrapped by pydantic and anyio are handled by their type."""

    def assertResponse(self, path, status, body):
        with self.assertNoLogs(level="WARNING"):
            response = self.get(f"/test/failing{path}")
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.json(), body)

    def test_validation_in_a_handler(self):
        for case in IN_PYDANTIC:
            with self.subTest(case):
                self.assertResponse(f"/in_pydantic/{case}", 403, FORBIDDEN)

    def test_text_of_the_app_is_kept(self):
        self.assertResponse("/refusing", 400, REFUSED)

    def test_validation_in_a_dependency(self):
        self.assertResponse("/dependency", 403, FORBIDDEN)

    def test_response(self):
        for path, status, body in (
            ("", 403, FORBIDDEN),
            ("/list", 403, FORBIDDEN),
            ("/computed", 400, REFUSED),
            ("/computed/list", 400, REFUSED),
            ("/function", 409, {"detail": "refused"}),
            ("/json", 400, REFUSED),
        ):
            with self.subTest(path):
                self.assertResponse(f"/response{path}", status, body)

    def test_request_whose_validator_reads_a_record(self):
        partner = self.env.ref("base.partner_admin")
        response = self.post("/test/failing/request", json={"partner_id": partner.id})
        self.assertEqual(response.status_code, 403, response.text)
        self.assertEqual(response.json(), FORBIDDEN)

    def test_group(self):
        self.assertResponse("/group", 400, REFUSED)

    @mute_logger("odoo.http")
    def test_group_of_several(self):
        response = self.get("/test/failing/group?times=2")
        self.assertEqual(response.status_code, 500)

    def test_log_has_text_and_line(self):
        with self.assertLogs(
            "odoo.addons.fastapi.error_handlers", logging.INFO
        ) as logs:
            self.get("/test/failing/in_pydantic/attribute")
        (record,) = logs.records
        self.assertRegex(
            record.getMessage(),
            r"AccessError at .*/failing\.py:\d+, in fail_in_pydantic.*res\.partner",
        )


class TestWrappedConflict(ServerCase):
    def test_conflict_in_an_attribute_is_replayed(self):
        self.create_endpoint(self.first, "/wrapped")
        item_id = self.create_item(self.first, "/wrapped")
        path = f"/wrapped/failing/faults/{item_id}"
        fault_id = self.first.request("POST", path).json()
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        path = f"/wrapped/failing/conflict/{fault_id}?lock={LOCK}"
        call = Background(self.first.request, "POST", path)
        self.wait_for_lock(1)  # the handler has its snapshot
        self.query("UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item_id)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        response = call.result()
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(response.json(), {"counting": 11})
        self.assertEqual(self.quantity(item_id), 11)
