"""The worklists of the practice lab: `wlmscpfs`, with an order for every station that asks there.

It answers to the names of its folders alone. It can only listen at every address of the machine, so its folders
have names that nobody outside the lab knows; the switchboard leads declared titles to them.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from pacsconf.inventory.uids import MODALITY_WORKLIST
from pacsconf.lab import processes
from pacsconf.lab.network import Order

FOLDER = "worklists"
_LOCK = "lockfile"
"""A folder without it is none of wlmscpfs's."""


def prepare(folder: Path, worklists: Iterable[str]) -> dict[str, str]:
    """Make the folder of each worklist, and say what title each is called by inside the lab."""
    titles = {worklist: f"L{secrets.token_hex(7).upper()}" for worklist in worklists}
    for title in titles.values():
        (folder / FOLDER / title).mkdir(parents=True)
        (folder / FOLDER / title / _LOCK).touch()
    return titles


def order(folder: Path, titles: Mapping[str, str], orders: Iterable[Order], day: date) -> None:
    """Have exactly these orders there, for this day."""
    for title in titles.values():
        for path in (folder / FOLDER / title).glob("*-*"):
            path.unlink()
    for number, each in enumerate(orders, 1):
        if each.worklist in titles:
            _write(
                folder / FOLDER / titles[each.worklist] / f"{number:06}-{each.station}.wl", each, number, day
            )


def _write(path: Path, order: Order, number: int, day: date) -> None:
    """One item as PS3.4 table K.6-1 wants it; its UIDs stand in the arc for examples."""
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 100"
    item.AccessionNumber = f"ZZ{number:06}"
    item.ReferringPhysicianName = item.RequestingPhysician = "ZZREFERRER^PACSCONF"
    item.PatientName = f"ZZTEST^PACSCONF^{number:03}"
    item.PatientID = f"ZZTEST-{number:06}"
    item.PatientBirthDate = "19700101"
    item.PatientSex = "O"
    item.StudyInstanceUID = f"2.999.{day:%Y%m%d}.{number}"
    item.RequestedProcedureDescription = f"Practice {order.modality}"
    item.RequestedProcedureID = f"R{number:06}"
    item.RequestedProcedurePriority = "ROUTINE"
    item.ScheduledProcedureStepSequence = [_step(order, number, day)]
    part = path.with_suffix(".part")
    item.file_meta = FileMetaDataset()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item.file_meta.MediaStorageSOPClassUID = UID(MODALITY_WORKLIST)
    item.file_meta.MediaStorageSOPInstanceUID = UID(f"{item.StudyInstanceUID}.1")
    dcmwrite(part, item, enforce_file_format=True)
    part.replace(path)


def _step(order: Order, number: int, day: date) -> Dataset:
    step = Dataset()
    step.Modality = order.modality
    step.ScheduledStationAETitle = order.station
    step.ScheduledProcedureStepStartDate = f"{day:%Y%m%d}"
    step.ScheduledProcedureStepStartTime = f"{8 + number % 10:02}0000"
    step.ScheduledPerformingPhysicianName = "ZZPERFORMER^PACSCONF"
    step.ScheduledProcedureStepDescription = f"Practice {order.modality}"
    step.ScheduledProcedureStepID = f"S{number:06}"
    step.ScheduledStationName = order.station
    step.ScheduledProcedureStepLocation = "ROOM 1"
    return step


def start(folder: Path) -> int:
    """The port at which the worklists answer."""
    return processes.at_a_free_port(lambda port: _at(port, folder))


def _at(port: int, folder: Path) -> int:
    log = folder / "worklists.log"
    command = [processes.dcmtk("wlmscpfs"), "--disable-host-lookup", "--keep-char-set", "-dfp"]
    pid = processes.spawn([*command, str(folder / FOLDER), str(port)], folder, log)
    processes.wait_for(lambda: processes.answers(port), pid, log, "the worklists")
    return port


def clear(folder: Path) -> None:
    """Leave no worklist."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
