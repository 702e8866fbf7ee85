"""The JSON Schema of a file of policies, for editors: keys, words, and the kinds that rules are about."""

from __future__ import annotations

from typing import Any

from pacsconf.policy.reading import NAME, RULE_ID
from pacsconf.policy.rule import FRAMEWORKS, SEVERITIES
from pacsconf.policy.vocabulary import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_CEL = {"type": "string", "minLength": 1, "contentMediaType": "text/x-cel"}
_VALUE = {
    "anyOf": [
        {"type": ["boolean", "integer", "string"]},
        {"type": "array", "items": {"type": "string"}},
    ]
}


def json_schema() -> dict[str, Any]:
    """The schema (2020-12) of a file `policies/*.yaml` that is neither `waivers.yaml` nor `controls.yaml`."""
    severity = {"enum": list(SEVERITIES)}
    return {
        "$schema": DIALECT,
        "title": "pacsconf policies",
        "description": "Rules that must hold; policies/site.yaml changes what those of other files ask.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "pack": {
                "description": "What the pack calls itself; not given: as its file.",
                "anyOf": [_TEXT, _map({"name": _TEXT, "title": _TEXT, "version": _TEXT})],
            },
            "rules": {"type": ["array", "null"], "items": {"$ref": "#/$defs/rule"}},
            "gate": severity
            | {
                "description": "Only in site.yaml: from which severity on a failure stops; high if not given."
            },
            "title": _TEXT | {"description": "Only in policies/profiles: what the profile is for."},
            "profile": _TEXTS
            | {"description": "Only in site.yaml: profiles (policies/profiles/NAME.yaml); the later wins."},
            "overrides": {
                "description": "In site.yaml and profiles: what is changed of rules, by id.",
                "type": ["object", "null"],
                "propertyNames": {"pattern": f"^{RULE_ID.pattern}$"},
                "additionalProperties": {"$ref": "#/$defs/override"},
            },
        },
        "$defs": {"rule": _rule(severity), "override": _override(severity)},
    }


def _rule(severity: dict[str, Any]) -> dict[str, Any]:
    return _map(
        {
            "id": {"type": "string", "pattern": f"^{RULE_ID.pattern}$"},
            "title": _TEXT,
            "severity": severity,
            "kind": {"enum": list(KINDS)},
            "when": _CEL | {"description": "CEL: which resources it is about; elsewhere it does not apply."},
            "condition": _CEL | {"description": "CEL that is true where all is well."},
            "message": _CEL | {"description": "CEL that comes to text: what is wrong with this resource."},
            "why": _TEXT,
            "fix": _TEXT,
            "params": _map({}, {f"^{NAME.pattern}$": _VALUE}),
            "controls": _map(dict.fromkeys(FRAMEWORKS, _TEXTS)),
            "since": {"type": ["string", "number"]},
        },
        required=("id", "title", "severity", "kind", "condition"),
    )


def _override(severity: dict[str, Any]) -> dict[str, Any]:
    return _map(
        {
            "severity": severity,
            "params": _map({}, {f"^{NAME.pattern}$": _VALUE}),
            "off": _TEXT | {"description": "Why the rule is switched off."},
        }
    )


def _map(
    properties: dict[str, Any], patterns: dict[str, Any] | None = None, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    made |= {"patternProperties": patterns} if patterns else {}
    return made | ({"required": list(required)} if required else {})
