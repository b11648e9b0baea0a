# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api``, in this process: its parts with the test app, and the test's cursor."""

import importlib
import io
import json
import logging
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from odoo.tools import config

from odoo.addons.base.models.ir_model import FIELD_TYPES
from odoo.addons.fastapi.cli._schema import _wrap_literal
from odoo.addons.fastapi.cli.api import Api
from odoo.addons.fastapi.exceptions import CommandError

from .common import FastapiHttpCase


class CommandCase(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        self.http_request_allow_all = True  # there is no cookie

    def run_command(self, *arguments, data=b""):
        """Run a part of the command.

        :param data: standard input
        :return: exit code, what it printed, and what it said or why it failed
        """
        args = Api().parser.parse_args(arguments)
        args.database = self.env.cr.dbname
        self.env.flush_all()
        part = importlib.import_module(f"odoo.addons.fastapi.cli._{args.part}")
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        errors = io.StringIO()
        stdin = io.TextIOWrapper(io.BytesIO(data))
        with (
            redirect_stdout(output),
            redirect_stderr(errors),
            patch("sys.stdin", stdin),
        ):
            try:
                exit_code = part.run(args)
            except CommandError as err:
                exit_code = 2
                errors.write(str(err))
        self.env.invalidate_all()
        return exit_code, output.buffer.getvalue().decode(), errors.getvalue()

    def check_refused(self, *arguments, reason):
        exit_code, output, errors = self.run_command(*arguments)
        self.assertEqual((exit_code, output), (2, ""))
        self.assertRegex(errors, reason)

    def write_file(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "file"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def break_endpoint(self):
        endpoint = self._create_endpoint(
            "/broken", app="test_breakable", description="hook"
        )
        return endpoint


class TestApi(CommandCase):
    def get_exit_code(self, **run):
        """Return how a part ends the process.

        :param run: what its function does, as for a mock
        """
        with (
            patch.object(config, "parse_config"),
            patch("odoo.addons.fastapi.cli._routes.run", **run),
            self.assertRaises(SystemExit) as end,
        ):
            Api().run(["routes"])
        return end.exception.code

    def test_exit_codes(self):
        self.assertEqual(self.get_exit_code(return_value=1), 1)
        errors = io.StringIO()
        with redirect_stderr(errors):
            error = CommandError("no")
            self.assertEqual(self.get_exit_code(side_effect=error), 2)
        self.assertRegex(errors.getvalue(), r"^\S+ api: no\n$")

    def test_interrupted(self):
        logger = logging.getLogger("asyncio")
        self.addCleanup(logger.setLevel, logger.level)
        self.assertEqual(self.get_exit_code(side_effect=KeyboardInterrupt), 130)


class TestRoutes(CommandCase):
    def test_columns(self):
        exit_code, output, errors = self.run_command("routes", "--endpoint", "/test")
        self.assertEqual((exit_code, errors), (0, ""))
        header, *lines = output.splitlines()
        start = {name: header.index(name) for name in ("PATH", "TAGS", "HANDLER")}
        for line in lines:
            for column in start.values():
                self.assertEqual(line[column - 2 : column], "  ", line)
                self.assertNotEqual(line[column], " ", line)
        (partner,) = [line for line in lines if " /test/partner " in line]
        self.assertRegex(
            partner,
            r"^GET +/test/partner +identity +Partner +HTTPBasic +"
            r"\w+ +test_fastapi/routers/identity\.py:\d+$",
        )

    def test_json(self):
        exit_code, output, _errors = self.run_command("routes", "--json")
        self.assertEqual(exit_code, 0)
        rows = {(row["method"], row["path"]): row for row in json.loads(output)}
        row = rows["POST", "/test/items"]
        source = Path(__file__).parents[1] / "routers" / "transactions.py"
        lines = source.read_text(encoding="utf-8").splitlines()
        line = lines.index('@router.post("/items")') + 1
        document = self.get("/test/openapi.json").json()
        self.assertEqual(
            row,
            {
                "endpoint": "/test",
                "method": "POST",
                "path": "/test/items",
                "tags": ["transactions"],
                "summary": "Create Item",
                "authentication": "",
                "operation_id": document["paths"]["/items"]["post"]["operationId"],
                "handler": f"test_fastapi/routers/transactions.py:{line}",
            },
        )
        self.assertTrue(all(row["handler"] for row in rows.values()))

    def test_unknown_endpoint(self):
        self.check_refused(
            "routes", "--endpoint", "nowhere", reason="no endpoint at /nowhere; .*/test"
        )

    def test_broken_app(self):
        self.break_endpoint()
        self.mute("odoo.addons.fastapi")
        self.check_refused(
            *("routes", "--endpoint", "/broken"),
            reason="the app at /broken is broken: ValueError: secret of the hook",
        )
        exit_code, output, errors = self.run_command("routes")
        self.assertEqual(exit_code, 2)
        self.assertIn("/test/partner", output)
        self.assertIn("/broken is broken", errors)


class TestOpenapi(CommandCase):
    def get_document(self):
        exit_code, output, errors = self.run_command("openapi", "/test")
        self.assertEqual((exit_code, errors), (0, ""))
        return output

    def test_document_is_what_is_served(self):
        document = json.loads(self.get_document())
        served = self.get("/test/openapi.json").json()
        # the host that was asked, and the one that Odoo knows of itself
        self.assertEqual(served.pop("servers"), [{"url": f"{self.base_url()}/test"}])
        self.assertEqual(document.pop("servers"), [{"url": self.endpoint.base_url}])
        self.assertEqual(document, served)

    def test_same_bytes(self):
        before = self.get_document()
        self.endpoint._reset_app()
        self.assertEqual(self.get_document(), before)
        self.assertTrue(before.endswith("}\n"))
        paths = list(json.loads(before)["paths"])
        self.assertEqual(paths, sorted(paths))

    def test_check(self):
        document = json.loads(self.get_document())
        path = self.write_file(json.dumps(document))
        result = self.run_command("openapi", "/test", "--check", path)
        self.assertEqual(result, (0, "", ""))
        document["paths"]["/gone"] = {"get": document["paths"]["/file"]["get"]}
        item = document["paths"]["/items"]["post"]
        item["parameters"] = [
            parameter for parameter in item["parameters"] if parameter["name"] != "name"
        ]
        path = self.write_file(json.dumps(document))
        exit_code, output, errors = self.run_command(
            "openapi", "/test", "--check", path
        )
        self.assertEqual((exit_code, errors), (1, ""))
        self.assertEqual(
            output.splitlines(),
            [
                "POST /items: query parameter name is new and required",
                "GET /gone is gone",
            ],
        )

    def test_bad_files(self):
        for text, reason in (
            ("{", "file is not JSON: Expecting"),
            ("[]", "file is not an OpenAPI document"),
            ('{"openapi": "3.1.0"}', "not an OpenAPI document: info: Field required"),
            (
                '{"openapi": "3.1.0", "info": {"title": "", "version": ""},'
                ' "paths": []}',
                "not an OpenAPI document: paths: ",
            ),
        ):
            with self.subTest(text):
                path = self.write_file(text)
                self.check_refused("openapi", "/test", "--check", path, reason=reason)
        self.check_refused(
            *("openapi", "/test", "--check", "/nowhere.json"),
            reason="can't read /nowhere.json: No such file",
        )

    def test_no_document(self):
        endpoint = self._create_endpoint("/hidden", docs_access="off")
        exit_code, output, _errors = self.run_command("openapi", "hidden")
        self.assertEqual(exit_code, 0)
        self.assertEqual(json.loads(output)["info"]["title"], endpoint.name)


class TestCall(CommandCase):
    def count(self, name):
        return self.env["test.fastapi.item"].search_count([("name", "=", name)])

    def call_command(self, *arguments, **kwargs):
        return self.run_command("call", *arguments, **kwargs)

    def test_rolled_back(self):
        exit_code, output, errors = self.call_command("POST", "/test/items?name=dry")
        self.assertEqual((exit_code, errors), (0, "200 OK (rolled back)\n"))
        self.assertGreater(int(output), 0)
        self.assertEqual(self.count("dry"), 0)

    def test_commit(self):
        exit_code, _output, errors = self.call_command(
            "--commit", "POST", "/test/items?name=kept"
        )
        self.assertEqual((exit_code, errors), (0, "200 OK (committed)\n"))
        self.assertEqual(self.count("kept"), 1)

    def test_errors(self):
        for path, status in (
            ("/test/items?name=a&error=user", "400 BAD REQUEST"),
            ("/test/nowhere", "404 NOT FOUND"),
            ("/test/items?name=a&error=teapot", "418 I'M A TEAPOT"),
            ("/test/items", "422 UNPROCESSABLE ENTITY"),
        ):
            with self.subTest(path):
                exit_code, output, errors = self.call_command("--commit", "POST", path)
                self.assertEqual(exit_code, 1)
                self.assertEqual(errors.upper(), f"{status}\n")
                self.assertIsInstance(json.loads(output), dict)
        self.assertEqual(self.count("a"), 0)

    def test_server_error_is_logged(self):
        with self.assertLogs("odoo.http", "ERROR") as log:
            exit_code, output, _errors = self.call_command(
                "POST", "/test/items?name=a&error=bare"
            )
        self.assertEqual(exit_code, 1)
        self.assertEqual(json.loads(output), {"detail": "Internal Server Error"})
        self.assertIn("ZeroDivisionError: secret", log.output[0])

    def test_violated_constraint(self):
        self.env["test.fastapi.item"].create({"name": "twin"})
        self.mute("odoo.sql_db")
        exit_code, output, errors = self.call_command("POST", "/test/items?name=twin")
        self.assertEqual((exit_code, errors.upper()), (1, "400 BAD REQUEST\n"))
        self.assertIn("An item of that name exists", output)

    def test_conflict_is_replayed(self):
        # how long Odoo waits before it tries again
        with patch("odoo.service.model.random.uniform", return_value=0) as uniform:
            for _attempt in range(2):
                result = self.call_command(
                    "--user", "caller@test", "GET", "/test/odoo_user/replayed"
                )
                self.assertEqual(result[:2], (0, f"{self.caller.id}\n"))
        self.assertTrue(uniform.called)

    def test_data(self):
        order = '{"lines": [{"name": "a", "quantity": 2}]}'
        path = self.write_file(order)
        for data in (order, f"@{path}", "@-"):
            with self.subTest(data):
                result = self.call_command(
                    *("--data", data, "POST", "/test/order"), data=order.encode()
                )
                self.assertEqual(result[:2], (0, "2\n"))
        exit_code, output, _errors = self.call_command(
            *("-H", "content-type: text/plain", "--data", "{"),
            *("POST", "/test/body"),
        )
        self.assertEqual(exit_code, 0)
        self.assertEqual(json.loads(output)["size"], 1)

    def test_headers(self):
        _exit_code, output, _errors = self.call_command(
            *("-H", "X-One: 1: 2", "-H", "x-two:3", "get", "/test/request?a=b%20c")
        )
        request = json.loads(output)
        headers = dict(request["headers"])
        self.assertEqual((headers["x-one"], headers["x-two"]), ("1: 2", "3"))
        self.assertEqual(request["query"], "a=b%20c")
        self.assertEqual(request["url_for"], f"{self.base_url()}/test/method")

    def test_authentication_of_the_app(self):
        exit_code, _output, errors = self.call_command("GET", "/test/partner")
        self.assertEqual((exit_code, errors.upper()), (1, "401 UNAUTHORIZED\n"))
        _exit_code, output, _errors = self.call_command(
            *("-H", "Authorization: Basic Y2FsbGVyQHRlc3Q6Y2FsbGVyJ3Mgc2VjcmV0"),
            *("GET", "/test/partner"),
        )
        self.assertEqual(json.loads(output)["id"], self.caller.partner_id.id)

    def test_user(self):
        login = ("--user", "caller@test")
        partner_id = self.caller.partner_id.id
        _exit_code, output, _errors = self.call_command(*login, "GET", "/test/partner")
        self.assertEqual(
            json.loads(output), {"id": partner_id, "in_context": partner_id}
        )
        _exit_code, output, _errors = self.call_command(
            *login, "GET", "/test/odoo_user"
        )
        self.assertEqual(
            json.loads(output),
            {
                "user": self.caller.id,
                "partner": partner_id,
                "runs_as": self.runner.id,
            },
        )
        # the next one asks again
        self.assertEqual(self.call_command("GET", "/test/partner")[0], 1)

    def test_user_where_odoo_authenticates(self):
        for auth in ("user", "bearer"):
            with self.subTest(auth):
                self.endpoint.test_routing = {"auth": auth}
                arguments = ("GET", "/test/odoo_user")
                self.assertEqual(self.call_command(*arguments)[0], 1)
                result = self.call_command("--user", "caller@test", *arguments)
                self.assertEqual(result[0], 0)
                self.assertEqual(json.loads(result[1])["user"], self.caller.id)

    def test_background_tasks(self):
        for options, count in (((), 0), (("--commit",), 1)):
            with self.subTest(options), self.assertLogs("odoo.addons.fastapi") as log:
                exit_code, _output, _errors = self.call_command(
                    *options, "POST", "/test/tasks?name=late"
                )
                self.assertEqual(exit_code, 0)
                self.assertEqual(self.count("late by the handler"), count)
                self.assertEqual(self.count("late by a task"), count)
                self.assertEqual(self.count("late by an async task"), count)
                self.assertEqual(self.count("late by a failing task"), 0)
                self.assertIn("failed, and is rolled back", log.output[0])

    def test_stream(self):
        for options, count in (((), 0), (("--commit",), 1)):
            with self.subTest(options):
                result = self.call_command(*options, "GET", "/test/tasks/stream?name=s")
                self.assertEqual(result[:2], (0, "s 0\ns 1\n"))
                self.assertEqual(self.count("s 1"), count)
                self.assertEqual(self.count("s by a task"), count)

    def test_failing_stream(self):
        with self.assertLogs("odoo.addons.fastapi", "ERROR"):
            exit_code, output, errors = self.call_command(
                "GET", "/test/stream?name=s&fail=1"
            )
        self.assertEqual((exit_code, output), (1, "s 0\n"))
        self.assertIn("200 OK", errors)
        self.assertEqual(self.count("s 0"), 0)

    def test_bad_arguments(self):
        for arguments, reason in (
            (("GET", "/nowhere/x"), "no endpoint serves /nowhere/x; there are .*/test"),
            (("-H", "no colon", "GET", "/test"), "-H 'no colon' is not of the form"),
            (("--data", "{", "POST", "/test/order"), "--data is not JSON: Expecting"),
            (("--data", "@/no", "POST", "/test/order"), "can't read /no: No such file"),
            (("--user", "nobody", "GET", "/test"), "no user has the login nobody"),
        ):
            with self.subTest(arguments):
                self.check_refused("call", *arguments, reason=reason)

    def test_broken_app(self):
        self.break_endpoint()
        self.mute("odoo.addons.fastapi")
        self.check_refused(
            "call", "GET", "/broken/x", reason="the app at /broken is broken"
        )


class TestSchema(CommandCase):
    def test_types(self):
        names = [
            *("id", "name", "title", "boolean", "integer", "float", "monetary"),
            *("date", "datetime", "selection", "binary", "json", "partner_id"),
            *("child_ids", "reference", "properties"),
        ]
        exit_code, output, _errors = self.run_command(
            "schema", "test.fastapi.typed", *names
        )
        self.assertEqual(exit_code, 0)
        self.assertEqual(
            output,
            """import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from odoo.addons.fastapi.records import (
    BinaryLink,
    ModelReference,
    RecordSchema,
    Reference,
)


class TestFastapiTyped(RecordSchema):
    id: int
    name: str
    title: str | None
    boolean: bool
    integer: int
    float: float
    monetary: Decimal
    date: dt.date | None
    datetime: AwareDatetime | None
    selection: Literal["low", "high"] | None
    binary: BinaryLink | None
    json_: Any = Field(alias="json")
    partner_id: Reference | None
    child_ids: list[Reference]
    reference: ModelReference | None
    properties: dict[str, Any]
""",
        )

    def test_long_lines(self):
        _exit_code, output, _errors = self.run_command(
            *("schema", "ir.model.fields", "name", "ttype", "compute")
        )
        lines = output.splitlines()
        start = lines.index("    ttype: Literal[")
        end = lines.index("    ]")
        values = [f'        "{key}",' for key, _label in FIELD_TYPES]
        self.assertEqual(lines[start + 1 : end], values)
        self.assertEqual(lines[end + 1 :], ["    compute: str | None"])
        annotation = Literal["a" * 40, "b" * 20]
        self.assertEqual(
            _wrap_literal(f"    {'x' * 12}: ", annotation),
            [
                f"    {'x' * 12}: Literal[",
                f'        "{"a" * 40}", "{"b" * 20}"',
                "    ]",
            ],
        )
        self.assertEqual(
            _wrap_literal("        ", annotation),
            [f'        Literal["{"a" * 40}", "{"b" * 20}"]'],
        )

    def test_long_line_that_may_be_empty(self):
        exit_code, output, _errors = self.run_command("schema", "res.partner", "tz")
        self.assertEqual(exit_code, 0)
        lines = output.splitlines()
        start = lines.index("class ResPartner(RecordSchema):") + 1
        self.assertEqual(
            lines[start : start + 3],
            ["    tz: (", "        Literal[", '            "Africa/Abidjan",'],
        )
        self.assertEqual(lines[-3:], ["        ]", "        | None", "    )"])

    def test_the_class_reads_records(self):
        names = ["name", "date", "json", "partner_id", "selection"]
        _exit_code, output, _errors = self.run_command(
            "schema", "test.fastapi.typed", *names
        )
        namespace = {}
        exec(compile(output, "schema", "exec", dont_inherit=True), namespace)  # noqa: S102
        record = self.env["test.fastapi.typed"].create(
            {"name": "One", "date": "2026-01-31", "json": [1], "selection": "low"}
        )
        schema = namespace["TestFastapiTyped"].model_validate(record)
        self.assertEqual(
            schema.model_dump(mode="json", by_alias=True),
            {
                "name": "One",
                "date": "2026-01-31",
                "json": [1],
                "partner_id": None,
                "selection": "low",
            },
        )

    def test_unknown(self):
        self.check_refused(
            *("schema", "no.model", "name"),
            reason="the database has no model no.model",
        )
        self.check_refused(
            *("schema", "res.partner", "nam"), reason="res.partner has no field 'nam'"
        )
