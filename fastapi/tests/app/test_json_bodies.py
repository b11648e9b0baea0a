# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A body that is validated while it is parsed has the value that FastAPI gives it."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from itertools import count, product
from typing import Annotated, Any, Literal
from unittest.mock import patch
from uuid import UUID

from annotated_types import Gt
from fastapi import Body, Depends, FastAPI, Request
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    StrictInt,
    field_validator,
)
from pydantic_core import core_schema

from odoo.tests import BaseCase

from ...app.dependency_plan import make_plan
from ...app.json_bodies import LARGEST
from ...app.prepare import EndpointFastAPI
from ..bridge_case import BridgeCase


class Colour(str, Enum):
    RED = "red"


class Picky(str, Enum):
    ONE = "one"

    @classmethod
    def _missing_(cls, value):
        return cls.ONE


class Level(IntEnum):
    LOW = 1


class Inner(BaseModel):
    value: int = 0
    named: str = Field(default="", validation_alias="Name")


class Tree(BaseModel):
    value: int
    children: "list[Tree]" = []


class Values(BaseModel):
    flag: bool = False
    day: date | None = None
    moment: datetime | None = None
    number: float = 0
    size: int = 0
    positive: Annotated[int, Gt(0)] = 1
    text: str = ""
    long: Annotated[str, Field(min_length=3, pattern="^[a-z0-9é-]+$")] = "abc"
    clock: time | None = None
    duration: timedelta | None = None
    key: UUID | None = None
    colour: Colour | None = None
    choice: Literal["red", "green"] = "red"
    inner: Inner | None = None
    inners: list[Inner] = []
    numbers: list[float] = []
    tree: Tree | None = None


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    day: date


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")
    size: int


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Text(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    text: str


class OwnInit(BaseModel):
    size: int

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


class Prepared(BaseModel):
    size: int

    def model_post_init(self, context: Any) -> None:
        """Called for each model that is made."""


class Numbered(BaseModel):
    size: int = Field(default_factory=count().__next__)


class Lists(BaseModel):
    sizes: list[int] = Field(default_factory=list)


class Recovered:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.with_default_schema(
            core_schema.float_schema(), default=-1.0, on_error="default"
        )


class Recovering(BaseModel):
    size: Recovered


class Validated(BaseModel):
    size: int

    @field_validator("size", mode="after")
    @classmethod
    def check(cls, value: int) -> int:
        return value


class Aliased(BaseModel):
    size: int = Field(validation_alias=AliasChoices("a", "b"))


class Outer(BaseModel):
    strict: list[Strict]


#: Values of JSON, some of which are not valid.
TEXTS = (
    *("null", "true", "false", "[]", "{}", "[1]", '["1", 2.0, true]', '{"1": 2}'),
    *("0", "-0", "1", "-1", "2", "1.0", "1.5", "-0.0", "1e2", "1E2", "1e20", "0.1"),
    *("1e400", "-1e400", "1e-400", "4.9e-324", "1.7976931348623159e308"),
    *("9007199254740993", "9007199254740993.0", "0.1000000000000000055"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("12345678901234567890123", "9223372036854775808.0", "1" * 5000),
    *("01", "1.", ".5", "+1", "NaN", "Infinity", "-Infinity", "0x10", "1_0", "//"),
    *('"1"', '" 1 "', '"1.0"', '"1e2"', '"1_000"', '"+5"', '"-0"', '"\\u0031"'),
    *('"0x10"', '"00012"', '"\uff11"', '"inf"', '"nan"', '"infinity"', '""', '"abc"'),
    *('"true"', '"yes"', '"on"', '"t"', '"0"', '" true"', '"red"', '"green"', '"é"'),
    *('"\\ud800"', '"\\ud83d\\ude00"', '"a\\u0000b"', '"a\x01b"', '"\\x"', '"a'),
    *('"2020-01-01"', '"2020-01-01T00:00:00"', '"2020-01-01 10:11"', '"2020-13-01"'),
    *('"2020-01-01T10:11:12.123456789Z"', "1577836800", "1577836800.5", '"1577836800"'),
    *("1577836800000", '"10:11"', '"10:11:12+02:00"', '"P1D"', '"1:02:03"', "-60.25"),
    '"12345678-1234-5678-1234-567812345678"',
    '"{12345678-1234-5678-1234-567812345678}"',
    '"urn:uuid:12345678-1234-5678-1234-567812345678"',
    '"12345678123456781234567812345678"',
    *('{"value": 1}', '{"value": "2", "more": [1.5]}', '{"value": 1, "value": 2}'),
    *('{"Name": "a"}', '{"named": "a"}', '{"value": 1, "children": [{"value": 2}]}'),
    *('[{"value": 1, "value": "b"}]', '[{"value": 1}, {}]', "[1,]", '{"value": 1,}'),
)
#: Encodings of a whole body, and what surrounds it.
BODIES: tuple[Callable[[str], bytes], ...] = (
    lambda text: text.encode(errors="surrogatepass"),
    lambda text: b" \t\n\r" + text.encode() + b" \r\n",
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: b"\x0c" + text.encode(),
    lambda text: text.encode() + b"\x00",
    lambda text: text.encode() + b" {}",
    lambda text: text.encode()[:-1],
    lambda text: text.encode("latin-1", errors="replace"),
    lambda text: text.encode("utf-16"),
    lambda text: text.encode("utf-16-le"),
    lambda text: text.encode("utf-32"),
)


def get_validators(annotation):
    """Return what validates the body of a route here, and in FastAPI."""

    def handler(body):
        """Not called."""

    handler.__annotations__["body"] = annotation
    app = FastAPI()
    app.post("/")(handler)
    route = app.routes[-1]
    plan = make_plan(route.dependant, route._embed_body_fields)
    return plan.validate_json, route.body_field.validate


class TestValidation(BaseCase):
    def check(self, validators, content):
        """Compare the value of a body with FastAPI's; return whether there is one."""
        validate_json, validate = validators
        try:
            value = validate_json(content)
        except ValueError:
            return False  # FastAPI validates it
        expected, errors = validate(json.loads(content))
        self.assertFalse(errors)
        self.assertEqual(repr(value), repr(expected))
        return True

    def test_values(self):
        validators = get_validators(Values)
        valid = 0
        first = ("", "1", '"red"', '{"value": 5}', "[]", "-")
        for name, text, before in product(Values.model_fields, TEXTS, first):
            content = f'{{"{name}": {text}}}'
            if before:  # the same key twice
                content = f'{{"{name}": {before}, "more": 1, "{name}": {text}}}'
            with self.subTest(content[:120]):
                valid += self.check(validators, content.encode())
        self.assertGreater(valid, 1000)  # of the cases

    def test_bodies(self):
        valid = 0
        for annotation in (Values, list[Inner], list[Colour], Tree, str, float):
            validators = get_validators(Annotated[annotation, Body()])
            for (number, make), text in product(enumerate(BODIES), TEXTS):
                with self.subTest(annotation, text=text[:80], number=number):
                    valid += self.check(validators, make(text))
        self.assertGreater(valid, 100)

    def test_large_integers(self):
        """The one difference, see ``json_bodies``."""
        content = b"1" * 310
        validate_json, validate = validators = get_validators(list[float])
        self.assertEqual(validate_json(b"[%s]" % content), [float("inf")])
        self.assertTrue(validate([json.loads(content)])[1])
        self.assertTrue(self.check(validators, b"[1e400]"))
        self.assertTrue(self.check(validators, b"[%s]" % content[1:]))

    def test_which_types(self):
        for annotation, expected in (
            (Values, True),
            (Tree, True),
            (Forbidding, True),
            (Inner | None, True),
            (list[Inner], True),
            (Annotated[Inner, Body(description="x")], True),
            (Annotated[list[Inner], Field(max_length=3)], True),
            (Strict, False),
            (Outer, False),
            (Extra, False),
            (Text, False),
            (OwnInit, False),
            (Prepared, False),
            (Validated, False),
            (Aliased, False),
            (Annotated[Inner, Body(embed=True)], False),
            (Annotated[int, AfterValidator(abs), Body()], False),
            (list[StrictInt], False),
            (dict[int, int], False),
            (dict[str, int], False),
            (list[Picky], False),
            (list[Colour], True),
            (Numbered, False),
            (Lists, True),
            (Recovering, False),
            (list[Decimal], False),
            (list[bytes], False),
            (set[int], False),
            (list[int | str], False),
            (list[Literal[1, "red"]], False),
            (list[Level], False),
            (list[Json], False),
            (list, False),
            (dict, False),
        ):
            with self.subTest(annotation):
                validate_json, _validate = get_validators(annotation)
                self.assertEqual(validate_json is not None, expected)

    def test_several_parameters(self):
        def handler(body: Inner, other: Inner):
            """Not called."""

        app = FastAPI()
        app.post("/")(handler)
        route = app.routes[-1]
        plan = make_plan(route.dependant, route._embed_body_fields)
        self.assertIsNone(plan.validate_json)


class TestRequests(BridgeCase):
    def post(self, content, annotation=Values, dependency=lambda: None):
        def read(body):
            return body.size

        read.__annotations__["body"] = annotation

        app = EndpointFastAPI()
        app.post("/", dependencies=[Depends(dependency)])(read)
        result = self.call(
            app,
            method="POST",
            body=content,
            CONTENT_TYPE="application/json",
            CONTENT_LENGTH=str(len(content)),
        )
        return result.status[:3], result.body

    def test_valid_bodies_are_only_validated(self):
        """``test_request_handler`` compares responses with FastAPI's."""
        with patch.object(Request, "json", side_effect=AssertionError) as read:
            self.assertEqual(self.post(b'{"size": 7}'), ("200", b"7"))
            self.assertFalse(read.called)
            largest = b'{"size": 7}'.ljust(LARGEST)
            self.assertEqual(self.post(largest), ("200", b"7"))
            self.assertFalse(read.called)
            for content in (largest + b" ", b'{"size": "x"}'):
                read.reset_mock()
                self.post(content)
                self.assertTrue(read.called)

    def test_a_dependency_that_changes_the_body(self):
        async def rename(request: Request):
            body = await request.json()
            body["size"] = body.pop("number")

        self.assertEqual(self.post(b'{"number": 5}', Values, rename), ("200", b"5"))
