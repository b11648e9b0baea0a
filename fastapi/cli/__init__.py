# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The command ``odoo api`` and its subcommands.

Odoo loads each file of this folder whose name begins with a letter as a command, before
it imports the addon (``odoo.cli.command.load_addons_commands``). So the files of the
subcommands begin with an underscore.
"""
