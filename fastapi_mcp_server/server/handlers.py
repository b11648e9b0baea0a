# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The SDK's server for an app, with a handler for each method of the protocol."""

from __future__ import annotations

from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    ToolAnnotations,
)
from mcp_types import Prompt as SdkPrompt
from mcp_types import PromptArgument as SdkPromptArgument
from mcp_types import Resource as SdkResource
from mcp_types import ResourceTemplate as SdkResourceTemplate
from mcp_types import Tool as SdkTool
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from odoo.addons.fastapi.bridge import InnerRequest

from ..tools import Prompt, Resource, Tool, ToolSet
from .call import CALL_KEY, McpCall
from .results import make_error, make_prompt, make_resource, make_result
from .texts import describe_empty, describe_error

__all__ = ["make_server"]

#: Error code for a missing resource, in revisions with a handshake.
RESOURCE_NOT_FOUND = -32002

Context = ServerRequestContext[Any, Any]


def make_server(
    tools: ToolSet, name: str, version: str, instructions: str | None
) -> Server[Any]:
    """Return the server for the tools, resources and prompts of an app.

    :param name: of the API
    :param version: of the API
    :param instructions: what agents have to know about the API
    """
    handlers = _Handlers(tools)
    options: dict[str, Any] = {}
    if tools.resources:
        options |= {
            "on_list_resources": handlers.list_resources,
            "on_list_resource_templates": handlers.list_resource_templates,
            "on_read_resource": handlers.read_resource,
        }
    if tools.prompts:
        options |= {
            "on_list_prompts": handlers.list_prompts,
            "on_get_prompt": handlers.get_prompt,
        }
    server: Server[Any] = Server(
        name,
        version=version,
        instructions=instructions,
        get_tool_input_schema=handlers.get_input_schema,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        **options,
    )
    server.middleware.insert(0, _roll_back_failures)
    return server


async def _roll_back_failures(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Roll the request back if the client gets an error, whatever the reason.

    :raises MCPError: with a text for the client. The SDK would send it the text of any
        other exception, in revisions with a handshake
    """
    call = _get_call(ctx)
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        call.roll_back()
        raise
    except Exception as err:
        call.fail(err)
        raise MCPError(INTERNAL_ERROR, "Internal Server Error") from err


def _get_call(context: Context) -> McpCall:
    request: Any = context.request
    call: McpCall = request.scope[CALL_KEY]
    return call


def _hides(call: McpCall) -> bool:
    """Return whether the caller must not read what is wrong with the arguments.

    The text names arguments, and no route has refused the caller.
    """
    return (
        bool(call.argument_error)
        and call.target is not None
        and not call.visible.may_see(call.target)
    )


class _Handlers:
    """The handlers, and the descriptions of the tools, resources and prompts."""

    def __init__(self, tools: ToolSet) -> None:
        self._tools = [(tool, _describe_tool(tool)) for tool in tools.tools.values()]
        self._resources = [
            (item, _describe_resource(item))
            for item in tools.resources.values()
            if not item.is_template
        ]
        self._templates = [
            (item, _describe_template(item))
            for item in tools.resources.values()
            if item.is_template
        ]
        self._prompts = [
            (prompt, _describe_prompt(prompt)) for prompt in tools.prompts.values()
        ]
        self._schemas = {tool.name: tool.input_schema for tool, _item in self._tools}

    def get_input_schema(self, name: str) -> dict[str, Any] | None:
        return self._schemas.get(name)

    async def list_tools(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        may_see = _get_call(context).visible.may_see
        return ListToolsResult(
            tools=[item for tool, item in self._tools if may_see(tool)]
        )

    async def list_resources(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        may_see = _get_call(context).visible.may_see
        return ListResourcesResult(
            resources=[item for resource, item in self._resources if may_see(resource)]
        )

    async def list_resource_templates(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        may_see = _get_call(context).visible.may_see
        items = [item for resource, item in self._templates if may_see(resource)]
        return ListResourceTemplatesResult(resource_templates=items)

    async def list_prompts(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        may_see = _get_call(context).visible.may_see
        return ListPromptsResult(
            prompts=[item for prompt, item in self._prompts if may_see(prompt)]
        )

    async def call_tool(
        self, context: Context, params: CallToolRequestParams
    ) -> CallToolResult:
        call = _get_call(context)
        tool = call.target
        if not isinstance(tool, Tool) or _hides(call):
            raise MCPError(
                INVALID_PARAMS,
                f"There is no tool {params.name!r}. List the tools to see which ones "
                "you may call.",
            )
        if call.argument_error:
            return make_error(call.argument_error)
        inner = await call.call_target()
        if inner is None:
            return CallToolResult(content=[])
        return make_result(tool, inner, call.offer.max_result)

    async def read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        call = _get_call(context)
        resource = call.target
        not_found = INVALID_PARAMS
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            not_found = RESOURCE_NOT_FOUND
        if not isinstance(resource, Resource) or call.argument_error:
            text = "" if _hides(call) else call.argument_error
            text = text or (
                f"There is no resource {params.uri!r}. The lists of resources and of "
                "templates have those that you may read."
            )
            raise MCPError(not_found, text, {"uri": params.uri})
        inner = await call.call_target()
        if inner is None:
            return ReadResourceResult(contents=[])
        if inner.status == 404:
            raise MCPError(
                not_found, describe_error(inner, resource), {"uri": params.uri}
            )
        _check(inner, resource)
        return make_resource(resource, params.uri, inner, call.offer.max_result)

    async def get_prompt(
        self, context: Context, params: GetPromptRequestParams
    ) -> GetPromptResult:
        call = _get_call(context)
        prompt = call.target
        if not isinstance(prompt, Prompt) or _hides(call):
            raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name!r}.")
        if call.argument_error:
            raise MCPError(INVALID_PARAMS, call.argument_error)
        inner = await call.call_target()
        if inner is None:
            return GetPromptResult(messages=[])
        if inner.status == 422:
            raise MCPError(INVALID_PARAMS, describe_error(inner, prompt))
        _check(inner, prompt)
        max_size = call.offer.max_result
        if inner.size > max_size:
            raise MCPError(
                INTERNAL_ERROR,
                f"The prompt has {inner.size} bytes, and at most {max_size} can be "
                "sent.",
            )
        return make_prompt(prompt, inner)


def _check(inner: InnerRequest, target: Resource | Prompt) -> None:
    """Refuse a response without content for the client.

    :raises MCPError: the response is an error or a redirect, or has broken off
    """
    if inner.status >= 400 or not inner.complete:
        raise MCPError(INTERNAL_ERROR, describe_error(inner, target))
    if inner.status >= 300:
        raise MCPError(INTERNAL_ERROR, describe_empty(inner))


def _describe_tool(tool: Tool) -> SdkTool:
    return SdkTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.read_only,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
        ),
    )


def _describe_resource(resource: Resource) -> SdkResource:
    return SdkResource(uri=resource.uri, **_get_texts(resource))


def _describe_template(resource: Resource) -> SdkResourceTemplate:
    return SdkResourceTemplate(uri_template=resource.uri, **_get_texts(resource))


def _get_texts(resource: Resource) -> dict[str, Any]:
    return {
        "name": resource.name,
        "title": resource.title,
        "description": resource.description,
        "mime_type": resource.mime_type,
    }


def _describe_prompt(prompt: Prompt) -> SdkPrompt:
    return SdkPrompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            SdkPromptArgument(
                name=item.name, description=item.description, required=item.required
            )
            for item in prompt.prompt_arguments
        ],
    )
