# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""``If-Match`` in concurrent transactions: the check holds until the commit."""

import json

from .server_case import LOCK, ServerCase
from .servers import Background


class TestConcurrentChanges(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/crud")
        response = self.request(
            "POST", "/crud/typed", {"name": "a", "child_ids": [{"name": "b"}]}
        )
        self.assertEqual(response.status, 201, response.body)
        self.url = response.headers["Location"]
        self.etag = response.headers["ETag"]

    def clean_up(self):
        self.query("DELETE FROM test_fastapi_typed")
        super().clean_up()

    def request(self, method, path, content=None, headers=None):
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self.first.request(method, path, body, headers)

    def overlap(self, *requests):
        """Start all requests, then let them go on. Return the responses."""
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        headers = {"If-Match": self.etag}
        calls = [
            Background(
                self.request, method, f"{self.url}{path}?lock={LOCK}", content, headers
            )
            for method, path, content in requests
        ]
        self.wait_for_lock(len(calls))
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        return [call.result() for call in calls]

    def check_one_is_done(self, responses, status=200):
        self.assertEqual(
            sorted(response.status for response in responses), [status, 412]
        )

    def test_over_http(self):
        response = self.request("GET", self.url)
        self.assertEqual(response.headers["ETag"], self.etag)
        headers = {"If-None-Match": self.etag}
        response = self.request("GET", self.url, headers=headers)
        self.assertEqual((response.status, response.body), (304, b""))
        self.assertEqual(response.headers["ETag"], self.etag)

    def test_the_same_record(self):
        self.first.log_again()
        responses = self.overlap(
            ("PATCH", "", {"name": "c"}), ("PATCH", "", {"name": "d"})
        )
        self.check_one_is_done(responses)
        # a conflict is not logged as an error
        self.assertNotIn(" ERROR ", "".join(self.first.log))
        (done,) = (response for response in responses if response.status == 200)
        self.assertEqual(self.request("GET", self.url).json(), done.json())

    def test_changes_in_another_table(self):
        """Neither request writes to the row of the record itself."""
        responses = self.overlap(
            ("POST", "/children", {"name": "c"}), ("POST", "/children", {"name": "d"})
        )
        self.check_one_is_done(responses)
        children = self.request("GET", self.url).json()["child_ids"]
        self.assertEqual(len(children), 2)

    def test_lists_of_a_record(self):
        responses = self.overlap(
            ("PATCH", "", {"child_ids": [{"name": "c"}]}),
            ("POST", "/children", {"name": "d"}),
        )
        self.check_one_is_done(responses)

    def test_nothing_to_change(self):
        """Both requests match, and change nothing."""
        responses = self.overlap(("PATCH", "", {}), ("PATCH", "", {}))
        self.assertEqual([response.status for response in responses], [200, 200])

    def test_a_change_and_a_deletion(self):
        responses = self.overlap(("PATCH", "", {"name": "c"}), ("DELETE", "", None))
        statuses = {response.status for response in responses}
        # either can be the first
        self.assertIn(statuses, ({200, 412}, {204, 404}))
