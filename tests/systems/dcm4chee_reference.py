"""The tables of docs/dcm4chee.md, made from the models.

`python -m tests.systems.dcm4chee_reference` prints them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pacsconf.inventory.schema import docstrings
from pacsconf.systems._dcm4chee.entries import hl7
from pacsconf.systems._dcm4chee.settings.archive_entity import OverridingSettings
from pacsconf.systems._dcm4chee.settings.standard import (
    CapabilityPart,
    ConnectionPart,
    DevicePart,
    EntityPart,
)
from pacsconf.systems.directory_extension import Child, Part, attribute_of, children_of

HEADINGS = {
    DevicePart: "Device",
    ConnectionPart: "Connection",
    EntityPart: "AE title",
    CapabilityPart: "Transfer capability",
    hl7.OwnApplication: "HL7 application",
}
NOT_WRITTEN = {"protocol", "other_titles", "hl7_applications"}
"""Keys that follow from others and cannot be written."""


def keys(model: type[Part]) -> Iterator[tuple[str, str, str, str]]:
    """Key, LDAP attribute, default and meaning, by key."""
    told = docstrings(model)
    maps = dict(children_of(model))
    of_all = set(Child.model_fields) if issubclass(model, Child) else set()
    for name in sorted(model.model_fields):
        if name in NOT_WRITTEN or name in of_all:
            continue
        info = model.model_fields[name]
        attribute = attribute_of(info)
        where = f"`{attribute.name}`" if attribute else _map(maps.get(name))
        yield name, where, _default(info), _cell(told.get(name, ""))


def _map(child: type[Child] | None) -> str:
    return f"entries, see [{heading(child)}](#{anchor(heading(child))})" if child else ""


def heading(model: type[Part]) -> str:
    """As people say it: `Retention policy`."""
    if model in HEADINGS:
        return HEADINGS[model]
    assert issubclass(model, Child)
    return (
        model.kind.replace("-", " ")
        .capitalize()
        .replace("Hl7", "HL7")
        .replace("Id ", "ID ")
        .replace("Ui ", "UI ")
    )


def anchor(text: str) -> str:
    return text.lower().replace(" ", "-")


def _default(info: Any) -> str:
    if info.is_required():
        return "**needed**"
    value = info.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def models() -> tuple[type[Part], ...]:
    """Those that stand under `vendor`, and all kinds of entries below them, each once."""
    found: dict[type[Part], None] = dict.fromkeys(HEADINGS)
    waiting = list(HEADINGS)
    while waiting:
        for _, child in children_of(waiting.pop(0)):
            if child not in found and child is not hl7.Application:
                found[child] = None
                waiting.append(child)
    return (*HEADINGS, *sorted((each for each in found if each not in HEADINGS), key=heading))


def table(model: type[Part]) -> str:
    """One model's table; of an AE title what its device says too is not explained again."""
    lines = ["| key | kept as | default | meaning |", "|---|---|---|---|"]
    as_device = set(OverridingSettings.model_fields) if model is EntityPart else set()
    for name, where, default, meaning in keys(model):
        told = "as on the device" if name in as_device else meaning
        lines.append(f"| `{name}` | {where} | {default} | {told} |")
    return "\n".join(lines)


def tables() -> str:
    """All of them, each under its heading."""
    parts = []
    for model in models():
        own = "" if model in HEADINGS else _cell((model.__doc__ or "").partition("\n\n")[0])
        classes = f" Class `{model.object_class}`." if issubclass(model, Child) else ""
        rank = "##" if model in HEADINGS else "###"
        if model not in HEADINGS and "## Entries" not in "\n".join(parts):
            parts.append("## Entries of its own\n")
        parts.append(f"{rank} {heading(model)}\n\n{own}{classes}".rstrip() + f"\n\n{table(model)}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(tables())
