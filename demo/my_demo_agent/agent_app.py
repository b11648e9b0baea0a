# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from odoo.api import Environment
from odoo.exceptions import MissingError
from odoo.tools import plaintext2html

from odoo.addons.fastapi.dependencies import (
    authenticated_caller,
    odoo_env,
    require_scopes,
)
from odoo.addons.fastapi.models import FastapiApp
from odoo.addons.fastapi_mcp_server import mcp_prompt, mcp_resource, mcp_tool

from .schemas import Activity, Contact, Done, Feedback, Id, NewActivity, Text

Env: TypeAlias = Annotated[Environment, Depends(odoo_env)]

reading = APIRouter(dependencies=[mcp_tool()])
# Agents whose key lacks this scope don't see these tools.
writing = APIRouter(
    dependencies=[mcp_tool(read_only=False), require_scopes("activities:write")]
)
prompts = APIRouter(dependencies=[Depends(authenticated_caller)])


@reading.get("/contacts")
def find_contacts(
    env: Env,
    text: Annotated[Text, Query(description="Part of a name, email or city.")],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[Contact]:
    """Find people and companies. The other tools need their ids.

    If there are too many results, search for a longer text.
    """
    fields = ("name", "email", "city")
    domain: list[Any] = ["|", "|", *((field, "ilike", text) for field in fields)]
    return Contact.from_search(env["res.partner"], domain, limit=limit)


@reading.get("/contacts/{contact_id}/activities")
def list_activities(contact_id: Id, env: Env) -> list[Activity]:
    """List the open activities for a contact, the most urgent first."""
    return Activity.from_records(get_contact(env, contact_id).activity_ids)


@reading.get("/my_activities", dependencies=[mcp_resource()])
def list_my_activities(env: Env) -> list[Activity]:
    """List the open activities of the caller for contacts, the most urgent first."""
    domain = [("res_model", "=", "res.partner"), ("user_id", "=", env.uid)]
    return Activity.from_search(env["mail.activity"], domain, limit=100)


@writing.post("/contacts/{contact_id}/activities", status_code=201)
def schedule_activity(contact_id: Id, activity: NewActivity, env: Env) -> Activity:
    """Schedule an activity of the caller for a contact."""
    scheduled = get_contact(env, contact_id).activity_schedule(
        f"mail.mail_activity_data_{activity.kind}",
        date_deadline=activity.due,
        summary=activity.summary,
        note=activity.note and plaintext2html(activity.note),
        user_id=env.uid,
        automated=False,
    )
    return Activity.model_validate(scheduled)


@writing.post("/activities/{activity_id}/done")
def complete_activity(activity_id: Id, content: Feedback, env: Env) -> Done:
    """Mark an activity as done, with feedback. This can't be undone."""
    domain = [("id", "=", activity_id), ("res_model", "=", "res.partner")]
    activity = env["mail.activity"].search(domain)
    if not activity:
        raise MissingError(env._("There is no such open activity."))
    contact = env["res.partner"].browse(activity.res_id)
    activity.action_feedback(feedback=content.feedback or False)
    left = Activity.from_records(contact.activity_ids)
    return Done(id=activity_id, open_activities=left)


@prompts.get(
    "/prompts/prepare_call",
    dependencies=[mcp_prompt(title="Prepare a call")],
    response_class=PlainTextResponse,
)
def prepare_call(contact: Annotated[Text, Query(description="Name.")]) -> str:
    """Summarize the open activities for a contact before a call."""
    return (
        f"I am about to call {contact}. Find the contact and its activities. Tell me "
        "in at most five lines what is overdue, and what I should ask. Change nothing."
    )


def get_contact(env: Environment, contact_id: int) -> Any:
    contact = env["res.partner"].search([("id", "=", contact_id)])
    if not contact:
        raise MissingError(env._("There is no such contact. Use find_contacts."))
    return contact


class AgentApp(FastapiApp):
    _name = "fastapi.app.my_demo_agent"
    _description = "My Demo Agent"
    _root_path = "/my_demo_agent"
    _auth = ("api_key",)
    _run_as = "caller"
    _mcp_server = "all"
    _create_endpoint = True

    def _get_routers(self) -> list[APIRouter]:
        return [reading, writing, prompts]
