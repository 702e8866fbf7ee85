"""How an acceptance run is begun, taken up, carried on and kept; what the command `commission` is made of."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from pacsconf import __version__
from pacsconf.cli import workspace
from pacsconf.cli.screen import Screen
from pacsconf.cli.workspace import Workspace
from pacsconf.core.errors import PacsconfError, UnsafePlan

if TYPE_CHECKING:
    from pacsconf.core.finding import Finding
    from pacsconf.dicom.commission.run import AcceptanceRun, Role, Signature, Stored, Ticked
    from pacsconf.dicom.commission.scope import Scope
    from pacsconf.dicom.commission.trial import Trial
    from pacsconf.dicom.reach import Reach
    from pacsconf.inventory.flows import Entity
    from pacsconf.record.unsigned import UnsignedRuns


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a run is to be carried on, as options say."""

    steps: Collection[str] = ()
    """Empty: all that did not pass yet."""
    may_store: bool = False
    negatives: bool = False
    assist: bool = False
    impersonate: bool = False
    listen: tuple[str, int] | None = None
    wait: float = 60.0


class AtTheConsole:
    """The person at the terminal, who is at the console too. `quiet` ends what overwrites itself there."""

    def __init__(self, screen: Screen, quiet: Callable[[], None]) -> None:
        self._screen = screen
        self._quiet = quiet

    def ask(self, question: str) -> str:
        self._quiet()
        return self._screen.ask(question)


def require_commissioning(work: Workspace, whom: Entity) -> None:
    """Go on only for a device that is being installed.

    Raises: UnsafePlan, which exits 5.
    """
    device = whom[0]
    if device.lifecycle == "commissioning":
        return
    place = lifecycle_place(work, device.name)
    raise UnsafePlan(
        f"{device.name} is {device.lifecycle}: an acceptance run sends test objects in its place, so it is for a "
        "device that is being commissioned",
        fix=f"If it is new, or was upgraded and is out of use: set lifecycle: commissioning ({place})",
    )


def require_consent(run: AcceptanceRun, whom: Entity, wanted: Wanted) -> None:
    """Go on only where steps that leave something behind are agreed to, and the run is of this title.

    Raises: UnsafePlan, which exits 5; PacsconfError.
    """
    from pacsconf.dicom.commission.run import BY_NAME

    storing = [name for name in wanted.steps if BY_NAME[name].stores]
    if storing and not wanted.may_store:
        raise UnsafePlan(
            f"{', '.join(storing)}: test objects are left behind, and pacsconf deletes nothing",
            fix="If that was agreed with those who run the archive and the RIS: --yes-store-test-objects",
        )
    if run.title != whom[1].title:
        raise PacsconfError(
            f"the run that is under way is of {run.device}/{run.title}",
            fix="Go on with that, or begin another: --new",
        )


def lifecycle_place(work: Workspace, device: str) -> str:
    """Where its life cycle is declared, else the device."""
    told = work.loaded.sources.told
    own = told(("devices", device, "lifecycle"))
    return told(("devices", device)) if own in ("", "default") else own


def current(work: Workspace, kept: UnsignedRuns, device: str) -> AcceptanceRun | None:
    """The run that is under way here, or the newest in the record where that is as new.

    Raises: RecordError when one cannot be read.
    """
    from pacsconf.record.unsigned import latest

    with workspace.record(work) as store:
        return latest(kept, store.state().evidence, device)


def begun(work: Workspace, whom: Entity) -> AcceptanceRun:
    """A new run, with what the inventory says of the device now."""
    from pacsconf.core.errors import RecordError
    from pacsconf.dicom.commission.run import AcceptanceRun

    device, ae = whom
    now = workspace.now()
    with workspace.record(work) as store:
        commit = str(store.inventory_commit("inventory"))
        try:
            operator = store.identity()
        except RecordError:
            operator = ""  # who signs is asked for when it is signed
    facts = {
        "manufacturer": device.manufacturer,
        "model": device.model,
        "software_versions": ", ".join(device.software_versions),
        "serial_number": device.serial_number,
        "station_name": device.station_name,
        "site": device.site,
        "profile": device.profile,
        "owner": device.owner,
    }
    return AcceptanceRun(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        device=device.name,
        title=ae.title,
        environment=work.environment,
        root=str(uuid4()),
        began=now.isoformat(timespec="seconds"),
        operator=operator,
        pacsconf=__version__,
        commit=commit,
        facts={name: text for name, text in facts.items() if text},
    )


def listen_at(work: Workspace, wanted: Wanted) -> tuple[str, int] | None:
    """Where to listen: as it was said, else in the practice lab where its archives call us back."""
    if wanted.listen is not None or not (work.practice and wanted.may_store):
        return wanted.listen
    from pacsconf.lab import place, practice

    port = practice.status(place.default_folder()).listen
    return ("127.0.0.1", port) if port else None


def listen_option(work: Workspace) -> str:
    """What to add to a command so that archives can call back: the port under which we are declared."""
    from pacsconf.cli.wire import prober_entity
    from pacsconf.inventory.peers import reached_at

    if work.practice:
        return ""
    ours = prober_entity(work)
    connection = reached_at(*ours) if ours else None
    return f"--listen {connection.port if connection and connection.port else 'PORT'}"


def findings_of(work: Workspace, whom: Entity, scope: Scope) -> tuple[Finding, ...]:
    """What validate says of a device; what keeps it from those that it calls is an error here."""
    from pacsconf.dicom.reach import reach
    from pacsconf.inventory.peers import entity

    device = whom[0]
    own = [one for one in work.findings if one.path[:2] == ("devices", device.name) and not one.accepted]
    for peer in scope.peers:
        called = entity(work.inventory, peer.name)
        if called is not None:
            own += _obstacles(reach(work.inventory, whom, called))
    return tuple({(one.rule, one.summary): one for one in own}.values())


def _obstacles(found: Reach) -> Iterator[Finding]:
    """Why a pair would not work, or not wholly."""
    for reason, finding in zip(found.reasons, found.findings, strict=True):
        if finding.severity != "info":
            yield replace(finding, severity="error") if reason.breaks else finding


def steps_to_take(run: AcceptanceRun, wanted: Wanted) -> tuple[str, ...]:
    """Those that were asked for; else all that did not pass, and were not accepted as they are."""
    from pacsconf.dicom.commission.conduct import TAKE

    if wanted.steps:
        return tuple(wanted.steps)
    return tuple(
        one.name for one in run.all if one.name in TAKE and one.result != "passed" and not one.accepted
    )


@contextmanager
def trial_of(
    work: Workspace,
    whom: Entity,
    run: AcceptanceRun,
    wanted: Wanted,
    people: AtTheConsole,
    say: Callable[[str], None],
) -> Iterator[Trial]:
    """The run made ready, with our own port open where one is named; every thread is over afterwards."""
    from pacsconf.cli.wire import prober, wire_of
    from pacsconf.dicom.commission.calls import Calls
    from pacsconf.dicom.commission.listening import listening
    from pacsconf.dicom.commission.scope import scope
    from pacsconf.dicom.commission.trial import Trial

    found = scope(
        work.inventory,
        whom,
        prober(work),
        workspace.now(),
        as_itself=wanted.impersonate,
        negatives=wanted.negatives,
    )
    site = work.inventory.sites.get(whom[0].site or "")
    trial = Trial(
        run=_called(run, found, wanted),
        scope=found,
        calls=Calls(wire_of(work), wanted.impersonate, software=dict(run.software)),
        findings=findings_of(work, whom, found),
        may_store=wanted.may_store,
        negatives=wanted.negatives,
        people=people if wanted.assist else None,
        wait=wanted.wait,
        timezone=site.timezone if site else None,
        clock=workspace.now,
        say=say,
    )
    with ExitStack() as stack:
        if (ours := listen_at(work, wanted)) is not None:
            trial.port = stack.enter_context(
                listening(*ours, lambda uid: any(uid == one.instance_uid for one in trial.run.stored))
            )
        try:
            yield trial
        finally:
            trial.stop.set()


def _called(run: AcceptanceRun, scope: Scope, wanted: Wanted) -> AcceptanceRun:
    calling = tuple(dict.fromkeys((*run.calling, *([scope.calling] if scope.calling else []))))
    return replace(run, calling=calling, impersonated=run.impersonated or wanted.impersonate)


def carried_on(trial: Trial, names: Collection[str], kept: UnsignedRuns) -> Iterator[Ticked]:
    """Take the steps, and keep the run after each, and before each object leaves."""
    from pacsconf.dicom.commission.conduct import conduct

    def sent(stored: Stored) -> None:
        trial.run = trial.run.keeping([stored])
        if not stored.taken:
            kept.write(trial.run)

    trial.sent = sent
    try:
        for step in conduct(trial, names):
            trial.run = replace(trial.run, software=dict(sorted(trial.calls.software.items())))
            kept.write(trial.run)
            yield step
    finally:
        kept.write(trial.run)


# --- a person's word ----------------------------------------------------------------------------------------------


def attested(work: Workspace, run: AcceptanceRun, name: str, note: str, *, accepts: bool) -> AcceptanceRun:
    """With what a person says of a step: that it was done, or that it is accepted as it is.

    Raises: UnsafePlan when a word does not do for this step.
    """
    from pacsconf.dicom.commission.run import BY_NAME, Ticked

    now = workspace.now().isoformat(timespec="seconds")
    with workspace.record(work) as store:
        by = store.identity()
    step = run.step(name)
    if accepts:
        return run.ticking(replace(step, accepted=f"{note} ({by}, {now})"))
    if BY_NAME[name].how == "auto":
        raise UnsafePlan(
            f"{name} is tried by pacsconf, and nobody's word stands for it",
            fix=f"To go on as it is, with a reason that is recorded: --accept {name} --note TEXT",
        )
    return run.ticking(Ticked(name, "passed", note, at=now, by=by))


def signed(
    work: Workspace, kept: UnsignedRuns, run: AcceptanceRun, role: Role, reason: str
) -> tuple[AcceptanceRun, str]:
    """The run with one signature more, in the record; and the commit that holds it.

    It is signed as the record has it at that instant: somebody may sign in another clone meanwhile.

    Raises: UnsafePlan while steps are open, or for a second signature of the same person; RecordError.
    """
    from pacsconf.dicom.commission.run import Signature, to_json
    from pacsconf.record.unsigned import recorded

    with workspace.record(work) as store:
        signature = Signature(role, store.identity(), workspace.now().isoformat(timespec="seconds"), reason)
        made = run

        def signing(evidence: Mapping[str, bytes]) -> Mapping[str, bytes]:
            nonlocal made
            there = evidence.get(run.path)
            made = _countersigned(recorded(there, run.path) if there is not None else run, signature)
            return {made.path: (to_json(made) + "\n").encode("ascii")}

        commit = store.keep("commission", signing, reason=reason, count=len(run.steps))
    kept.drop(run.device)
    return made, commit


def _countersigned(run: AcceptanceRun, signature: Signature) -> AcceptanceRun:
    """Raises: UnsafePlan when it may not be signed so."""
    from pacsconf.core.moment import iso_in_words
    from pacsconf.report.words import counted

    if run.open:
        raise UnsafePlan(
            f"{counted(len(run.open), 'step')} still open",
            [f"{one.name}: {one.result}" for one in run.open],
            fix="Take them, or accept one as it is: --accept STEP --note TEXT",
        )
    for one in run.signatures:
        if one.role == signature.role or _mail(one.by) == _mail(signature.by):
            raise UnsafePlan(
                f"{one.by} signed as {one.role} on {iso_in_words(one.at)}; the other one is for another person",
                fix=f"Missing: {', '.join(run.missing) or 'none'}",
            )
    return replace(run, signatures=(*run.signatures, signature))


def _mail(person: str) -> str:
    """Who it is, however the name is spelled."""
    return person.rpartition("<")[2].rstrip(">").strip().casefold()


# --- what others see ----------------------------------------------------------------------------------------------


def show_kept(screen: Screen, files: Mapping[str, bytes], format: str, *, verbose: bool) -> None:  # noqa: A002
    """Each acceptance run in these files of the record.

    Raises: RecordError when one cannot be read.
    """
    from pacsconf.dicom.commission.run import to_json
    from pacsconf.record.unsigned import recorded
    from pacsconf.report.wire.commission_text import run_text, signed_text

    for path, data in sorted(files.items()):
        run = recorded(data, path)
        if format == "json":
            screen.raw(to_json(run))
            continue
        screen.show(run_text(run, screen.width, verbose=verbose))
        screen.show(signed_text(run, screen.width))
