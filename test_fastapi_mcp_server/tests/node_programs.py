# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Programs from npm that are clients of MCP servers."""

import os
import subprocess
import tempfile
from pathlib import Path

from odoo.addons.test_fastapi.tests.test_library_openapi_client import NODE_BIN

TIMEOUT = 120  # seconds for a program


def has_program(name):
    """Return whether ``make test-libraries`` has installed a program."""
    return NODE_BIN in os.environ and Path(os.environ[NODE_BIN], name).exists()


def run_program(name, *arguments, folder=None):
    """Run a program, with the Node.js beside it: it needs a newer one than we do.

    :param folder: where it starts; default: one that is deleted
    """
    programs = Path(os.environ[NODE_BIN])
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [programs / name, *arguments],
            cwd=folder or home,
            env={
                **os.environ,
                "HOME": home,  # it keeps files there
                "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
