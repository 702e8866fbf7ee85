"""Where a modality gets its worklist from, and whether what it asks for is its own."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Path
from pacsconf.dicom.reach.answer import Reason, escaped
from pacsconf.dicom.reach.index import Flows
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Device, Inventory, NetworkAE, Role
from pacsconf.inventory.peers import entity


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


def no_worklist(inventory: Inventory, flows: Flows, device: Device) -> Iterator[Reason]:
    """Why a device gets no worklist from where it is declared to: it never asks, nobody answers, or no flow."""
    assert device.worklist is not None
    source = entity(inventory, device.worklist.source)
    if source is None:
        return  # that it is not declared is told by its own rule
    path = ("devices", device.name, "worklist", "source")
    name = f"{source[0].name}/{source[1].title}"
    asking = [ae for ae in device.ae_titles.values() if _has(ae, "SCU")]
    if not asking:
        yield _gets_none(
            "unused", f"device {device.name} has a worklist from {name}, and uses no modality-worklist", path
        )
    elif not _has(source[1], "SCP"):
        yield _gets_none(
            "unoffered", f"device {device.name} has its worklist from {name}, which offers no worklist", path
        )
    elif not any(flows.way("worklist", (device, ae), source) for ae in asking):
        yield _gets_none(
            "no-flow",
            f"device {device.name} has its worklist from {name}, and no flow lets it ask there",
            path,
        )


def _has(ae: NetworkAE, role: Role) -> bool:
    return any(one.sop_class == uids.MODALITY_WORKLIST and one.role == role for one in ae.capabilities)


def _gets_none(cause: str, words: str, path: Path) -> Reason:
    return Reason(
        "PACS-REACH-012",
        f"worklist-{cause}",
        escaped(words),
        "The scanner would have no list of patients, and names would be typed in by hand.",
        "Let the device use modality-worklist, the other one offer it, and a flow connect the two.",
        told=True,
        service="modality-worklist",
        sides=((path, "where from"),),
    )
