# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
from typing import Annotated, Any

import anyio
import psycopg2
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    computed_field,
    field_validator,
    model_serializer,
)
from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, ConcurrencyError, MissingError, UserError
from odoo.exceptions import ValidationError as OdooValidationError
from odoo.tests import BaseCase

from ...app.prepare import prepare_app
from ...app.wrapped import unwrap
from ...error_handlers import default_exception_handlers
from ..bridge_case import BridgeCase

TEXT_ERRORS = ("get_attribute_error", "iteration_error", "mapping_type")


class OutOfStock(UserError):
    """An exception of an app."""


class Record:
    """Raises when an attribute is read; once, or always.

    :param exc: the exception
    """

    def __init__(self, exc, times=2):
        self.exc = exc
        self.times = times

    @property
    def name(self):
        self.times -= 1
        if self.times >= 0:
            raise self.exc
        return "x"


class Named(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


class Aliased(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str = Field(validation_alias="name")


class Validating(BaseModel):
    """Validates with another schema, and raises its error."""

    record: Any

    @field_validator("record")
    @classmethod
    def check(cls, value):
        return Named.model_validate(value)


class Computed(BaseModel):
    record: Any = Field(exclude=True)

    @computed_field
    def name(self) -> str:
        return self.record.name


class Nested(BaseModel):
    items: list[Computed]


def serialize(record):
    return record.name


class Serialized(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    record: Annotated[Record, PlainSerializer(serialize)]


class SerializedAsWhole(BaseModel):
    record: Any

    @model_serializer
    def dump(self) -> str:
        return self.record.name


def read_all(record):
    yield record.name


class TestUnwrap(BaseCase):
    def caught(self, function, *args, **kwargs):
        # not assertRaises: it clears the frames
        try:
            function(*args, **kwargs)
        except Exception as exc:
            return exc
        self.fail("Nothing was raised.")

    def assertUnwrapped(self, exc, function, *args, **kwargs):
        """Check that a function raises a wrapper of ``exc``."""
        wrapping = self.caught(function, *args, **kwargs)
        self.assertIsNot(wrapping, exc)
        self.assertIs(unwrap(wrapping), exc)

    def test_attributes(self):
        for exc in (
            AccessError("told"),
            OutOfStock("told"),
            HTTPException(409, "told"),
            NotFound("told"),
            UserError("two\nlines: of it"),
        ):
            with self.subTest(repr(exc)):
                validate = TypeAdapter(list[Named]).validate_python
                self.assertUnwrapped(exc, Named.model_validate, Record(exc))
                self.assertUnwrapped(exc, validate, [Record(exc)], from_attributes=True)

    def test_validator_that_validates(self):
        exc = AccessError("told")
        self.assertUnwrapped(exc, Validating, record=Record(exc, times=3))

    def test_serializers(self):
        for exc in (AccessError("told"), OutOfStock("told"), HTTPException(409)):
            for model in (
                Computed(record=Record(exc, 9)),
                Nested(items=[Computed(record=Record(exc, 9))]),
                Serialized(record=Record(exc, 9)),
                SerializedAsWhole(record=Record(exc, 9)),
            ):
                with self.subTest(f"{type(model).__name__} {exc!r}"):
                    self.assertUnwrapped(exc, model.model_dump_json)
                    self.assertUnwrapped(exc, TypeAdapter(type(model)).dump_json, model)
                    self.assertIs(unwrap(self.caught(model.model_dump)), exc)

    def test_type_is_taken_from_the_text(self):
        """If reading a second time does not raise."""
        for function, args in (
            (Aliased.model_validate, (Record(AccessError("told")),)),
            (Named.model_validate, (Record(AccessError("told"), times=1),)),
            (
                TypeAdapter(list[str]).validate_python,
                (read_all(Record(AccessError("told"))),),
            ),
            (
                Computed(record=Record(AccessError("told"), times=1)).model_dump_json,
                (),
            ),
            (
                Serialized(record=Record(AccessError("told"), 1)).model_dump_json,
                (),
            ),
        ):
            with self.subTest(function.__qualname__):
                wrapping = self.caught(function, *args)
                exc = unwrap(wrapping)
                self.assertIs(type(exc), AccessError)
                self.assertEqual(str(exc), "told")
                self.assertIs(exc.__context__, wrapping)  # leads to the handler

    def test_errors_of_the_database(self):
        """The database can't be used after them: only their text is known."""
        for error, expected in (
            (psycopg2.errors.SerializationFailure("told"), ConcurrencyError),
            (psycopg2.errors.DeadlockDetected("told"), ConcurrencyError),
            (psycopg2.errors.UniqueViolation("told"), OdooValidationError),
            (
                psycopg2.errors.ReadOnlySqlTransaction("told"),
                psycopg2.errors.ReadOnlySqlTransaction,
            ),
            (ConcurrencyError("told"), ConcurrencyError),
        ):
            with self.subTest(repr(error)):
                wrapping = self.caught(Named.model_validate, Record(error, times=1))
                self.assertIs(type(unwrap(wrapping)), expected)

    def test_conflict_comes_first(self):
        class Two(Named):
            other: str

        class Conflict(Record):
            @property
            def other(self):
                raise psycopg2.errors.SerializationFailure("told")

        wrapping = self.caught(Two.model_validate, Conflict(MissingError("told")))
        self.assertIsInstance(unwrap(wrapping), ConcurrencyError)

    def test_what_is_not_unwrapped(self):
        for record in (Record(ZeroDivisionError("told")), object()):
            wrapping = self.caught(Named.model_validate, record)
            self.assertIsInstance(wrapping, ValidationError)
            self.assertIs(unwrap(wrapping), wrapping)
        error = RuntimeError("told")
        error.__cause__ = UserError("told")  # an app has decided so
        self.assertIs(unwrap(error), error)

    def test_errors_of_the_developer(self):
        error = {"loc": ("body", "x"), "msg": "wrong"}
        texts = [{**error, "type": kind, "ctx": {"error": 1}} for kind in TEXT_ERRORS]
        for errors in ([error], [{**error, "ctx": None}], ["wrong"], "wrong", texts):
            with self.subTest(errors=errors):
                exc = RequestValidationError(errors)
                self.assertIs(unwrap(exc), exc)
        with_cause = {**error, "ctx": {"error": UserError("told")}}
        exc = RequestValidationError(["wrong", with_cause])
        self.assertIs(unwrap(exc), with_cause["ctx"]["error"])

    def run_tasks(self, *errors):
        async def fail(exc):
            await asyncio.sleep(0)
            raise exc

        async def main():
            async with anyio.create_task_group() as outer:
                async with anyio.create_task_group() as inner:
                    for exc in errors:
                        inner.start_soon(fail, exc)
                outer.cancel_scope.cancel()

        return self.caught(asyncio.run, main())

    def test_groups(self):
        exc = UserError("told")
        self.assertIs(unwrap(self.run_tasks(exc)), exc)
        group = self.run_tasks(exc, AccessError("told"))
        self.assertIs(unwrap(group), group)  # which of them?
        group = self.run_tasks(ZeroDivisionError())
        self.assertIs(unwrap(group), group)
        conflict = psycopg2.errors.SerializationFailure("told")
        self.assertIs(unwrap(self.run_tasks(exc, conflict)), conflict)
        record = Record(exc)
        try:
            Named.model_validate(record)
        except ValidationError as error:
            self.assertIs(unwrap(self.run_tasks(error)), exc)


class TestUnwrappingRoutes(BridgeCase):
    """Exception handlers and middleware see the exception by its own type."""

    def setUp(self):
        super().setUp()
        self.app = FastAPI(exception_handlers=default_exception_handlers())

    def call_app(self, handler, path="/", **options):
        self.app.get(path, **options)(handler)
        prepare_app(self.app)
        return self.call(self.app, path)

    def test_handler_of_the_type(self):
        self.app.add_exception_handler(
            OutOfStock, lambda request, exc: PlainTextResponse(str(exc), 418)
        )

        def handler() -> None:
            Named.model_validate(Record(OutOfStock("told")))

        result = self.call_app(handler)
        self.assertEqual((result.code, result.body), (418, b"told"))

    def test_response_model(self):
        result = self.call_app(lambda: Record(OutOfStock("told")), response_model=Named)
        self.assertEqual(result.code, 400)

    def test_middleware_sees_the_type(self):
        seen = []

        @self.app.middleware("http")
        async def watch(request, call_next):
            try:
                return await call_next(request)
            except Exception as exc:
                seen.append(exc)
                raise

        error = psycopg2.errors.SerializationFailure("told")

        def handler() -> None:
            Named.model_validate(Record(error))

        result = self.call_app(handler)
        self.assertIsInstance(result.exc_info[1], ConcurrencyError)
        self.assertIsInstance(seen[0], ConcurrencyError)
