"""Where two sides connect and do not understand each other: character sets, patient IDs, worklist filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pacsconf.dicom.reach import answer
from pacsconf.dicom.reach.answer import Reason, escaped
from pacsconf.dicom.reach.index import topics
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Device

_DEFAULT_SETS = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
"""The default repertoire, which everybody reads (PS3.5 section 6.1.1)."""
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
    read = ends[receiver][1].character_sets
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


# --- worklist ----------------------------------------------------------------------------------------------------


def worklist_filters(device: Device) -> Iterator[Reason]:
    """What a modality asks its worklist for that is not its own: the list stays empty though patients are there."""
    worklist = device.worklist
    if worklist is None:
        return
    at = ("devices", device.name, "worklist")
    titles = {title for ae in device.ae_titles.values() for title in (ae.title, *ae.answers_to)}
    if worklist.station_ae is not None and worklist.station_ae not in titles:
        yield _filter(
            "station",
            f"asks its worklist for station {worklist.station_ae}, and is {', '.join(sorted(titles))}",
            "Scheduled Station AE Title (0040,0001)",
            device,
            (*at, "station_ae"),
        )
    code = worklist.modality_code
    if code is not None and device.modality and code not in device.modality:
        yield _filter(
            "modality",
            f"asks its worklist for modality {code}, and is {', '.join(device.modality)}",
            "Modality (0008,0060)",
            device,
            (*at, "modality_code"),
        )


def _filter(cause: str, words: str, attribute: str, device: Device, path: tuple[str, ...]) -> Reason:
    return Reason(
        "PACS-REACH-012",
        f"worklist-{cause}",
        escaped(f"device {device.name} {words}"),
        f"The worklist is filtered by {attribute}: it stays empty although examinations are planned.",
        "Correct it, as it is set at the scanner and as the RIS plans.",
        told=True,
        service="modality-worklist",
        sides=((path, "what it asks for"),),
    )


def of_worklist(caller: Entity, called: Entity) -> Iterator[Reason]:
    """What is declared of the caller's worklist, seen from whom it asks."""
    device, worklist = caller[0], caller[0].worklist
    path = ("devices", device.name)
    if worklist is None:
        yield Reason(
            "PACS-REACH-012",
            "worklist-undeclared",
            "where {caller} gets its worklist from is not declared (worklist: from)",
            service="modality-worklist",
            sides=((path, "its device"),),
        )
        return
    if worklist.source != f"{called[0].name}/{called[1].title}":
        yield Reason(
            "PACS-REACH-012",
            "worklist-elsewhere",
            f"{{caller}} gets its worklist from {escaped(worklist.source)}, as it is declared, not from {{called}}",
            service="modality-worklist",
            sides=(((*path, "worklist", "source"), "where from"),),
        )
    yield from worklist_filters(device)
