"""Checking a tree against a model, with what is wrong in our words and at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.sources import UNKNOWN_KEY

M = TypeVar("M", bound=BaseModel)

MISSING_KEY = "PACS-VAL-003"
"""The one rule that a profile need not keep by itself."""

_ADVICE = {
    "PACS-AE-001": (
        "Devices refuse such a title, or cut it off.",
        "Correct it here, and on the device if it is set there so.",
    ),
    "PACS-HL7-001": (
        "It is compared character by character with what stands in messages.",
        "Write it as the application itself does: its MSH-3 and MSH-4.",
    ),
    "PACS-SECRET-001": (
        "Whoever can read these files, now or in their history, can read it.",
        "Keep it elsewhere, name that place here, and change the secret: it is known now.",
    ),
}
"""Why it matters and what to do, where a value's own rule does not say it."""

_KINDS = {
    "string_type": "text",
    "dict_type": "a map (lines of `key: value`)",
    "mapping_type": "a map (lines of `key: value`)",
    "model_type": "a map (lines of `key: value`)",
    "model_attributes_type": "a map (lines of `key: value`)",
    "tuple_type": "a list",
    "list_type": "a list",
}


def checked(model: type[M], value: Any, path: Path) -> tuple[M | None, tuple[Finding, ...]]:
    """The model of a plain value, or None and everything that is wrong with it; `path` leads to the value."""
    try:
        return model.model_validate(value), ()
    except ValidationError as exc:
        return None, tuple(_findings(exc.errors(), model, value, path))


def remainder(model: type[M], value: Any, path: Path, findings: Iterable[Finding]) -> M | None:
    """The model of a value without what the findings are about, so that rules can look at the rest of it.

    None when too little is left. What they are about is taken out of `value` itself.
    """
    # From the end of lists, so that earlier positions stay what they are.
    for finding in sorted(findings, key=lambda one: [str(step).zfill(9) for step in one.path], reverse=True):
        _remove(value, finding.path[len(path) :])
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _remove(value: Any, steps: Path) -> None:
    """Take out what the steps lead to, if they lead to anything."""
    for step in steps[:-1]:
        if not _leads(value, step):
            return
        value = value[step]
    if steps and _leads(value, steps[-1]):
        del value[steps[-1]]


def _leads(value: Any, step: int | str) -> bool:
    named = isinstance(value, Mapping) and step in value
    return named or (isinstance(value, list) and isinstance(step, int) and step < len(value))


def _findings(
    errors: Iterable[ErrorDetails], model: type[BaseModel], value: Any, path: Path
) -> Iterator[Finding]:
    """Each complaint once, and the keys that are missing in one place as one."""
    missing: dict[Path, list[str]] = {}
    others: list[Finding] = []
    for error in errors:
        if error["type"] == "missing":
            missing.setdefault(path + _steps(error["loc"], value), []).append(str(error["loc"][-1]))
        else:
            others.append(_finding(error, model, value, path))
    yield from _unique(others)
    yield from (missing_keys(keys, at) for at, keys in missing.items())


def _unique(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Each complaint once: a union of types complains once per member."""
    return {(finding.rule, finding.path): finding for finding in findings}.values()


def _finding(error: ErrorDetails, model: type[BaseModel], value: Any, path: Path) -> Finding:
    loc, kind = error["loc"], error["type"]
    steps = _steps(loc, value)
    at = path + steps
    if kind == "extra_forbidden":
        return unknown_key(str(loc[-1]), _keys(model, steps), at)
    if kind.startswith("PACS-"):
        why, fix = _ADVICE.get(kind, ("", ""))
        return Finding(kind, "error", f"{dotted(at)}: {error['ctx']['problem']}", why, fix, path=at)
    if kind == "value_error":
        return Finding("PACS-VAL-002", "error", f"{dotted(at)}: {error['ctx']['error']}", path=at)
    if kind in _KINDS:
        keys = _keys(model, steps) if kind.startswith("model_") else ()
        return _wrong_kind(_KINDS[kind], error["input"], at, keys)
    if kind == "literal_error":
        return _not_one_of(str(error["ctx"]["expected"]), error["input"], at)
    return Finding(
        "PACS-VAL-002", "error", f"{dotted(at)}: {error['msg'][:1].lower()}{error['msg'][1:]}", path=at
    )


def _steps(loc: tuple[int | str, ...], value: Any) -> Path:
    """That part of pydantic's location that leads through the value; the rest names its own types."""
    steps: list[int | str] = []
    for step in loc:
        if step == 0 and not isinstance(value, list):  # a single value where a list may stand
            continue
        if not _leads(value, step):
            break
        value = value[step]
        steps.append(step)
    return tuple(steps)


def _keys(model: type[BaseModel], steps: Path) -> tuple[str, ...]:
    """The keys that are known at a place inside a model; steps that are names or positions are passed over."""
    for step in steps:
        for name, field in model.model_fields.items():
            if step == (field.alias or name):
                model = next(models_in(field.annotation), model)
    return tuple(field.alias or name for name, field in model.model_fields.items())


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def dotted(path: Path) -> str:
    """A path for the eye: `devices.ct-1.connections.dicom.port`; which one of a list is told by its place."""
    return ".".join(step for step in path if isinstance(step, str))


# --- what is wrong, in our words ----------------------------------------------------------------------------


def unknown_key(key: str, known: Iterable[str], path: Path) -> Finding:
    """A key that means nothing here."""
    keys = tuple(known)
    where = f" in {dotted(path[:-1])}" if path[:-1] else ""
    near = nearest(key, keys)
    return Finding(
        UNKNOWN_KEY,
        "error",
        f'Unknown key "{key}"{where}{near}',
        "It would have no effect, and what was meant by it would be missing.",
        "Correct it, or remove it." if near else f"Known here: {', '.join(sorted(keys))}",
        path=path,
    )


def missing_keys(keys: Sequence[str], path: Path) -> Finding:
    """Keys that must be there."""
    named = " and ".join(f'"{key}"' for key in keys)
    return Finding(
        MISSING_KEY,
        "error",
        f"{dotted(path)} needs the key{'s' if len(keys) > 1 else ''} {named}",
        "There is no usual value for it.",
        "Add it.",
        path=path,
    )


def _wrong_kind(wanted: str, value: Any, path: Path, keys: Sequence[str] = ()) -> Finding:
    """A value of another kind; `keys` are those of the map that is needed, told where they are few."""
    fix = f"Its keys: {', '.join(keys)}." if 0 < len(keys) <= _FEW else ""
    summary = f"{dotted(path)} needs {wanted}; here stands {_kind(value)}"
    return Finding("PACS-VAL-001", "error", summary, fix=fix, path=path)


_FEW = 12


def _kind(value: Any) -> str:
    """What a value is, never the value: it may be a secret in the wrong place."""
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else "text"


def _not_one_of(allowed: str, value: Any, path: Path) -> Finding:
    choices = [choice.strip("'") for choice in allowed.replace(" or ", ", ").split(", ")]
    shown = value if isinstance(value, str) else _kind(value)
    return Finding(
        "PACS-VAL-002",
        "error",
        f'{dotted(path)} cannot be "{shown}"{nearest(str(value), choices)}',
        fix="Allowed: " + ", ".join(choices),
        path=path,
    )
