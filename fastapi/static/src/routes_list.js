import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

// Routes can't be selected: there is nothing to do with them but open one.
registry.category("views").add("fastapi_routes_list", {
    ...listView,
    props: (genericProps, view) => ({
        ...listView.props(genericProps, view),
        allowSelectors: false,
    }),
});
