# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The MCP server of an endpoint, on its form."""

from __future__ import annotations

from typing import Any

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..client_texts import KEY, Connection, make_name
from ..server import MCP_PATH
from ..tools import Tool, ToolSet, collect_tools


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    mcp_url = fields.Char(
        string="MCP URL",
        compute="_compute_mcp_url",
        help="The URL that clients connect to.",
    )
    mcp_tool_count = fields.Integer(
        string="Tools",
        compute="_compute_mcp_tools",
        compute_sudo=True,
        help="Tools that agents may call if they have the rights.",
    )
    mcp_warning = fields.Text(
        string="MCP Warning", compute="_compute_mcp_tools", compute_sudo=True
    )
    has_agent_log = fields.Boolean(
        string="Log of Agents",
        compute="_compute_has_agent_log",
        help="Whether there is a log of the calls of agents.",
    )

    @api.depends("base_url", "mcp_server")
    def _compute_mcp_url(self):
        for endpoint in self:
            endpoint.mcp_url = endpoint.mcp_server and f"{endpoint.base_url}{MCP_PATH}"

    @api.depends("is_served", "mcp_server")
    def _compute_mcp_tools(self):
        for endpoint in self:
            # the app is built without unsaved changes
            saved = endpoint._origin
            tools = []
            if endpoint.mcp_server and saved.is_served:
                tools = saved._get_mcp_tools(endpoint.mcp_server)
            endpoint.mcp_tool_count = len(tools)
            endpoint.mcp_warning = saved._get_mcp_warning(tools)

    def _compute_has_agent_log(self):
        log = self.env.get("fastapi.request.log")
        self.has_agent_log = log is not None and "agent" in log._fields

    def _get_mcp_tool_set(self) -> ToolSet:
        """Return the tools, resources and prompts of the app."""
        return self._ask_app(lambda app: collect_tools(app, self.root_path), ToolSet())

    def _get_mcp_tools(self, mcp_server: str) -> list[Tool]:
        """Return the tools that the endpoint offers.

        :param mcp_server: a value of the field
        """
        tools = self._get_mcp_tool_set().tools.values()
        return [tool for tool in tools if tool.read_only or mcp_server == "all"]

    def _get_mcp_warning(self, tools: list[Tool]) -> str | bool:
        """Warn if agents can't connect, or if anyone may call tools that write.

        :param tools: that the endpoint offers
        """
        if self.mcp_server and self.is_served:
            path = f"{self.root_path}{MCP_PATH}"
            mount = self._get_mounts().find(path)
            if mount is not None and mount.endpoint_id != self.id:
                return self.env._(
                    "Agents can't connect: another endpoint has the root path %s.", path
                )
        names = [
            tool.name
            for tool in tools
            if not tool.read_only and not all(tool.operation.get("security") or [{}])
        ]
        # its OpenAPI document may not show how such an app authenticates
        if not names or self.is_auth_by_app:
            return False
        return self.env._(
            "Anyone may call these tools, which write: %s. Make their routes require "
            "authentication.",
            ", ".join(names),
        )

    def _get_mcp_connection(self, key: str | None = None) -> Connection:
        """Return what clients have to know about the MCP server.

        An override may change which credential clients send, for an app that
        authenticates in its own way.

        :param key: API key, None for a placeholder
        """
        self.ensure_one()
        header = scheme = ""
        if self.auth_api_key and not self.sudo().is_auth_by_app:
            header, value = self._get_key_header(KEY).split(": ", 1)
            scheme = value.removesuffix(KEY).strip()
        return Connection(
            name=make_name(self.root_path),
            url=self.mcp_url,
            header=header,
            scheme=scheme,
            key=key or KEY,
        )

    def action_open_mcp_tools(self) -> dict[str, Any]:
        """List the tools, resources and prompts, as agents see them now."""
        self.ensure_one()
        self.check_access("read")
        # otherwise the user could create rows without seeing them
        self.env["fastapi.mcp.tool"].check_access("read")
        if not self.active:
            raise UserError(
                self.env._(
                    "The endpoint %(name)s is archived: agents can't call it.",
                    name=self.name,
                )
            )
        if not self.is_served:
            raise UserError(
                self.env._(
                    "The app of the endpoint %(name)s is broken.", name=self.name
                )
            )
        tools = self.env["fastapi.mcp.tool"]._replace_rows(self)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "fastapi_mcp_server.fastapi_mcp_tool_act_window"
            ),
            "display_name": self.env._("Tools of %(name)s", name=self.name),
            "domain": [("endpoint_id", "=", self.id)],
            "context": tools._get_shown_columns(),
        }

    def action_connect_mcp_client(self) -> dict[str, Any]:
        """Open the dialog with the configuration of clients."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "fastapi.mcp.connect",
            "name": self.env._("Connect a Client"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_endpoint_id": self.id},
        }

    def action_open_agent_calls(self) -> dict[str, Any]:
        """Open the calls of agents in the request log."""
        self.ensure_one()
        if not self.has_agent_log:
            raise UserError(self.env._("There is no log of calls."))
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "fastapi_request_log.fastapi_request_log_act_window"
            ),
            "display_name": self.env._("Calls of Agents: %(name)s", name=self.name),
            "domain": [("endpoint_id", "=", self.id), ("agent", "!=", False)],
            "context": {"search_default_last_day": 1, "show_agents": True},
        }
