"""Patterns over addresses: what `--target`, `--exclude`, `--repair` and `ignore:` name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase, translate

from pacsconf.core.address import Address
from pacsconf.core.errors import PlanError

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


def choosing(targets: Iterable[str], excludes: Iterable[str]) -> Callable[[Address, Address], bool]:
    """A test of an address and its root for what targets and excludes leave; no target is all."""
    wanted = tuple(targets)
    is_wanted, is_excluded = matching(wanted), matching(excludes)
    if not wanted:
        return lambda address, root: not is_excluded(address, root)
    return lambda address, root: is_wanted(address, root) and not is_excluded(address, root)


def require_known(named: Mapping[str, Iterable[str]], known: Mapping[Address, Address]) -> None:
    """Nothing, where every pattern names something; `named` is by option, `known` are addresses with their roots.

    Raises: PlanError, with what was probably meant.
    """
    for option, patterns in named.items():
        for pattern in patterns:
            names = matching((pattern,))
            if not any(names(address, root) for address, root in known.items()):
                raise PlanError(
                    f'--{option} "{pattern}" names nothing that is declared, live or recorded',
                    fix=f"{_meant(pattern, known.values())}Take an address from the plan, such as"
                    " directory/device/ct-1, or a pattern with *.",
                )


def _meant(pattern: str, among: Iterable[Address]) -> str:
    """The root that was probably meant: it has the name alone, or is spelt almost so."""
    from difflib import get_close_matches  # only a mistake needs it

    roots = sorted(set(among))
    alike = {str(root).casefold(): str(root) for root in roots}
    named = [str(root) for root in roots if root.name == pattern]
    meant = get_close_matches(pattern.casefold(), alike, n=1, cutoff=0.8)
    near = named or [alike[each] for each in meant]
    return f"Did you mean {near[0]}? " if near else ""


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
