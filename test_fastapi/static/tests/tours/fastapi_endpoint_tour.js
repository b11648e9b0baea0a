import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

/**
 * Return steps that click on what opens a page in a new tab, and look at that page.
 *
 * The page is loaded into a frame: Chromium opens no tab for a click that nobody made.
 *
 * @param {String} trigger - selector of what is clicked
 * @param {Function} isRight - is given the window of the page once it has loaded
 * @returns {Object[]}
 */
function openPage(trigger, isRight) {
    const open = browser.open;
    const frame = document.createElement("iframe");
    const loaded = new Promise((resolve) => {
        frame.addEventListener("load", resolve);
    });
    return [
        {
            trigger,
            async run({click}) {
                browser.open = (url, target) => {
                    if (target !== "_blank") {
                        throw new Error(`${url} is opened in ${target}`);
                    }
                    frame.src = url;
                    document.body.append(frame);
                    return frame.contentWindow;
                };
                await click();
            },
        },
        {
            trigger: "iframe",
            async run() {
                browser.open = open;
                await loaded;
                if (!isRight(frame.contentWindow)) {
                    throw new Error(
                        `${trigger} opens ${frame.contentWindow.location.href}`
                    );
                }
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
            trigger: ".o_view_nocontent a[href*='rest-framework']",
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
            trigger: ".o_field_widget[name=root_path] input",
            run: "edit  browser//made/ ",
        },
        {
            content: "The public user has no rights: that is said",
            trigger: ".alert-warning:contains('answer 403')",
        },
        ...stepUtils.saveForm(),
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
        ...openPage(
            "button[name=action_open_docs]",
            (page) =>
                page.location.pathname === "/browser/made/docs" &&
                page.document.title.startsWith("Made in the browser") &&
                page.document.querySelector("#swagger-ui")
        ),
        ...openPage(
            "button[name=action_open_openapi]",
            (page) => page.location.pathname === "/browser/made/openapi.json"
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
            content: "Search a route",
            trigger: ".o_breadcrumb:contains('Routes of Made in the browser')",
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
            (page) =>
                page.location.pathname === "/browser/made/docs" &&
                page.location.hash === "#/identity/partner_partner_get"
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
            trigger: ".o_cp_action_menus .dropdown-toggle",
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
