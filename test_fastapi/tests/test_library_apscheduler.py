# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from .library_case import LibraryCase, on_each_server


class TestApscheduler(LibraryCase):
    distribution = "apscheduler"
    library = "library_apscheduler.set_up"

    @on_each_server
    def test_jobs_run_between_requests(self, served):
        served.get("/done")  # starts the app on Odoo
        for name in ("async", "sync"):
            before = served.get("/done").json().count(name)
            self.wait_until(
                lambda name=name, before=before: (
                    served.get("/done").json().count(name) > before + 1
                ),
                True,
            )

    @on_each_server
    def test_job_of_a_request(self, served):
        served.post("/later/job")
        self.wait_until(lambda: served.get("/done").json().count("job"), 1)


class TestApschedulerEvented(TestApscheduler):
    options = {"command": "gevent"}
