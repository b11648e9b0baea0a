# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Endpoints of apps with a class: their default values, created on installation."""

import logging
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.modules.module import Manifest

from .fastapi_endpoint import APP_MODEL

_logger = logging.getLogger(__name__)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    #: Values that the form has filled in since the app was chosen, as text. If a value
    #: differs, the user has typed it.
    app_proposals = fields.Json(store=False)

    @api.onchange("app")
    def _onchange_app(self):
        """Fill in the defaults of the app."""
        if self._origin:
            return
        proposals = self._get_app_model()._get_endpoint_defaults()
        if proposals.get("root_path"):
            proposals["root_path"] = self._free_root_path(proposals["root_path"])
        proposed = self.app_proposals or {}
        names = list({**proposed, **proposals})
        blank = self.new(self.default_get(names))
        filled_in = {}
        for name in names:
            before = proposed.get(name) or _as_text(blank[name])
            is_empty = not self[name] and self._fields[name].type != "boolean"
            if is_empty or _as_text(self[name]) == before:
                self[name] = proposals[name] if name in proposals else blank[name]
                filled_in[name] = _as_text(self[name])
        self.app_proposals = filled_in

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._add_endpoint_defaults(vals) for vals in vals_list])

    @api.model
    def _add_endpoint_defaults(self, vals):
        """Return the values of a new endpoint, with the defaults of its app."""
        name = f"{APP_MODEL}.{vals.get('app')}"
        if name not in self.env:
            return vals
        defaults = {
            field: value
            for field, value in self.env[name]._get_endpoint_defaults().items()
            if f"default_{field}" not in self.env.context
        }
        return {**defaults, **vals}

    @api.model
    def _install_apps(self, module):
        """Check the apps of an addon, and create endpoints of new apps.

        Called at the end of the addon's installation or upgrade, before the commit.

        :param module: name of the addon
        :raises ValidationError: two addons have an app with the same key
        """
        self._check_app_keys()
        for app in self._get_app_models():
            if app._name != APP_MODEL and app._original_module == module:
                self._warn_of_unknown_ways(app)
                has_user = "user_id" in app._get_endpoint_defaults()
                if app._create_endpoint and self._is_new_model(app):
                    self._create_endpoint_of(app)
                elif app._user_xml_id and not has_user:
                    _logger.warning(
                        "%s has no user: %s does not exist", app._name, app._user_xml_id
                    )

    @api.model
    def _warn_of_unknown_ways(self, app):
        """Log a warning for ways of an app that no installed addon provides."""
        for way in app._auth:
            if f"auth_{way}" not in self._fields:
                _logger.warning("%s has no way to authenticate by %s", app._name, way)

    @api.model
    def _check_app_keys(self):
        """Refuse an app if another addon has an app with the same key."""
        modules = self._get_modules_of_apps()
        for app in self._get_app_models():
            key = app._name.removeprefix(f"{APP_MODEL}.")
            if len(modules[key]) > 1:
                raise ValidationError(
                    self.env._(
                        "The addons %(addons)s each have an app with the key %(key)s. "
                        "Rename one of them, or extend it with _inherit.",
                        addons=", ".join(modules[key]),
                        key=key,
                    )
                )

    @api.model
    def _get_modules_of_apps(self):
        """Return the addons that define an app, by key."""
        modules = defaultdict(list)
        for definition in reversed(type(self).mro()):
            field = vars(definition).get("app")
            # like Odoo's Selection._selection_modules; the addon that adds a value has
            # an ``ondelete`` for it, addons that only rename the value do not
            arguments = (field and field._args__) or {}
            for key in arguments.get("ondelete") or ():
                modules[key].append(field._module)
        return modules

    def _get_default_version(self):
        """Return the version of the addon of the app, None for an unknown addon."""
        modules = self._get_modules_of_apps()[self.app]
        manifest = Manifest.for_addon(modules[0]) if modules else None
        return manifest and manifest.version

    @api.model
    def _is_new_model(self, app):
        """Return whether this transaction has installed a model."""
        self.env.cr.execute(
            """
            SELECT create_date >= now() AT TIME ZONE 'UTC' FROM ir_model_data
            WHERE module = %s AND name = %s
            """,
            [app._original_module, f"model_{app._name.replace('.', '_')}"],
        )
        row = self.env.cr.fetchone()
        return bool(row and row[0])

    @api.model
    def _create_endpoint_of(self, app):
        """Create the endpoint of a new app.

        It may already have one, if it had no class in an earlier version.
        """
        key = app._name.removeprefix(f"{APP_MODEL}.")
        endpoints = self.with_context(active_test=False)
        if endpoints.search_count([("app", "=", key)], limit=1):
            return
        defaults = app._get_endpoint_defaults()
        if "root_path" not in defaults:
            raise ValidationError(
                self.env._(
                    "The app %(app)s can't create its endpoint: it has no _root_path.",
                    app=app._name,
                )
            )
        if app._user_xml_id and "user_id" not in defaults:
            raise ValidationError(
                self.env._(
                    "The app %(app)s can't create its endpoint: there is no user with "
                    "the XML id %(xml_id)s.",
                    app=app._name,
                    xml_id=app._user_xml_id,
                )
            )
        data = {
            "xml_id": f"{app._original_module}.fastapi_endpoint_{key}",
            "values": {"app": key},
            "noupdate": True,
        }
        self._load_records([data])


def _as_text(value):
    """Convert the value of a field of an unsaved record to a text, to compare it."""
    return str(value._origin if isinstance(value, models.BaseModel) else value)
