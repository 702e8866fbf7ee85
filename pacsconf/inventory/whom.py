"""Which application entity a person means by what was typed: `device/AE_TITLE`, a device, or an AE title."""

from __future__ import annotations

from pacsconf.inventory.flows import Entity
from pacsconf.inventory.hl7_feeds import Speaker, speakers
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory


def meant(inventory: Inventory, text: str) -> Entity:
    """The declared entity that `text` names; a title may be an alias, and of several devices none is taken.

    Raises: ValueError saying why it names none, with what comes nearest.
    """
    found = tuple(entity for entity in inventory.entities() if _names(text, entity))
    if len(found) == 1:
        return found[0]
    if found:
        which = ", ".join(f"{device.name}/{ae.title}" for device, ae in found)
        raise ValueError(f'"{text}" may mean {which}: write which')
    if text in inventory.devices:
        raise ValueError(f'device "{text}" has no AE title')
    if any(text in _names_of(speaker) for speaker in speakers(inventory)):
        raise ValueError(
            f'"{text}" is an HL7 application, and an AE title is meant here; pacsconf probe asks HL7 applications'
        )
    known = {spelling for entity in inventory.entities() for spelling in _spellings(entity)}
    raise ValueError(f'"{text}" is no declared device or AE title{nearest(text, known)}')


def _names(text: str, entity: Entity) -> bool:
    return text in _spellings(entity)


def _names_of(speaker: Speaker) -> tuple[str, ...]:
    device, application = speaker
    return (f"{device.name}/{application.name}", application.name, *application.other_names)


def _spellings(entity: Entity) -> tuple[str, ...]:
    device, ae = entity
    return (f"{device.name}/{ae.title}", device.name, ae.title, *ae.answers_to)
