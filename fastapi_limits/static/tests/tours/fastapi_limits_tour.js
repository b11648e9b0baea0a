import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("fastapi_limits", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app of the endpoints",
            trigger: ".o_app[data-menu-xmlid='fastapi.menu_fastapi_root']",
            run: "click",
        },
        {
            trigger: ".o_data_row :contains('/toured')",
            run: "click",
        },
        {
            content: "A value that is not a rate is refused",
            trigger: "[name=rate_by_caller] input",
            run: "edit many/minute",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".modal .modal-body:contains('many/minute'):contains('By Caller')",
        },
        {
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            trigger: "[name=rate_by_caller] input",
            run: "edit 10/second; 1000/day",
        },
        ...stepUtils.saveForm(),
        {
            content: "One of two refused callers is refused now",
            trigger: "button[name=action_open_rate_refusals]:contains('1')",
            run: "click",
        },
        {
            trigger:
                ".o_data_row.text-danger:contains('Refused Caller'):contains('GET /items')",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains('Earlier Caller')))",
        },
        {
            content: "Without the filter, the list also shows the caller of earlier",
            trigger: ".o_searchview .o_facet_remove",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains('Earlier Caller'):not(.text-danger)",
        },
        {
            content: "Let the caller call again",
            trigger: ".o_data_row:contains('Refused Caller') button[name=action_reset]",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains('Refused Caller')))",
        },
        {
            trigger: ".o_data_row:contains('Earlier Caller')",
        },
    ],
});
