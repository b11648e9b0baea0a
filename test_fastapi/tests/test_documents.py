# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Code and commands of the documents work: their addons are installed and called."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from odoo.tests import HOST, BaseCase, get_db_name, tagged
from odoo.tools import config, file_path

from .browsers import BrowserMixin
from .documents import (
    FILE,
    Block,
    find_complaints,
    read_blocks,
    read_commands,
    read_files,
)
from .servers import OdooServer, create_database, drop_database, free_port
from .websocket_case import Client

#: The server address in the documents.
ADDRESS = "http://localhost:8069"

#: Creates and returns an API key of the administrator for the endpoint at a path.
MAKE_KEY = """
endpoint = env["fastapi.endpoint"].search([("root_path", "=", %r)])
keys = env["fastapi.endpoint.key"]
action = {"key": keys._generate(endpoint, env.user, "test", "2100-01-01", "me:read")[1]}
"""

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Pages that extend the addons of the README or have another addon.
PAGES = ("records", "graphql", "authentication", "event_loops", "websockets")


#: Languages of code blocks: all but console blocks are files.
TESTED_LANGUAGES = {"console", "html", "python", "xml"}


class DocumentCase(BaseCase):
    """Installs the addons of some documents in a database and serves it."""

    documents = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        #: API keys of the administrator, by the root path of the endpoint.
        cls.keys = {}
        cls.blocks = [block for path in cls.documents for block in read_blocks(path)]
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.modules = cls._write_addons()
        cls.dbname = f"{get_db_name()}_{cls.__name__.lower()}"
        cls.addClassCleanup(drop_database, cls.dbname)
        addons_path = ",".join([*config["addons_path"], str(cls.folder)])
        tests = []
        if any(cls.folder.glob("*/tests")):
            tests = ["--test-tags", ",".join(f"/{name}" for name in cls.modules)]
        cls.exit_code, cls.log = create_database(
            cls.dbname,
            ",".join(cls.modules),
            *tests,
            addons_path=addons_path,
            http_port=free_port(),  # Odoo's tests start a server despite --no-http
        )
        cls.server = OdooServer(cls.dbname, addons_path=addons_path)
        cls.addClassCleanup(cls.server.stop)
        for path in cls.folder.glob("*_client/*.py"):
            path.write_text(cls._replace_address(path.read_text(encoding="utf-8")))

    @classmethod
    def _replace_address(cls, text):
        return text.replace("//localhost:8069", f"//127.0.0.1:{cls.server.port}")

    @classmethod
    def _write_addons(cls):
        """Write the files of the documents; return the names of their addons."""
        files = {}
        for block in cls.blocks:
            if block.language == "console":
                continue
            for path, text in read_files(block).items():
                files[path] = files.get(path, "") + text
        for path, text in files.items():
            target = cls.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return [
            path.split("/")[0] for path in files if path.endswith("__manifest__.py")
        ]

    def check_log(self):
        """Check that the addons are installed without warnings."""
        self.assertEqual(find_complaints(self.log), [])
        self.assertEqual(self.exit_code, 0)

    def check_commands(self):
        """Check that the commands print what the documents say."""
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        run = 0
        for block in self.blocks:
            if block.language != "console":
                continue
            for command, expected in read_commands(block):
                run += 1
                with self.subTest(f"{block}: {command}"):
                    self.assertEqual(self._run(command), expected)
        return run

    def _run(self, command):
        programs = [str(Path(sys.executable).parent), os.environ["PATH"]]
        variables = {"PATH": os.pathsep.join(programs)}
        if "$KEY" in command:
            path = re.search(f"{ADDRESS}(/\\w+)", command)[1]
            if path not in self.keys:
                self.keys[path] = self._make_key(path)
            variables["KEY"] = self.keys[path]
        if "$SESSION" in command:
            variables["SESSION"] = self.server.log_in()
        if command.startswith("curl "):
            command = command.replace("curl ", "curl --no-progress-meter ", 1)
        done = subprocess.run(
            self._replace_address(command),
            shell=True,
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.stderr, "", command)
        output = done.stdout.replace("\r\n", "\n")
        # curl adds no newline to the response
        return output if output.endswith("\n") or not output else f"{output}\n"

    def _make_key(self, root_path):
        vals = {
            "name": "Make a key",
            "model_id": self.server.rpc(
                "ir.model", "search", [("model", "=", "fastapi.endpoint.key")]
            )[0],
            "state": "code",
            "code": MAKE_KEY % root_path,
        }
        action_id = self.server.rpc("ir.actions.server", "create", vals)
        return self.server.rpc("ir.actions.server", "run", [action_id])["key"]


@tagged("post_install", "-at_install")
class TestReadme(BrowserMixin, DocumentCase):
    documents = [
        Path(file_path("fastapi/readme/USAGE.md")),
        Path(file_path("fastapi/readme/DEVELOP.md")),
        # the document is only in the repository
        *filter(Path.exists, [DOCS / f"{name}.md" for name in PAGES]),
        Path(file_path("fastapi_bus/readme/USAGE.md")),
    ]

    def test_addons_are_installed(self):
        self.assertEqual(
            self.modules,
            [
                "hello_api",
                "library_api",
                "status_api",
                "library_extra",
                "desk_api",
                "help_api",
                "push_demo",
            ],
        )
        self.check_log()

    def test_tests_of_the_addons_pass(self):
        code = "".join(block.text for block in self.blocks)
        count = len(re.findall(r"^    def test_", code, re.M))
        self.assertGreater(count, 0)
        result = re.search(r"\d+ failed, \d+ error\(s\) of \d+ tests", self.log)
        self.assertEqual(result[0], f"0 failed, 0 error(s) of {count} tests")

    def test_commands(self):
        self.assertGreater(self.check_commands(), 10)

    def test_push(self):
        events = "/push_demo/orders/7/events"
        with self.server.open("GET", events) as response:
            self.assertEqual(response.readline(), b": listening\n")
            self.server.request("POST", "/push_demo/orders/7/ship")
            lines = [response.readline() for _number in range(4)]
        self.assertEqual(lines[1], b"event: shipped\n")
        data = lines[2].removeprefix(b"data: ")
        self.assertEqual(json.loads(data), {"parcels": 2})
        self.assert_shown(lines[1:])
        unknown = {"Last-Event-ID": "unknown"}
        with self.server.open("GET", events, None, **unknown) as response:
            lines = [response.readline() for _number in range(5)]
        self.assertEqual(
            lines[2:4], [b"event: fastapi_bus.events_lost\n", b"data: {}\n"]
        )
        self.assert_shown(lines[2:])

    def assert_shown(self, lines):
        """Check that an event is in the document, with the same keys and data."""
        text = "".join(f"    {line.decode()}" for line in lines)
        shown = re.sub("id: .*", "id: 812", text)
        self.assertIn(shown, self.documents[-1].read_text(encoding="utf-8"))

    def open(self, path):
        client = Client()
        client.settimeout(20)
        client.connect(f"ws://127.0.0.1:{self.server.port}{path}")
        self.addCleanup(client.shutdown)
        return client

    def test_push_in_websockets(self):
        order = self.open("/push_demo/orders/7/live")
        here, there = self.open("/push_demo/chat/x"), self.open("/push_demo/chat/x")
        countries = self.open("/push_demo/countries")
        found = countries.recv_json()
        belgium = next(each for each in found["countries"] if each["name"] == "Belgium")
        self.server.request("POST", "/push_demo/orders/7/ship")
        self.assertEqual(order.recv_json(), {"parcels": 2})
        for text in ("hello", "again"):
            here.send(json.dumps({"text": text}))
            self.assertEqual(there.recv_json(), {"text": text})
            self.assertEqual(here.recv_json(), {"text": text})
        for vals, expected in (
            ({"phone_code": 33}, {"countries": [belgium], "removed": []}),
            ({"code": "QX"}, {"countries": [], "removed": [belgium["id"]]}),
            ({"code": "BE"}, {"countries": [belgium], "removed": []}),
        ):
            self.server.rpc("res.country", "write", [belgium["id"]], vals)
            self.assertEqual(countries.recv_json(), expected)

    def test_pages(self):
        """The clients for browsers."""
        address = f"http://{HOST}:{self.server.port}"
        browser = self.start_browser()
        browser.open(f"{address}/help_api/static/search.html")
        browser.wait_for("document.getElementById('text').oninput !== null")
        browser.run(
            """
            const input = document.getElementById("text");
            input.value = "papua";
            input.dispatchEvent(new Event("input"));
            """
        )
        names = "document.getElementById('names').textContent"
        browser.wait_for(f"{names} === 'Papua New Guinea'")
        browser.open(f"{address}/push_demo/static/order.html")
        browser.wait_for("events.readyState === EventSource.OPEN")
        self.server.request("POST", "/push_demo/orders/7/ship")
        status = "document.getElementById('status').textContent"
        browser.wait_for(f"{status} === '2 parcels'")

    def test_length(self):
        for path in self.documents:
            lines = path.read_text(encoding="utf-8").splitlines()
            self.assertLessEqual(len(lines), 500, path.name)
            self.assertLessEqual(max(map(len, lines)), 200, path.name)


@tagged("post_install", "-at_install")
@unittest.skipUnless((ROOT / "README.rst").exists(), "not in the repository")
class TestRepositoryReadme(DocumentCase):
    documents = [ROOT / "README.rst"]

    def test_first_api(self):
        self.assertEqual(self.modules, ["hello"])
        self.check_log()
        self.assertEqual(self.check_commands(), 3)


class TestDocuments(BaseCase):
    def test_block_without_file(self):
        with self.assertRaisesRegex(ValueError, "USAGE.md, line 3 does not say"):
            read_files(Block("USAGE.md", 3, "python", "import this\n"))

    def test_continued_files(self):
        """A reader sees which blocks belong to a file that another block has begun."""
        seen = set()
        for document in TestReadme.documents:
            for block in read_blocks(document):
                for match in map(FILE.fullmatch, block.text.splitlines()):
                    if match:
                        with self.subTest(f"{block}: {match[1]}"):
                            self.assertEqual(bool(match[2]), match[1] in seen)
                        seen.add(match[1])

    def test_every_block_is_tested(self):
        for document in (*TestReadme.documents, *TestRepositoryReadme.documents):
            if not document.exists():
                continue
            languages = {block.language for block in read_blocks(document)}
            self.assertLessEqual(languages, TESTED_LANGUAGES, document)
            fences = document.read_text(encoding="utf-8").count("\n```")
            self.assertEqual(
                fences, 2 * len(read_blocks(document)) if fences else 0, document
            )
