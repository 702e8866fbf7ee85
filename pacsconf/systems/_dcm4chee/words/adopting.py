"""The way back of `deriving`: what an inventory says in its own words of what would stand under `vendor`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pacsconf.systems._dcm4chee.entries.hl7 import Application, OwnApplication

NAME = "dcm4chee"
_IN_ARCHIVE = frozenset(OwnApplication.model_fields)
_AS_IT_IS = frozenset(Application.model_fields) - _IN_ARCHIVE
_BY_FEEDS: Mapping[str, Any] = {"accepted_senders": "any", "accepted_message_types": []}
"""What feeds would declare, and what it means that a directory has none: any sender, and no message."""


def in_words(kind: str, declaration: Mapping[str, Any]) -> dict[str, Any]:
    """A declaration of an entry of this kind, whose `vendor` holds all that was read, as it is to be written."""
    found = dict(declaration)
    vendor = {name: dict(part) for name, part in found.pop("vendor", {}).items()}
    part = vendor.get(NAME, {})
    match kind:
        case "device":
            applications = part.pop("hl7_applications", {})
            found |= (
                {"hl7_applications": {name: _application(one) for name, one in applications.items()}}
                if applications
                else {}
            )
        case "network-connection":
            protocol = part.pop("protocol", None)
            found |= {"protocol": protocol.lower().replace("_", "-")} if protocol else {}
        case "network-ae":
            found |= _entity(part)
        case _:
            pass
    if part or (kind == "network-ae" and NAME in vendor):
        vendor[NAME] = part
    else:
        vendor.pop(NAME, None)
    return found | ({"vendor": vendor} if vendor else {})


def _entity(part: dict[str, Any]) -> dict[str, Any]:
    """Aliases, and that anybody may call where no list says who."""
    aliases = part.pop("other_titles", None)
    found: dict[str, Any] = {"answers_to": aliases} if aliases else {}
    return found if "accepted_callers" in part else found | {"accepts": "any"}


def _application(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An HL7 application: its own keys, and what an archive keeps of it under `vendor`."""
    found = {key: value for key, value in entry.items() if key in _AS_IT_IS}
    found |= {key: meant for key, meant in _BY_FEEDS.items() if key not in found}
    of_archive = {key: value for key, value in entry.items() if key in _IN_ARCHIVE}
    return found | ({"vendor": {NAME: of_archive}} if of_archive else {})
