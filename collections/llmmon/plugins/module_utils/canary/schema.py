# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema that a canary's answer is checked by, and whether a schema keeps to it.

Python's own library has no JSON Schema, and the canary runs in a plain image. What is not in the tables below is
refused on the controller rather than ignored on the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_ANY_VALUE = ("const", "title", "description", "default", "examples", "$schema", "$id", "$comment")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LISTS_OF_SCHEMAS = ("anyOf", "allOf", "oneOf")
_SCHEMAS = ("items", "additionalProperties", "not")
_OTHERS = ("type", "enum", "properties", "required", "pattern")
KEYWORDS = (*_OTHERS, *_ANY_VALUE, *_COUNTS, *_NUMBERS, *_LISTS_OF_SCHEMAS, *_SCHEMAS)


def schema_problems(schema: Any, place: str = "the schema") -> Iterator[str]:
    """What is wrong with a schema, each as a part of a sentence that begins with the place in it."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{place} is not a JSON Schema, which is an object such as {{type: object}}"
        return
    for keyword, value in schema.items():
        yield from _keyword_problems(str(keyword), value, place)


def _keyword_problems(keyword: str, value: Any, place: str) -> Iterator[str]:
    where = f"{place}.{keyword}"
    if keyword not in KEYWORDS:
        yield f"{where} is not a keyword of JSON Schema that the canary knows; it knows {', '.join(sorted(KEYWORDS))}"
    elif keyword == "type":
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(name, str) and name in _KINDS for name in names):
            yield f"{where} must be one of {', '.join(_KINDS)}, or a list of them"
    elif keyword in ("enum", *_LISTS_OF_SCHEMAS) and not (isinstance(value, list) and value):
        yield f"{where} must be a list that is not empty"
    elif keyword in _LISTS_OF_SCHEMAS:
        for number, inner in enumerate(value, start=1):
            yield from schema_problems(inner, f"{where}[{number}]")
    elif keyword == "required" and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        yield f"{where} must be a list of names"
    elif keyword == "properties" and not isinstance(value, dict):
        yield f"{where} must be an object of schemas"
    elif keyword == "properties":
        for name, inner in value.items():
            yield from schema_problems(inner, f"{where}.{name}")
    elif keyword in _SCHEMAS:
        yield from schema_problems(value, where)
    elif keyword in _COUNTS and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        yield f"{where} must be 0 or more"
    elif keyword in _NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float))):
        yield f"{where} must be a number"
    elif keyword == "pattern":
        try:
            re.compile(value)
        except (re.error, TypeError) as error:
            yield f"{where} is not a regular expression: {error}"


def fits(value: Any, schema: Any) -> bool:
    """Whether a value of JSON fits a schema without problems."""
    if isinstance(schema, bool):
        return schema
    return (
        _fits_any_kind(value, schema)
        and (not isinstance(value, str) or _fits_text(value, schema))
        and (not _is_number(value) or _fits_number(value, schema))
        and (not isinstance(value, list) or _fits_array(value, schema))
        and (not isinstance(value, dict) or _fits_object(value, schema))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_kind(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        return _is_number(value) and (kind == "number" or float(value).is_integer())
    return isinstance(value, _KINDS[kind])


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON, in which true is not 1, and 1.0 is."""
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return type(one) is type(other) and bool(one == other)


def _fits_any_kind(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", list(_KINDS))
    return (
        any(_is_kind(value, kind) for kind in (kinds if isinstance(kinds, list) else [kinds]))
        and ("const" not in schema or _same(value, schema["const"]))
        and ("enum" not in schema or any(_same(value, choice) for choice in schema["enum"]))
        and all(fits(value, inner) for inner in schema.get("allOf", []))
        and ("anyOf" not in schema or any(fits(value, inner) for inner in schema["anyOf"]))
        and ("oneOf" not in schema or [fits(value, inner) for inner in schema["oneOf"]].count(True) == 1)
        and ("not" not in schema or not fits(value, schema["not"]))
    )


def _fits_text(value: str, schema: Mapping[str, Any]) -> bool:
    return _counts(len(value), schema, "Length") and re.search(schema.get("pattern", ""), value) is not None


def _fits_number(value: float, schema: Mapping[str, Any]) -> bool:
    return (
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
    )


def _fits_array(value: list[Any], schema: Mapping[str, Any]) -> bool:
    return _counts(len(value), schema, "Items") and all(fits(item, schema.get("items", True)) for item in value)


def _fits_object(value: dict[str, Any], schema: Mapping[str, Any]) -> bool:
    properties = schema.get("properties", {})
    return (
        _counts(len(value), schema, "Properties")
        and all(name in value for name in schema.get("required", []))
        and all(
            fits(inner, properties[name] if name in properties else schema.get("additionalProperties", True))
            for name, inner in value.items()
        )
    )


def _counts(count: int, schema: Mapping[str, Any], what: str) -> bool:
    return bool(schema.get(f"min{what}", 0) <= count <= schema.get(f"max{what}", count))
