"""The inventory's files: found, bounded and decoded. The only I/O of loading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from pacsconf.core.finding import Finding, Place

MAX_BYTES = 5_000_000
"""The largest inventory file that is read."""

_SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class Text:
    """One file that could be read, named relative to the repository with forward slashes."""

    path: Path
    file: str
    text: str
    content: bytes


def read(root: Path) -> tuple[tuple[Text, ...], tuple[Finding, ...]]:
    """All YAML files below `root/inventory`, in order of their names, and what could not be read."""
    texts: list[Text] = []
    findings: list[Finding] = []
    for path in sorted(_files(root / "inventory")):
        found = read_one(path, root)
        if isinstance(found, Text):
            texts.append(found)
        else:
            findings.append(found)
    if not (root / "inventory").is_dir():
        findings.append(_no_folder())
    return tuple(texts), tuple(findings)


def _files(folder: Path) -> Iterator[Path]:
    """YAML files at any depth; names that begin with a dot are not ours (git, editors)."""
    for path in folder.rglob("*"):
        if is_ours(path.relative_to(folder)) and not path.is_dir():
            yield path


def is_shown(file: str) -> bool:
    """Whether lines of a file may be shown: not those of a list of people, who would be named in every log."""
    return PurePath(file).suffix.lower() in _SUFFIXES


def is_ours(path: PurePath) -> bool:
    """Whether a file at this path below the inventory's folder is one of its files."""
    return path.suffix.lower() in _SUFFIXES and not any(part.startswith(".") for part in path.parts)


def read_one(path: Path, root: Path) -> Text | Finding:
    """One file of the repository, or why it was not read."""
    file = path.relative_to(root).as_posix()
    content = read_bytes(path, root, MAX_BYTES)
    return content if isinstance(content, Finding) else _decoded(path, file, content)


def read_bytes(path: Path, root: Path, most: int) -> bytes | Finding:
    """What a file of the repository holds that has at most so many bytes, or why it was not read."""
    file = path.relative_to(root).as_posix()
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve()):
            return _outside(file)
        if not path.is_file():
            return _unreadable(file, "it is not an ordinary file")
        size = path.stat().st_size
        if size > most:
            return _too_large(file, size, most)
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as exc:
        return _unreadable(file, exc.strerror or type(exc).__name__)
    except RuntimeError:  # what pathlib makes of it before Python 3.13
        return _unreadable(file, "it is a link that leads to itself")
    return _too_large(file, len(content), most) if len(content) > most else content


def _decoded(path: Path, file: str, content: bytes) -> Text | Finding:
    text = decoded(file, content)
    return text if isinstance(text, Finding) else Text(path, file, text, content)


def decoded(file: str, content: bytes) -> str | Finding:
    """The text of a file, or why it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        return _not_utf8(file, content, exc.start)


def _place(file: str, before: str) -> Place:
    """The place that follows this much of a file."""
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


# --- what is wrong, in our words ----------------------------------------------------------------------------


def _no_folder() -> Finding:
    return Finding(
        "PACS-FILE-004",
        "error",
        "There is no folder inventory here",
        "pacsconf reads the YAML files below inventory/ of the repository it is run in.",
        "Run it in the inventory's repository, name that with --chdir DIR, or begin one with: pacsconf init",
        place=Place("inventory", 1, 1),
    )


def _too_large(file: str, size: int, most: int) -> Finding:
    return Finding(
        "PACS-FILE-001",
        "error",
        f"The file has {size / 1e6:.1f} MB and was not read; the limit is {most / 1e6:.0f} MB",
        "An inventory of ten thousand devices is smaller: this is probably something else.",
        "Move it away if it does not belong here, or split it.",
        place=Place(file, 1, 1),
    )


def _not_utf8(file: str, content: bytes, offset: int) -> Finding:
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]
    before = content[:offset].decode("utf-8", errors="replace")
    byte = f"Byte {offset + 1} (0x{content[offset]:02x}) cannot stand in UTF-8."
    told = "It looks like UTF-16." if wide else byte
    return Finding(
        "PACS-FILE-002",
        "error",
        "The file is not UTF-8 text",
        f"{told} An umlaut or accent saved in another encoding would become another character elsewhere.",
        "Save it as UTF-8 in the editor.",
        place=Place(file, 1, 1) if wide else _place(file, before),
    )


def _outside(file: str) -> Finding:
    return Finding(
        "PACS-FILE-005",
        "error",
        "The file is a link that leads out of the repository, and was not read",
        "What is declared would depend on the machine it is read on.",
        "Put the file itself here.",
        place=Place(file, 1, 1),
    )


def _unreadable(file: str, reason: str) -> Finding:
    return Finding(
        "PACS-FILE-003",
        "error",
        f"The file cannot be read: {reason}",
        "What it declares would be missing.",
        "Let it be read, or move it away.",
        place=Place(file, 1, 1),
    )
