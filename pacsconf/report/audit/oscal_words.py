"""How OSCAL has texts, names and values: what every part of its documents is made with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pacsconf.policy.rule import Framework

_NAMESPACE = "urn:pacsconf:oscal"


def control_ids(framework: Framework, ids: Iterable[str]) -> set[str]:
    """Controls as OSCAL tokens: those of SP 800-53 as NIST's own catalog has them (`cm-8.3`), others named by their
    framework."""
    if framework == "nist-800-53":
        return {token(re.sub(r"\((\d+)\)", r".\1", one).lower()) for one in ids}
    return {token(f"{framework}_{one}") for one in ids}


def token(text: str) -> str:
    """A text as an XML name without colons."""
    made = re.sub(r"[^A-Za-z0-9._-]+", ".", text).strip(".")
    return made if re.match(r"[A-Za-z_]", made) else f"_{made}"


def prop(name: str, value: str) -> dict[str, str]:
    return {"name": token(name), "ns": _NAMESPACE, "value": line(value)}


def line(text: str) -> str:
    """One line without control characters; OSCAL has no empty text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "-"


def prose(text: str) -> str:
    """Text that OSCAL would read as Markdown, taken as it is."""
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", line(text))


def without_empty(value: dict[str, Any]) -> dict[str, Any]:
    """The same without empty lists, maps and texts, none of which OSCAL allows."""
    made: dict[str, Any] = _filled(value)
    return made


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _filled(one) for name, one in value.items()}
        return {
            name: one
            for name, one in kept.items()
            if one not in ([], "", None) and (one != {} or name == _ALL)
        }
    return [_filled(one) for one in value] if isinstance(value, list) else value


_ALL = "include-all"


def text_of(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"
