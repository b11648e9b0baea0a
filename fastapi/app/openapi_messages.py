# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Documents the messages of a WebSocket (``message_routes``) in OpenAPI."""

from __future__ import annotations

from typing import Any

from .openapi import WEBSOCKET_SENTENCE

__all__ = ["describe_messages"]

#: Description of the response 101.
MESSAGES_SENTENCE = (
    "Switching Protocols: the connection is a WebSocket. Client and server send JSON "
    "messages of these types. After an invalid or refused message, the server sends "
    '`{"error": {"status": …, "detail": …}}`, and the connection stays open.'
)


def describe_messages(operation: dict[str, Any]) -> None:
    """Describe a message route, which FastAPI has described as a request.

    :param operation: the GET operation, which is changed
    """
    body = operation.pop("requestBody")["content"]["application/json"]["schema"]
    reply = operation["responses"].pop("200")["content"]["application/json"]
    types = reply["schema"].get("anyOf", ())
    sent = [each for each in types if each != {"type": "null"}]
    properties = {"receive": {**body, "description": "What the client sends."}}
    if sent:
        of_server = sent[0] if len(sent) == 1 else {"anyOf": sent}
        properties["send"] = {**of_server, "description": "What the server sends."}
    schema = {"type": "object", "properties": properties}
    operation["responses"] = {
        "101": {
            "description": MESSAGES_SENTENCE,
            "content": {"application/json": {"schema": schema}},
        },
        **operation["responses"],
    }
    parts = (operation.get("description"), WEBSOCKET_SENTENCE)
    operation["description"] = "\n\n".join(filter(None, parts))
