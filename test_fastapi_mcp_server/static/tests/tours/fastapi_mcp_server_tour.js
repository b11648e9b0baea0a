import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("fastapi_mcp_server", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app of the endpoints",
            trigger: ".o_app[data-menu-xmlid='fastapi.menu_fastapi_root']",
            run: "click",
        },
        {
            trigger: ".o_data_row :contains('/toured/agents')",
            run: "click",
        },
        {
            content: "Without the switch, there are no tools",
            trigger:
                ".o_form_view:not(:has(button[name=action_open_mcp_tools])) .o_field_widget[name=mcp_server] .o_select_menu_toggler",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains('All tools')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=mcp_server] input:value(/^All tools$/)",
        },
        ...stepUtils.saveForm(),
        {
            trigger: "[name=mcp_url]:contains('/toured/agents/mcp')",
        },
        {
            content: "List the tools: the other button may be in a menu",
            trigger: "[name=mcp_buttons] button[name=action_open_mcp_tools]",
            run: "click",
        },
        {
            content: "A route that can't be a tool is listed with the reason",
            trigger: ".o_data_row.text-muted:contains('/notes/files')",
        },
        {
            trigger:
                ".o_data_row:contains('change_note'):contains('notes:write') td[name=name]",
            run: "click",
        },
        {
            content: "What an agent reads and sends",
            trigger:
                ".o_form_view:contains('Replace the text of a note'):contains('note_id: integer')",
        },
        {
            trigger: ".breadcrumb-item :contains('Toured')",
            run: "click",
        },
        {
            trigger: "button[name=action_connect_mcp_client]",
            run: "click",
        },
        {
            trigger: ".modal [name=text]:contains('claude mcp add')",
        },
        {
            trigger: ".modal .o_selection_badge:contains('Codex')",
            run: "click",
        },
        {
            trigger: ".modal [name=text]:contains('[mcp_servers.toured-agents]')",
        },
        {
            content: "A key that is pasted is in the text",
            trigger: ".modal [name=key] input",
            run: "edit my-own-key",
        },
        {
            trigger: ".modal .o_selection_badge:contains('Cursor')",
            run: "click",
        },
        {
            trigger: ".modal [name=text]:contains('Bearer my-own-key')",
        },
        {
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});
