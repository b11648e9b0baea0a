# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The commands of the addon: ``odoo api`` and its parts.

Odoo runs each file here whose name begins with a letter, as a command of that name,
before the addon is imported (``odoo.cli.command.load_addons_commands``). So the parts
of the command begin with an underscore.
"""
