# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Hostile messages of agents: fixed ones, and random ones from a grammar of tricks."""

import json

REVISION = "2026-07-28"
#: What each message of the stateless revision has in its parameters.
META = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": {"name": "hostile", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ACCEPT = "application/json, text/event-stream"

#: Bodies that are not one message, or hardly one.
BODIES = [
    b"",
    b"\0",
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"NaN",
    b"\xff\xfe{\0}\0",
    b"\xef\xbb\xbf{}",
    b'{"jsonrpc": "2.0"}',
    b'{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": 5}',
    b'{"jsonrpc": "2.0", "id": 1, "method": null}',
    b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
    b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "x"}}',
    b'{"jsonrpc": "2.0", "id": null, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": true, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": {}, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": 1e999, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": 1.5, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": ' + b"9" * 4000 + b', "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": "' + b"x" * 100_000 + b'", "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": "\\u0000", "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "\\u0000"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": []}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": "x"}',
    b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping", "method": "x"}',
    b'[{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]',
    b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0"}]',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": '
    + b"[" * 5000
    + b"]" * 5000
    + b"}}",
    json.dumps({"jsonrpc": "2.0", "id": 1, **dict.fromkeys(map(str, range(10_000)))}),
    json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "find_items",
                "arguments": dict.fromkeys(map(str, range(10_000)), "x"),
            },
        }
    ),
]

CONTENT_TYPES = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=\xff",
    "application/jsonx",
    "/",
    "application/json, text/plain",
]

#: Texts for arguments that become a part of a path.
PATH_PARTS = [
    "../secret",
    "..",
    ".",
    "",
    "/",
    "//",
    "x/secret",
    "x/../../secret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "x%2fsecret",
    "x%252fsecret",
    "..\\secret",
    "\\\\evil.example\\x",
    "//evil.example/x",
    "http://evil.example/x",
    "http://127.0.0.1:1/secret",
    "file:///etc/passwd",
    "x?text=y",
    "x#y",
    "x;y=z",
    "x y",
    "x\r\nX-Injected: yes",
    "x\0y",
    "é/secret",
    "\ud800",
    "x" * 100_000,
    "{name}",
    "*",
]

#: Values for any argument.
VALUES = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**100,
    -(10**4000),
    1e308,
    float("nan"),
    float("inf"),
    0.1,
    "",
    "x",
    "\0",
    "\ud800",
    "\udfff\ud800",
    "\u2028",
    "é",
    "1",
    "' OR 1=1 --",
    "${jndi:ldap://127.0.0.1:1/}",
    "{{7*7}}",
    "a\r\nX-Injected: yes\r\n\r\nbody",
    "x" * 20_000,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"": ""},
    {"$ref": "#/x"},
    {"__proto__": {"read_only": True}},
    *PATH_PARTS,
]

#: Names of arguments: those of the tools, and those that a client must not set.
NAMES = [
    "name",
    "limit",
    "quantity",
    "item_id",
    "text",
    "x_note",
    "flavor",
    "size",
    "page",
    "value",
    "values",
    "body",
    "authorization",
    "Authorization",
    "cookie",
    "Cookie",
    "host",
    "Host",
    "content-length",
    "transfer-encoding",
    "x-forwarded-for",
    "X-Forwarded-For",
    "x_forwarded_for",
    "X-HTTP-Method-Override",
    "x-http-method-override",
    "_method",
    "method",
    "path",
    "scope",
    "self",
    "env",
    "caller",
    "request",
    "__class__",
    "idempotency_key",
    "",
    "\0",
    "\ud800",
    "a\r\nb",
]

METHODS = [
    "tools/call",
    "tools/call",
    "tools/call",
    "tools/call",
    "tools/list",
    "resources/read",
    "resources/list",
    "resources/templates/list",
    "prompts/get",
    "prompts/list",
    "server/discover",
    "initialize",
    "ping",
    "logging/setLevel",
    "completion/complete",
    "resources/subscribe",
    "subscriptions/listen",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "tools/Call",
    "",
    "../tools/call",
    "\0",
    "\ud800",
]

TOOLS = [
    "find_items",
    "create_item",
    "count_item",
    "echo",
    "who_calls",
    "nested",
    "long_text",
    "steps",
    "for_managers",
    "secret",
    "catalog",
    "find_items\0",
    "../secret",
    "GET /secret",
    "__init__",
    "",
    "\ud800",
    None,
    5,
    ["echo"],
    {"name": "echo"},
]

IDS = [
    1,
    0,
    -1,
    "x",
    "x" * 200,
    "",
    2**53,
    10**30,
    1.5,
    True,
    None,
    [],
    {},
    "\ud800",
    "\0",
]

#: Headers of the protocol and of proxies, with values that contradict the message.
HEADERS = [
    ("MCP-Protocol-Version", "1900-01-01"),
    ("MCP-Protocol-Version", ""),
    ("MCP-Protocol-Version", "2025-11-25"),
    ("MCP-Protocol-Version", "\xff"),
    ("Mcp-Method", "tools/list"),
    ("Mcp-Method", "TOOLS/CALL"),
    ("Mcp-Method", ""),
    ("Mcp-Name", "secret"),
    ("Mcp-Name", "=?base64?//8=?="),
    ("Mcp-Name", "x" * 5000),
    ("Mcp-Session-Id", "x"),
    ("Mcp-Session-Id", "\xff" * 300),
    ("Last-Event-ID", "1"),
    ("Mcp-Param-Name", "secret"),
    ("Accept", "text/html"),
    ("Accept", ""),
    ("Accept", "*/*"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Prefix", "//evil.example"),
    ("X-Forwarded-Proto", "javascript"),
    ("Content-Encoding", "gzip"),
    ("Content-Type", "application/json;charset=x"),
    ("Content-Type", "text/plain"),
    ("Origin", "https://evil.example"),
    ("Idempotency-Key", "x" * 300),
    ("Idempotency-Key", "\xff"),
    ("Accept-Language", "*;q=x,\xff"),
]


def make_message(method, params=None, message_id=1):
    """Return a message of the stateless revision."""
    params = {"_meta": META, **(params or {})}
    return {"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}


def make_headers(message):
    """Return the headers that repeat parts of a message, as clients must send them."""
    headers = {"MCP-Protocol-Version": REVISION, "Mcp-Method": message["method"]}
    params = message["params"]
    name = params.get("uri" if message["method"] == "resources/read" else "name")
    if isinstance(name, str):
        headers["Mcp-Name"] = name
    return headers


def _to_header(value):
    """Return a text that Python's HTTP client sends."""
    # http.server closes the connection after a line of 64 KiB
    text = str(value)[:5000].replace("\r", " ").replace("\n", " ")
    return text.encode("utf-8", "surrogatepass").decode("latin-1").replace("\0", "0")


def make_random_message(dice):
    """Return headers and body of a random message."""
    method = dice.choice(METHODS)
    params = {}
    if dice.random() < 0.9:
        arguments = {
            dice.choice(NAMES): dice.choice(VALUES)
            for _each in range(dice.randrange(4))
        }
        params = {
            "name": dice.choice(TOOLS),
            "arguments": arguments if dice.random() < 0.95 else dice.choice(VALUES),
            "uri": dice.choice(PATH_PARTS)
            if dice.random() < 0.5
            else "odoo://x/catalog",
        }
    message = make_message(method, params, dice.choice(IDS))
    if dice.random() < 0.1:
        message["params"]["_meta"] = dice.choice(VALUES)
    if dice.random() < 0.1:
        message["params"]["_meta"] = {**META, "progressToken": dice.choice(VALUES)}
    headers = {"Accept": ACCEPT, "Content-Type": "application/json"}
    if dice.random() < 0.7:
        headers.update(make_headers(message))
    if dice.random() < 0.1:
        message["params"] = dice.choice(VALUES)
    if dice.random() < 0.05:
        message[dice.choice(NAMES)] = dice.choice(VALUES)
    if dice.random() < 0.05:
        del message[dice.choice(list(message))]
    for name, value in dice.sample(HEADERS, k=dice.choice((0, 0, 1, 2))):
        headers[name] = value
    body = json.dumps(message).encode()
    if dice.random() < 0.05:
        body = body[: dice.randrange(len(body))]
    if dice.random() < 0.05:
        position = dice.randrange(len(body) + 1)
        noise = dice.choice((b"\0", b"\xff", b"{", b'"', b"\\ud800"))
        body = body[:position] + noise + body[position:]
    return {name: _to_header(value) for name, value in headers.items()}, body
