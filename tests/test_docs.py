"""What the documentation names exists, and what exists is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pacsconf.cli import commands
from pacsconf.cli.exits import MEANINGS, PRECEDENCE
from pacsconf.cli.main import app

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")
PAGES = sorted(
    page
    for page in (*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "inventory" / "README.md")
    if page.exists()
)
IDS = [str(page.relative_to(ROOT)) for page in PAGES]

OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
# A command stands at the beginning, after a mark, or set off by two spaces;
# "outside pacsconf (last apply" is a sentence.
INVOCATION = re.compile(r"(?:^\s*(?:\$ )?|[:;&(]\s*|\)\s+|\s{2})pacsconf((?: [^\s|;&<>()`#]+)+)")
BLOCK = re.compile(r"^ *```[a-z]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


# --- the command line as it is -----------------------------------------------------------------------------------


def _commands() -> Iterator[tuple[str, Any]]:
    for name in commands.COMMANDS:
        command = commands.loaded(name)
        members = getattr(command, "commands", None)
        yield from (
            ((f"{name} {below}", one) for below, one in members.items()) if members else ((name, command),)
        )


def _options(command: Any) -> frozenset[str]:
    return frozenset(
        spelling
        for parameter in command.params
        if parameter.param_type_name == "option"
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    )


CLI = typer.main.get_command(app)
GLOBAL = _options(CLI) | {"--help"}
COMMANDS = {name: _options(command) | {"--help"} for name, command in _commands()}


# --- the pages ---------------------------------------------------------------------------------------------------


def section(heading: str) -> str:
    """The user guide from a heading to the next one of the same rank or above."""
    rank = heading.count("#", 0, heading.index(" "))
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{rank}}} |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables, cell by cell."""
    lines = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def code(text: str) -> Iterator[str]:
    """Every line and every span of code; a command that is broken over two lines is one."""
    for block in BLOCK.findall(text):
        yield from block.splitlines()
    yield from SPAN.findall(BLOCK.sub("", text))


def invocations(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every `pacsconf ...` that is shown as code: the words after it, up to a comment or another command."""
    for line in code(text):
        for words in INVOCATION.findall(re.sub(r"\"[^\"]*\"|'[^']*'", "TEXT", line)):
            yield line, tuple(words.split())


def told(words: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The command in these words, the words before it and those after."""
    before = 0
    while before < len(words) and words[before].startswith("-"):
        before += 2 if words[before] in ("-e", "--environment", "--chdir") else 1
    for length in (2, 1):
        name = " ".join(words[before : before + length])
        if name in COMMANDS:
            return name, words[:before], words[before + length :]
    group = " ".join(words[before : before + 1])
    if group in commands.MEANT and (words[before + 1 :] or group in commands.BARE):
        return f"{group} {commands.MEANT[group]}", words[:before], words[before + 1 :]
    return " ".join(words[before : before + 1]), words[:before], words[before + 1 :]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_and_option_that_is_named_exists(page: Path):
    odd = []
    for line, words in invocations(page.read_text(encoding="utf-8")):
        name, before, after = told(words)
        if name in ("COMMAND", "lab", "record", ""):
            continue
        known = COMMANDS.get(name, frozenset())
        wrong = [word for word in before if OPTION.fullmatch(word) and word not in GLOBAL]
        wrong += [word for word in after if OPTION.fullmatch(word) and word not in known]
        if name not in COMMANDS or wrong:
            odd.append((line, name, wrong))

    assert odd == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name != "decisions"], ids=lambda page: page.stem
)
def test_every_option_that_stands_alone_exists(page: Path):
    alone = [span for span in SPAN.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))) if span[0] == "-"]
    named = {option for span in alone for option in OPTION.findall(span)}

    assert named - GLOBAL.union(*COMMANDS.values()) == set()


def test_every_command_has_a_section_of_the_guide():
    headings = re.findall(r"^### (.+)$", section("## Every command"), re.MULTILINE)

    assert sorted(headings) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_is_explained_in_its_section(name: str):
    explained = {option for row in rows(section(f"### {name}")) for option in OPTION.findall(row[0])}

    assert explained == COMMANDS[name] - {"--help"}


def test_every_option_before_the_command_is_explained():
    text = section("## Every command").partition("\n### ")[0]
    explained = {option for row in rows(text) if row[0].startswith("`-") for option in OPTION.findall(row[0])}

    assert explained == GLOBAL


def test_exit_codes_are_those_of_the_program():
    table = {row[0]: row[1] for row in rows(section("## Exit codes")) if row[0].isdigit()}

    assert table == {str(code.value): meaning for code, meaning in MEANINGS.items()}


def test_precedence_is_that_of_the_program():
    said = re.search(r"the first of ([\d, ]+) counts", section("## Exit codes"))

    assert said
    assert said[1].split(", ") == [str(code.value) for code in PRECEDENCE]


def test_every_guard_is_explained():
    folders = (ROOT / "pacsconf" / "core", ROOT / "pacsconf" / "systems" / "_accounts")
    source = "".join(file.read_text(encoding="utf-8") for each in folders for file in each.glob("*.py"))
    explained = re.findall(r"^\| `(GUARD-[A-Z]+)` \|", section("## Guards"), re.MULTILINE)

    assert sorted(explained) == sorted(set(re.findall(r'"(GUARD-[A-Z]+)"', source)))


def anchors(page: Path) -> set[str]:
    """What a link may name in a page: its headings, spelled as GitHub does."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_relative_links_lead_somewhere(page: Path):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    lost = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


def test_every_decision_is_listed():
    decisions = ROOT / "docs" / "decisions"
    listed = re.findall(r"^\| \[\d{4}\]\(([^)]+)\)", (decisions / "README.md").read_text(), re.MULTILINE)

    assert listed == sorted(page.name for page in decisions.glob("0*.md"))
