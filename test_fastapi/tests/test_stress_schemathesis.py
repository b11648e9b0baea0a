# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every response is as the API's OpenAPI document says.

Schemathesis reads the OpenAPI document of an endpoint, sends valid and invalid
requests, and checks the responses: status, content type, headers and body as
documented, invalid requests refused, valid ones accepted, no undocumented method or
access.
"""

import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import tagged

from .stress_case import StressCase

#: Exceptions for a route that only raises errors and for one that refuses duplicates:
#: both document their errors, but refuse valid requests. All other checks apply. The
#: credentials come from the command line, which would also add them to requests that
#: test missing credentials.
CONFIG = """\
[generation]
with-security-parameters = false

[[operations]]
include-path-regex = "/demo/exception$"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "500"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "4xx", "500"]

[[operations]]
include-path-regex = "/bank_accounts$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403"]
"""

#: The final summary; Schemathesis 4.25, the last for Python 3.10, has no JSON report.
SUMMARY = re.compile(
    r"Selected: \d+/(?P<total>\d+)\s+Tested: (?P<tested>\d+)\s"
    r".*Test cases:\s+(?P<generated>\d+) generated",
    re.DOTALL,
)

TIMEOUT = 8 * 60  # seconds for one API
#: Fewest cases in full, by key: 1,450 for both documents.
LEAST_DEMO, LEAST_MY_DEMO = 250, 1_200
LOGIN = "schemathesis"


@tagged("post_install", "-at_install")
class TestSchemathesis(StressCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rpc = cls.first.rpc
        partner_id = rpc("res.partner", "create", {"name": LOGIN})
        cls.addClassCleanup(rpc, "res.partner", "unlink", [partner_id])
        cls.user_id = rpc(
            "res.users",
            "create",
            {
                "login": LOGIN,
                "password": LOGIN,
                "partner_id": partner_id,
                "group_ids": [],
            },
        )
        cls.addClassCleanup(rpc, "res.users", "unlink", [cls.user_id])
        cls.allow_demo_app()

    def make_api_key(self, scope):
        with Registry(self.dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            keys = env["res.users.apikeys"].with_user(self.user_id).sudo()
            return keys._generate(scope, "test", None)

    def check(self, case, root_path, examples, credentials, phases, least):
        """Run all checks on an endpoint's API.

        :param examples: number for each operation and phase
        :param credentials: command line option with the credentials
        :param phases: phases of Schemathesis for the short run
        :param least: minimal number of generated cases
        """
        seed = random.randrange(2**32) if self.full else 1
        url = f"http://127.0.0.1:{self.first.port}{root_path}/openapi.json"
        with tempfile.TemporaryDirectory() as name:
            config = Path(name, "config.toml")
            config.write_text(CONFIG)
            command = [sys.executable, "-m", "schemathesis.cli"]
            command += ["--config-file", config, "run", url, *credentials]
            command += ["--checks", "all", "--max-examples", str(examples)]
            command += [] if self.full else ["--phases", phases]
            command += ["--continue-on-failure", "--generation-database", "none"]
            command += ["--seed", str(seed), "--no-color", "--warnings", "off"]
            run = subprocess.run(
                command, cwd=name, capture_output=True, text=True, timeout=TIMEOUT
            )
        summary = SUMMARY.search(run.stdout)
        self.assertTrue(summary, run.stdout + run.stderr)
        self.assertEqual(summary["tested"], summary["total"])
        generated = int(summary["generated"])
        failures = [run.stdout] if run.returncode else []
        if generated < least:
            failures.append(f"{generated} cases, at least {least} are expected")
        self.conclude(f"{case}, as documented", generated, failures)

    def check_demo(self, method, examples, credentials, least=1):
        root_path = f"/demo/{method}"
        self.create_endpoint(self.first, root_path, app="demo", demo_auth_method=method)
        case = f"demo app by {method}"
        self.check(case, root_path, examples, credentials, "coverage", least)

    def check_my_demo(self, method, examples, credentials, least=1):
        found = self.first.rpc(
            "res.users", "search", [("login", "=", "my_demo_api_user")]
        )
        if not found:
            self.skipTest("The addon my_demo_api is not installed.")
        root_path = f"/my_demo/{method}"
        self.create_endpoint(
            self.first,
            root_path,
            app="my_demo",
            auth_api_key=method == "api_key",
            accept_unscoped_keys=True,
            auth_basic=method == "http_basic",
            allow_portal_users=True,
            user_id=found[0],
        )
        case = f"my_demo_api by {method}"
        phases = "examples,fuzzing"
        self.check(case, root_path, examples, credentials, phases, least)

    def test_demo_by_key(self):
        key = self.make_api_key("fastapi_demo")
        header = ["--header", f"api-key:{key}"]
        least = self.size(LEAST_DEMO, 1)
        self.check_demo("api_key", self.size(200, 1), header, least)

    def test_demo_by_password(self):
        if not self.full:
            self.skipTest("Passwords are slow: only with make stress.")
        self.check_demo("http_basic", 10, ["--auth", f"{LOGIN}:{LOGIN}"])

    def test_my_demo_api_by_key(self):
        header = ["--header", f"Authorization:Bearer {self.make_api_key(None)}"]
        least = self.size(LEAST_MY_DEMO, 1)
        self.check_my_demo("api_key", self.size(200, 3), header, least)

    def test_my_demo_api_by_password(self):
        if not self.full:
            self.skipTest("Passwords are slow: only with make stress.")
        self.check_my_demo("http_basic", 5, ["--auth", f"{LOGIN}:{LOGIN}"])
