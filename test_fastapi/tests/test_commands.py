# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Other subcommands of ``odoo api``, with the test app."""

import io
import json
import logging
from contextlib import redirect_stderr
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from odoo.tools import config

from odoo.addons.base.models.ir_model import FIELD_TYPES
from odoo.addons.fastapi.cli._schema import _wrap_literal
from odoo.addons.fastapi.cli.api import Api
from odoo.addons.fastapi.exceptions import CommandError

from .command_case import CommandCase


class TestApi(CommandCase):
    def get_exit_code(self, **run):
        """Return the exit code of a subcommand.

        :param run: arguments of the mock in place of its function
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

    def test_unexpected_error(self):
        errors = io.StringIO()
        with (
            redirect_stderr(errors),
            self.assertLogs("odoo.addons.fastapi.cli.api", "ERROR") as log,
        ):
            self.assertEqual(self.get_exit_code(side_effect=ValueError("odd")), 2)
        self.assertRegex(
            errors.getvalue(),
            r"^\S+ api: unexpected ValueError: odd; the log has the traceback\n$",
        )
        self.assertIn("Traceback", log.output[0])

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

    def test_websockets(self):
        _exit_code, output, _errors = self.run_command("routes", "--endpoint", "/test")
        lines = [line.split() for line in output.splitlines()]
        rows = {path: (method, row[-1]) for method, path, *row in lines}
        method, handler = rows["/test/ws/echo"]
        self.assertEqual(method, "WS")
        self.assertIn("test_fastapi/routers/websockets.py:", handler)
        method, handler = rows["/test/messages/feed"]
        self.assertEqual(method, "WS")
        self.assertIn("test_fastapi/routers/messages.py:", handler)

    def test_unknown_endpoint(self):
        self.check_refused(
            "routes", "--endpoint", "nowhere", reason="no endpoint at /nowhere; .*/test"
        )

    def test_broken_app(self):
        self.break_endpoint()
        self.mute("odoo.addons.fastapi")
        self.check_refused(
            *("routes", "--endpoint", "/broken"),
            reason="the endpoint at /broken is broken: ValueError: secret of the hook",
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
        # the host of the request, and Odoo's own base URL
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

    def test_long_line_of_an_optional_field(self):
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
