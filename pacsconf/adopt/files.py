"""What was adopted, laid out as inventory files: one for each kind of device, and what they share beside them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from pacsconf.adopt import guess
from pacsconf.adopt.draft import Draft, Plain
from pacsconf.adopt.leave_alone import Ignored
from pacsconf.adopt.profiles import Profiled
from pacsconf.core.errors import PacsconfError
from pacsconf.core.finding import Path
from pacsconf.dicom.reach.rules import RULES
from pacsconf.inventory.checks import Further
from pacsconf.inventory.writing import document

MAX_CHARACTERS = 3_000_000
"""Of one file with devices; beyond that, a second one is begun. The loader's limit is 5 MB."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what terms a source is adopted: who owns its faults, and for how many days they are accepted.

    `source` is told in the files' heads: an address without a password. `rules` are asked beside the inventory's
    own.
    """

    owner: str
    today: date
    days: int = 90
    source: str = ""
    rules: Further = RULES


@dataclass(frozen=True, slots=True)
class Accepting:
    """An entry of the baseline, and the fault that it accepts in a few words."""

    name: str
    plain: Plain
    summary: str


def laid_out(
    draft: Draft,
    profiled: Profiled,
    terms: Terms,
    accepting: Sequence[Accepting] = (),
    ignored: Sequence[Ignored] = (),
) -> dict[str, str]:
    """The files' texts by path below `inventory/`."""
    found = f"{draft.system} ({terms.source})" if terms.source else draft.system
    head = f"As found in {found} on {terms.today}."
    files = dict(_devices(profiled, head))
    if profiled.profiles:
        probing: dict[Path, str] = {("profiles", profiled.base): _BASE_COMMENT}
        files["profiles.yaml"] = document({"profiles": profiled.profiles}, f"{head}\n{_PROFILES}", probing)
    if profiled.sets:
        files["capability-sets.yaml"] = document({"capability_sets": profiled.sets}, f"{head}\n{_SETS}")
    files |= _people(draft, head)
    if draft.systems:
        systems, comments = _ignoring(draft, ignored)
        files["systems.yaml"] = document({"systems": systems}, head, comments)
    if draft.flows:
        files["flows.yaml"] = document({"flows": draft.flows}, head, _about("flows", draft.comments))
    if accepting:
        baseline = {one.name: one.plain for one in accepting}
        said: dict[Path, str] = {("baseline", one.name): one.summary for one in accepting}
        files["baseline.yaml"] = document({"baseline": baseline}, f"{head}\n{_BASELINE}", said)
    return dict(sorted(files.items()))


_PROFILES = "What devices of a kind have in common; what a device says itself wins."
_SETS = (
    "What AE titles can do that name these sets: each SOP class, in each role of its group, is one entry there, "
    "named as `names` says. Of words that stand for one SOP class the narrowest counts."
)
_BASE_COMMENT = (
    "All adopted devices build on this. Nothing is sent to any of them until you write another level here, such as "
    "`echo`, or into the profile of those that you want to begin with."
)
_RESERVED = (
    "AE titles that are reserved there, though no device declared here has them. They stand here so that nobody "
    "takes them. When you know whose one is: write it at that device (ae_title, or answers_to) and remove it here."
)
_BASELINE = (
    "Faults that were there already. They are still found and counted, but stop nothing until the day given: only "
    "new ones do. Mend what an entry is about, then remove the entry."
)


def _devices(profiled: Profiled, head: str) -> Iterator[tuple[str, str]]:
    by_group: dict[str, dict[str, Plain]] = defaultdict(dict)
    for name, plain in profiled.devices.items():
        by_group[profiled.groups[name]][name] = plain
    for group, devices in sorted(by_group.items()):
        for number, part in enumerate(_parts(devices), 1):
            stem = _stem(group) if number == 1 else f"{_stem(group)}-{number}"
            about = f"{head}\n{_RESERVED}" if group == guess.RESERVED else head
            yield f"devices/{stem}.yaml", document({"devices": part}, about)


_HEADS: Mapping[str, str] = {
    "users": "People by the names that they sign in with.",
    "service_accounts": "Accounts that programs sign in with. Write who owns each, and what it is for.",
    "roles": (
        "A role for each group, named after it. Write what it permits, who may have it and who approves that;\n"
        "rename and join roles as you like: `pacsconf plan` shows whether they still lead to what is live."
    ),
}


def _people(draft: Draft, head: str) -> Iterator[tuple[str, str]]:
    """Files of users, service accounts and roles, beside each other in a folder."""
    for collection, members in sorted(draft.people.items()):
        if not members:
            continue
        comments = _about(collection, draft.comments)
        for number, part in enumerate(_parts(members), 1):
            stem = collection.replace("_", "-") + (f"-{number}" if number > 1 else "")
            about = f"{head}\n{_HEADS[collection]}"
            yield f"people/{stem}.yaml", document({collection: part}, about, comments)


def _parts(devices: Mapping[str, Plain]) -> Iterator[dict[str, Plain]]:
    """The members in as many parts as keep each below the size of a file."""
    part: dict[str, Plain] = {}
    size = 0
    for name, plain in devices.items():
        length = 2 * len(str(plain))
        if part and size + length > MAX_CHARACTERS:
            yield part
            part, size = {}, 0
        part[name] = plain
        size += length
    yield part


_NO_PLURAL = frozenset({"reserved", "log", "cad"})


def _stem(group: str) -> str:
    """A file's name for a group of devices: `ct`, `workstations`."""
    word = "-".join(re.findall(r"[a-z0-9]+", group.lower())) or "others"
    if len(word) <= 3 or word in _NO_PLURAL or word.endswith("s"):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _ignoring(draft: Draft, ignored: Sequence[Ignored]) -> tuple[dict[str, Any], dict[Path, str]]:
    """The systems, the adopted one with what is left alone, each reason above the first line it is for."""
    systems: dict[str, Any] = {name: dict(plain) for name, plain in draft.systems.items()}
    comments = _about("systems", draft.comments)
    own = systems.get(draft.system)
    if own is not None:
        comments[("systems", draft.system, "mode")] = _MODE
        if ignored:
            before = list(own.get("ignore", ()))
            own["ignore"] = before + [one.pattern for one in ignored]
            reason = ""
            for position, one in enumerate(ignored, len(before)):
                if one.why != reason:
                    comments[("systems", draft.system, "ignore", position)] = reason = one.why
    return systems, comments


_MODE = "Changes are shown, never made, until this is `write`."


def _about(collection: str, comments: Mapping[Path, str]) -> dict[Path, str]:
    return {path: text for path, text in comments.items() if path[:1] == (collection,)}


# --- onto the disk ------------------------------------------------------------------------------------------


def beside(files: Mapping[str, str], taken: Collection[str], system: str) -> dict[str, str]:
    """The files under names that none of `taken` has: `devices/ct.yaml` becomes `devices/ct-SYSTEM.yaml`."""
    used = {path.casefold() for path in taken}
    named: dict[str, str] = {}
    for path, text in files.items():
        named[_free(path, used, system)] = text
    return named


def _free(path: str, used: set[str], system: str) -> str:
    stem, word = path.removesuffix(".yaml"), "-".join(re.findall(r"[a-z0-9]+", system.lower())) or "adopted"
    endings = ("", f"-{word}", *(f"-{word}-{number}" for number in range(2, len(used) + 3)))
    found = next(f"{stem}{end}.yaml" for end in endings if f"{stem}{end}.yaml".casefold() not in used)
    used.add(found.casefold())
    return found


def write(files: Mapping[str, str], folder: FilePath) -> tuple[FilePath, ...]:
    """Write all files below `folder`, or none; nothing that is there is written over.

    Raises: PacsconfError when one is there already, cannot be written, or would lie outside the repository.
    """
    for path in files:
        _require_inside(folder / path, folder.parent)
    with ExitStack() as undo:
        written = tuple(_write(folder / path, text, undo) for path, text in files.items())
        undo.pop_all()
    return written


def _require_inside(path: FilePath, repository: FilePath) -> None:
    """Nothing, unless a link leads out: neither git nor pacsconf would read what lies there.

    Raises: PacsconfError.
    """
    real = path.parent.resolve()
    if not real.is_relative_to(repository.resolve()):
        raise PacsconfError(
            f"{path.parent} is a link that leads out of the repository, to {real}; nothing was written",
            fix="Neither git nor pacsconf reads what lies there. Put a folder in its place, and adopt again.",
        )


def _write(path: FilePath, text: str, undo: ExitStack) -> FilePath:
    try:
        for missing in reversed([each for each in path.parents if not each.exists()]):
            missing.mkdir()
            undo.callback(missing.rmdir)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            undo.callback(path.unlink)
            stream.write(text)
    except NotADirectoryError as exc:
        raise PacsconfError(
            f"{_in_the_way(path)} is no folder, so {path} cannot be written; nothing was",
            fix="Move it away, and adopt again.",
        ) from exc
    except FileExistsError as exc:
        raise PacsconfError(
            f"{path} is there already, and nothing was written",
            fix="Adopt again: files that are there are kept, and the new ones get other names.",
        ) from exc
    except OSError as exc:
        raise PacsconfError(
            f"{path} cannot be written: {exc.strerror}; nothing was",
            fix="Make room, or let yourself write there.",
        ) from exc
    return path


def _in_the_way(path: FilePath) -> FilePath:
    """The file that stands where `path` needs a folder."""
    return next((each for each in reversed(path.parents) if each.exists() and not each.is_dir()), path.parent)
