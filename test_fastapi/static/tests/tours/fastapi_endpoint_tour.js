import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("fastapi_endpoint_create", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app of the endpoints",
            trigger: ".o_app[data-menu-xmlid='fastapi.menu_fastapi_root']",
            run: "click",
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
            trigger: ".o_select_menu_item:contains('Test')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=root_path] input",
            run: "edit  browser//made/ ",
        },
        ...stepUtils.saveForm(),
        {
            content: "The path is in its one form",
            trigger: ".o_field_widget[name=root_path] input:value(/browser/made)",
        },
        {
            content: "The documentation is linked",
            trigger:
                ".o_field_widget[name=docs_url] a[href$='/browser/made/docs']",
        },
    ],
});
