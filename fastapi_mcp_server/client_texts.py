# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Commands and configuration files that connect common clients to an MCP server.

Users copy them. The formats are those that the clients document: a command line, JSON
or TOML. Clients without a key authenticate with OAuth, or not at all.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CLIENT_TEXTS", "KEY", "Connection", "make_name"]

#: Placeholder of the credential.
KEY = "KEY"
#: Environment variable of the header's value, for ``mcp-remote``.
HEADER_VARIABLE = "ODOO_HEADER"


@dataclass(frozen=True)
class Connection:
    """What a client has to know about a server.

    :param name: what the client calls the server: letters, digits, ``_`` and ``-``
    :param url: URL of the MCP server
    :param header: name of the header with the credential, empty for clients that send
        none
    :param scheme: what precedes the credential in the header: ``Bearer`` or empty
    :param key: the credential, or a placeholder
    """

    name: str
    url: str
    header: str = ""
    scheme: str = ""
    key: str = KEY

    @property
    def value(self) -> str:
        """Value of the header."""
        return self.make_value(self.key)

    def make_value(self, key: str) -> str:
        """Return the value of the header for another key."""
        return f"{self.scheme} {key}".strip()

    @property
    def headers(self) -> dict[str, dict[str, str]]:
        """The setting ``headers`` of a client, empty without a credential."""
        return {"headers": {self.header: self.value}} if self.header else {}

    @property
    def header_arguments(self) -> list[str]:
        """Arguments of a command line."""
        return ["--header", f"{self.header}: {self.value}"] if self.header else []


def make_name(root_path: str) -> str:
    """Return the name of a server for a client, from the path of its endpoint."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", root_path).strip("-") or "odoo"


def claude_code(connection: Connection) -> str:
    command = ["claude", "mcp", "add", "--transport", "http"]
    # after the other arguments: the option takes all values that follow
    command += [connection.name, connection.url, *connection.header_arguments]
    return shlex.join(command)


def claude_desktop(connection: Connection) -> str:
    """Return a server that ``mcp-remote``, on the user's machine, connects to.

    Claude Desktop itself sends no headers. Without a header, return the URL: all that a
    connector needs, which authenticates with OAuth.
    """
    if not connection.header:
        return connection.url
    # without a space: on Windows, it would split the argument
    header = f"{connection.header}:${{{HEADER_VARIABLE}}}"
    arguments = ["-y", "mcp-remote", connection.url, "--header", header]
    if connection.url.startswith("http://"):
        arguments.append("--allow-http")
    server = {
        "command": "npx",
        "args": arguments,
        "env": {HEADER_VARIABLE: connection.value},
    }
    return _to_json({"mcpServers": {connection.name: server}})


def vs_code(connection: Connection) -> str:
    """Return a file without the key: VS Code asks for it, and stores it."""
    server: dict[str, Any] = {"type": "http", "url": connection.url}
    if not connection.header:
        return _to_json({"servers": {connection.name: server}})
    name = f"{connection.name}-key"
    value = connection.make_value(f"${{input:{name}}}")
    server["headers"] = {connection.header: value}
    question = {
        "type": "promptString",
        "id": name,
        "description": f"API key of {connection.name}",
        "password": True,
    }
    return _to_json({"inputs": [question], "servers": {connection.name: server}})


def cursor(connection: Connection) -> str:
    server = {"url": connection.url, **connection.headers}
    return _to_json({"mcpServers": {connection.name: server}})


def codex(connection: Connection) -> str:
    lines = [f"[mcp_servers.{connection.name}]", f"url = {_quote(connection.url)}"]
    if connection.header:
        pair = f"{_quote(connection.header)} = {_quote(connection.value)}"
        lines.append(f"http_headers = {{ {pair} }}")
    return "\n".join(lines)


def other_client(connection: Connection) -> str:
    server = {"type": "http", "url": connection.url, **connection.headers}
    return _to_json({"mcpServers": {connection.name: server}})


def inspector(connection: Connection) -> str:
    command = ["npx", "@modelcontextprotocol/inspector", "--cli", connection.url]
    command += ["--transport", "http", *connection.header_arguments]
    return shlex.join([*command, "--method", "tools/list"])


#: Functions that return the text for a client, by the key of the client.
CLIENT_TEXTS: Mapping[str, Callable[[Connection], str]] = {
    "claude_code": claude_code,
    "claude_desktop": claude_desktop,
    "vs_code": vs_code,
    "cursor": cursor,
    "codex": codex,
    "other": other_client,
    "inspector": inspector,
}


def _to_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _quote(text: str) -> str:
    """Return a TOML string; JSON strings are valid TOML."""
    return json.dumps(text, ensure_ascii=False)
