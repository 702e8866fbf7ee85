"""What the engine is handed for one command: systems, record, what is proven on the wire, the clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace

if TYPE_CHECKING:
    from pacsconf.cli.progress import Reporter
    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.approval import PlanApproval
    from pacsconf.core.plan import Basis
    from pacsconf.record.record import Record
    from pacsconf.world import World


@contextmanager
def world_of(work: Workspace, reporter: Reporter) -> Iterator[World]:
    """What the engine works on; connections are closed and progress is ended afterwards, whatever happens."""
    from pacsconf.cli.inviting import Inviting
    from pacsconf.cli.policy_book import rulebook
    from pacsconf.cli.revisions import announced, applied
    from pacsconf.cli.witness import Witness
    from pacsconf.world import World

    opening.require_lab(work)
    systems = opening.systems(work)
    store = workspace.record(work)
    witness = Witness(work)
    try:
        yield World(
            environment=work.environment,
            inventory=work.inventory,
            systems=systems,
            record=store,
            basis=_basis(work, store),
            clock=workspace.now,
            at=work.at,
            prove=witness.prove,
            evidence=witness.evidence,
            checked=partial(checked, work, store),
            invite=Inviting(work, systems),
            announced=partial(announced, work, store),
            rulebook=partial(rulebook, work),
            applied=partial(applied, work, store),
            progress=reporter,
        )
    finally:
        reporter.stop()
        for system in systems.values():
            system.close()
        store.close()


def checked(work: Workspace, store: Record, given: Sequence[PlanApproval]) -> tuple[PlanApproval, ...]:
    """Approvals with who signed them, where the operator file says whose signature is to be believed."""
    allowed = workspace.operator(work).signers()
    return tuple(given) if allowed is None else store.signed(given, allowed)


def _basis(work: Workspace, store: Record) -> Basis:
    from pacsconf.core.plan import Basis

    return Basis(
        inventory=work.loaded.digest,
        policies=_folder_digest(work.root / "policies"),
        templates=_folder_digest(work.root / "templates"),
        commit=str(store.inventory_commit("inventory", "policies", "templates", *_elsewhere(work))),
        record_head="",  # the engine fills it in from the state that it plans on
        as_of=(work.at or workspace.now().date()).isoformat(),
    )


def _elsewhere(work: Workspace) -> tuple[str, ...]:
    """Files of the inventory that are in no folder of its own: lists of people."""
    files = (path.relative_to(work.root) for path in work.loaded.files)
    return tuple(sorted(path.as_posix() for path in files if path.parts[0] not in ("inventory", "policies")))


def _folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's files; empty where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if not files:
        return ""
    digest = hashlib.sha256()
    for path in files:
        name = path.relative_to(folder).as_posix().encode()
        digest.update(hashlib.sha256(name).digest() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
