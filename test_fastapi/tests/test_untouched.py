# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Installing the addon patches nothing and slows down no other request."""

import asyncio
import functools
import re
import sys
import types
import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import anyio.to_thread
import fastapi.routing
import starlette.requests
import werkzeug.serving
from fastapi.routing import APIRoute

import odoo.http
import odoo.service.model
import odoo.sql_db
from odoo.tests import BaseCase, tagged

from .server_case import ServerCase
from .servers import OdooServer, copy_database, drop_database, get_base

LIBRARIES = ("anyio", "asyncio", "fastapi", "odoo", "starlette", "werkzeug")
OURS = re.compile(r"odoo\.addons\.(test_)?(fastapi|extendable)")
BY_DESIGN = {
    # a subclass registers itself: Dispatcher.__init_subclass__
    "odoo.http._dispatchers['fastapi']",
    # functions to call when the server stops: CommonServer.on_stop
    "odoo.service.server.CommonServer._on_stop_funcs[]",
    # a subclass registers itself: odoo.cli.command.Command.__init_subclass__
    "odoo.cli.command.commands['api']",
    # Odoo sets the running test
    "odoo.modules.module.current_test",
}


def is_ours(name: object) -> bool:
    return isinstance(name, str) and OURS.match(name) is not None


def is_foreign(name: object) -> bool:
    """Return whether a module belongs to a library, or to Odoo without its addons."""
    return (
        isinstance(name, str)
        and name.partition(".")[0] in LIBRARIES
        and not name.startswith("odoo.addons")
    )


def origins(value: Any) -> Iterator[object]:
    """Yield the names of the modules that define a value or what it wraps.

    Use ``type`` only: ``isinstance`` would resolve proxies.
    """
    kind = type(value)
    yield kind.__module__
    if issubclass(kind, type):
        yield value.__module__
    elif issubclass(kind, types.ModuleType):
        yield value.__name__
    elif issubclass(kind, types.FunctionType):
        # ``functools.wraps`` changes ``__module__``, but not ``__globals__``
        yield value.__globals__.get("__name__")
    elif issubclass(kind, types.MethodType):
        yield from origins(value.__func__)
        yield from origins(value.__self__)
    elif issubclass(kind, (staticmethod, classmethod)):
        yield from origins(value.__func__)
    elif issubclass(kind, property):
        for function in (value.fget, value.fset, value.fdel):
            yield from origins(function)
    elif issubclass(kind, functools.cached_property | functools.partial):
        yield from origins(value.func)


def attributes(path: str, holder: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield path and value of all attributes of a module and of its classes.

    Items of lists and dicts are included, as they may be registered objects.
    """
    for name, value in list(vars(holder).items()):
        kind = type(value)
        yield f"{path}.{name}", value
        if issubclass(kind, dict):
            for key, item in list(value.items()):
                yield f"{path}.{name}[{key!r}]", item
        elif issubclass(kind, (list, tuple, set, frozenset)):
            for item in list(value):
                yield f"{path}.{name}[]", item
        elif (
            issubclass(kind, type)
            and is_foreign(value.__module__)
            and id(value) not in seen
        ):
            seen.add(id(value))
            yield from attributes(
                f"{value.__module__}.{value.__qualname__}", value, seen
            )


def find_ours() -> set[str]:
    """Return the paths in the libraries that hold objects of our addons."""
    seen: set[int] = set()
    return {
        path
        for name, module in list(sys.modules.items())
        if is_foreign(name) and type(module) is types.ModuleType
        for path, value in attributes(name, module, seen)
        if any(map(is_ours, origins(value)))
    }


@tagged("post_install", "-at_install")
class TestNoPatches(BaseCase):
    def test_no_patches(self):
        self.assertEqual(find_ours(), BY_DESIGN)

    def test_patches_are_found(self):
        """Check that ``test_no_patches`` can fail."""

        def ours(*_args):
            return None

        @functools.wraps(odoo.sql_db.Cursor.commit)
        def wrapper(cr):
            return None

        class Ours(APIRoute):
            pass

        known = find_ours()
        for holder, name, value in (
            (odoo.http, "db_list", ours),
            (odoo.http, "db_filter", functools.partial(ours, 1)),
            (odoo.http.Request, "_serve_db", ours),
            (odoo.http.Request, "default_lang", property(ours)),
            (odoo.http.HttpDispatcher, "is_compatible_with", classmethod(ours)),
            (odoo.sql_db.Cursor, "commit", wrapper),
            (odoo.service.model, "retrying", wrapper),
            (starlette.requests.Request, "json", staticmethod(ours)),
            (starlette, "requests", sys.modules[__name__]),
            (fastapi.routing, "APIRoute", Ours),
            (fastapi.routing.APIRouter, "route_class", object.__new__(Ours)),
            (anyio.to_thread, "run_sync", wrapper),
            (asyncio, "current_task", ours),
            (werkzeug.serving, "select_address_family", ours),
        ):
            module = "" if isinstance(holder, types.ModuleType) else holder.__module__
            path = ".".join(filter(None, (module, holder.__name__, name)))
            create = not hasattr(holder, name)
            with self.subTest(path), patch.object(holder, name, value, create=create):
                self.assertIn(path, find_ours() - known)
        name = "odoo.http._dispatchers['ours']"
        with patch.dict(odoo.http._dispatchers, ours=Ours):
            self.assertEqual(find_ours() - known, {name})
        self.assertEqual(find_ours(), known)


class TestQueries(ServerCase):
    """Compare requests on databases with and without the addon."""

    #: A route of Odoo, a file, and unknown paths.
    PATHS = ("/web/health", "/web/static/img/favicon.ico", "/unknown", "/unknown/path")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.without = f"{cls.dbname}-without"
        cls.addClassCleanup(drop_database, cls.without)
        copy_database(get_base(), cls.without)

    def queries(self, server):
        """Return the number of queries for each path, from the server's log."""
        counts = {}
        for path in self.PATHS:
            server.request("GET", path)  # fills caches
            url = f"{path}?{uuid.uuid4().hex}"
            server.request("GET", url)
            line = re.compile(rf'"GET {re.escape(url)} HTTP/1.1" \d+ - (\d+) ')
            counts[path] = self.wait_for_count(server, line)
        return counts

    def wait_for_count(self, server, line):
        """Return the number in a log line, which is written after the response."""

        def find():
            return [
                int(match[1]) for match in map(line.search, list(server.log)) if match
            ]

        self.wait_until(lambda: len(find()), 1)
        return find()[0]

    def test_other_routes_take_no_more_queries(self):
        server = OdooServer(self.without)
        self.addCleanup(server.stop)
        expected = self.queries(server)
        self.assertGreater(expected["/web/health"], 0)
        self.assertEqual(self.queries(self.first), expected)
        for number in range(3):
            self.create_endpoint(self.first, f"/queries{number}")
            self.create_endpoint(self.first, f"/web_queries{number}/health")
        self.assertEqual(self.queries(self.first), expected)
