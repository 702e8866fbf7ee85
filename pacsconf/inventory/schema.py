"""The JSON Schema of one inventory file, made from the models: editors complete and check by it.

It knows less than `validate` (no profiles, no other files), and nothing that it refuses would be accepted.
Text may be a number or a switch to it, since an unquoted AE title such as `010` is one to a JSON Schema.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pacsconf.inventory.declaration import (
    COLLECTIONS,
    ONCE,
    CapabilityDeclaration,
    DeviceDeclaration,
    SetUse,
)
from pacsconf.inventory.people_source import USERS_FROM, PeopleSource
from pacsconf.inventory.retention import RetentionDeclaration
from pacsconf.inventory.retention_files import RETENTION
from pacsconf.inventory.system_types import CONFIGS
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.inventory.validation import models_in

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": ["string", "number", "boolean"]}
_REMOVED = {"type": "null"}


VENDOR_PLACES: Mapping[str, tuple[str, ...]] = {
    "device": ("DeviceDeclaration",),
    "network-connection": ("ConnectionDeclaration",),
    "network-ae": ("AEDeclaration",),
    "transfer-capability": ("CapabilityDeclaration", "CapabilityGroup"),
    "hl7-application": ("HL7ApplicationDeclaration",),
}
"""Where something may stand under `vendor`, by what it is said of."""

Vendors = Mapping[str, Mapping[str, type[BaseModel]]]
"""By extension, then by what it is said of: the model of what may stand under `vendor` there."""


def json_schema(vendors: Vendors | None = None) -> dict[str, Any]:
    """The schema (2020-12) of one file below `inventory/`; `vendors` are extensions that are installed."""
    models: set[type[BaseModel]] = {
        *COLLECTIONS.values(),
        *CONFIGS.values(),
        *ONCE.values(),
        RetentionDeclaration,
        PeopleSource,
    }
    refs, found = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    definitions = {name: _loosened(schema) for name, schema in found.get("$defs", {}).items()}
    _describe(definitions, models)
    for model in _reachable({DeviceDeclaration, DirectoryConfig}) - {CapabilityDeclaration, SetUse}:
        definitions[model.__name__].pop("required", None)  # a profile, or an environment, may give the rest
    for vendor, of_kinds in sorted((vendors or {}).items()):
        _add_vendor(definitions, vendor, of_kinds)
    collections = {name: _collection(refs[model, "validation"]) for name, model in COLLECTIONS.items()}
    collections["systems"] = _collection(_any_system(definitions))
    return {
        "$schema": DIALECT,
        "title": "pacsconf inventory",
        "description": "A part of a declared imaging network; all files below inventory/ are joined by name.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            **{name: refs[model, "validation"] for name, model in ONCE.items()},
            **collections,
            USERS_FROM: _one_or_many(refs[PeopleSource, "validation"]),
            RETENTION: _or_null(refs[RetentionDeclaration, "validation"]),
        },
        "$defs": definitions,
    }


def _one_or_many(member: dict[str, Any]) -> dict[str, Any]:
    return _or_null({"anyOf": [member, {"type": "array", "items": member}]})


def _collection(member: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": dict(member)}


def _any_system(definitions: dict[str, Any]) -> dict[str, Any]:
    """A system of a known type has that type's keys, any of which an environment may add; others have any."""
    for model in (*CONFIGS.values(), COLLECTIONS["systems"]):
        definition = definitions[model.__name__]
        definition["properties"].pop("name", None)
        definition["required"] = ["type"]
    cases = [
        {
            "if": {"properties": {"type": {"const": name}}},
            "then": {"$ref": f"#/$defs/{model.__name__}"},
        }
        for name, model in CONFIGS.items()
    ]
    return {"$ref": f"#/$defs/{COLLECTIONS['systems'].__name__}", "allOf": cases}


def _loosened(schema: Any) -> Any:
    """The schema as YAML is written: text unquoted where it looks like a number, a null to remove a value."""
    if isinstance(schema, list):
        return [_loosened(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and not schema.keys() & {"enum", "const", "pattern"}:
        return {key: value for key, value in {**schema, **_TEXT}.items() if key not in ("title", "default")}
    loose = {
        key: _loosened(value) for key, value in schema.items() if key != "default" and not _titled(key, value)
    }
    if isinstance(schema.get("properties"), dict):  # names, one of which may be "default"
        loose["properties"] = {name: _loosened(value) for name, value in schema["properties"].items()}
    if schema.get("type") == "object":
        loose = _removable(loose)
    return loose


def _titled(key: str, value: Any) -> bool:
    """Whether this is a title that pydantic made up from a name."""
    return key == "title" and isinstance(value, str)


def _removable(schema: dict[str, Any]) -> dict[str, Any]:
    """An object whose members may be null: not given, or taken away from what a profile gives."""
    if isinstance(schema.get("properties"), dict):
        schema["properties"] = {key: _or_null(value) for key, value in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _or_null(schema["additionalProperties"])
    return schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if _REMOVED in schema.get("anyOf", []):
        return schema
    return {"anyOf": [schema, _REMOVED]}


# --- vendors ------------------------------------------------------------------------------------------------


def _add_vendor(definitions: dict[str, Any], vendor: str, models: Mapping[str, type[BaseModel]]) -> None:
    """What an extension takes, where it takes it; its definitions carry its name."""
    refs, found = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template=f"#/$defs/{vendor}.{{model}}"
    )
    own = {name: _with_numbers(_loosened(schema)) for name, schema in found.get("$defs", {}).items()}
    _describe(own, models.values())
    for name, schema in own.items():
        schema.pop("required", None)  # a profile may give the rest
        definitions[f"{vendor}.{name}"] = schema
    for place, model in models.items():
        for declaration in VENDOR_PLACES[place]:
            keys = definitions[declaration]["properties"]["vendor"]["anyOf"][0]
            keys.setdefault("properties", {})[vendor] = _or_null(refs[model, "validation"])


def _with_numbers(schema: Any) -> Any:
    """The schema with numbers beside texts that look like one, since they are written without quotes."""
    if isinstance(schema, list):
        return [_with_numbers(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _with_numbers(value) for key, value in schema.items()}
    if isinstance(found.get("enum"), list) and any(map(_looks_like_a_number, found["enum"])):
        found["enum"] = [*found["enum"], *(int(one) for one in found["enum"] if _looks_like_a_number(one))]
        found.pop("type", None)
    return found


def _looks_like_a_number(value: Any) -> bool:
    return isinstance(value, str) and value.isdecimal()


# --- descriptions -------------------------------------------------------------------------------------------


def _describe(definitions: Mapping[str, Any], models: Iterable[type[BaseModel]]) -> None:
    """Gives every key the text that stands under its field in the source, for editors to show."""
    for model in _reachable(models):
        keys = definitions.get(model.__name__, {}).get("properties", {})
        told = {name: text.replace("`", "") for name, text in docstrings(model).items()}
        for name, field in model.model_fields.items():
            if name in told and (key := field.alias or name) in keys:
                keys[key] = {"description": told[name], **keys[key]}


def _reachable(models: Iterable[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models, and those that their fields mention."""
    found: set[type[BaseModel]] = set()
    waiting = list(models)
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += [held for field in model.model_fields.values() for held in models_in(field.annotation)]
    return found


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The text under each field, those of base classes included; read from the source only when it is wanted."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__[:-1]):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
            assert isinstance(definition, ast.ClassDef), "the source of a class is a class"
            found |= dict(_under_fields(definition))
    return found


def _under_fields(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for line, after in pairwise(definition.body):
        if (
            isinstance(line, ast.AnnAssign)
            and isinstance(line.target, ast.Name)
            and isinstance(after, ast.Expr)
        ):
            yield line.target.id, inspect.cleandoc(ast.literal_eval(after.value))
