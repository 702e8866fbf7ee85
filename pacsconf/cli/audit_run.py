"""How an audit is made: what it looks at, what rules make of it, and where it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pacsconf import __version__
from pacsconf.cli import workspace
from pacsconf.cli.workspace import Workspace
from pacsconf.core.errors import PacsconfError, RecordError

if TYPE_CHECKING:
    from pacsconf.auditing import Known
    from pacsconf.dicom.commission.run import AcceptanceRun
    from pacsconf.inventory.model import Inventory
    from pacsconf.policy.assemble import Assembled
    from pacsconf.policy.audit import Audit, Coverage, Point
    from pacsconf.policy.results import Result
    from pacsconf.policy.rule import Framework, Rule, Severity
    from pacsconf.policy.rulebook import Rulebook
    from pacsconf.record.state import RecordState
    from pacsconf.retention.capacity import Stock
    from pacsconf.world import World


@dataclass(frozen=True, slots=True)
class Made:
    """An audit, and what of it a record need not keep: the results as they were judged."""

    audit: Audit
    stopping: tuple[Result, ...]
    """What reaches the gate."""
    notes: tuple[str, ...] = ()
    """What is worth saying beside it, one sentence each."""


def rulebook_of(work: Workspace, gate: Severity | None) -> Rulebook:
    """The rules and waivers of a repository, with another gate where one is given.

    Raises: InvalidInventory with every mistake in them; PacsconfError when there is no rule to judge by.
    """
    from pacsconf.cli.policy_book import rulebook

    found = rulebook(work)
    if found is None or all(one.off for one in found.rules):
        raise PacsconfError(
            "there is no rule to audit by: the folder policies of this repository holds none",
            fix="Take the starter packs: pacsconf init writes them where nothing is in their way",
        )
    return replace(found, gate=gate) if gate else found


def make(
    work: Workspace,
    world: World,
    book: Rulebook,
    frameworks: Sequence[Framework],
) -> Made:
    """Look at everything, and judge it.

    Raises: SystemFaults when nothing live could be looked at.
    """
    from pacsconf import auditing
    from pacsconf.cli.policy_book import built_in
    from pacsconf.policy import facts
    from pacsconf.policy.assemble import audited
    from pacsconf.policy.coverage import coverage
    from pacsconf.policy.results import stopping

    record = world.record.state()
    looked = auditing.look(world, record)
    looked.require_any()
    known = known_of(work, record)
    evidence = auditing.evidence(world, record, looked, known)
    subjects = facts.subjects(evidence)
    rules = chosen(book.rules, frameworks)
    today = world.clock().date()
    waived = book.judged(rules, subjects, work.inventory, today, work.findings, built_in())
    parts = audited(rules, waived, book.waivers, work.inventory.baseline, work.loaded.sources.place, today)
    seen = coverage(evidence, subjects, waived.results)
    probed = max((one.observation.at for one in known.sightings), default="")
    audit = _audit(work, world, frameworks, parts, seen, probed)
    return Made(audit, tuple(stopping(waived.results, book.gate)), tuple(_flaws(world)))


def chosen(rules: Iterable[Rule], frameworks: Sequence[Framework]) -> tuple[Rule, ...]:
    """The rules that support a control of these frameworks; of none named, all."""
    wanted = frozenset(frameworks)
    return tuple(one for one in rules if not wanted or not wanted.isdisjoint(one.controls))


def _audit(
    work: Workspace,
    world: World,
    frameworks: Sequence[Framework],
    parts: Assembled,
    seen: Coverage,
    probed: str,
) -> Audit:
    from pacsconf.policy.audit import Audit
    from pacsconf.record.branch import stamp

    now = world.clock()
    return Audit(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        at=stamp(now),
        by=_who(world),
        environment=work.environment,
        version=__version__,
        commit=world.basis.commit,
        inventory=world.basis.inventory,
        policies=world.basis.policies,
        frameworks=tuple(frameworks),
        rules=parts.rules,
        results=parts.results,
        waivers=parts.waivers,
        coverage=seen,
        chain=world.record.chain(),
        probed=probed,
    )


def _who(world: World) -> str:
    """Who asks: as git knows them, else the user of this machine."""
    from pacsconf.record.lock import this_runner

    try:
        return world.record.identity()
    except RecordError:
        return this_runner().rpartition(":")[0]


def _flaws(world: World) -> Iterator[str]:
    """How the record is not what it was."""
    for flaw in world.record.chain_flaws():
        yield f"The record was rewritten: {flaw}."


# --- what is known beside live systems --------------------------------------------------------------------------


def known_of(work: Workspace, record: RecordState) -> Known:
    """What the record and git know: the wire as it was seen last, storages, acceptance runs, what was applied."""
    from pacsconf.auditing import Known
    from pacsconf.cli.last_probe import news_of

    news = news_of(work, record, whole=True)
    return Known(
        sightings=news.known.asked if news else (),
        stocks=_stocks(work, record),
        accepted=_accepted(record.evidence) if record.known else None,
        before=_applied(work, record),
        findings=work.findings,
    )


def _stocks(work: Workspace, record: RecordState) -> dict[str, tuple[Stock, ...]]:
    """What was seen of each storage; what cannot be read is as good as nothing: a forecast is then not made."""
    from pacsconf.cli.storage_history import samples_of

    found: dict[str, tuple[Stock, ...]] = {}
    for name in work.inventory.systems:
        with suppress(RecordError):
            found[name] = samples_of(name, record.evidence)
    return found


def _accepted(evidence: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """By device, its last acceptance run that was signed by all who must."""
    from pacsconf.dicom.commission.run import from_json

    runs: dict[str, AcceptanceRun] = {}
    for path, data in evidence.items():
        if not path.startswith("commissioning/"):
            continue
        try:
            run = from_json(data, path)
        except RecordError:
            continue  # nothing that cannot be read counts as signed
        if not run.missing and (run.device not in runs or runs[run.device].began < run.began):
            runs[run.device] = run
    return {name: _facts_of(run) for name, run in runs.items()}


def _facts_of(run: AcceptanceRun) -> dict[str, str]:
    told = {
        "at": max(one.at for one in run.signatures),
        "version": run.facts.get("software_versions", ""),
        "implementation": run.software.get(run.title, ""),
    }
    return {name: text for name, text in told.items() if text}


def _applied(work: Workspace, record: RecordState) -> Inventory | None:
    """The inventory that was applied last; None where nothing was, or it cannot be read any more."""
    from pacsconf.cli.revisions import read_at

    if not record.exists or not record.known:
        return None
    with workspace.record(work) as store:
        last = store.last_changeset()
    commit = last.plan.basis.commit.removesuffix("-dirty") if last else ""
    return read_at(work.root, commit) if commit else None


# --- around it --------------------------------------------------------------------------------------------------


def trend_of(world: World) -> tuple[Point, ...]:
    """The audits that were made before, the newest first; none where they cannot be read."""
    try:
        return world.record.audits()
    except RecordError:
        return ()
