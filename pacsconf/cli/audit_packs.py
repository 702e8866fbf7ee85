"""The commands `audit pack` and `audit verify`: evidence that others can check without us, and checking it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pacsconf.cli import opening, workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen, sentence
from pacsconf.core.errors import OperatorError, PacsconfError, RecordError, UnsafePlan
from pacsconf.report.lines import wrapped

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.policy.audit import Audit, Point
    from pacsconf.record.audits import RecordedAudit
    from pacsconf.record.packing import Packing
    from pacsconf.record.reader import RecordReader
    from pacsconf.record.record import Record

_ASKS_NOBODY = frozenset({"env", "file", "age"})
"""Kinds of references that are resolved without a person."""


_UNSIGNED = (
    "It is not signed, so it shows only that nothing was altered by chance. "
    "Git signs it once it is set up to: git config commit.gpgsign true"
)
_BY_ANYBODY = (
    "Nothing is wrong with it, but anybody can have made it. Name whose signatures count in the operator file "
    "(signatures.allowed_signers), or say that it came a way you trust: --unsigned"
)


def packed(context: typer.Context, which: str, out: Path) -> Exit:
    """The evidence of an audit, as one file."""
    from pacsconf import __version__

    screen: Screen = context.obj.screen
    work = opened(context, "text")
    if out.exists():
        raise PacsconfError(f"{out} is there already and is not written over", fix="Name another file.")
    with workspace.record(work) as store:
        store.state().require_known()
        packing = store.packing(store.audit(which))
        audit = packing.audited.audit
        policies, left_out = _policies(work, audit)
        of_record = packing.of_record()
        files = {**of_record, **policies, **_report(audit, store.audits(), work.root)}
        files |= _for_reading(work, store, packing.audited, of_record)
        _require_no_secrets(work, packing, files)
        made = packing.write(files, out, version=__version__, left_out=left_out)
    screen.show(
        sentence(f"Evidence of audit {audit.id}: {made.files} files, {made.size / 1024:.0f} KiB, in {out}.")
    )
    for text in left_out:
        screen.show(sentence(f"Not in it: {text}."))
    if not made.signed:
        screen.note(wrapped(_UNSIGNED, screen.width))
    screen.show(sentence(f"Whoever receives it: pacsconf audit verify {out.name}"))
    return Exit.OK


def _report(audit: Audit, trend: tuple[Point, ...], root: Path) -> dict[str, bytes]:
    from pacsconf.cli.policy_files import titles_of
    from pacsconf.policy.evidence_pack import packed_name
    from pacsconf.report.audit.forms import files

    earlier = tuple(one for one in trend if one.at < audit.at)
    made = files(audit, earlier, titles_of(root))
    return {f"report/{packed_name(name)}": data for name, data in made.items()}


def _for_reading(
    work: Workspace, store: Record, audited: RecordedAudit, of_record: Mapping[str, bytes]
) -> dict[str, bytes]:
    """What an auditor asks first: who applied and approved what, and what changed since the audit before."""
    from pacsconf.cli.audit_compare import before, compared
    from pacsconf.policy.evidence_pack import CHANGESETS
    from pacsconf.report.audit import changesets_csv
    from pacsconf.report.audit.drift_text import drift_markdown

    kept = [json.loads(data) for path, data in of_record.items() if path.startswith(f"{CHANGESETS}/")]
    found = {"report/changesets.csv": changesets_csv.render(kept).encode()}
    older = before(store, audited)
    if older is not None:
        drift, causes = compared(work, store, older, audited)
        found["report/since-the-audit-before.md"] = drift_markdown(drift, causes).encode()
    return found


def _policies(work: Workspace, audit: Audit) -> tuple[dict[str, bytes], list[str]]:
    """The files of policies at the commit that was audited, and what cannot be had of them."""
    from pacsconf.policy.evidence_pack import packed_name
    from pacsconf.record.checkouts import as_of

    commit = audit.commit.removesuffix("-dirty")
    if not commit:
        return {}, ["policies: the inventory was not committed when it was audited"]
    try:
        stood = as_of(work.root, commit, "policies", lambda _: True)
    except RecordError as exc:
        return {}, [f"policies: {exc.message}"]
    dirty = "what was not committed of the inventory and its policies when they were audited"
    left_out = [dirty] if audit.commit.endswith("-dirty") else []
    return {f"policies/{packed_name(path)}": data for path, data in stood.files.items()}, left_out


def _require_no_secrets(work: Workspace, packing: Packing, files: Mapping[str, bytes]) -> None:
    """Nothing, unless a file of the pack, or of the record that goes with it, seems to hold a secret.

    Raises: UnsafePlan naming the files, never what they hold.
    """
    from pacsconf.core.leaks import leaks

    whole = {**{f"record: {path}": data for path, data in packing.recorded().items()}, **files}
    found = [f"{one.path} holds {one.what}" for one in leaks(whole, dict(_secrets(work)))]
    if found:
        raise UnsafePlan(
            "there seems to be a secret in it, so it is not written",
            found[:20],
            fix="Take it out where it comes from, and change it: what is in git stays in its history.",
        )


def _secrets(work: Workspace) -> Iterator[tuple[str, str]]:
    """The secrets that can be had here without asking anybody, by their references."""
    from pacsconf.operator.binding import Binding
    from pacsconf.operator.needs import needs

    keyring = opening.keyring(work)
    needed = [Binding(one.ref, one.endpoint) for one in needs(work.inventory.systems.values())]
    for one in dict.fromkeys((*keyring.bindings, *needed)):
        if one.ref.scheme in _ASKS_NOBODY:
            with suppress(OperatorError):
                at = one.endpoint
                yield str(one.ref), keyring(one.ref, at.scheme, at.host, at.port).reveal()


def checked(context: typer.Context, file: Path, into: Path | None, format: str, *, unsigned: bool) -> Exit:  # noqa: A002
    """Whether a received pack holds, and its files where it does and they are wanted."""
    import os

    from pacsconf.operator.file import load
    from pacsconf.record.laying_out import lay_out
    from pacsconf.record.verifying import verified
    from pacsconf.report.audit.pack_text import verified_json, verified_text

    screen: Screen = context.obj.screen
    root: Path = context.obj.root
    allowed = load(environ=os.environ, root=root).signers()
    with ExitStack() as held:
        found = verified(file, allowed, lambda environment: _own(root, environment, held))
    believed = found.holds and (found.signed or unsigned)
    if format == "json":
        screen.raw(verified_json(found))
    else:
        screen.show(verified_text(found, screen.width))
    if found.holds and not found.signed and not unsigned:
        screen.note(wrapped(_BY_ANYBODY, screen.width))
    if into is not None and believed:
        lay_out(found.files, into)
        page = " Begin with report/report.html." if "report/report.html" in found.files else ""
        screen.note(sentence(f"Written to {into}: {len(found.files)} files.{page}"))
    return Exit.OK if believed else Exit.REFUSED


def _own(root: Path, environment: str, held: ExitStack) -> RecordReader | None:
    """The record here of an environment; None where there is none."""
    from pacsconf.record.reader import RecordReader

    try:
        own = held.enter_context(RecordReader.open(root, environment, clock=workspace.now))
        return own if own.head() else None
    except RecordError:
        return None
