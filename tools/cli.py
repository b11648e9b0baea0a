# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The commands, from a command line to an exit code.

What was started is stopped by the context managers that started it, also on SIGTERM
and SIGHUP.
"""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import polib

import console
import database
import layout
import process
import serving
from addons import find_addons, get_folders
from console import ToolError
from environment import Odoo, get_odoo, ready

#: A command whose arguments go to another program, as they are.
PASSING_ON = {"ignore_unknown_options": True, "help_option_names": []}
arguments_passed_on = click.argument("arguments", nargs=-1, type=click.UNPROCESSED)

#: The tests of a file share servers, so they run in the same process.
IN_TWO = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: Addons with pictures, and what else is installed for them.
SCREENSHOTS: dict[str, tuple[str, ...]] = {
    "fastapi": (),
    "fastapi_request_log": (),
    "fastapi_limits": (),
    "fastapi_mcp_server": ("my_demo_agent",),
}


@click.group()
def commands() -> None:
    """Work on the addon: see CONTRIBUTING.md."""


@commands.result_callback()
def end(code: int, **_options: object) -> None:
    """Take what a command returns as the exit code."""
    sys.exit(code)


@commands.command(context_settings=PASSING_ON)
@click.option("--port", envvar="PORT", default=8069, type=click.IntRange(1, 65535))
@click.option("--modules", envvar="MODULES", default="", help="To install besides.")
@click.option("--addons-path", envvar="ADDONS_PATH", default="", help="More folders.")
@arguments_passed_on
def run(port: int, modules: str, addons_path: str, arguments: Sequence[str]) -> int:
    """Serve Odoo, and start it again when code has changed; arguments go to Odoo."""
    other_addons = get_folders(addons_path)
    with socket.create_server((serving.HOST, port)):
        pass  # or a sentence says that it is in use
    init = ["fastapi", *modules.replace(",", " ").split()]
    name = database.get_name()
    with ready() as found:
        odoo = replace(found, other_addons=other_addons)
        database.bring_up_to_date(odoo, name, init)
        with process.foreground():
            try:
                return serving.serve(odoo, name, init, port, arguments)
            except KeyboardInterrupt:
                console.line("stopped")
                return 0


@commands.command(context_settings=PASSING_ON)
@arguments_passed_on
def test(arguments: Sequence[str]) -> int:
    """Run the test suite; arguments go to pytest."""
    return run_tests(arguments)


@commands.command(context_settings=PASSING_ON)
@arguments_passed_on
def bench(arguments: Sequence[str]) -> int:
    """Measure routes against controllers of Odoo; arguments go to the benchmark."""
    folder = layout.ROOT / "benchmarks"
    name = database.get_name("_bench")
    with ready() as odoo, layout.locked(layout.TESTS):
        prepare = (odoo.python, folder / "prepare.py", odoo.core_addons, name)
        return process.call((*prepare, *arguments), cwd=layout.ROOT)


@commands.command()
def screenshots() -> int:
    """Take the pictures of the documentation, with the Chromium of the machine."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        raise ToolError("There is no Chromium: `apt install chromium` on Debian.")
    name = database.get_name("_screenshots")
    with ready() as odoo:
        database.create(odoo, name, ("fastapi", "my_demo_api"), "--with-demo")
        for addon, others in SCREENSHOTS.items():
            database.install(odoo, name, [addon, *others])
            script = layout.TOOLS / "records_for_screenshots" / f"{addon}.py"
            if script.exists():
                with script.open("rb") as records:
                    command = odoo.get_command("shell", "--database", name, "--no-http")
                    log = f"screenshots-{addon}"
                    process.run_step(command, log, cwd=layout.DATA, stdin=records)
            if code := take_screenshots(odoo, name, chromium, addon):
                return code
    return 0


def take_screenshots(odoo: Odoo, name: str, chromium: str, addon: str) -> int:
    """Take the pictures of an addon from a database that is served for that."""
    port = serving.find_port()
    options = ("--http-port", str(port), "--max-cron-threads", "0")
    command = odoo.get_command("--database", name, *options)
    with (
        (layout.LOGS / "screenshots.log").open("wb") as log,
        process.started(command, cwd=layout.DATA, output=log) as started,
    ):
        serving.wait_until_it_answers(started, port)
        command = [layout.UV, "run", "--no-project", "--with", "playwright>=1.50"]
        command += ["python", layout.TOOLS / "take_screenshots.py", chromium]
        address = f"http://{serving.HOST}:{port}"
        return process.call([*command, address, name, addon], cwd=layout.ROOT)


@commands.command()
def translate() -> int:
    """Export the terms of the addons that have a folder i18n, and merge them."""
    addons = [addon for addon in find_addons() if (addon.path / "i18n").is_dir()]
    names = [addon.name for addon in addons]
    name = database.get_name("_translate")
    with ready() as odoo, console.step(f"exporting the terms of {', '.join(names)}"):
        database.create(odoo, name, names)
        command = [*odoo.get_command()[:2], "i18n", "export", "--config"]
        command += [layout.CONFIG, "--database", name, *names]
        process.run_step(command, "translate", cwd=layout.DATA)
    for addon in addons:
        merge_translations(addon.path / "i18n")
    return 0


def run_tests(arguments: Sequence[str], python: Path = layout.PYTHON) -> int:
    """Run tests under pytest with pytest-odoo, and return the exit code.

    All tests begin with a new database, some (a path among the arguments) with a copy
    of the last one that is up to date. All of them run in two processes, each with a
    database of its own, since they often wait for servers.
    """
    name = database.get_name("_test")
    everything = not names_path(arguments)
    # The links to the demo addons: their tests are collected in demo/.
    links = [path for path in layout.ROOT.iterdir() if path.is_symlink()]
    with ready(python) as odoo, layout.locked(layout.TESTS):
        database.create_for_tests(odoo, name, new=everything)
        console.line("==> running the tests")
        command: list[str | Path] = [
            # Other import modes put the repository on Python's path, where the addon
            # hides the library of the same name.
            python.with_name("pytest"),
            *("-p", "pytest_plugin", "--import-mode=importlib", "--odoo-http"),
            *(f"--odoo-config={layout.CONFIG}", f"--odoo-database={name}"),
            # As under Odoo's own runner; pytest-odoo would silence its loggers.
            "--odoo-log-level=info",
            *(f"--ignore={link}" for link in links),
            *(IN_TWO if everything else ()),
            *arguments,
        ]
        return process.call(command, cwd=layout.ROOT)


def names_path(arguments: Sequence[str]) -> bool:
    """Return whether arguments of pytest name files, folders or tests."""
    paths = (layout.ROOT / argument.partition("::")[0] for argument in arguments)
    return any(path != layout.ROOT and path.exists() for path in paths)


def merge_translations(folder: Path) -> None:
    """Bring translations in line with their template, as msgmerge of gettext would."""
    template = polib.pofile(str(folder / f"{folder.parent.name}.pot"))
    # or each export would differ
    for name in ("POT-Creation-Date", "PO-Revision-Date"):
        template.metadata.pop(name, None)
    template.sort(key=lambda entry: entry.msgid)
    template.save()
    for translation in (polib.pofile(str(path)) for path in folder.glob("*.po")):
        translation.merge(template)
        for entry in translation.obsolete_entries():
            translation.remove(entry)
        translation.sort(key=lambda entry: entry.msgid)
        translation.save()


@commands.command()
def setup() -> int:
    """Get Odoo and the Python packages, without starting anything."""
    with layout.locked(layout.SET_UP):
        odoo = get_odoo()
    console.line(f"Ready. For an editor: Python is {odoo.python}, Odoo's {odoo.base}.")
    return 0


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with console.sentences():
        commands(prog_name="python3 tools")
