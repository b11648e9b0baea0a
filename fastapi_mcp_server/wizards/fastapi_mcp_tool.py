# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The list of tools, resources and prompts of an endpoint, as an agent sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from odoo import api, fields, models

from ..tool_texts import describe_arguments
from ..tools import Prompt, Resource, RouteCall, Tool


class FastapiMcpTool(models.TransientModel):
    """A tool, a resource or a prompt, or a marked route that can't be one.

    The rows belong to the user who opens the list, and are created at that time.
    """

    _name = "fastapi.mcp.tool"
    _description = "Tool of an MCP Server"
    _order = "endpoint_id, sequence, id"

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer()
    kind = fields.Selection(
        [("tool", "Tool"), ("resource", "Resource"), ("prompt", "Prompt")],
    )
    name = fields.Char(
        required=True, help="Name of a tool or prompt, URI of a resource."
    )
    title = fields.Char()
    description = fields.Text(help="What agents read.")
    summary = fields.Char(
        string="Description (first line)", compute="_compute_summary", store=True
    )
    effect = fields.Selection(
        [("read", "Reads"), ("write", "Writes"), ("destroy", "Overwrites or deletes")],
        help="The hint about a call that agents get.",
    )
    idempotent = fields.Boolean(
        help="Whether repeating a call with the same arguments has no further effect."
    )
    authenticated = fields.Boolean()
    access = fields.Char(
        help="How clients authenticate. Public: anyone may call the tool.",
    )
    scopes = fields.Char(help="Scopes that the credential of a client needs.")
    required_groups = fields.Char(
        string="Groups",
        help="XML ids of the groups that the calling user must belong to, separated by "
        "commas. A slash separates alternatives.",
    )
    arguments = fields.Text(help="The arguments that an agent sends.")
    route = fields.Char()
    refusal = fields.Char(
        string="Not Offered",
        help="Why agents can't see the route, although it is marked.",
    )

    @api.depends("description")
    def _compute_summary(self):
        for tool in self:
            tool.summary = (tool.description or "").strip().partition("\n")[0]

    @api.model
    def _replace_rows(self, endpoint):
        """Replace the current user's rows of an endpoint."""
        rows = self.sudo()
        rows.search(
            [("endpoint_id", "=", endpoint.id), ("create_uid", "=", self.env.uid)]
        ).unlink()
        return rows.create(
            [
                {"endpoint_id": endpoint.id, "sequence": number, **vals}
                # sudo: building the app needs more rights, as on the endpoint's form
                for number, vals in enumerate(self._iter_vals(endpoint.sudo()))
            ]
        ).sudo(False)

    @api.model
    def _iter_vals(self, endpoint) -> Iterator[dict[str, Any]]:
        found = endpoint._get_mcp_tool_set()
        operations = {
            (operation.method, operation.path): operation
            for operation in endpoint._get_operations()
        }
        for call in found.calls:
            vals = self._prepare_vals(call)
            operation = operations.get((call.method, call.path))
            if operation:
                vals |= self.env["fastapi.route"]._prepare_access(operation)
            if vals["effect"] != "read" and endpoint.mcp_server != "all":
                vals["refusal"] = self.env._(
                    "The endpoint only offers tools that read."
                )
            yield vals
        for label, reason in found.refused:
            yield {"name": label, "refusal": reason}

    @api.model
    def _prepare_vals(self, call: RouteCall) -> dict[str, Any]:
        """Return the values of a row, without those about access."""
        vals = {
            "name": call.name,
            "title": call.title,
            "description": call.description,
            "route": f"{call.method} {call.path}",
            "effect": "read",
        }
        if isinstance(call, Tool):
            lines = describe_arguments(call.input_schema)
            vals |= {"kind": "tool", "idempotent": call.idempotent}
            if not call.read_only:
                vals["effect"] = "destroy" if call.destructive else "write"
        elif isinstance(call, Resource):
            lines = iter(call.parameters)
            vals |= {"kind": "resource", "name": call.uri}
        elif isinstance(call, Prompt):
            lines = (
                ". ".join(filter(None, (argument.name, argument.description)))
                for argument in call.prompt_arguments
            )
            vals["kind"] = "prompt"
        else:
            raise TypeError(f"{call!r} is neither a tool, a resource nor a prompt")
        vals["arguments"] = "\n".join(lines)
        return vals

    def _get_shown_columns(self):
        """Return the context that shows only columns with values in the list."""
        return {
            f"show_{name}": any(self.mapped(name))
            for name in ("scopes", "required_groups", "refusal")
        }
