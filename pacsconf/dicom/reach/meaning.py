"""Where two sides connect and do not understand each other: character sets, and who issues patient IDs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pacsconf.dicom.reach import answer
from pacsconf.dicom.reach.answer import Reason, escaped
from pacsconf.dicom.reach.index import topics
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity

_DEFAULT_SETS = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
"""The default repertoire, which everybody reads (PS3.5 section 6.1.1)."""
_EXTENDED = "ISO 2022 IR "
"""How the names of those begin that are switched to within a text (PS3.3 section C.12.1.1.2)."""
_QUERY = "1.2.840.10008.5.1.4.1.2."


def remarks(caller: Entity, called: Entity, service: str) -> Iterator[Reason]:
    """What does not meet in the texts and numbers that go with a service."""
    way = _carried(service)
    if way is None:
        return
    ends = {"caller": caller, "called": called}
    sender, receiver = ("caller", "called") if way == "there" else ("called", "caller")
    yield from _character_sets(ends, sender, receiver, service)
    yield from _issuers(ends, sender, receiver, service)


def _carried(service: str) -> str | None:
    """Which way names and patient IDs go: `there` with images, `back` with worklists and answers to queries."""
    if "storage" in topics(service):
        return "there"
    covered = uids.covers(service)
    back = uids.MODALITY_WORKLIST in covered or any(uid.startswith(_QUERY) for uid in covered)
    return "back" if back else None


def _character_sets(ends: Mapping[str, Entity], sender: str, receiver: str, service: str) -> Iterator[Reason]:
    sent = [one for one in ends[sender][1].character_sets if one not in _DEFAULT_SETS]
    read = frozenset(each for one in ends[receiver][1].character_sets for each in _reads(one))
    strange = [one for one in sent if one not in read]
    if not strange or not read:
        return
    disjoint = len(strange) == len(sent)
    yield Reason(
        "PACS-REACH-013",
        f"character-sets-{sender}",
        f"{{{sender}}} may write {', '.join(strange)}, which {{{receiver}}} does not read",
        "Names with letters beyond plain ASCII arrive as other letters, and one patient becomes two.",
        "Let both use one character set; ISO_IR 192 (UTF-8) holds every letter.",
        told=disjoint,
        service=service,
        sides=tuple(
            ((*answer.at(ends[end]), "character_sets"), f"character sets of {ends[end][1].title}")
            for end in (sender, receiver)
        ),
    )


def _reads(character_set: str) -> tuple[str, ...]:
    """What is read by who reads this: with code extensions also the same set without, and what it is built on."""
    if character_set.startswith(_EXTENDED):
        return character_set, character_set.replace(_EXTENDED, "ISO_IR ", 1)
    return (character_set, "GBK") if character_set == "GB18030" else (character_set,)


def _issuers(ends: Mapping[str, Entity], sender: str, receiver: str, service: str) -> Iterator[Reason]:
    theirs, ours = (ends[end][0].patient_id_issuer for end in (sender, receiver))
    if theirs is None or ours is None or theirs == ours:
        return
    names = [escaped(str(one)) for one in (theirs, ours)]
    yield Reason(
        "PACS-REACH-014",
        f"issuers-{sender}",
        f"{{{sender}}} has patient IDs of {names[0]}, {{{receiver}}} those of {names[1]}",
        "One number may mean two patients. It is safe only where the issuer is sent along (0010,0021) and "
        "looked at, or IDs are translated on the way.",
        "See that the receiver keeps issuers apart.",
        service=service,
        sides=tuple(
            (("devices", ends[end][0].name, "patient_id_issuer"), f"issuer of {ends[end][1].title}")
            for end in (sender, receiver)
        ),
    )
