import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";
import {stepUtils} from "@web_tour/tour_utils";

/**
 * Return steps that click a button which opens a new tab, and check its page.
 *
 * The page is loaded into a frame: Chromium opens no tab for a click by code.
 *
 * @param {String} trigger - selector of the button
 * @param {String} url - expected path and fragment
 * @param {String} shown - selector of an element that the page must show
 * @returns {Object[]}
 */
function openPage(trigger, url, shown) {
    const open = browser.open;
    const frame = document.createElement("iframe");
    return [
        {
            trigger,
            async run({click}) {
                browser.open = (opened, target) => {
                    if (opened !== url || target !== "_blank") {
                        throw new Error(`${trigger} opens ${opened} in ${target}`);
                    }
                    frame.src = opened;
                    document.body.append(frame);
                    return frame.contentWindow;
                };
                await click();
            },
        },
        {
            trigger: `:iframe ${shown}`,
            run() {
                browser.open = open;
                frame.remove();
            },
        },
    ];
}

/**
 * Return steps that open a link in a frame, and check its page.
 *
 * @param {String} trigger - selector of the link
 * @param {String} shown - selector of an element that the page must show
 * @returns {Object[]}
 */
function followLink(trigger, shown) {
    const frame = document.createElement("iframe");
    return [
        {
            trigger,
            run() {
                frame.src = this.anchor.href;
                document.body.append(frame);
            },
        },
        {
            trigger: `:iframe ${shown}`,
            run() {
                frame.remove();
            },
        },
    ];
}

const openApp = [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open the app of the endpoints",
        trigger: ".o_app[data-menu-xmlid='fastapi.menu_fastapi_root']",
        run: "click",
    },
];

registry.category("web_tour.tours").add("fastapi_endpoint_create", {
    steps: () => [
        ...openApp,
        {
            content: "The empty list says how to get an app",
            trigger: ".o_view_nocontent a[href^='/fastapi/static/description/']",
        },
        {
            content: "Create an endpoint",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Made in the browser",
        },
        {
            trigger: ".o_field_widget[name=app] .o_select_menu_toggler",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(/^Test$/)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=app] input:value(/^Test$/)",
        },
        {
            trigger: ".o_field_widget[name=root_path] input",
            run: "edit  browser//made/ ",
        },
        {
            content: "Nothing is said against the form's own proposals",
            trigger: ".o_form_view:not(:has(.alert-warning))",
        },
        ...stepUtils.saveForm(),
        {
            content: "The public user has no rights: that is said",
            trigger: ".alert-warning:contains('respond with 403')",
        },
        {
            content: "The path is in its one form",
            trigger: ".o_field_widget[name=root_path] input:value(/browser/made)",
        },
        {
            content: "It is served",
            trigger: ".o_field_widget[name=state]:contains('Live')",
        },
        {
            content: "Clients are told where",
            trigger: ".o_field_widget[name=base_url]:contains('/browser/made')",
        },
        ...followLink(
            ".o_field_widget[name=base_url] a",
            ".swagger-ui .title:contains('Made in the browser')"
        ),
        ...openPage(
            "button[name=action_open_docs]",
            "/browser/made/docs",
            ".swagger-ui .title:contains('Made in the browser')"
        ),
        ...openPage(
            "button[name=action_open_redoc]",
            "/browser/made/redoc",
            "h1:contains('Made in the browser')"
        ),
        {
            content: "With buttons of other addons, the last ones are in a menu",
            trigger: ".o-form-buttonbox",
            run() {
                if (!document.querySelector("button[name=action_open_openapi]")) {
                    document.querySelector(".o-form-buttonbox .o_button_more").click();
                }
            },
        },
        ...openPage(
            "button[name=action_open_openapi]",
            "/browser/made/openapi.json",
            "pre:contains('Made in the browser')"
        ),
    ],
});

registry.category("web_tour.tours").add("fastapi_endpoint_routes", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_data_cell:contains('Made in the browser')",
            run: "click",
        },
        {
            trigger: "button[name=action_open_routes]",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb:contains('Routes of Made in the browser')",
        },
        {
            content: "Nothing could be done with selected routes",
            trigger: ".o_list_view:has(.o_data_row):not(:has(input[type=checkbox]))",
        },
        {
            content: "Search a route",
            trigger: ".o_searchview_input",
        },
        {
            trigger: ".o_searchview_input",
            run: "edit partner",
        },
        {
            trigger: ".o_searchview_input",
            run: "press Enter",
        },
        {
            trigger: ".o_pager_limit:contains(/^[0-9]$/)",
        },
        ...openPage(
            ".o_data_cell[name=path]:contains(/^.partner$/)",
            "/browser/made/docs#/identity/partner",
            "#operations-identity-partner.is-open"
        ),
        {
            content: "As cards, which telephones show",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        ...openPage(
            ".o_kanban_record .font-monospace:contains(/^.partner$/)",
            "/browser/made/docs#/identity/partner",
            "#operations-identity-partner.is-open"
        ),
    ],
});

registry.category("web_tour.tours").add("fastapi_endpoint_archive", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_data_cell:contains('Made in the browser')",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_cp_action_menus .fa-cog",
            run: "click",
        },
        {
            trigger: ".o_menu_item:contains('Archive')",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=state]:contains('Archived')",
        },
        {
            content: "What is not served has no documentation",
            trigger: ".o_form_view:not(:has(button[name=action_open_docs]))",
        },
    ],
});

registry.category("web_tour.tours").add("fastapi_endpoint_try_again", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_data_cell:contains('Made of no fault')",
        },
        {
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_filter_menu .o_menu_item:contains(/^Broken$/)",
            run: "click",
        },
        {
            content: "What works is not shown",
            trigger:
                ".o_list_view:not(:has(.o_data_cell:contains('Made of no fault')))",
        },
        {
            trigger: ".o_data_cell:contains('Made to break')",
            run: "click",
        },
        {
            content: "What is wrong, and where",
            trigger: ".alert-danger:contains('secret of the hook')",
        },
        {
            trigger: ".alert-danger:contains(/fastapi_endpoint.py:[0-9]+, in /)",
        },
        {
            trigger: "button[name=action_try_again]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains('still broken')",
        },
        {
            content: "Fix the cause",
            trigger: ".o_field_widget[name=state]:contains('Broken')",
            async run() {
                await rpc("/web/dataset/call_kw/ir.config_parameter/set_param", {
                    model: "ir.config_parameter",
                    method: "set_param",
                    args: ["test_fastapi.breaks", ""],
                    kwargs: {},
                });
            },
        },
        {
            trigger: "button[name=action_try_again]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains('is served again')",
        },
        {
            trigger: ".o_field_widget[name=state]:contains('Live')",
        },
    ],
});

registry.category("web_tour.tours").add("fastapi_endpoint_errors", {
    steps: () => [
        ...openApp,
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=root_path] input",
            run: "edit /taken/already && press Tab",
        },
        {
            content: "Whose path it is, at the field",
            trigger:
                ".o_field_widget[name=root_path_error]:contains('Made of no fault')",
        },
        {
            trigger: ".o_field_widget[name=root_path] input",
            run: "edit /web/api && press Tab",
        },
        {
            trigger: ".o_field_widget[name=root_path_error]:contains('/web/api')",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "All that is wrong is marked, at once",
            trigger:
                ".o_form_view:has(.o_field_invalid[name=name])" +
                ":has(.o_field_invalid[name=app])" +
                ":has(.o_field_widget[name=root_path_error])",
        },
        {
            trigger: ".o_field_widget[name=root_path] input",
            run: "edit /free && press Tab",
        },
        {
            trigger: ".o_form_view:not(:has(.o_field_widget[name=root_path_error]))",
        },
        {
            trigger: ".o_form_button_cancel",
            run: "click",
        },
        {
            trigger: ".o_list_view",
        },
    ],
});
