"""The step that reports what is done to a patient: modality performed procedure steps (PS3.4 annex F)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from pacsconf.dicom import data_sets
from pacsconf.dicom.commission.calls import explained
from pacsconf.dicom.commission.exchange import Exchange
from pacsconf.dicom.commission.frames import of
from pacsconf.dicom.commission.run import Item, Stored, Ticked
from pacsconf.dicom.commission.scope import Peer
from pacsconf.dicom.commission.specimens import DESCRIPTION, PATIENT_NAME
from pacsconf.dicom.commission.storing import NOT_ALLOWED, refused
from pacsconf.dicom.commission.trial import Trial, ticked
from pacsconf.dicom.upper_layer import messages as dimse
from pacsconf.dicom.upper_layer.messages import SUCCESS, Message
from pacsconf.dicom.upper_layer.peer_fault import status_words
from pacsconf.inventory import uids


def mpps(trial: Trial) -> Ticked:
    """Complete a procedure step, and see that it cannot be changed then; give another up (PS3.4 section F.7.2)."""
    peers = trial.scope.serving(uids.MPPS)
    if not peers:
        return Ticked("mpps", "skipped", "no flow lets it report procedure steps")
    if not trial.may_store:
        return Ticked("mpps", "not done", NOT_ALLOWED)
    return ticked("mpps", trial.each(peers, lambda peer: _performed(trial, peer)))


def _performed(trial: Trial, peer: Peer) -> Iterator[Item]:
    """One that is completed and cannot be changed then, and one that is given up."""
    with trial.calls.association(peer, [(uids.MPPS, uids.DEFAULT_TRANSFER_SYNTAXES)]) as exchange:
        context, syntax = exchange.context(uids.MPPS)
        for end in ("COMPLETED", "DISCONTINUED"):
            step = _Performed(trial, peer, exchange, context, syntax, end)
            yield from step.items()


@dataclass(frozen=True, slots=True)
class _Performed:
    """A procedure step that is begun, and ends so."""

    trial: Trial
    peer: Peer
    exchange: Exchange
    context: int
    syntax: str
    end: str

    def items(self) -> Iterator[Item]:
        """What came of it, up to the first that the peer refuses."""
        name, word = self.peer.name, self.end.lower()
        instance = self.trial.origin.uid("mpps", self.end, name, self.trial.clock().isoformat())
        begun = self._begin(instance)
        yield self._item(f"{name}, in progress, to be {word}", "N-CREATE", begun)
        if begun.status != SUCCESS:
            return
        done = self._set(instance, _ended(self.trial, self.end))
        yield self._item(f"{name}, {word}", "N-SET", done)
        if done.status == SUCCESS and self.end == "COMPLETED":
            yield self._changed_after_its_end(instance)

    def _begin(self, instance: str) -> Message:
        """N-CREATE. It is on the list before it is sent."""
        trial, study = self.trial, self.trial.origin.study_uid
        sent = Stored(self.peer.name, uids.MPPS, self.syntax, instance, "", study, taken=False)
        trial.sent(sent)
        begun = self.exchange.last(
            self.context,
            dimse.N_CREATE,
            {"AffectedSOPClassUID": uids.MPPS, "AffectedSOPInstanceUID": instance},
            data_sets.to_bytes(_in_progress(trial), self.syntax),
            name="N-CREATE",
        )
        if begun.status == SUCCESS:
            trial.sent(replace(sent, taken=True))
        return begun

    def _set(self, instance: str, values: Dataset) -> Message:
        about = {"RequestedSOPClassUID": uids.MPPS, "RequestedSOPInstanceUID": instance}
        data = data_sets.to_bytes(values, self.syntax)
        return self.exchange.last(self.context, dimse.N_SET, about, data, name="N-SET")

    def _item(self, what: str, asked: str, answer: Message) -> Item:
        if answer.status == SUCCESS:
            return Item(what, "passed", "done")
        return Item(what, "failed", explained(refused(asked, answer), asked))

    def _changed_after_its_end(self, instance: str) -> Item:
        later = of(PerformedProcedureStepDescription=f"{DESCRIPTION}, after its end")
        again = self._set(instance, later)
        what = f"{self.peer.name}, changed after its end"
        if again.status == SUCCESS:
            return Item(what, "failed", "accepted, though a completed step is final (PS3.4 F.7.2.2.2)")
        return Item(what, "passed", f"refused, {status_words(again.status)}")


def _in_progress(trial: Trial) -> Dataset:
    """What N-CREATE must hold (PS3.4 table F.7.2-1)."""
    origin = trial.origin
    scheduled = of(
        StudyInstanceUID=origin.study_uid,
        ReferencedStudySequence=[],
        AccessionNumber="",
        RequestedProcedureID="",
        RequestedProcedureDescription=DESCRIPTION,
        ScheduledProcedureStepID="",
        ScheduledProcedureStepDescription="",
        ScheduledProtocolCodeSequence=[],
    )
    return of(
        SpecificCharacterSet="ISO_IR 192",
        ScheduledStepAttributesSequence=[scheduled],
        PatientName=PATIENT_NAME,
        PatientID=origin.patient_id,
        PatientBirthDate="",
        PatientSex="O",
        ReferencedPatientSequence=[],
        PerformedProcedureStepID=f"ZZ{origin.run[-12:]}"[:16],
        PerformedStationAETitle=trial.scope.title,
        PerformedStationName=origin.station[:16],
        PerformedLocation="",
        PerformedProcedureStepStartDate=origin.began[:8],
        PerformedProcedureStepStartTime=origin.began[8:],
        PerformedProcedureStepStatus="IN PROGRESS",
        PerformedProcedureStepDescription=DESCRIPTION,
        PerformedProcedureTypeDescription="",
        ProcedureCodeSequence=[],
        PerformedProcedureStepEndDate="",
        PerformedProcedureStepEndTime="",
        Modality=origin.modality,
        StudyID="ZZTEST",
        PerformedProtocolCodeSequence=[],
        PerformedSeriesSequence=[],
    )


def _ended(trial: Trial, end: str) -> Dataset:
    """What N-SET must hold to complete it or to give it up (PS3.4 table F.7.2-1)."""
    origin = trial.origin
    series = of(
        PerformingPhysicianName="",
        ProtocolName=DESCRIPTION,
        OperatorsName="",
        SeriesInstanceUID=origin.uid("performed", end),
        SeriesDescription=DESCRIPTION,
        RetrieveAETitle="",
        ReferencedImageSequence=[],
        ReferencedNonImageCompositeSOPInstanceSequence=[],
    )
    return of(
        PerformedProcedureStepStatus=end,
        PerformedProcedureStepEndDate=origin.began[:8],
        PerformedProcedureStepEndTime=origin.began[8:],
        PerformedSeriesSequence=[series],
    )
