"""HL7 applications and the feeds between them, as they are declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from pacsconf.inventory import hl7_formats
from pacsconf.inventory.base import Extensible, Model
from pacsconf.inventory.values import (
    AETitle,
    Flag,
    HL7CharacterSet,
    HL7Name,
    HL7Sent,
    OneOrMany,
    Texts,
    ruled,
)


def _among(check: Callable[[str], str], kind: str) -> Callable[[Any], Any]:
    """`declared` and `any` are words; whatever else stands there is checked, one or several.

    Raises (what is returned): ValueError.
    """

    def checked(value: Any) -> Any:
        if value in ("declared", "any"):
            return value
        several = (value,) if isinstance(value, str) else value
        if not isinstance(several, list | tuple) or not all(isinstance(one, str) for one in several):
            raise ValueError(f"this is declared, any, or a list of {kind}")
        return tuple(map(check, several))

    return checked


_ANY_OF_THESE = WithJsonSchema(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
)
Senders = Annotated[
    Literal["declared", "any"] | tuple[str, ...],
    BeforeValidator(
        ruled("PACS-HL7-001", _among(hl7_formats.sender, "HL7 applications such as RIS|HOSPITAL"))
    ),
    _ANY_OF_THESE,
]
"""Sending applications that are let in: those that feeds declare, any, or these."""
MessageTypes = Annotated[
    Literal["declared", "any"] | tuple[str, ...],
    BeforeValidator(ruled("PACS-HL7-002", _among(hl7_formats.message_type, "types such as ADT^A08"))),
    _ANY_OF_THESE,
]
"""Messages that are taken: those that feeds declare, any, or these."""


class HL7Facts(Extensible):
    """What is the same of an HL7 application however it is written; the class of its entry is `hl7Application`."""

    description: str | None = None
    other_names: Annotated[tuple[HL7Name, ...], OneOrMany] = ()
    """Further names that it answers to (hl7OtherApplicationName)."""
    accepted_senders: Senders = "declared"
    """hl7AcceptedSendingApplication."""
    accepted_message_types: MessageTypes = "declared"
    """hl7AcceptedMessageType."""
    default_character_set: HL7CharacterSet | None = None
    """Of messages that name none in MSH-18."""
    sending_character_set: HL7CharacterSet | None = None
    """In which it writes."""
    ae_title: AETitle | None = None
    """The AE of its device that it works for."""
    clusters: Texts = ()
    """dicomApplicationCluster."""
    installed: Flag | None = None
    """None: as the device."""


class HL7Application(HL7Facts):
    """Who sends and takes HL7 v2 messages, under a name that stands in them: `RIS|HOSPITAL`."""

    name: str
    connections: tuple[str, ...]
    """Names of the device's connections."""


class Feed(Model):
    """Who sends messages to whom. Ends are `device/APPLICATION|FACILITY`, or a device with one application."""

    name: str
    description: str | None = None
    sender: str
    """The key `from`."""
    receivers: tuple[str, ...]
    """The key `to`."""
    messages: tuple[HL7Sent, ...]
