"""What an account may do in a directory of people, found out without changing anything.

Looking is tried by looking. OpenLDAP tells who may write what only when it is asked to write, so it is asked for
what cannot come to pass: to delete a value that no entry has, and add it again, in one step. It answers that the
account may not do that (50), or that there is nothing to delete (16), since it checks access first (slapd 2.5.13).
Active Directory tells without being asked to write (`allowedAttributesEffective`, [MS-ADTS] 3.1.1.4.5.22, and
`allowedChildClassesEffective`). There is no such way to try whether a password may be set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol
from uuid import uuid4

from pacsconf.core.errors import BadAnswer, Refused
from pacsconf.inventory.accounts import AccountsConfig, GroupsPlace, PeoplePlace, PoliciesPlace
from pacsconf.systems._accounts.tree import Tree
from pacsconf.systems._ldap import Directory, Missing, Modification, names
from pacsconf.systems._ldap.answers import NO_SUCH_ATTRIBUTE
from pacsconf.systems.abilities import AccountRight

Verdict = Literal["yes", "no", "unknown"]

_REFUSED = frozenset({8, 10, 13, 50, 53})
"""Answers that say no to whoever asks: other account, other server, read-only."""
_NOTHING = "there is none yet to try it on"
_PAGE = "docs/least-privilege.md"


class Found(NamedTuple):
    """What came of asking, and how it was found out or what to grant."""

    verdict: Verdict
    detail: str


class _Way(Protocol):
    """How a server tells what an account may do."""

    def changes(self, dn: str, attribute: str, never: str) -> Found: ...
    def makes(self, base: str, kind: str) -> Found: ...


@dataclass(frozen=True, slots=True)
class Rights:
    """Tries what an account needs. `read` reads all that a plan would."""

    config: AccountsConfig
    directory: Directory
    read: Callable[[], Tree]

    def found(self) -> Iterator[AccountRight]:
        """Each right. Raises: Unavailable; Refused when the account is not let in."""
        self.directory.root_dse()
        bind = self.config.bind
        yield _looking("sign in", "yes", f"as {bind.dn}" if bind else "without an account (no `bind`)")
        try:
            tree = self.read()
        except (BadAnswer, Refused, Missing) as fault:
            yield _looking("read accounts and groups", "no", f"{fault.message}. {fault.fix}")
            return
        yield from self._seen(tree)
        yield from self._writing(tree)

    @property
    def _way(self) -> _Way:
        told = self.config.flavour == "active-directory"
        return _Told(self.directory) if told else _Tried(self.directory)

    def _seen(self, tree: Tree) -> Iterator[AccountRight]:
        for name, place in self.config.people.items():
            number = sum(account.place == name for account in tree.accounts.values())
            yield _read(f"read accounts of {name}", number, place.base)
        for name, groups in self.config.groups.items():
            number = sum(self.config.groups_place(group) is groups for group in tree.groups)
            yield _read(f"read groups of {name}", number, groups.base)
        if (policies := self.config.password_policies) is not None:
            yield _read("read password policies", len(tree.policies), policies.base)

    def _writing(self, tree: Tree) -> Iterator[AccountRight]:
        for name, groups in self.config.groups.items():
            yield from self._groups(name, groups, tree)
        for name, place in self.config.people.items():
            if place.owns_accounts:
                yield from self._accounts(name, place, tree)
        policies = self.config.password_policies
        if policies is not None and policies.owned:
            yield from self._policies(policies, tree)

    def _groups(self, name: str, place: GroupsPlace, tree: Tree) -> Iterator[AccountRight]:
        own = (group.dn for group in tree.groups.values() if self.config.groups_place(group.name) is place)
        never = names.child(place.base, "cn", f"pacsconf-{uuid4()}")
        found = self._changing(own, "member", never, place.base)
        yield _right(f"change members of {name}", found)
        yield _right(f"make groups of {name}", self._way.makes(place.base, "group"))

    def _accounts(self, name: str, place: PeoplePlace, tree: Tree) -> Iterator[AccountRight]:
        own = (account.entry.dn for account in tree.accounts.values() if account.place == name)
        yield _right(f"change accounts of {name}", self._changing(own, *self._tried_on, place.base))
        yield _right(f"make accounts of {name}", self._way.makes(place.base, "user"))
        text = f"that shows when one is set; see {_PAGE} for what to grant below {place.base}"
        yield _right(f"set passwords of {name}", Found("unknown", text))

    @property
    def _tried_on(self) -> tuple[str, str]:
        """An attribute of accounts that pacsconf writes, and a value that none has."""
        if self.config.flavour == "active-directory":
            return "userAccountControl", ""
        return "pwdEndTime", "19700101000000Z"

    def _policies(self, place: PoliciesPlace, tree: Tree) -> Iterator[AccountRight]:
        is_ad = self.config.flavour == "active-directory"
        attribute = "msDS-MinimumPasswordLength" if is_ad else "pwdMinLength"
        own = (entry.dn for entry in tree.policies.values())
        yield _right("change password policies", self._changing(own, attribute, "2147483646", place.base))
        kind = "msDS-PasswordSettings"
        yield _right("make password policies", self._way.makes(place.base, kind))

    def _changing(self, among: Iterator[str], attribute: str, never: str, base: str) -> Found:
        dn = min(among, default=None)
        if dn is None:
            return Found("unknown", f"{_NOTHING}; grant it below {base} as {_PAGE} says")
        found = self._way.changes(dn, attribute, never)
        if found.verdict == "yes":
            return Found("yes", f"tried on {names.leaf(dn)}")
        return Found(found.verdict, f"{found.detail}; grant it below {base} as {_PAGE} says")


@dataclass(frozen=True, slots=True)
class _Tried:
    """OpenLDAP: by asking for what cannot come to pass."""

    directory: Directory

    def changes(self, dn: str, attribute: str, never: str) -> Found:
        value = (never.encode(),)
        answer = self.directory.modify(dn, [Modification(attribute, delete=value, add=value)])
        if answer.code in _REFUSED:
            return Found("no", answer.text)
        if answer.code != NO_SUCH_ATTRIBUTE:
            return Found("unknown", f"trying it on {names.leaf(dn)}: {answer.text}")
        return Found("yes", "")

    def makes(self, base: str, kind: str) -> Found:
        text = f"this server cannot be asked without doing it; {_PAGE} says what to grant on {base}"
        return Found("unknown", text)


@dataclass(frozen=True, slots=True)
class _Told:
    """Active Directory: it says so itself."""

    directory: Directory

    def changes(self, dn: str, attribute: str, never: str) -> Found:
        return self._among(dn, "allowedAttributesEffective", attribute, f"it may not write {attribute}")

    def makes(self, base: str, kind: str) -> Found:
        return self._among(base, "allowedChildClassesEffective", kind, f"it may make no {kind} below {base}")

    def _among(self, dn: str, told_by: str, wanted: str, refused: str) -> Found:
        entry = next(iter(self.directory.search(dn, "(objectClass=*)", [told_by], "BASE")), None)
        told: Sequence[str] = entry.texts(told_by) if entry else ()
        if wanted.casefold() in {name.casefold() for name in told}:
            return Found("yes", "the domain says so")
        return Found("no", refused)


def _read(name: str, number: int, base: str) -> AccountRight:
    if number:
        return _looking(name, "yes", f"{number} below {base}")
    text = f"there is none below {base}, or this account may not see it: a directory answers both alike"
    return _looking(name, "unknown", text)


def _right(name: str, found: Found) -> AccountRight:
    return AccountRight(name, "writing", *found)


def _looking(name: str, verdict: Verdict, detail: str = "") -> AccountRight:
    return AccountRight(name, "looking", verdict, detail)
