# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Clients generated from the OpenAPI documents of both demo apps."""

import inspect
import json
import os
import subprocess
import sys
import tempfile
import unittest
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from .server_case import ServerCase

#: Environment variable: the folder of ``openapi-typescript`` and ``tsc``.
NODE_BIN = "FASTAPI_NODE_BIN"

LOGIN = "generated client"
TIMEOUT = 60  # seconds for a generator

#: A TypeScript program that uses the types.
PROGRAM = """
import type { components, operations } from "./my_demo";

type GetPage = operations["get_bank_accounts"];
type Page = GetPage["responses"][200]["content"]["application/json"];
type Refusal = GetPage["responses"][403]["content"]["application/json"];

type Nothing<T> = [T] extends [undefined] ? true : false;

export const query: GetPage["parameters"]["query"] = { page: 2, page_size: 10 };
export const noHeader: Nothing<GetPage["parameters"]["header"]> = true;
export const language: components["parameters"]["AcceptLanguage"] = "fr";

export function show(page: Page, refusal: Refusal): string {
    return `${page.count} ${page.items.map((account) => account.id)} ${refusal.detail}`;
}
"""


class GeneratedCase(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.allow_demo_app()

    def save_documents(self):
        """Save the documents of both apps as files; return them by name."""
        (user_id,) = self.first.rpc(
            "res.users", "search", [("login", "=", "my_demo_api_user")]
        )
        self.create_endpoint(
            self.first, "/gen/demo", app="demo", demo_auth_method="api_key"
        )
        self.create_endpoint(
            self.first,
            "/gen/my_demo",
            app="my_demo",
            accept_unscoped_keys=True,
            allow_portal_users=True,
            user_id=user_id,
        )
        documents = {}
        for name in ("demo", "my_demo"):
            response = self.first.request("GET", f"/gen/{name}/openapi.json")
            documents[name] = response.json()
            Path(self.folder, f"{name}.json").write_text(json.dumps(documents[name]))
        return documents

    def run_program(self, *command, **variables):
        """Run a program in the folder and return its output."""
        run = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout + run.stderr


@unittest.skipUnless(
    find_spec("openapi_python_client"), "openapi-python-client is not installed"
)
class TestPython(GeneratedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rpc = cls.first.rpc
        cls.user_id = rpc(
            "res.users", "create", {"name": LOGIN, "login": LOGIN, "group_ids": []}
        )
        (user,) = rpc("res.users", "read", [cls.user_id], ["partner_id"])
        cls.addClassCleanup(rpc, "res.partner", "unlink", [user["partner_id"][0]])
        cls.addClassCleanup(rpc, "res.users", "unlink", [cls.user_id])
        with Registry(cls.dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            keys = env["res.users.apikeys"].with_user(cls.user_id).sudo()
            cls.key = keys._generate(None, "test", None)
        sys.path.insert(0, str(cls.folder))
        cls.addClassCleanup(sys.path.remove, str(cls.folder))

    def generate(self, document, name):
        """Generate a client; return a function that imports its modules."""
        package = f"generated_{name}"
        output = self.run_program(
            *(sys.executable, "-m", "openapi_python_client", "generate"),
            *("--path", f"{name}.json", "--output-path", package),
            *("--meta", "none", "--fail-on-warning"),
            # the generator formats its code with ruff
            PATH=os.pathsep.join(
                [str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
        )
        self.assertNotIn("warning", output.lower())
        operations = [
            (operation["tags"][0], operation["operationId"])
            for item in document["paths"].values()
            for operation in item.values()
        ]
        for tag, operation_id in operations:
            module = import_module(f"{package}.api.{tag}.{operation_id}")
            self.assertNotIn(
                "accept_language", inspect.signature(module.sync_detailed).parameters
            )
        return lambda module: import_module(f"{package}.{module}")

    def test_client(self):
        documents = self.save_documents()
        for document in documents.values():
            import_module("openapi_spec_validator").validate(document)
        demo = self.generate(documents["demo"], "demo")
        (url,) = (server["url"] for server in documents["demo"]["servers"])
        client = demo("client").Client(base_url=url)
        self.assertEqual(
            demo("api.demo.hello_world").sync(client=client).to_dict(),
            {"Hello": "World"},
        )
        refused = demo("api.demo.who_ami").sync_detailed(client=client)
        self.assertEqual(refused.status_code, 401)
        self.assertEqual(
            refused.parsed, demo("models.error_detail").ErrorDetail("Not authenticated")
        )
        self.check_my_demo(documents["my_demo"])

    def check_my_demo(self, document):
        load = self.generate(document, "my_demo")
        (url,) = (server["url"] for server in document["servers"])
        client = load("client").AuthenticatedClient(base_url=url, token=self.key)
        accounts = {
            name: load(f"api.bank_accounts.{name}")
            for name in ("add_bank_account", "get_bank_account", "get_bank_accounts")
        }
        body = load("models").NewBankAccount(number="BE68539007547034")
        account = accounts["add_bank_account"].sync(client=client, body=body)
        self.addCleanup(self.first.rpc, "res.partner.bank", "unlink", [account.id])
        page = accounts["get_bank_accounts"].sync(client=client, page=1, page_size=5)
        self.assertEqual((page.count, page.items), (1, [account]))
        again = accounts["get_bank_account"].sync(account.id, client=client)
        self.assertEqual(again, account)
        # documented errors of the app, of every app and of FastAPI
        refused = accounts["add_bank_account"].sync(client=client, body=body)
        self.assertEqual(refused.code, "refused")
        refused = accounts["get_bank_accounts"].sync(
            client=load("client").AuthenticatedClient(base_url=url, token="wrong")
        )
        self.assertEqual(refused.detail, "Invalid API key")
        wrong = accounts["get_bank_accounts"].sync(client=client, page_size=10**6)
        self.assertEqual(wrong.detail[0].loc, ["query", "page_size"])


@unittest.skipUnless(NODE_BIN in os.environ, "openapi-typescript is not installed")
class TestTypescript(GeneratedCase):
    def test_types(self):
        folder = Path(os.environ[NODE_BIN])
        for name in self.save_documents():
            output = self.run_program(
                *(folder / "openapi-typescript", f"{name}.json"),
                *("--output", f"{name}.ts"),
            )
            self.assertNotRegex(output.lower(), "warn|⚠|error")
        Path(self.folder, "program.ts").write_text(PROGRAM)
        self.run_program(
            folder / "tsc", "--strict", "--noEmit", "program.ts", "demo.ts"
        )
