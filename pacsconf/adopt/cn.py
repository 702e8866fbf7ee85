"""How the entries of capabilities are named: the pattern that names follow, and what is left of a name besides.

To a directory capital letters in names are nothing (cn, caseIgnoreMatch). A pattern gives back those that a name
has; only a name without any is given those that archives write, since other programs drop them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from pacsconf.inventory import formats, uids
from pacsconf.inventory.capability_sets import spelling
from pacsconf.inventory.formats import USUAL_NAMES
from pacsconf.inventory.model import Role


@dataclass(frozen=True, slots=True)
class Naming:
    """A pattern of names, and what `{name}` stands for where that is not the standard's name of the SOP class."""

    pattern: str
    own: str = ""


Named = tuple[str, str, str]
"""Name, SOP class and role of a capability."""
_USUAL_IN_ARCHIVES = "{name} {role}"


def namings(capabilities: Iterable[Named]) -> Callable[[str, str, str], Naming | None]:
    """What tells how a capability is named, by the patterns that most of these follow; None for a name by none."""
    counts: Counter[str] = Counter()
    for name, uid, role in capabilities:
        pattern = _pattern(name, uid, role)
        counts[pattern or ""] += 1
    frequent = sorted((each for each in counts if "{name}" in each), key=lambda each: (-counts[each], each))
    patterns = tuple(dict.fromkeys((*frequent, _USUAL_IN_ARCHIVES)))

    @cache
    def naming(name: str, uid: str, role: str) -> Naming | None:
        pattern = _pattern(name, uid, role)
        if pattern:
            return Naming(pattern)
        owned = ((each, _own(each, name, uid, role)) for each in patterns)
        return next((Naming(each, own) for each, own in owned if own), None)

    return naming


def _pattern(name: str, uid: str, role: str) -> str:
    """The pattern by which a SOP class in a role has this name; empty where its name is not in it."""
    if not name or name == spelling(USUAL_NAMES, uid, _role(role)):
        return USUAL_NAMES
    if "{" in name or "}" in name:
        return ""
    for placeholder, text in (
        ("{name}", uids.printed(uid)),
        ("{keyword}", uids.keyword(uid)),
        ("{label}", uids.label(uid)),
    ):
        at = name.lower().find(text.lower())
        if text != uid and at >= 0:
            before, after = name[:at], name[at + len(text) :]
            is_small = name != name.lower()
            pattern = f"{_roled(before, role, is_small)}{placeholder}{_roled(after, role, is_small)}"
            return pattern if _gives(pattern, name, uid, role) else ""
    return ""


def _gives(pattern: str, name: str, uid: str, role: str, own: str = "") -> bool:
    """Whether a pattern spells a name, capital letters too if it has any."""
    spelled = spelling(pattern, uid, _role(role), own)
    return spelled == name or spelled.lower() == name


def _role(role: str) -> Role:
    return "SCU" if role == "SCU" else "SCP"


def _roled(text: str, role: str, may_be_small: bool) -> str:
    """A piece of a name with a placeholder for the role, where it stands as a word of its own.

    Capital letters are what archives write; the other placeholder is right only where the name has some elsewhere.
    """

    def placeholder(found: re.Match[str]) -> str:
        return "{role-lower}" if may_be_small and found[0] == role.lower() else "{role}"

    return re.sub(rf"(?<![A-Za-z]){role}(?![A-Za-z])", placeholder, text, flags=re.IGNORECASE)


def _own(pattern: str, name: str, uid: str, role: str) -> str:
    """What stands for `{name}` in a name by this pattern; empty where that is not how it is named."""
    spelled = pattern.replace("{role}", role).replace("{role-lower}", role.lower())
    before, _, after = spelled.partition("{name}")
    own = name[len(before) : len(name) - len(after)] if len(name) > len(before) + len(after) else ""
    try:
        return formats.name(own) if own and _gives(pattern, name, uid, role, own) else ""
    except ValueError:
        return ""
