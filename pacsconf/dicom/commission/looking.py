"""The steps that look and leave nothing behind: record, name, TCP, TLS, echo, strangers, contexts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from pacsconf.dicom.commission.calls import LEFT_ALONE, NO_ADDRESS, advised
from pacsconf.dicom.commission.run import Item, Result, Ticked
from pacsconf.dicom.commission.scope import Peer
from pacsconf.dicom.commission.trial import Trial, ticked
from pacsconf.dicom.observation import Observation, Step, StepName
from pacsconf.dicom.probe.observer import probe
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.acceptance import Contexts
from pacsconf.dicom.upper_layer.peer_fault import context_result
from pacsconf.inventory import uids

AT_ONCE = 100
"""Presentation contexts that are proposed in one association; 128 can be."""

_NOBODY = (
    "no flow says whom it calls; a flow finds a device that is being commissioned only where it asks for it: "
)
NO_PEERS = _NOBODY + "lifecycle: commissioning"


def record(trial: Trial) -> Ticked:
    """What validate says of the device, and whether it would reach those that it calls."""
    items = [Item(one.rule, _graded(one.severity), one.summary) for one in trial.findings]
    if not trial.scope.peers:
        items.append(Item("flows", "failed", NO_PEERS))
    wrong = [item for item in items if item.result == "failed"]
    noted = len(items) - len(wrong)
    if wrong:
        text = wrong[0].text if len(items) == 1 else f"{len(wrong)} of {len(items)} must be corrected"
        return Ticked("record", "failed", text, items=tuple(items))
    text = f"{noted} to be looked at: {items[0].text}" if noted else "nothing is wrong with it"
    return Ticked("record", "passed", text, items=tuple(items))


def _graded(severity: str) -> Result:
    return "failed" if severity == "error" else "passed"


def name(trial: Trial) -> Ticked:
    return ticked("name", tuple(_of_probe(trial, "name", "an address, which needs no name server")))


def tcp(trial: Trial) -> Ticked:
    return ticked("tcp", tuple(_of_probe(trial, "tcp", "")))


def tls(trial: Trial) -> Ticked:
    declared = [(who, target) for who, target in _targets(trial) if target is not None and target.tls]
    items = []
    for who, target in declared:
        seen = _seen(trial, who, target)
        items.append(_item(who, seen, "tls", ""))
    return ticked("tls", items, "no connection is declared to be encrypted")


def echo_modality(trial: Trial) -> Ticked:
    own = trial.scope.own
    if own is None:
        return Ticked("echo-modality", "skipped", "it listens nowhere: it only calls")
    return ticked("echo-modality", [_echo(trial, _itself(trial), own)])


def echo_archive(trial: Trial) -> Ticked:
    items = [_echo(trial, peer.name, peer.target) for peer in trial.scope.peers]
    return ticked("echo-archive", items, NO_PEERS, "not done")


def _echo(trial: Trial, who: str, target: Target | None) -> Item:
    if target is None:
        return Item(who, "skipped", NO_ADDRESS)
    seen = _seen(trial, who, target)
    steps = {step.name: step for step in seen.steps}
    step = steps.get("echo") or steps.get("association")
    if step is not None and step.name == "association" and step.passed is False and _borrowed(trial, step):
        return Item(who, "unknown", f"{step.text}; pacsconf called under the modality's title")
    return _item(who, seen, "echo", "")


def _borrowed(trial: Trial, step: Step) -> bool:
    return trial.calls.as_itself and step.fault is not None and step.fault.how == "rejected"


def strangers(trial: Trial) -> Ticked:
    """Whether a title that nobody has, and a title that it is not, are refused."""
    if not trial.negatives:
        return Ticked("strangers", "not done", "strangers are played when you say so: --negatives")
    items: list[Item] = []
    for peer in trial.scope.peers:
        if peer.target is None or peer.target.level == "none":
            items.append(Item(peer.name, "skipped", peer.target.why if peer.target else NO_ADDRESS))
        elif not peer.target.negatives:
            items.append(
                Item(peer.name, "not done", peer.target.why_not or "only in its window (probe_window)")
            )
        else:
            items += _doors(peer.name, probe(_gently(peer.target), trial.wire, trial.stop))
    return ticked("strangers", items, NO_PEERS, "not done")


def _doors(who: str, seen: Observation) -> Iterator[Item]:
    doors = seen.doors
    if doors is None:
        yield Item(who, "unknown", seen.reason or "could not be tried")
        return
    results: dict[str, Result] = {"refused": "passed", "open": "failed", "unknown": "unknown"}
    for door, what in (
        (doors.unknown_calling, "a title that nobody has"),
        (doors.wrong_called, "a wrong title"),
    ):
        yield Item(f"{who}, {what}", results[door], door)


def contexts(trial: Trial) -> Ticked:
    """Every SOP class that it uses there, with each of its transfer syntaxes, proposed alone; nothing is sent."""
    items = trial.each(trial.scope.peers, lambda peer: _negotiated(trial, peer))
    return ticked("contexts", items, NO_PEERS, "not done")


def _negotiated(trial: Trial, peer: Peer) -> Iterator[Item]:
    rest = iter(proposed(trial, peer))
    while some := tuple(islice(rest, AT_ONCE)):
        yield from _answered(trial, peer, some)


def _answered(trial: Trial, peer: Peer, some: Contexts) -> Sequence[Item]:
    with trial.calls.association(peer, some) as exchange:
        assert exchange.accepted is not None, "it was opened"
        results = exchange.accepted.results
    return [
        Item(
            f"{uids.label(sop_class)}, {uids.label(syntaxes[0])} → {peer.name}",
            "passed" if answer.result == 0 else "failed",
            "accepted" if answer.result == 0 else context_result(answer.result),
        )
        for (sop_class, syntaxes), answer in zip(some, results, strict=True)
    ]


def proposed(trial: Trial, peer: Peer) -> Iterator[tuple[str, tuple[str]]]:
    """Each SOP class with one transfer syntax."""
    declared = {
        one.sop_class: one.transfer_syntaxes
        for one in trial.scope.device.ae_titles[trial.scope.title].capabilities
        if one.role == "SCU"
    }
    for sop_class in sorted(peer.asks):
        for syntax in declared.get(sop_class, uids.DEFAULT_TRANSFER_SYNTAXES):
            yield sop_class, (syntax,)


# --- by a probe ---------------------------------------------------------------------------------------------------


def _itself(trial: Trial) -> str:
    return f"{trial.scope.device.name}/{trial.scope.title}"


def _targets(trial: Trial) -> Iterator[tuple[str, Target | None]]:
    if trial.scope.own is not None:
        yield _itself(trial), trial.scope.own
    for peer in trial.scope.peers:
        yield peer.name, peer.target


def _of_probe(trial: Trial, step: StepName, without: str) -> Iterator[Item]:
    for who, target in _targets(trial):
        if target is None:
            yield Item(who, "skipped", NO_ADDRESS)
        else:
            yield _item(who, _seen(trial, who, target), step, without)


def _item(who: str, seen: Observation, name: StepName, without: str) -> Item:
    """What a probe saw of one step; a step that it did not come to is not done, or needed none (`without`)."""
    step = next((one for one in seen.steps if one.name == name), None)
    if step is not None:
        results: dict[bool | None, Result] = {True: "passed", False: "failed", None: "unknown"}
        text = step.text if step.passed else advised(step.text, step.fault, step.name)
        return Item(who, results[step.passed], text or f"{step.milliseconds:.0f} ms")
    if seen.target.level == "none":
        return Item(who, "skipped", seen.reason or LEFT_ALONE)
    if seen.steps and without:
        return Item(who, "passed", without)
    if seen.verdict in ("failing", "unknown") and seen.steps:
        return Item(who, "not done", f"an earlier step failed: {seen.reason}")
    return Item(who, "not done", seen.reason or seen.target.why or f"its probe level is {seen.target.level}")


def _seen(trial: Trial, who: str, target: Target) -> Observation:
    """What a probe as far as an echo says; asked once in a run of this process."""
    if who not in trial.seen:
        trial.say(who)
        seen = probe(replace(_gently(target), negatives=False), trial.wire, trial.stop)
        trial.seen[who] = seen
        if seen.software is not None:
            trial.calls.software[who] = " ".join(seen.software.names)
    return trial.seen[who]


def _gently(target: Target) -> Target:
    return replace(target, level="echo") if target.level in ("contexts", "services") else target
