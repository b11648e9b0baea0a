import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("fastapi_endpoint_keys", {
    steps: () => [
        {
            content: "Choose API keys as the way to authenticate",
            trigger: ".o_field_widget[name=auth_warning]:contains('no way')",
        },
        {
            trigger: ".o_field_widget[name=auth_api_key] input",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=auth_summary]:contains('Bearer KEY')",
        },
        {
            trigger: ".o_form_view:not(:has(.o_field_widget[name=auth_warning]))",
        },
        {
            trigger: ".nav-link[name=api_keys]",
            run: "click",
        },
        {
            content: "Make a key",
            trigger: "button[name=action_new_key]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=password] input",
            run: "edit admin",
        },
        {
            trigger: ".modal button[name=run_check]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Made in the browser",
        },
        {
            trigger: ".modal .o_field_widget[name=user_id] input",
            run: "edit caller@test",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('caller')",
            run: "click",
        },
        {
            trigger: ".modal button[name=make_key]",
            run: "click",
        },
        {
            content: "It is shown, with a command that uses it",
            trigger: ".modal .o_field_widget[name=curl_command]:contains('Bearer')",
        },
        {
            trigger: ".modal .modal-footer button:contains('Done')",
            run: "click",
        },
        {
            content: "It is in the list, without a reload",
            trigger: ".o_data_row:contains('Made in the browser')",
        },
        {
            trigger: ".o_data_row button[name=action_revoke]",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=key_ids]:not(:has(.o_data_row))",
        },
    ],
});
