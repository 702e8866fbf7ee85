"""Patterns over addresses: what `--target`, `--exclude`, `--repair` and `ignore:` name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase, translate

from pacsconf.core.address import Address

_WILD = frozenset("*?[")


def matching(patterns: Iterable[str]) -> Callable[[Address, Address], bool]:
    """A test whether any of the patterns names an address: by itself, by its root, or by system or kind alone.

    `*`, `?` and `[…]` stand for any text, any character, any of these; `directory`, `directory/device` and
    `directory/device/ct-*` are patterns. What is contained in a root goes with the root. The test is for many
    addresses, so that patterns without a wildcard are looked up and the others are one expression.
    """
    given = tuple(patterns)
    if not given:
        return lambda _address, _root: False
    exact = frozenset(pattern for pattern in given if _WILD.isdisjoint(pattern))
    wild = [translate(pattern) for pattern in given if pattern not in exact]
    fits = re.compile("|".join(wild)).match if wild else None

    def named(address: Address, root: Address) -> bool:
        system, kind, _ = address
        names = (str(address), str(root), system, f"{system}/{kind}")
        return not exact.isdisjoint(names) or (fits is not None and any(map(fits, names)))

    return named


def system_of(pattern: str) -> str:
    """The system part of a pattern, wildcards included."""
    return pattern.partition("/")[0]


def reads(pattern_targets: Iterable[str], pattern_excludes: Iterable[str], system: str) -> bool:
    """Whether a system is looked at: some target may lie in it, and it is not left out as a whole."""
    targets, excludes = tuple(pattern_targets), tuple(pattern_excludes)
    wanted = not targets or any(fnmatchcase(system, system_of(target)) for target in targets)
    return wanted and not any(exclude in (system, f"{system}/*") for exclude in excludes)


def ignoring(patterns: Iterable[str]) -> Callable[[Address, str], bool]:
    """A test for what one system's `ignore:` leaves to others, as `compare` takes it.

    A pattern is `kind/name` (the whole resource) or `kind/name:field`, wildcards allowed, without the system. One
    after an exclamation mark says what is compared all the same. Those without a wildcard are looked up: an adopted
    system may have thousands.
    """
    given = tuple(patterns)
    back = tuple(pattern.removeprefix("!") for pattern in given if pattern.startswith("!"))
    left = _naming(pattern for pattern in given if not pattern.startswith("!"))
    if not back:
        return left
    kept = _naming(back)
    return lambda address, field: left(address, field) and not kept(address, field)


def _naming(patterns: Iterable[str]) -> Callable[[Address, str], bool]:
    """A test for the resources and fields that patterns name."""
    rules = [(resource, field) for resource, _, field in (pattern.partition(":") for pattern in patterns)]
    if not rules:
        return lambda _address, _field: False
    exact = {rule for rule in rules if not _WILD.intersection("".join(rule))}
    wild = [
        (re.compile(translate(resource)).match, re.compile(translate(field)).match if field else None)
        for resource, field in rules
        if (resource, field) not in exact
    ]

    def ignored(address: Address, field: str) -> bool:
        name = f"{address.kind}/{address.name}"
        return not exact.isdisjoint(((name, ""), (name, field))) or any(
            fits(name) and (fits_field is None or (bool(field) and fits_field(field)))
            for fits, fits_field in wild
        )

    return ignored
