import {registry} from "@web/core/registry";

/**
 * Return steps that choose an app in the form of an endpoint.
 *
 * @param {String} name - label of the app in the selection
 * @returns {Object[]}
 */
function chooseApp(name) {
    return [
        {
            trigger: ".o_field_widget[name=app] .o_select_menu_toggler",
            run: "click",
        },
        {
            trigger: `.o_select_menu_item:contains(/^${name}$/)`,
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("fastapi_endpoint_proposals", {
    steps: () => [
        {
            content: "Create an endpoint",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=name] input",
            run: "edit Typed",
        },
        ...chooseApp("Test of an app as a class"),
        {
            content: "The app proposes a path and a user",
            trigger: ".o_field_widget[name=root_path] input:value(/test-class)",
        },
        {
            trigger:
                ".o_field_widget[name=user_id] input:value(Runner of the test app)",
        },
        ...chooseApp("Test of an app that exists already"),
        {
            content: "Another app has no path: the proposal goes",
            trigger: ".o_field_widget[name=root_path] input:value(/^$/)",
        },
        ...chooseApp("Test of an app as a class"),
        {
            trigger: ".o_field_widget[name=root_path] input:value(/test-class)",
            run: "edit /typed",
        },
        ...chooseApp("Test of an app that exists already"),
        {
            content: "What was typed stays",
            trigger: ".o_field_widget[name=name] input:value(Typed)",
        },
        {
            trigger: ".o_field_widget[name=root_path] input:value(/typed)",
        },
        {
            content: "The form has what the app proposes",
            trigger: ".o_field_widget[name=user_id] input:value(Public user)",
        },
        ...chooseApp("Test of an app as a class"),
        {
            trigger:
                ".o_field_widget[name=user_id] input:value(Runner of the test app)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It is served",
            trigger: ".o_field_widget[name=state]:contains('Live')",
        },
    ],
});
