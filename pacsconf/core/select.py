"""Patterns over addresses: what `--target`, `--exclude`, `--repair` and `ignore:` name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from pacsconf.core.address import Address


def matches(pattern: str, address: Address, root: Address) -> bool:
    """Whether a pattern names this address: by itself, by its root, or by its system or kind alone.

    `*`, `?` and `[…]` stand for any text, any character, any of these; `directory`, `directory/device` and
    `directory/device/ct-*` are patterns. What is contained in a root goes with the root.
    """
    named = (
        str(address),
        str(root),
        address.system,
        f"{address.system}/{address.kind}",
    )
    return any(fnmatchcase(name, pattern) for name in named)


def any_match(patterns: Iterable[str], address: Address, root: Address) -> bool:
    """Whether any of the patterns names this address."""
    return any(matches(pattern, address, root) for pattern in patterns)


def system_of(pattern: str) -> str:
    """The system part of a pattern, wildcards included."""
    return pattern.partition("/")[0]


def reads(pattern_targets: Iterable[str], pattern_excludes: Iterable[str], system: str) -> bool:
    """Whether a system is looked at: some target may lie in it, and it is not left out as a whole."""
    targets, excludes = tuple(pattern_targets), tuple(pattern_excludes)
    wanted = not targets or any(fnmatchcase(system, system_of(target)) for target in targets)
    return wanted and not any(exclude in (system, f"{system}/*") for exclude in excludes)


_WILD = frozenset("*?[")


def ignoring(patterns: Iterable[str]) -> Callable[[Address, str], bool]:
    """A test for what one system's `ignore:` leaves to others, as `compare` takes it.

    A pattern is `kind/name` (the whole resource) or `kind/name:field`, wildcards allowed, without the system. Those
    without a wildcard are looked up: an adopted system may have thousands.
    """
    rules = [(resource, field) for resource, _, field in (pattern.partition(":") for pattern in patterns)]
    exact = {rule for rule in rules if not _WILD.intersection("".join(rule))}
    wild = [rule for rule in rules if rule not in exact]

    def ignored(address: Address, field: str) -> bool:
        name = f"{address.kind}/{address.name}"
        return not exact.isdisjoint(((name, ""), (name, field))) or any(
            fnmatchcase(name, resource) and (not wanted or (bool(field) and fnmatchcase(field, wanted)))
            for resource, wanted in wild
        )

    return ignored
