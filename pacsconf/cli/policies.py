"""The files of policies in the inventory's repository, read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.core.finding import Finding, Place, errors

if TYPE_CHECKING:
    from pacsconf.cli.screen import Screen
    from pacsconf.policy.cases import Case
    from pacsconf.policy.packs import Policies

CASES = Path("tests", "cases")
"""Where the cases of rules are, in the inventory's repository."""


def load_policies(root: Path) -> Policies:
    """The policies in `root/policies/*.yaml`, and everything that is wrong with them."""
    from pacsconf.cli import checked_rules
    from pacsconf.policy import profiles
    from pacsconf.policy.packs import FOLDER, parse

    files, unread = _read(root / FOLDER, root)
    more, unread_profiles = _read(root / profiles.FOLDER, root)
    files, unread = files | more, unread + unread_profiles
    memory = checked_rules.remembered()
    found = parse(files, memory)
    checked_rules.keep(memory)
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
