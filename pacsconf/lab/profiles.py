"""What DCMTK's programs accept, as their configuration files say it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pacsconf.inventory.uids import DEFAULT_TRANSFER_SYNTAXES, VERIFICATION

PROFILE = "Declared"
"""The name of the one profile in a file."""
MOST = 128
"""Presentation contexts in a profile of DCMTK 3.6.7; with more it does not start (seen 2026)."""

Contexts = tuple[tuple[str, tuple[str, ...]], ...]
"""Each SOP class with its transfer syntaxes, by UID."""


def merged(several: Iterable[Contexts]) -> Contexts:
    """What somebody accepts who plays all of these."""
    found: dict[str, dict[str, None]] = {}
    for contexts in several:
        for sop_class, syntaxes in contexts:
            found.setdefault(sop_class, {}).update(dict.fromkeys(syntaxes))
    return tuple((sop_class, tuple(syntaxes)) for sop_class, syntaxes in sorted(found.items()))


def with_echo(contexts: Contexts) -> Contexts:
    """These and a C-ECHO, which whoever accepts associations answers, declared or not; nothing stays nothing."""
    return merged((contexts, ((VERIFICATION, DEFAULT_TRANSFER_SYNTAXES),))) if contexts else ()


def without(contexts: Contexts, syntax: str) -> Contexts:
    """The same without a transfer syntax; a SOP class that has no other is gone."""
    left = (
        (sop_class, tuple(each for each in syntaxes if each != syntax)) for sop_class, syntaxes in contexts
    )
    return tuple((sop_class, syntaxes) for sop_class, syntaxes in left if syntaxes)


def can_be_said(contexts: Contexts) -> bool:
    """Whether there are some, and not too many. UIDs of private SOP classes are fine."""
    return 0 < len(contexts) <= MOST


def profile(contexts: Contexts) -> str:
    """A configuration file whose profile accepts exactly these contexts."""
    sets = {
        syntaxes: f"Syntaxes{number}" for number, syntaxes in enumerate(dict.fromkeys(s for _, s in contexts))
    }
    lines = ["[[TransferSyntaxes]]"]
    for syntaxes, name in sets.items():
        lines += [f"[{name}]", *(f"TransferSyntax{at} = {uid}" for at, uid in enumerate(syntaxes, 1))]
    lines += ["[[PresentationContexts]]", f"[{PROFILE}]"]
    lines += [
        f"PresentationContext{at} = {sop_class}\\{sets[syntaxes]}"
        for at, (sop_class, syntaxes) in enumerate(contexts, 1)
    ]
    lines += ["[[Profiles]]", f"[{PROFILE}]", f"PresentationContexts = {PROFILE}", ""]
    return "\n".join(lines)
