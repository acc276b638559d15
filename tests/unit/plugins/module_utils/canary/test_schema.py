"""The canary's JSON Schema: what it takes for one, and what fits it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.schema import fits, schema_problems

SCHEMAS: list[Any] = [
    True,
    False,
    {},
    {"type": "object", "properties": {"city": {"type": "string", "minLength": 2}}, "required": ["city"]},
    {"type": "object", "properties": {"a": True}, "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    {"type": ["array", "null"], "items": {"type": "number", "exclusiveMinimum": 0}, "maxItems": 2},
    {"enum": [1, "one", None, [1], {"a": 1}]},
    {"const": 1},
    {"const": True},
    {"anyOf": [{"type": "string", "pattern": "^S"}, {"type": "integer", "maximum": 3}]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"allOf": [{"minimum": 1}, {"maximum": 2}], "not": {"const": 1.5}},
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 1.0, 1.5, 2, 3, 4, "S", "Seoul", "one", "", [], [1], [0], [1, 2], [1, 2, 3], [None]),
    *({}, {"a": 1}, {"a": "1"}, {"a": 1.0}, {"city": "Seoul"}, {"city": "S"}, {"city": 1}, {"b": 1}, {"a": 1, "b": 2}),
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_it_says_of_every_value_what_json_schema_says(schema: Any) -> None:
    assert list(schema_problems(schema)) == []
    validator = jsonschema.Draft202012Validator(schema)
    assert [fits(value, schema) for value in VALUES] == [validator.is_valid(value) for value in VALUES]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("object", "the schema is not a JSON Schema"),
        ([], "is not a JSON Schema"),
        ({"type": "text"}, "the schema.type must be one of object,"),
        ({"type": []}, "must be one of"),
        ({"typ": "object"}, "the schema.typ is not a keyword of JSON Schema that the canary knows"),
        ({"$ref": "#/definitions/x"}, "$ref is not a keyword"),
        ({"properties": {"a": {"type": "x"}}}, "the schema.properties.a.type must be"),
        ({"properties": []}, "must be an object of schemas"),
        ({"required": "a"}, "must be a list of names"),
        ({"items": 3}, "the schema.items is not a JSON Schema"),
        ({"anyOf": []}, "must be a list that is not empty"),
        ({"allOf": [{}, 1]}, "the schema.allOf[2] is not a JSON Schema"),
        ({"minLength": -1}, "must be 0 or more"),
        ({"maximum": "3"}, "must be a number"),
        ({"pattern": "("}, "is not a regular expression"),
    ],
)
def test_what_is_no_schema_is_said_with_its_place(schema: Any, words: str) -> None:
    problems = list(schema_problems(schema))
    assert len(problems) == 1
    assert words in problems[0]
