# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Warns of record rules that give callers access to more than their own records.

Odoo combines the rules of a user's groups on one model with *or*. So a rule that limits
an app to the calling partner has no effect if the endpoint's user is in a group with
another rule on the same model.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from .ir_rule import KEY


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    rule_warning = fields.Text(
        string="Warning about Record Rules",
        compute="_compute_rule_warning",
        compute_sudo=True,
        groups="fastapi.group_fastapi_manager",
    )

    # Computed again when a form is opened, since a change of a rule is no trigger.
    @api.depends("user_id.all_group_ids")
    def _compute_rule_warning(self):
        for endpoint in self:
            endpoint.rule_warning = endpoint._get_rule_warning()

    def _get_rule_warning(self) -> str | bool:
        """Return a warning that names models with records of others that callers see.

        An override returns False for apps whose callers may see them.
        """
        lines = [
            self.env._(
                "%(model)s: %(limiting)s limits it to the partner who calls, "
                "%(opening)s does not.",
                model=f"{model.name} ({model.model})",
                limiting=", ".join(limiting.mapped("display_name")),
                opening=", ".join(opening.mapped("display_name")),
            )
            for model, limiting, opening in self._get_opened_models()
        ]
        if not lines:
            return False
        return self.env._(
            "Callers may reach records of others: a record is allowed if the rules of "
            "one group of %(user)s allow it.\n"
            "%(models)s\n"
            "Take the user out of the second group, or limit the records with a rule "
            "that has no group: it counts in addition to all others.",
            models="\n".join(f"• {line}" for line in lines),
            user=self.user_id.display_name,
        )

    def _get_opened_models(self) -> list[tuple[models.Model, ...]]:
        """Return the models that a group of the endpoint's user opens to all callers.

        A rule with ``authenticated_partner_id`` limits a model to the caller. A rule
        without it opens the model, if it is for another group and the same operation.
        Not counted are:

        - groups that imply the limiting one;
        - rules that allow nothing, or only the endpoint's user or its partner;
        - models with a limiting rule that has no group, which applies in addition;
        - operations that the user has no access right for.

        :return: for each model, its ``ir.model``, the limiting and the opening groups
        """
        user = self.user_id
        if not user or user._is_superuser():
            return []
        groups = user.all_group_ids
        rule_model = self.env["ir.rule"].sudo()
        limiting = rule_model.search(
            [("groups", "in", groups.ids), ("domain_force", "like", KEY)]
        )
        rules = rule_model.search([("model_id", "in", limiting.model_id.ids)])
        access = self.env["ir.model.access"].with_user(user)
        opened = []
        for model, model_rules in rules.grouped("model_id").items():
            found = [
                self._find_opening_groups(model_rules.filtered(f"perm_{mode}"), user)
                for mode in rule_model._MODES
                if access.check(model.model, mode, raise_exception=False)
            ]
            none = groups.browse()
            limited = none.union(*(pair[0] for pair in found))
            if limited:
                opening = none.union(*(pair[1] for pair in found))
                opened.append((model, limited, opening))
        return sorted(opened, key=lambda item: item[0].name)

    @api.model
    def _find_opening_groups(self, rules, user):
        """Return limiting groups without effect, and the groups that open the model.

        :param rules: the rules of one model for one operation, of all groups
        """
        groups = user.all_group_ids
        opened = opening = groups.browse()
        limiting = rules.filtered(lambda rule: KEY in (rule.domain_force or ""))
        for rule in limiting - limiting.filtered("groups"):
            if not self._evaluate_rule(rule, user).is_true():
                return opened, opening
        for rule in rules - limiting:
            own = rule.groups & groups
            unaware = (limiting.groups & groups) - own.all_implied_ids
            if own and unaware and self._opens_records(rule, user):
                opened |= unaware
                opening |= own
        return opened, opening

    @api.model
    def _opens_records(self, rule, user):
        """Return whether a rule allows more than the endpoint's user or its partner."""
        domain = self._evaluate_rule(rule, user)
        own = {"res.users": user.id, "res.partner": user.partner_id.id}
        match list(domain):
            case [("id", "=" | "in" | "child_of", value)]:
                ids = [value] if isinstance(value, int) else value
                return set(ids) != {own.get(rule.model_id.model)}
        return not domain.is_false()

    @api.model
    def _evaluate_rule(self, rule, user):
        """Return the domain of a rule for a user, when no partner is authenticated.

        A rule that can't be evaluated allows nothing, since each access fails.
        """
        if not rule.domain_force:
            return Domain.TRUE
        context = rule.with_user(user).sudo()._eval_context()
        try:
            return Domain(safe_eval(rule.domain_force, context))
        except Exception:  # whatever the rule's expression raises
            return Domain.FALSE
