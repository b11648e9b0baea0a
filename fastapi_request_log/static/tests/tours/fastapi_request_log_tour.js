import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const openApp = [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open the app of the endpoints",
        trigger: ".o_app[data-menu-xmlid='fastapi.menu_fastapi_root']",
        run: "click",
    },
];

/**
 * Return steps that toggle a filter in the menu of the search bar.
 *
 * @param {String} name - label of the filter
 * @returns {Object[]}
 */
function toggleFilter(name) {
    return [
        {
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: `.o_filter_menu .o_menu_item:contains("${name}")`,
            run: "click",
        },
        {
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("fastapi_request_log", {
    steps: () => [
        ...openApp,
        {
            trigger: "[data-menu-xmlid='fastapi_request_log.fastapi_request_log_menu']",
            run: "click",
        },
        {
            content: "Calls of the last day are shown, others are not",
            trigger: ".o_facet_value:contains('Last 24 Hours')",
        },
        {
            trigger: ".o_list_view:has(.o_data_row):not(:contains('/seen/long/ago'))",
        },
        ...toggleFilter("5xx: Server Error"),
        {
            content: "What did not fail is gone",
            trigger: ".o_list_view:not(:contains('/seen/orders?limit=5'))",
        },
        {
            trigger:
                ".o_data_row:contains('/seen/orders') .o_field_badge .text-bg-danger:contains('500')",
            run: "click",
        },
        {
            content: "The error and its place",
            trigger: ".alert-danger:contains('ValueError: no customer')",
        },
        {
            trigger: ".alert-danger:contains('/my_api/routers/orders.py:12')",
        },
        {
            content: "The handler ran again",
            trigger: ".alert-info:contains('ran 3 times')",
        },
        {
            content: "Request and answer, JSON with a line for each value",
            trigger: '[name=request_body_text]:contains(/"name": "O.Neill"/)',
        },
        {
            trigger:
                "[name=request_headers]:contains('Content-Type: application/json')",
        },
        {
            trigger: "[name=response_body_text]:contains('Internal Server Error')",
        },
        {
            content: "A command that repeats the call",
            trigger:
                "[name=curl]:contains('curl --user LOGIN:PASSWORD'):contains('--data-raw'):has(.fa-clipboard, .o_clipboard_button)",
        },
    ],
});

registry.category("web_tour.tours").add("fastapi_request_usage", {
    steps: () => [
        ...openApp,
        {
            trigger:
                "[data-menu-xmlid='fastapi_request_log.fastapi_request_hour_menu']",
            run: "click",
        },
        {
            trigger: ".o_facet_value:contains('Last 7 Days')",
        },
        {
            content: "A graph of the calls",
            trigger: ".o_graph_renderer canvas",
        },
        {
            trigger: ".o_graph_view .dropdown-toggle:contains('Measures')",
            run: "click",
        },
        {
            trigger: ".o_menu_item:contains('p95 (ms)')",
            run: "click",
        },
        {
            trigger: ".o_graph_renderer canvas",
        },
        {
            trigger: ".o_switch_view.o_pivot",
            run: "click",
        },
        {
            content: "All calls of a route, its errors, and its percentiles",
            trigger:
                ".o_pivot table tr:contains('/seen/orders'):contains('25'):contains('5'):contains('9.8')",
        },
        {
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        ...toggleFilter("With Server Errors"),
        {
            trigger: ".o_list_view:not(:contains('/seen/fast'))",
        },
        {
            trigger: ".o_data_row:contains('/seen/orders')",
        },
    ],
});

registry.category("web_tour.tours").add("fastapi_request_usage_empty", {
    steps: () => [
        ...openApp,
        {
            trigger:
                "[data-menu-xmlid='fastapi_request_log.fastapi_request_hour_menu']",
            run: "click",
        },
        {
            content: "What is counted",
            trigger: ".o_view_nocontent:contains('No calls in this period')",
        },
        {
            trigger: ".o_switch_view.o_pivot",
            run: "click",
        },
        {
            trigger: ".o_pivot_view",
        },
        {
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_view",
        },
    ],
});

registry.category("web_tour.tours").add("fastapi_request_endpoint", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_data_row:contains('/seen'):contains('Failing')",
        },
        ...toggleFilter("Failing"),
        {
            content: "What works is not shown",
            trigger: ".o_list_view:not(:contains('/other'))",
        },
        {
            trigger: ".o_data_cell:contains('Seen')",
            run: "click",
        },
        {
            content: "How much fails",
            trigger: ".alert-danger:contains('5 of 42 calls')",
        },
        {
            trigger: ".alert-danger button[name=action_open_server_errors]",
            run: "click",
        },
        {
            trigger: ".o_searchview_facet:contains('5xx: Server Error')",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains('Seen')",
            run: "click",
        },
        {
            content: "It is served, so that all can be opened as before",
            trigger: ".o_form_view:has(button[name=action_open_docs])",
        },
        {
            trigger: "button[name=action_open_errors_today]:contains('7')",
        },
        {
            trigger: "button[name=action_open_calls_today]:contains('42')",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb:contains('Request Log: Seen')",
        },
        {
            trigger: ".o_facet_value:contains('Today')",
        },
        {
            trigger: ".o_list_view:contains('/seen/orders'):not(:contains('/other'))",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains('Seen')",
            run: "click",
        },
        {
            trigger: "button[name=action_open_errors_today]",
            run: "click",
        },
        {
            trigger: ".o_facet_value:contains('Failed')",
        },
        {
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            trigger: ".o_button_more",
            run: "click",
        },
        {
            trigger: "button[name=action_open_usage]",
            run: "click",
        },
        {
            trigger: ".o_graph_renderer canvas",
        },
    ],
});
