# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What agents send and receive. They read the descriptions of fields and routes."""

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, StringConstraints

from odoo.addons.fastapi.records import RecordSchema, Source

#: Ids in the range of the database.
Id: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]
Text: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)
]


class Contact(RecordSchema):
    id: int
    name: str
    company: Annotated[str | None, Source("parent_id.name")]
    email: str | None
    phone: str | None
    city: str | None


class Activity(RecordSchema):
    id: int
    contact: Annotated[str | None, Source("res_name")]
    kind: Annotated[str | None, Source("activity_type_id.name")]
    summary: str | None
    due: Annotated[date, Source("date_deadline")]
    state: Annotated[str | None, Field(description="overdue, today or planned")]
    user: Annotated[str | None, Source("user_id.name")]


class NewActivity(BaseModel):
    summary: Annotated[Text, Field(description="What is to be done, in a few words.")]
    due: date
    kind: Literal["todo", "call", "email", "meeting"] = "todo"
    note: Annotated[Text | None, Field(description="Details, as plain text.")] = None


class Feedback(BaseModel):
    feedback: Annotated[
        Text | None, Field(description="What came out of it, for colleagues.")
    ] = None


class Done(BaseModel):
    id: int
    open_activities: Annotated[
        list[Activity], Field(description="What is left to do for the contact.")
    ]
