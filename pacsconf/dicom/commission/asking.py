"""The steps that ask: the worklist (PS3.4 annex K), the stored study, and its objects back (annex C)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from pacsconf.dicom import data_sets
from pacsconf.dicom.commission import objects
from pacsconf.dicom.commission.comparing import differences, pixel_hash
from pacsconf.dicom.commission.frames import of
from pacsconf.dicom.commission.listening import NOT_WANTED, Listening
from pacsconf.dicom.commission.pixels import NATIVE
from pacsconf.dicom.commission.run import Item, Stored, Ticked
from pacsconf.dicom.commission.scope import FIND, GET, MOVE, Peer
from pacsconf.dicom.commission.specimens import PATIENT_NAME, PATIENT_PREFIX, Specimen
from pacsconf.dicom.commission.storing import FAULTS_IN_A_ROW, refused
from pacsconf.dicom.commission.trial import Trial, label, ticked
from pacsconf.dicom.upper_layer import messages as dimse
from pacsconf.dicom.upper_layer.messages import SUCCESS, Message, Value
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.inventory import uids

WORKLIST_SECONDS = 2.0
"""Longer than that, and people at the scanner begin to type names."""

_ENTRY = (
    "SpecificCharacterSet",
    "AccessionNumber",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureID",
)
_STEP = (
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
)
"""What is asked to be returned (PS3.4 table K.6-1)."""
_NEEDED = ("AccessionNumber", "PatientID", "StudyInstanceUID", "RequestedProcedureID")
"""What an order must have, so that images find it again."""


# --- worklist -----------------------------------------------------------------------------------------------------


def worklist(trial: Trial) -> Ticked:
    peers = trial.scope.serving(uids.MODALITY_WORKLIST)
    if not peers:
        return Ticked("worklist", "skipped", "no flow lets it ask for a worklist")
    return ticked("worklist", trial.each(peers, lambda peer: _listed(trial, peer)))


def _listed(trial: Trial, peer: Peer) -> Iterator[Item]:
    """Ask as the modality does, by its station's title and its modality code. Of others' orders only the number is
    told."""
    scope = trial.scope
    step = of(**dict.fromkeys(_STEP, ""), ScheduledStationAETitle=scope.station, Modality=scope.code)
    key = of(**dict.fromkeys(_ENTRY, ""), ScheduledProcedureStepSequence=[step])
    since = time.monotonic()
    found = _found(trial, peer, uids.MODALITY_WORKLIST, key)
    seconds = time.monotonic() - since
    asked = f"station {scope.station}, modality {scope.code or 'any'}"
    strange = sum(not _for_station(entry, scope.station, scope.code) for entry in found)
    ours = [entry for entry in found if _is_test(entry)]
    if ours:
        yield Item(f"{peer.name}, test order", "passed", f"returned for {asked}")
        lacking = [name for name in _NEEDED if not str(ours[0].get(name, "") or "")]
        yield Item(
            f"{peer.name}, what it says",
            "failed" if lacking else "passed",
            f"it lacks {', '.join(lacking)}"
            if lacking
            else "accession, patient, study and procedure are there",
        )
    else:
        text = (
            f"{len(found)} orders for {asked}, and none is a test order. Have one entered for "
            f"{PATIENT_NAME}, ID {PATIENT_PREFIX}…, at this station, today"
        )
        yield Item(f"{peer.name}, test order", "failed", text)
    yield Item(
        f"{peer.name}, orders of others",
        "failed" if strange else "passed",
        f"{strange} came, of other stations or modalities" if strange else "none came",
    )
    slow = seconds > WORKLIST_SECONDS
    text = f"answered in {seconds:.2f} s" + (f", more than {WORKLIST_SECONDS:g} s" if slow else "")
    yield Item(f"{peer.name}, time", "failed" if slow else "passed", text)


def _for_station(entry: Dataset, station: str, modality: str) -> bool:
    """Whether one of its steps is for this station, and this modality."""
    return any(
        station in _several(step.get("ScheduledStationAETitle"))
        and modality in ("", *_several(step.get("Modality")))
        for step in data_sets.items(entry, "ScheduledProcedureStepSequence")
    )


def _several(value: Any) -> tuple[str, ...]:
    """The values of an attribute that may have one, several or none."""
    if value is None:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(map(str, value))


def _is_test(entry: Dataset) -> bool:
    return str(entry.get("PatientName", "")).startswith("ZZTEST^") or str(
        entry.get("PatientID", "")
    ).startswith(PATIENT_PREFIX)


# --- query --------------------------------------------------------------------------------------------------------


def query(trial: Trial) -> Ticked:
    """Whether the study is found by its UID, with the patient that it was sent with."""
    peers = [peer for peer in trial.scope.storing if trial.stored_at(peer)]
    if not peers:
        return Ticked("query", "not done" if trial.scope.storing else "skipped", "nothing is stored yet")
    return ticked("query", trial.each(peers, lambda peer: (_queried(trial, peer),)))


def _queried(trial: Trial, peer: Peer) -> Item:
    if FIND not in peer.offers:
        return Item(peer.name, "skipped", "it is not declared to be queried (study-root-find)")
    origin = trial.origin
    key = of(
        QueryRetrieveLevel="STUDY",
        StudyInstanceUID=origin.study_uid,
        PatientID="",
        PatientName="",
        StudyDescription="",
    )
    found = _found(trial, peer, FIND, key)
    if len(found) != 1:
        return Item(
            peer.name, "failed", f"{len(found)} studies are found under the UID of one that it stored"
        )
    if str(found[0].get("PatientID", "")).strip() != origin.patient_id:
        return Item(
            peer.name, "failed", "the study is found, but under another patient ID than it was sent with"
        )
    return Item(peer.name, "passed", "the study is found, with its patient")


def _found(trial: Trial, peer: Peer, sop_class: str, key: Dataset) -> tuple[Dataset, ...]:
    """The matches of a query."""
    with trial.calls.association(peer, [(sop_class, uids.DEFAULT_TRANSFER_SYNTAXES)]) as exchange:
        context, syntax = exchange.context(sop_class)
        elements: dict[str, Value] = {"AffectedSOPClassUID": sop_class, "Priority": 0}
        answers = exchange.ask(
            context, dimse.C_FIND, elements, data_sets.to_bytes(key, syntax), name="C-FIND"
        )
        found = []
        for answer in answers:
            if answer.status in dimse.PENDING:
                found.append(_read(answer.data, syntax, "C-FIND"))
            elif answer.status != SUCCESS:
                raise refused("C-FIND", answer)
    return tuple(found)


def _read(data: bytes, syntax: str, name: str) -> Dataset:
    try:
        return data_sets.from_bytes(data, syntax)
    except ValueError as exc:
        raise PeerFault(f"the answer to {name} cannot be read: {exc}") from exc


# --- retrieve -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Returned:
    """An object as it came back."""

    data: bytes
    syntax: str


def retrieve(trial: Trial) -> Ticked:
    """Fetch every object that was stored, by C-MOVE where a port of ours is known, else by C-GET; compare each."""
    peers = [peer for peer in trial.scope.storing if trial.stored_at(peer)]
    if not peers:
        return Ticked("retrieve", "not done" if trial.scope.storing else "skipped", "nothing is stored yet")
    return ticked("retrieve", trial.each(peers, lambda peer: _retrieved(trial, peer)))


def _retrieved(trial: Trial, peer: Peer) -> Iterator[Item]:
    moves = trial.port is not None and MOVE in peer.offers and not trial.calls.as_itself
    if not moves and GET not in peer.offers:
        yield _no_way_back(trial, peer)
        return
    faults = 0
    for stored in trial.stored_at(peer):
        if faults == FAULTS_IN_A_ROW:
            yield Item(label(stored), "not done", "those before it did not come back")
            continue
        trial.say(label(stored))
        try:
            came = _moved(trial, peer, stored) if moves else _got(trial, peer, stored)
        except PeerFault as fault:
            faults += 1
            yield trial.calls.failed(peer, fault, "C-MOVE" if moves else "C-GET", label(stored))
            continue
        faults = 0 if came else faults + 1
        yield _compared(trial, stored, came)


def _no_way_back(trial: Trial, peer: Peer) -> Item:
    """Why nothing can be fetched. A C-MOVE to a borrowed title would send test objects to the modality."""
    text = "it is not declared to give objects back by C-GET"
    if MOVE not in peer.offers:
        return Item(peer.name, "skipped", f"{text}, nor by C-MOVE")
    if trial.calls.as_itself:
        return Item(
            peer.name, "not done", f"{text}, and C-MOVE to the modality's title would send them to it"
        )
    return Item(peer.name, "not done", f"{text}; for C-MOVE give our port: --listen PORT")


def _key(stored: Stored) -> Dataset:
    return of(
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=stored.study_uid,
        SeriesInstanceUID=stored.series_uid,
        SOPInstanceUID=stored.instance_uid,
    )


def _got(trial: Trial, peer: Peer, stored: Stored) -> Returned | None:
    """By C-GET, over the association that asks, in the transfer syntax that it was sent in."""
    contexts = [(GET, uids.DEFAULT_TRANSFER_SYNTAXES), (stored.sop_class, (stored.transfer_syntax,))]
    came: list[Returned] = []

    def take(message: Message) -> int:
        if message.text("AffectedSOPInstanceUID") != stored.instance_uid:
            return NOT_WANTED
        came.append(Returned(message.data, stored.transfer_syntax))
        return SUCCESS

    with trial.calls.association(peer, contexts, [stored.sop_class]) as exchange:
        context, syntax = exchange.context(GET)
        answer = exchange.last(
            context,
            dimse.C_GET,
            {"AffectedSOPClassUID": GET, "Priority": 0},
            data_sets.to_bytes(_key(stored), syntax),
            name="C-GET",
            take=take,
        )
        if answer.status != SUCCESS:
            raise refused("C-GET", answer)
    return came[0] if came else None


def _moved(trial: Trial, peer: Peer, stored: Stored) -> Returned | None:
    """By C-MOVE to our own title, which the peer knows at the port that we listen at."""
    port, calling = trial.port, peer.target.calling if peer.target else None
    assert isinstance(port, Listening), "nothing is moved to nowhere"
    with trial.calls.association(
        peer, [(MOVE, uids.DEFAULT_TRANSFER_SYNTAXES)], timeout=trial.wait
    ) as exchange:
        context, syntax = exchange.context(MOVE)
        answer = exchange.last(
            context,
            dimse.C_MOVE,
            {"AffectedSOPClassUID": MOVE, "Priority": 0, "MoveDestination": calling or ""},
            data_sets.to_bytes(_key(stored), syntax),
            name="C-MOVE",
        )
        if answer.status != SUCCESS:
            raise refused("C-MOVE", answer)
    came = port.take(
        lambda one: one.message.text("AffectedSOPInstanceUID") == stored.instance_uid, trial.wire.timeout
    )
    return Returned(came.message.data, came.syntax) if came else None


def _compared(trial: Trial, stored: Stored, came: Returned | None) -> Item:
    if came is None:
        return Item(label(stored), "failed", "it says that it sent the object, and none came")
    specimen = Specimen(
        stored.sop_class, stored.transfer_syntax, stored.instance_uid, stored.series_uid, stored.study_uid
    )
    sent = objects.made(specimen, trial.origin)
    try:
        back = data_sets.from_bytes(came.data, came.syntax)
    except ValueError as exc:
        return Item(label(stored), "failed", str(exc))
    plain = {stored.transfer_syntax, came.syntax} <= set(NATIVE)
    same = came.syntax == stored.transfer_syntax or plain
    found = differences(sent, back, same_packing=same)
    if found:
        return Item(label(stored), "failed", f"it came back changed: {'; '.join(found)}")
    if not same:
        text = f"it came back as {uids.label(came.syntax)}: attributes are the same, pixels were not compared"
        return Item(label(stored), "unknown", text)
    pixels = pixel_hash(sent)
    return Item(label(stored), "passed", f"identical{f', pixels {pixels[:12]}' if pixels else ''}")
