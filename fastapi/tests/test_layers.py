# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The layers of the addon: an import points down, never up, never into the demo."""

import ast
from pathlib import Path

from odoo.tests import BaseCase

ADDON = "odoo.addons.fastapi"
ROOT = Path(__file__).parent.parent

#: Modules of each layer, the lowest first; a package stands for all its modules.
LAYERS = {
    "base": ["context", "exceptions", "root_paths", "system_parameters"],
    "bridge": ["bridge"],
    "apps": [
        "app",
        "built_apps",
        "error_handlers",
        "internal_texts",
        "invalid_texts",
        "markdown",
        "mounts",
    ],
    "transactions": [
        "after_response",
        "connections",
        "follow_up",
        "resting_cursors",
        "transaction_errors",
        "transactions",
    ],
    "handlers": [
        "access",
        "auth",
        "callers",
        "dependencies",
        "depends",
        "handshake",
        "schemas",
        "watch",
        "websockets",
    ],
    "schemas of records": ["records"],
    "records": ["models", "serving", "wizards"],
    "edge": [
        "app_request",
        "fastapi_dispatcher",
        "handled_errors",
        "message_connection",
        "message_routes",
        "observers",
        "request_cycle",
        "request_environ",
        "server_stop",
        "websocket_start",
    ],
    "commands": ["cli"],
    "demo": ["models.fastapi_endpoint_demo", "routers"],
}
#: Imports that the table forbids, with the reason why they are there.
EXCEPTIONS = {
    ("models", "models.fastapi_endpoint_demo"): (
        "Odoo finds a model when the package of models imports it"
    ),
}
#: Modules without a layer, with the reason why.
OUTSIDE = {
    "": "the addon itself: imports what has to be registered, is imported by Odoo",
    "__manifest__": "data that Odoo reads",
}
#: Libraries that a layer must not import.
FORBIDDEN_LIBRARIES = {"bridge": {"fastapi", "psycopg2", "pydantic"}}
#: Modules of Odoo that a layer may import; layers that are not here may import all.
ALLOWED_ODOO = {
    "base": {"odoo.api"},  # the type of an environment
    "bridge": set(),
    # texts that clients read, exceptions, options; nothing that knows the ORM
    "apps": {
        "odoo.exceptions",
        "odoo.http",
        "odoo.tools.config",
        "odoo.tools.translate",
    },
}


def _modules():
    """Yield the name below the addon, and the syntax tree, of each module."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in ("tests", "migrations", "static"):
            continue
        if parts[-1] == "__init__":
            parts = parts[:-1]
        is_package = path.name == "__init__.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield ".".join(parts), is_package, tree


def _absolute(node, name, is_package):
    """Return what follows ``from`` in an import, as an absolute name."""
    if not node.level:
        return node.module
    parts = [*ADDON.split("."), *filter(None, name.split("."))]
    up = node.level - is_package
    parts = parts[: len(parts) - up] if up else parts
    return ".".join([*parts, *filter(None, [node.module])])


def _imports(names, name, is_package, tree):
    """Yield the absolute name of each imported module, wherever the import stands.

    :param names: modules of the addon: ``from x import y`` may import one or a name
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, name, is_package)
            for alias in node.names:
                target = f"{source}.{alias.name}"
                if target.removeprefix(f"{ADDON}.") in names or source == "odoo":
                    yield target
                else:
                    yield source


def _layer(name):
    """Return the layer of a module; the most exact entry of the table counts."""
    matches = [
        (len(entry), layer)
        for layer, entries in LAYERS.items()
        for entry in entries
        if name == entry or name.startswith(f"{entry}.")
    ]
    return max(matches)[1] if matches else None


class TestLayers(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        modules = list(_modules())
        names = {name for name, _is_package, _tree in modules}
        cls.imports = {
            name: set(_imports(names, name, is_package, tree))
            for name, is_package, tree in modules
        }
        cls.trees = {name: tree for name, _is_package, tree in modules}

    def _inside(self, imported):
        """Return the name below the addon, None for what is not of the addon."""
        if imported == ADDON:
            return ""
        if imported.startswith(f"{ADDON}."):
            return imported.removeprefix(f"{ADDON}.")
        return None

    def test_every_module_has_a_layer(self):
        missing = [
            name
            for name in self.imports
            if name not in OUTSIDE and _layer(name) is None
        ]
        self.assertFalse(missing, "Add these modules to the table LAYERS.")

    def test_table_names_modules_that_exist(self):
        entries = [entry for layer in LAYERS.values() for entry in layer]
        self.assertEqual([entry for entry in entries if entry not in self.imports], [])

    def test_imports_of_the_addon_are_found(self):
        # the tests below would hold for an empty list too
        self.assertIn(f"{ADDON}.app.error_log", self.imports["error_handlers"])
        self.assertIn(f"{ADDON}.bridge.loops", self.imports["bridge.wsgi"])
        self.assertIn(f"{ADDON}.dependencies", self.imports["models.fastapi_endpoint"])
        self.assertIn("odoo.models", self.imports["models.fastapi_endpoint"])
        self.assertIn("odoo.exceptions", self.imports["app.wrapped"])
        self.assertIn("psycopg2", self.imports["app.wrapped"])

    def test_imports_point_down(self):
        order = list(LAYERS)
        for name, imports in self.imports.items():
            if name in OUTSIDE:
                continue
            layer = _layer(name)
            for imported in filter(None, map(self._inside, imports)):
                if (name, imported) in EXCEPTIONS:
                    continue
                with self.subTest(f"{name} imports {imported}"):
                    below = _layer(imported)
                    self.assertLessEqual(
                        order.index(below),
                        order.index(layer),
                        f"{name} ({layer}) must not import {imported} ({below}).",
                    )

    def test_nothing_imports_the_addon_as_a_whole(self):
        # ``from .. import x`` of a module that exists is an import of that module
        importing = [name for name, found in self.imports.items() if ADDON in found]
        self.assertEqual(importing, [])

    def test_exceptions_are_needed(self):
        for name, imported in EXCEPTIONS:
            self.assertIn(f"{ADDON}.{imported}", self.imports[name])

    def test_lower_layers_know_no_orm(self):
        for name, imports in self.imports.items():
            allowed = ALLOWED_ODOO.get(_layer(name))
            if allowed is None:
                continue
            for imported in imports:
                if imported.split(".")[0] != "odoo" or self._inside(imported):
                    continue
                with self.subTest(f"{name} imports {imported}"):
                    self.assertIn(imported, allowed)

    def test_bridge_carries_any_app(self):
        for name, imports in self.imports.items():
            libraries = {imported.split(".")[0] for imported in imports}
            forbidden = FORBIDDEN_LIBRARIES.get(_layer(name), set())
            self.assertEqual(libraries & forbidden, set(), name)

    def test_imports_are_at_the_top(self):
        # an import within a function hides a cycle
        for name, tree in self.trees.items():
            hidden = [
                f"line {node.lineno}"
                for function in ast.walk(tree)
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            self.assertFalse(hidden, name)

    def test_no_cycles(self):
        edges = {
            name: {
                inside
                for inside in map(self._inside, imports)
                if inside in self.imports and inside != name
            }
            for name, imports in self.imports.items()
        }
        # take away what imports nothing that is left, again and again
        while True:
            free = [name for name, found in edges.items() if not found]
            if not free:
                break
            for name in free:
                del edges[name]
            for found in edges.values():
                found.difference_update(free)
        self.assertEqual(sorted(edges), [], "These modules import each other.")

    def test_odoo_finds_every_test(self):
        # Odoo runs what ``tests/__init__.py`` imports; pytest looks at the files
        tree = ast.parse((ROOT / "tests" / "__init__.py").read_text(encoding="utf-8"))
        imported = {
            "/".join(filter(None, [node.module, f"{alias.name}.py"]))
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        tests = ROOT / "tests"
        files = {
            path.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")
        }
        self.assertEqual(imported, files)
