"""A practice directory of people, as an identity team has it: accounts, groups and password policies.

It can lock, expire and remember sign-ins: the overlays ppolicy, memberof, refint and unique are on, and the time of
the last sign-in is kept. What `cn=pacsconf` may write is no more than it needs: the groups that are the hospital's
imaging groups by name, and the accounts and policies of the branches that are its own. It may set passwords there
and read none. `cn=jdoe` is the identity team and may write everything.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pacsconf.lab.slapd_setup import BASE, Options

NOBODY = "cn=pacsconf-nobody"
"""What a group's placeholder is called that is given no other name."""
DISABLED = "000001010000Z"
"""`pwdAccountLockedTime` of an account that stays locked until somebody unlocks it."""
POLICY: Mapping[str, str] = {
    "pwdMinLength": "12",
    "pwdCheckQuality": "2",
    "pwdInHistory": "5",
    "pwdLockout": "TRUE",
    "pwdMaxFailure": "10",
    "pwdLockoutDuration": "1800",
    "pwdFailureCountInterval": "1800",
}
"""What the identity team asks of passwords; times in seconds."""

_COMMA = re.compile(r"(?<!\\),")
_SPECIAL = re.compile(r'[\\,+"<>;=#\x00-\x1f]|^ | $')
_PLAIN = re.compile(r"(?![ :<])[\x20-\x7e]*(?<! )")
_CONTAINERS = {"ou": "organizationalUnit", "o": "organization", "cn": "organizationalRole", "dc": "domain"}


class Branch(NamedTuple):
    """A branch of accounts or policies; `owned`: pacsconf may make entries here and change them."""

    dn: str
    owned: bool = False


class Groups(NamedTuple):
    """A branch of groups; pacsconf may write those with a fitting name, or `members_only` of those there are."""

    dn: str
    names: Sequence[str] = ("*",)
    members_only: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """An account from the start, with the password of the lab's identities unless `password` is false."""

    uid: str
    branch: str
    name: tuple[str, str] = ("", "")
    """Given name and family name."""
    groups: Sequence[str] = ()
    """DNs of groups that it is in."""
    password: bool = True
    more: Mapping[str, str] = field(default_factory=dict)
    """Further attributes: `pwdAccountLockedTime`."""

    @property
    def dn(self) -> str:
        return f"uid={escaped(self.uid)},{self.branch}"


_POLICIES = Branch(f"ou=policies,{BASE}", owned=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a directory of people, and who is in it from the start."""

    base: str = BASE
    people: Sequence[Branch] = (Branch(f"ou=people,{BASE}"), Branch(f"ou=services,{BASE}", owned=True))
    groups: Sequence[Groups] = (Groups(f"ou=groups,{BASE}", ("pacs-*",)),)
    policies: Branch | None = _POLICIES
    default_policy: str = "default"
    policy: Mapping[str, str] = field(default_factory=lambda: POLICY)
    """The default policy's settings; none: there is no such entry."""
    placeholder: str | None = None
    """Who is in a group that has nobody; by default `NOBODY` below the first branch of groups."""
    accounts: Sequence[Account] = ()
    empty_groups: Sequence[str] = ()
    """DNs of groups from the start that nobody is in."""


def keycloak(base: str = "dc=dcm4che,dc=org", *, owned: bool = True) -> Layout:
    """A dcm4chee archive's with Keycloak: users and the groups of their roles beside each other in `ou=users`."""
    users = f"ou=users,{base}"
    roles = ("auth", "root", "admin", "user", "auditlog", "ADMINISTRATOR")
    held = {"root": roles, "admin": ("auth", "admin", "user"), "user": ("auth", "user")}
    return Layout(
        base=base,
        people=(Branch(users, owned),),
        groups=(Groups(users),),
        policies=None,
        accounts=[
            Account(name, users, groups=[f"cn={role},{users}" for role in his]) for name, his in held.items()
        ],
        empty_groups=[f"cn={role},{users}" for role in roles],
    )


def options(layout: Layout, *, tls: bool = True, audited: bool = True, limits: Sequence[str] = ()) -> Options:
    """What a server with this layout is started with."""
    return Options(
        base=layout.base,
        tls=tls,
        audited=audited,
        limits=limits,
        schemas=(),
        modules=("memberof", "refint", "unique", "ppolicy"),
        directives=tuple(_directives(layout)),
        indexes=("uid,cn,member,memberOf eq",),
        passwords=tuple(_passwords(layout)),
        access=tuple(_access(layout)),
        ldif=ldif(layout),
    )


def placeholder(layout: Layout) -> str:
    """The member of a group that has none."""
    return layout.placeholder or f"{NOBODY},{layout.groups[0].dn}"


def parts_of(dn: str) -> list[str]:
    """The relative names that a DN is made of, leaf first."""
    return [part.strip() for part in _COMMA.split(dn)]


def escaped(value: str) -> str:
    """A value as it stands in a DN (RFC 4514 section 2.4)."""
    return _SPECIAL.sub(lambda found: "".join(f"\\{byte:02X}" for byte in found.group().encode()), value)


def ldif(layout: Layout) -> str:
    """The first entries: containers, the default policy, accounts and groups.

    slapadd does not keep memberOf, so it is written here as the overlay would.
    """
    bases = [branch.dn for branch in layout.people] + [groups.dn for groups in layout.groups]
    bases += [layout.policies.dn] if layout.policies else []
    records = [_container(dn) for dn in _containers(layout.base, bases)]
    records += [_policy(layout)] if layout.policies and layout.policy else []
    records += [_person(account) for account in layout.accounts]
    members: dict[str, list[str]] = {group: [] for group in layout.empty_groups}
    for account in layout.accounts:
        for group in account.groups:
            members.setdefault(group, []).append(account.dn)
    nobody = placeholder(layout)
    records += [_group(dn, [nobody, *found]) for dn, found in members.items()]
    return "".join(f"\n{record}" for record in records)


def _directives(layout: Layout) -> Iterator[str]:
    yield "lastbind on"
    yield from ("overlay memberof", "memberof-group-oc groupOfNames", "memberof-member-ad member")
    yield from ("overlay refint", "refint_attributes member", f'refint_nothing "{placeholder(layout)}"')
    yield from ("overlay unique", "unique_uri ldap:///?uid?sub")
    yield "overlay ppolicy"
    if layout.policies:
        yield f'ppolicy_default "cn={layout.default_policy},{layout.policies.dn}"'
    yield "ppolicy_hash_cleartext"


def _passwords(layout: Layout) -> Iterator[str]:
    """Who may set passwords; nobody may read them, nor what is kept of former ones."""
    team = f'by dn.exact="cn=jdoe,{layout.base}" =w'
    ours = f'by dn.exact="cn=pacsconf,{layout.base}" =w'
    for branch in layout.people:
        if branch.owned:
            own = f"{team} {ours} by self =w by anonymous auth by * none"
            yield f'access to dn.subtree="{branch.dn}" attrs=userPassword {own}'
    yield f"access to attrs=userPassword {team} by self =w by anonymous auth by * none"
    yield "access to attrs=pwdHistory by * none"


def _access(layout: Layout) -> Iterator[str]:
    """pacsconf may make and change what is its own, and delete nothing (slapd.access(5))."""
    pacsconf, team = f'by dn.exact="cn=pacsconf,{layout.base}"', f'by dn.exact="cn=jdoe,{layout.base}" write'
    rest = f"{team} by users read by * none"
    owned = [branch.dn for branch in (*layout.people, layout.policies) if branch is not None and branch.owned]
    makes = [*owned, *(groups.dn for groups in layout.groups if not groups.members_only)]
    for dn in dict.fromkeys(makes):
        yield f'access to dn.base="{dn}" attrs=children {pacsconf} =arscx {rest}'
    for groups in layout.groups:
        names = f'dn.regex="^cn=({"|".join(map(_regex, groups.names))}),{re.escape(groups.dn.lower())}$"'
        if groups.members_only:
            yield f"access to {names} attrs=member {pacsconf} write {rest}"
        else:
            yield f"access to {names} attrs=entry {pacsconf} =arscxd {rest}"
            yield f"access to {names} {pacsconf} write {rest}"
    for dn in owned:
        yield f'access to dn.children="{dn}" attrs=entry {pacsconf} =arscxd {rest}'
        yield f'access to dn.children="{dn}" {pacsconf} write {rest}'
    yield f"access to * {rest}"


def _regex(pattern: str) -> str:
    """A pattern of names as POSIX has it, for names as slapd compares them: in small letters."""
    parts = {"*": "[^,]*", "?": "[^,]"}
    return "".join(parts.get(character, re.escape(character)) for character in pattern.lower())


def _containers(base: str, wanted: Iterable[str]) -> list[str]:
    """These containers and all between them and the base, the outer ones first."""
    found: dict[str, None] = {}
    for dn in wanted:
        parts = parts_of(dn)
        inner = len(parts) - len(parts_of(base))
        for at in reversed(range(inner)):
            found[",".join(parts[at:])] = None
    return list(found)


def _container(dn: str) -> str:
    kind, _, value = parts_of(dn)[0].partition("=")
    kind = kind.strip().lower()
    return _record(dn, objectClass=[_CONTAINERS.get(kind, "organizationalUnit")], **{kind: [value.strip()]})


def _policy(layout: Layout) -> str:
    assert layout.policies is not None
    settings = {name: [value] for name, value in layout.policy.items()}
    return _record(
        f"cn={layout.default_policy},{layout.policies.dn}",
        objectClass=["organizationalRole", "pwdPolicy"],
        cn=[layout.default_policy],
        pwdAttribute=["userPassword"],
        **settings,
    )


def _person(account: Account) -> str:
    given, family = account.name
    known = {
        "givenName": [given] if given else [],
        "sn": [family or account.uid],
        "cn": [f"{given} {family}".strip() or account.uid],
        "userPassword": ["{password}"] if account.password else [],
        "memberOf": list(account.groups),
    }
    more = {name: [value] for name, value in account.more.items()}
    return _record(account.dn, objectClass=["inetOrgPerson"], uid=[account.uid], **(known | more))


def _group(dn: str, members: Sequence[str]) -> str:
    name = parts_of(dn)[0].partition("=")[2]
    return _record(dn, objectClass=["groupOfNames"], cn=[name], member=members)


def _record(dn: str, **attributes: Sequence[str]) -> str:
    lines = [
        _line("dn", dn),
        *(_line(name, value) for name, values in attributes.items() for value in values),
    ]
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, value: str) -> str:
    """One line of LDIF (RFC 2849): in base64 where the value could be misread."""
    if _PLAIN.fullmatch(value):
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"
