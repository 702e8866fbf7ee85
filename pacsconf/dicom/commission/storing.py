"""The steps that leave something behind: objects (PS3.4 annex B), their commitment (J), a procedure step (F)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from pacsconf.dicom import data_sets
from pacsconf.dicom.commission import objects
from pacsconf.dicom.commission.calls import explained
from pacsconf.dicom.commission.exchange import Exchange
from pacsconf.dicom.commission.frames import of
from pacsconf.dicom.commission.listening import Came, Listening
from pacsconf.dicom.commission.run import Item, Stored, Ticked
from pacsconf.dicom.commission.scope import Peer
from pacsconf.dicom.commission.specimens import Specimen, specimens
from pacsconf.dicom.commission.trial import Trial, label, ticked
from pacsconf.dicom.upper_layer import messages as dimse
from pacsconf.dicom.upper_layer.association import Took
from pacsconf.dicom.upper_layer.messages import SUCCESS, Message
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, status_words
from pacsconf.inventory import uids

AT_ONCE = 60
"""Objects, each with a context of its own, in one association."""
FAULTS_IN_A_ROW = 3
"""After so many associations that broke, the rest is not sent."""

WARNINGS = {
    0xB000: "some values were changed (coercion)",
    0xB006: "some elements were dropped",
    0xB007: "its data set does not match its SOP class",
}
"""Statuses of an object that was stored nonetheless (PS3.4 section B.2.3)."""

NOT_ALLOWED = "it leaves test objects behind: --yes-store-test-objects"
_GRACE = 2.0
"""Seconds for which the association that asked is kept open: some peers report on it, others once it is over."""
_TO_THE_MODALITY = (
    "asked under the modality's title, so the archive reports to the modality, and nothing comes to our port"
)
_INSTANCE = "1.2.840.10008.1.20.1.1"
"""The well-known instance that commitments are asked of (PS3.4 section J.3.2)."""
_NO_SUCH_OBJECT = 0x0112


# --- store --------------------------------------------------------------------------------------------------------


def store(trial: Trial) -> Ticked:
    if not trial.scope.storing:
        return Ticked("store", "skipped", "no flow lets it store anything")
    if not trial.may_store:
        return Ticked("store", "not done", NOT_ALLOWED)
    items = trial.each(trial.scope.storing, lambda peer: _stored(trial, peer))
    return ticked("store", items)


def _stored(trial: Trial, peer: Peer) -> Iterator[Item]:
    """Send each object that can be made; of the others, why not."""
    rest: list[Specimen] = []
    for specimen in specimens(trial.origin, peer.stores):
        reason = objects.why_not(specimen.sop_class, specimen.transfer_syntax)
        if reason:
            yield Item(label(as_stored(peer, specimen)), "skipped", reason)
        else:
            rest.append(specimen)
    faults = 0
    while rest and faults < FAULTS_IN_A_ROW:
        some, later = rest[:AT_ONCE], rest[AT_ONCE:]
        done: list[Item] = []
        try:
            for item in _sent(trial, peer, some):
                done.append(item)
                yield item
            faults = 0
        except PeerFault as fault:
            if len(done) < len(some):
                yield trial.calls.failed(peer, fault, "C-STORE", label(as_stored(peer, some[len(done)])))
                done.append(Item("", "failed"))
            faults += 1
        rest = [*some[len(done) :], *later]
    for specimen in rest:
        yield Item(label(as_stored(peer, specimen)), "not done", "the associations before it broke")


def _sent(trial: Trial, peer: Peer, some: Sequence[Specimen]) -> Iterator[Item]:
    contexts = [(one.sop_class, (one.transfer_syntax,)) for one in some]
    with trial.calls.association(peer, contexts) as exchange:
        for specimen in some:
            trial.say(label(as_stored(peer, specimen)))
            yield _one(trial, exchange, peer, specimen)


def _one(trial: Trial, exchange: Exchange, peer: Peer, specimen: Specimen) -> Item:
    """Send one object. An association that breaks is for the caller."""
    stored = as_stored(peer, specimen)
    try:
        context, _ = exchange.context(specimen.sop_class, specimen.transfer_syntax)
    except PeerFault as fault:
        return Item(label(stored), "failed", explained(fault, "C-STORE"))
    data = data_sets.to_bytes(objects.made(specimen, trial.origin), specimen.transfer_syntax)
    trial.sent(stored)
    answer = exchange.last(
        context,
        dimse.C_STORE,
        {
            "AffectedSOPClassUID": specimen.sop_class,
            "AffectedSOPInstanceUID": specimen.instance_uid,
            "Priority": 0,
        },
        data,
        name="C-STORE",
    )
    if answer.status == SUCCESS or answer.status in WARNINGS:
        trial.sent(replace(stored, taken=True))
        return Item(label(stored), "passed", _taken(answer), look=answer.status != SUCCESS)
    return Item(label(stored), "failed", explained(refused("C-STORE", answer), "C-STORE"))


def _taken(answer: Message) -> str:
    """Which values were changed, `retrieve` tells; here what the archive says of it."""
    if answer.status == SUCCESS:
        return "stored"
    words = WARNINGS[answer.status]
    return f"stored, but look at it: {words} (status 0x{answer.status:04X}{_comment(answer)})"


def refused(name: str, answer: Message) -> PeerFault:
    text = f"{name} answered with {status_words(answer.status)}{_comment(answer)}"
    return PeerFault(text, "status", (answer.status,))


def _comment(answer: Message) -> str:
    """What the peer itself says of its answer, as the end of a sentence."""
    said = answer.text("ErrorComment")
    return f': "{said[:64]}"' if said else ""


def as_stored(peer: Peer, specimen: Specimen, *, taken: bool = False) -> Stored:
    """The object as it is listed."""
    return Stored(
        peer.name,
        specimen.sop_class,
        specimen.transfer_syntax,
        specimen.instance_uid,
        specimen.series_uid,
        specimen.study_uid,
        taken=taken,
    )


# --- commitment ---------------------------------------------------------------------------------------------------


def commitment(trial: Trial) -> Ticked:
    """Ask to keep what was stored, and an object that was not: the first must be promised, the second must not."""
    peers = trial.scope.serving(uids.STORAGE_COMMITMENT)
    if not peers:
        return Ticked("commitment", "skipped", "no flow lets it ask for storage commitment")
    if not trial.may_store:
        return Ticked("commitment", "not done", NOT_ALLOWED)
    port = trial.port
    if port is None:
        text = "the answer comes to a port of ours: --listen PORT, as the archive knows it for our title"
        return Ticked("commitment", "not done", text)
    items = trial.each(peers, lambda peer: _committed(trial, peer, port))
    return ticked("commitment", items)


def _committed(trial: Trial, peer: Peer, port: Listening) -> Iterator[Item]:
    stored = trial.stored_at(peer)
    if not stored:
        yield Item(peer.name, "not done", "nothing is stored there yet")
        return
    references = [(one.sop_class, one.instance_uid) for one in stored]
    report = _asked(trial, peer, port, "commitment", references)
    if report is None and trial.calls.as_itself:
        yield Item(peer.name, "unknown", _TO_THE_MODALITY)
        return
    yield _promised(peer, references, report)
    unknown = [(stored[0].sop_class, trial.origin.uid("never stored"))]
    yield _denied(peer, _asked(trial, peer, port, "denial", unknown))


def _asked(
    trial: Trial, peer: Peer, port: Listening, what: str, references: Sequence[tuple[str, str]]
) -> Dataset | None:
    """The report on these objects (PS3.4 section J.3.3), None when none came in time.

    It may come on the association that asked, or on one that the peer opens.
    """
    transaction = trial.origin.uid(what, peer.name, trial.clock().isoformat())
    early: list[Came] = []
    syntaxes = uids.DEFAULT_TRANSFER_SYNTAXES
    with trial.calls.association(peer, [(uids.STORAGE_COMMITMENT, syntaxes)]) as exchange:
        context, syntax = exchange.context(uids.STORAGE_COMMITMENT)

        def take(message: Message) -> int:
            early.append(Came(message, "", "", "", syntax))
            return SUCCESS

        asked = of(TransactionUID=transaction, ReferencedSOPSequence=[_reference(*one) for one in references])
        answer = exchange.last(
            context,
            dimse.N_ACTION,
            {
                "RequestedSOPClassUID": uids.STORAGE_COMMITMENT,
                "RequestedSOPInstanceUID": _INSTANCE,
                "ActionTypeID": 1,
            },
            data_sets.to_bytes(asked, syntax),
            name="N-ACTION",
            take=take,
        )
        if answer.status != SUCCESS:
            raise refused("N-ACTION", answer)
        trial.say(f"{peer.name}: waiting for its commitment")
        found = _in_either(exchange, take, early, port, transaction)
    came = found or port.take(lambda one: _is_about(one, transaction), trial.wait)
    return _report(came) if came else None


def _in_either(
    exchange: Exchange, take: Took, early: Sequence[Came], port: Listening, transaction: str
) -> Came | None:
    """The report, on the association that asked or at our port, while the former is kept open for it."""
    until = time.monotonic() + _GRACE
    open_ = True
    while time.monotonic() < until:
        found = next((one for one in early if _is_about(one, transaction)), None)
        found = found or port.take(lambda one: _is_about(one, transaction), 0.0)
        if found is not None or not open_:
            return found
        try:
            exchange.heed(0.1, take)
        except PeerFault:
            open_ = False  # it has ended the association, as it may
    return None


def _reference(sop_class: str, instance: str) -> Dataset:
    return of(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)


def _is_about(came: Came, transaction: str) -> bool:
    if came.message.field != dimse.N_EVENT_REPORT:
        return False
    report = _report(came)
    return report is not None and str(report.get("TransactionUID", "")) == transaction


def _report(came: Came) -> Dataset | None:
    try:
        return data_sets.from_bytes(came.message.data, came.syntax)
    except ValueError:
        return None


def _late(missed: str, peer: Peer) -> Item:
    return Item(
        peer.name,
        "failed",
        f"asked, but no N-EVENT-REPORT {missed}. It calls the address and port that it knows for our title: "
        "compare them, and look whether a firewall lets it through",
    )


def _promised(peer: Peer, references: Sequence[tuple[str, str]], report: Dataset | None) -> Item:
    if report is None:
        return _late("came in time", peer)
    failed, kept = _named(report, "FailedSOPSequence"), _named(report, "ReferencedSOPSequence")
    lost = [instance for _, instance in references if instance in failed or instance not in kept]
    if lost:
        text = f"{len(lost)} of {len(references)} objects are not committed, though it had stored them"
        return Item(peer.name, "failed", text)
    return Item(peer.name, "passed", f"{len(references)} objects committed")


def _named(report: Dataset, sequence: str) -> frozenset[str]:
    return frozenset(
        str(one.get("ReferencedSOPInstanceUID", "")) for one in data_sets.items(report, sequence)
    )


def _denied(peer: Peer, report: Dataset | None) -> Item:
    what = f"{peer.name}, an object that was never sent"
    if report is None:
        return replace(_late("about it came in time", peer), what=what)
    failures = data_sets.items(report, "FailedSOPSequence")
    if not failures:
        return Item(what, "failed", "it commits itself to keep an object that it does not have")
    said = failures[0].get("FailureReason", 0)
    reason = said if isinstance(said, int) else 0
    if reason != _NO_SUCH_OBJECT:
        return Item(what, "passed", f"reported as failed, with reason {reason:04X}H instead of 0112H")
    return Item(what, "passed", "reported as failed: no such object (0112H)")
