"""The files of policies in the inventory's repository, read: rules and their cases, titles of controls, waivers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.core.finding import Finding, Place, errors

if TYPE_CHECKING:
    from pacsconf.cli.screen import Screen
    from pacsconf.inventory.baseline import Baseline
    from pacsconf.inventory.model import Inventory
    from pacsconf.policy.cases import Case
    from pacsconf.policy.controls import Titles
    from pacsconf.policy.packs import Policies
    from pacsconf.policy.waiver import Waiver

CASES = Path("tests", "cases")
"""Where the cases of rules are, in the inventory's repository."""
_WAIVERS = ("policies", "waivers.yaml")
"""As in `policy.waivers`, which is imported where there is that file."""


# --- rules and their cases --------------------------------------------------------------------------------------


def load_policies(root: Path) -> Policies:
    """The policies in `root/policies/*.yaml`, and everything that is wrong with them."""
    from pacsconf.cli import policy_cache
    from pacsconf.policy import profiles
    from pacsconf.policy.packs import FOLDER, parse

    files, unread = _read(root / FOLDER, root)
    more, unread_profiles = _read(root / profiles.FOLDER, root)
    files, unread = files | more, unread + unread_profiles
    memory = policy_cache.remembered()
    found = parse(files, memory)
    policy_cache.keep(memory)
    return replace(found, findings=(*unread, *found.findings)) if unread else found


def load_cases(folder: Path, root: Path, policies: Policies) -> tuple[tuple[Case, ...], Policies]:
    """The cases in a folder; what is wrong with them is among the findings of the policies that come back."""
    from pacsconf.policy.cases import read

    inside = folder.resolve().is_relative_to(root.resolve())
    files, unread = _read(folder, root if inside else folder)
    cases, findings = read(files, policies)
    texts = {file: data.decode("utf-8-sig", "replace") for file, data in files.items()}
    return cases, replace(
        policies,
        findings=(*policies.findings, *unread, *findings),
        texts={**policies.texts, **texts},
    )


def stands(screen: Screen, policies: Policies, format: str = "text") -> bool:  # noqa: A002 - as the option is called
    """Whether the policies can be used; what is wrong with them is shown."""
    if policies.findings:
        show(screen, policies, format if errors(policies.findings) else "text")
    return not errors(policies.findings)


def show(screen: Screen, policies: Policies, format: str) -> None:  # noqa: A002
    """What is wrong with the policies."""
    if format == "json":
        from pacsconf.report.as_json import findings_json

        screen.raw(findings_json(policies.findings, place_of=lambda _: None))
        return
    from pacsconf.report.diagnostics import findings_text

    screen.note(
        findings_text(policies.findings, place_of=lambda _: None, line_of=policies.line, width=screen.width)
    )


def titles_of(root: Path) -> Titles | None:
    """What controls are called, as the repository says; None where it says nothing that can be read."""
    from pacsconf.inventory.files import read_bytes
    from pacsconf.policy.controls import FILE, read
    from pacsconf.policy.reading import MAX_BYTES

    path = root / FILE
    held = read_bytes(path, root, MAX_BYTES) if path.exists() else None
    return read(held) if isinstance(held, bytes) else None


# --- waivers ----------------------------------------------------------------------------------------------------


def load_waivers(root: Path) -> tuple[tuple[Waiver, ...], tuple[Finding, ...]]:
    """The waivers of a repository that stand, and what is wrong with the others; none without the file."""
    path = root.joinpath(*_WAIVERS)
    if not path.exists() and not path.is_symlink():
        return (), ()
    from pacsconf.inventory.files import MAX_BYTES, read_bytes
    from pacsconf.policy.waivers import FILE, read

    content = read_bytes(path, root, MAX_BYTES)
    return ((), (content,)) if isinstance(content, Finding) else read(FILE, content)


def waived(root: Path, inventory: Inventory, today: date) -> Baseline:
    """What the waivers of a repository accept of the findings of built-in checks."""
    found, _ = load_waivers(root)
    if not found:
        return {}
    from pacsconf.policy.waiver_remarks import standing
    from pacsconf.policy.waivers import as_accepted

    return as_accepted(standing(found, {one.rule for one in found}, inventory, today), inventory)


# --- the folder -------------------------------------------------------------------------------------------------


def _read(folder: Path, root: Path) -> tuple[dict[str, bytes], tuple[Finding, ...]]:
    """The YAML files right in a folder, by their paths below `root`, and what could not be read."""
    from pacsconf.inventory.files import read_bytes
    from pacsconf.policy.reading import MAX_BYTES, MOST_BYTES

    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    left = MOST_BYTES
    for path in files_in(folder):
        content = read_bytes(path, root, MAX_BYTES)
        if isinstance(content, Finding):
            findings.append(content)
            continue
        left -= len(content)
        if left < 0:
            findings.append(_too_much(path.relative_to(root).as_posix(), MOST_BYTES))
            break
        files[path.relative_to(root).as_posix()] = content
    return files, tuple(findings)


def _too_much(file: str, most: int) -> Finding:
    return Finding(
        "PACS-POL-001",
        "error",
        f"This file and those after it were not read: all of the folder have more than {most / 1e6:.0f} MB",
        "Its rules would be missing.",
        "Move away what does not belong here.",
        place=Place(file, 1, 1),
    )


def files_in(folder: Path) -> Iterator[Path]:
    """What could be a file of policies right in a folder, in order of its name."""
    from pacsconf.inventory.files import is_ours

    yield from sorted(
        path for path in folder.glob("*") if is_ours(path.relative_to(folder)) and not path.is_dir()
    )
