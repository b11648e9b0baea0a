# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The protocol's conformance suite, against an app with the routes that it needs."""

import json
import re
import tempfile
import unittest
from fnmatch import fnmatch
from pathlib import Path

from odoo.addons.test_fastapi.tests.server_case import ServerCase

from .node_programs import has_program, run_program

_ASKS = (
    "The server would ask the client, and wait for the answer in the middle of a "
    "transaction. A route says in its response what it needs."
)
_ONE_TYPE = "A response of a route is one text or one file."
_FIELDS = (
    "The arguments of a tool are the parameters of its route and the fields of its "
    "body. The route checks what a schema demands of several of them together."
)
_NOT_OFFERED = "It is optional, and the server does not offer it."
_SESSIONS = "It needs a session, and the server is stateless."

#: What fails in the suite, and why. A key is a scenario and a check of it, both with
#: wildcards.
EXPECTED = {
    "completion-complete:*": _NOT_OFFERED,
    "dns-rebinding-protection:localhost-host-rebinding-rejected": "Odoo and its proxy "
    "decide which hosts they serve. Pages of other sites are refused by their origin.",
    "elicitation-*": _ASKS,
    "input-required-result-*": _ASKS,
    "json-schema-2020-12:*": _FIELDS,
    "logging-set-level:*": _SESSIONS,
    "prompts-get-embedded-resource:*": "The messages of a prompt are texts.",
    "prompts-get-with-image:*": "The messages of a prompt are texts.",
    "resources-subscribe:*": _SESSIONS,
    "resources-unsubscribe:*": _SESSIONS,
    "server-stateless:*capability*": "No tool needs a capability of the client.",
    "tasks-*": _NOT_OFFERED,
    "tools-call-elicitation:*": _ASKS,
    "tools-call-mixed-content:*": _ONE_TYPE,
    "tools-call-sampling:*": _ASKS,
    "tools-call-with-logging:*": _SESSIONS,
}


@unittest.skipUnless(has_program("conformance"), "the suite is not installed")
class TestConformance(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(
            self.first, "/conformance", app="test_mcp_conformance", mcp_server="all"
        )

    def run_suite(self, revision):
        """Run what a revision of the protocol requires.

        :return: number of passed checks, and the failures by scenario and check
        """
        passed, failures = 0, {}
        url = f"http://127.0.0.1:{self.first.port}/conformance/mcp"
        with tempfile.TemporaryDirectory() as folder:
            options = ("--requirements", revision, "--output-dir", folder)
            run = run_program("conformance", "server", "--url", url, *options)
            for path in Path(folder).glob("server-*/checks.json"):
                scenario = re.match(r"server-(.+)-\d{4}-\d\d-\d\dT", path.parent.name)[
                    1
                ]
                for check in json.loads(path.read_text()):
                    passed += check["status"] == "SUCCESS"
                    if check["status"] == "FAILURE":
                        name = f"{scenario}:{check['id']}"
                        failures[name] = check.get("errorMessage")
        self.assertTrue(passed, run.stdout + run.stderr)
        return passed, failures

    def check(self, revision, expected):
        """Check what a revision requires.

        :param expected: number of checks that pass
        """
        passed, failures = self.run_suite(revision)
        unexpected = {
            name: message
            for name, message in failures.items()
            if not any(fnmatch(name, pattern) for pattern in EXPECTED)
        }
        self.assertFalse(unexpected)
        self.assertGreaterEqual(passed, expected)
        return failures

    def test_all_revisions(self):
        failures = [
            *self.check("2025-11-25", 49),
            *self.check("2026-07-28", 127),
        ]
        for pattern in EXPECTED:
            with self.subTest(pattern):
                self.assertTrue(
                    any(fnmatch(name, pattern) for name in failures), "It passes."
                )
