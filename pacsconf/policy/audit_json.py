"""Audits as JSON: one line for what it is, then one each for rules, waivers and results, so that what changed from
audit to audit reads in `git diff`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

from pacsconf.core.errors import RecordError
from pacsconf.core.resource import one_of
from pacsconf.policy.audit import (
    Audit,
    AuditedResult,
    AuditedRule,
    AuditedSystem,
    AuditedWaiver,
    Chain,
    Coverage,
    Point,
    WaiverState,
)
from pacsconf.policy.results import State
from pacsconf.policy.rule import Framework, Severity, Tier

FORMAT_VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
"""Of a received audit; one of ten thousand devices has a tenth of it."""

T = TypeVar("T")


def audit_to_json(audit: Audit) -> dict[str, Any]:
    """The audit as JSON, whole."""
    body = _plain(audit, but=("rules", "results", "waivers"))
    return {
        "kind": "pacsconf audit",
        "format_version": FORMAT_VERSION,
        **body,
        "rules": [_plain(one) for one in audit.rules],
        "waivers": [_plain(one) for one in audit.waivers],
        "results": [_plain(one) for one in audit.results],
    }


def audit_to_lines(audit: Audit) -> bytes:
    """The audit as the record keeps it."""
    body = audit_to_json(audit)
    parts = {name: body.pop(name) for name in ("rules", "waivers", "results")}
    rows = [body, *({name[:-1]: one} for name, ones in parts.items() for one in ones)]
    return "".join(json.dumps(row, sort_keys=True, ensure_ascii=True) + "\n" for row in rows).encode("ascii")


def audit_from_lines(data: bytes) -> Audit:
    """The inverse of `audit_to_lines`, of what another machine wrote.

    Raises: RecordError.
    """
    if len(data) > MAX_BYTES:
        raise RecordError("it is larger than any audit")
    try:
        head, *rows = (json.loads(row) for row in data.splitlines())
        version = head.pop("format_version") if head.pop("kind") == "pacsconf audit" else None
        if version != FORMAT_VERSION:
            raise RecordError(
                f"it is no audit that this version reads (format {FORMAT_VERSION})",
                fix="Use the version of pacsconf that wrote it, or a newer one",
            )
        return _audit(head, rows)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
        raise RecordError("it is no audit that can be read") from exc


def point_to_json(point: Point) -> dict[str, Any]:
    """What a trend keeps of an audit, as JSON."""
    return {name: _value(getattr(point, name)) for name in Point.__slots__}


def point_from_json(row: Any) -> Point:
    """The inverse of `point_to_json`.

    Raises: ValueError, KeyError, TypeError or AttributeError for what is none.
    """
    states = {one_of(State, name): _number(times) for name, times in row["states"].items()}
    failures = {one_of(Severity, name): _number(times) for name, times in row["failures"].items()}
    frameworks = tuple(one_of(Framework, one) for one in row.get("frameworks", ()))
    return Point(_text(row["id"]), _text(row["at"]), _text(row["commit"]), states, failures, frameworks)


def _audit(head: dict[str, Any], rows: list[dict[str, Any]]) -> Audit:
    texts = {name: _text(head[name]) for name in _TEXTS}
    return Audit(
        **texts,
        probed=_text(head.get("probed", "")),
        frameworks=tuple(one_of(Framework, one) for one in head["frameworks"]),
        rules=tuple(_rule(row["rule"]) for row in rows if "rule" in row),
        results=tuple(_result(row["result"]) for row in rows if "result" in row),
        waivers=tuple(_waiver(row["waiver"]) for row in rows if "waiver" in row),
        coverage=_coverage(head.get("coverage", {})),
        chain=_made(Chain, head.get("chain", {})),
    )


_TEXTS = ("id", "at", "by", "environment", "version", "commit", "inventory", "policies")


def _rule(row: dict[str, Any]) -> AuditedRule:
    controls = {one_of(Framework, name): _texts(ids) for name, ids in row.get("controls", {}).items()}
    params = {
        _text(name): tuple(map(_text, value)) if isinstance(value, list) else value
        for name, value in row.get("params", {}).items()
    }
    return _made(
        AuditedRule,
        row,
        severity=lambda value: one_of(Severity, value),
        proof=lambda value: one_of(Tier, value),
        controls=lambda _: controls,
        params=lambda _: params,
        changed=_texts,
    )


def _result(row: dict[str, Any]) -> AuditedResult:
    return _made(
        AuditedResult,
        row,
        state=lambda value: one_of(State, value),
        evidence=lambda value: one_of(Tier, value),
    )


def _waiver(row: dict[str, Any]) -> AuditedWaiver:
    return _made(
        AuditedWaiver, row, scope=_texts, renewals=_texts, state=lambda value: one_of(WaiverState, value)
    )


def _coverage(row: dict[str, Any]) -> Coverage:
    from pacsconf.policy.evidence import How  # it needs the whole model of the inventory

    counts = {
        _text(what): {_text(how): int(times) for how, times in ways.items()}
        for what, ways in row.get("counts", {}).items()
    }
    systems = tuple(
        _made(AuditedSystem, one, how=lambda value: one_of(How, value)) for one in row.get("systems", ())
    )
    return Coverage(counts, systems, _texts(row.get("outside", ())))


def _made(kind: type[T], row: Mapping[str, Any], **readers: Callable[[Any], Any]) -> T:
    """One of a kind from its row: texts, numbers and switches as they are declared, the rest by its reader."""
    declared = {one.name: one.type for one in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: readers.get(name, _READERS.get(declared[name]))(row[name]) for name in row})  # type: ignore[misc]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is needed")
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError("a number is needed")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a switch is needed")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(_text, values))


_READERS: Mapping[Any, Callable[[Any], Any]] = {"str": _text, "int": _number, "bool": _switch}


def _plain(made: Any, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields as JSON has them; of those that need not be given, what is empty is left out."""
    found = {one.name: (one, _value(getattr(made, one.name))) for one in fields(made) if one.name not in but}
    return {name: value for name, (one, value) in found.items() if value or _is_needed(one)}


def _is_needed(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _value(one) for name, one in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return _plain(value)
    return value
