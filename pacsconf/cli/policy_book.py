"""The policies of a repository as they are judged by: its rules and waivers, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.workspace import InvalidInventory, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pacsconf.core.finding import Finding
    from pacsconf.inventory.loader import Loaded
    from pacsconf.policy.rulebook import Rulebook


def has_policies(work: Workspace) -> bool:
    """Whether a repository has any file of rules or waivers; without, nothing of all this is imported."""
    from pacsconf.cli.policy_files import files_in

    return any(files_in(_at(work) / "policies"))


def _at(work: Workspace) -> Path:
    """The folder whose `policies` count."""
    return work.policies or work.root


def rulebook(work: Workspace) -> Rulebook | None:
    """What the policies of a repository ask; None where there are none.

    Raises: InvalidInventory with every mistake in their files.
    """
    if not has_policies(work):
        return None
    book, findings = read(work)
    from pacsconf.core.finding import errors

    if errors(findings):
        raise invalid(work, findings)
    return book


def invalid(work: Workspace, findings: Sequence[Finding]) -> InvalidInventory:
    """That files of policies have mistakes, with what is needed to show where."""
    files = {one.place.file for one in findings if one.place} - work.loaded.texts.keys()
    texts = {file: text for file in files if (text := _text(work, file)) is not None}
    loaded = replace(work.loaded, texts={**work.loaded.texts, **texts})
    return InvalidInventory(loaded, tuple(findings), work.seconds)


def _text(work: Workspace, file: str) -> str | None:
    """What a file of policies holds; None where it cannot be read."""
    from pacsconf.inventory.files import Text, read_one

    root = _at(work)
    found = read_one(root / file, root) if file.startswith("policies/") else None
    return found.text if isinstance(found, Text) else None


def read(work: Workspace) -> tuple[Rulebook, tuple[Finding, ...]]:
    """The rules and waivers that stand, and what is wrong with the others."""
    from pacsconf.cli.policy_files import load_policies, load_waivers
    from pacsconf.core.finding import errors
    from pacsconf.policy.findings import by_device
    from pacsconf.policy.rulebook import Rulebook
    from pacsconf.policy.waiver_remarks import misfits

    policies = load_policies(_at(work))
    waivers, wrong = load_waivers(_at(work))
    stated = frozenset(rule.id for pack in policies.packs for rule in pack.rules)
    book = Rulebook(policies.rules, policies.gate, waivers, built_in() | stated, by_device(work.findings))
    today = work.at or workspace.now().date()
    odd = misfits(waivers, book.known, work.inventory, today)
    if errors(policies.findings):  # a rule that seems not to exist may stand in a file that cannot be read
        odd = (one for one in odd if one.rule != "PACS-WAIV-007")
    return book, (*policies.findings, *wrong, *odd)


def built_in() -> frozenset[str]:
    """The rules of checks that `validate` makes anyway, or that live systems make of what they hold."""
    from pacsconf.inventory.checks import RULE_IDS

    return RULE_IDS | workspace.further().ids


def line_of(work: Workspace) -> Callable[[str, int], str | None]:
    """Lines of the inventory's files and of those of policies, for excerpts."""

    @cache
    def held(file: str) -> Loaded:
        text = None if file in work.loaded.texts else _text(work, file)
        return work.loaded if text is None else replace(work.loaded, texts={file: text})

    return lambda file, number: held(file).line(file, number)
