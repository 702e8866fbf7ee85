"""People in Active Directory: user and group objects, password settings objects for policies.

What holds of servers was seen on Samba 4.17.12; what Windows does otherwise stands in docs/people.md. Of the bits
of `userAccountControl` one alone is changed, ACCOUNTDISABLE, by taking the value away that was read and adding the
one that is meant: where somebody else changed any bit in between, nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from pacsconf.core.resource import Fields, Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import PeoplePlace
from pacsconf.inventory.people import Personal
from pacsconf.systems._accounts import password_settings
from pacsconf.systems._accounts.filetimes import NEVER, filetime, integer, moment
from pacsconf.systems._accounts.flavour import Attributes, Facts, NewAccount, replaced
from pacsconf.systems._ldap import Answer, Directory, Entry, Modification, Modify, names
from pacsconf.systems._ldap.entry import Values

CONTROL, ENDS = "userAccountControl", "accountExpires"
_COMPUTED = "msDS-User-Account-Control-Computed"
_DISABLED, _LOCKED, _NORMAL, _NEVER_OLD = 0x2, 0x10, 0x200, 0x10000
"""ADS_UF_ACCOUNTDISABLE, LOCKOUT, NORMAL_ACCOUNT, DONT_EXPIRE_PASSWD ([MS-ADTS] 2.2.16)."""
GLOBAL_SECURITY = -(1 << 31) + 2
"""`groupType` of a global group that rights are given to ([MS-ADTS] 2.2.12)."""

_LONGEST_LOGIN = 20
_LONGEST_GROUP = 64
"""Of its cn; its sAMAccountName may have 256 characters."""
_FORBIDDEN = re.compile(r'["/\\\[\]:;|=,+*?<>@\x00-\x1f]')
"""In a sAMAccountName ([MS-SAMR] 3.1.1.8.4)."""


class ActiveDirectory:
    """Keeps `Flavour`."""

    accounts: ClassVar[str] = "(sAMAccountType=805306368)"
    """People's and programs' accounts, without those of machines; it is indexed ([MS-ADTS] 2.2.11)."""
    groups: ClassVar[str] = "(objectClass=group)"
    policies: ClassVar[str] = f"(objectClass={password_settings.CLASS})"
    personal: ClassVar[Mapping[Personal, str]] = {
        "name": "displayName",
        "given_name": "givenName",
        "family_name": "sn",
        "email": "mail",
        "employee": "employeeID",
    }
    last_seen_known: ClassVar[bool] = True
    needs_member: ClassVar[bool] = False
    in_chain: ClassVar[str] = "1.2.840.113556.1.4.1941"
    identity: ClassVar[str] = "objectSid"
    account_attributes: ClassVar[Sequence[str]] = (
        *(CONTROL, _COMPUTED, ENDS, "lastLogon", "lastLogonTimestamp", "pwdLastSet"),
        *("primaryGroupID", "objectSid"),
    )
    policy_attributes: ClassVar[Sequence[str]] = password_settings.ATTRIBUTES

    def login_attribute(self, place: PeoplePlace) -> str:
        return place.login or "sAMAccountName"

    def facts(self, entry: Entry, login: str) -> Facts:
        control = integer(entry.text(CONTROL)) or 0
        signed_in = [moment(entry.text(name)) for name in ("lastLogon", "lastLogonTimestamp")]
        return Facts(
            login=login,
            enabled=not control & _DISABLED,
            locked=bool((integer(entry.text(_COMPUTED)) or 0) & _LOCKED),
            ends=moment(entry.text(ENDS)),
            last_seen=max(filter(None, signed_in), default=None),
            password_changed=moment(entry.text("pwdLastSet")),
            password_expires=not control & _NEVER_OLD,
            by_itself=_primary_group(entry),
        )

    def new_account(self, new: NewAccount) -> tuple[str, Attributes]:
        """Without a password and disabled: to be let in is a step of its own, which a domain refuses without one.

        Its entry is called by the login, which is unique and does not say who it is.
        """
        texts = {self.personal[name]: value for name, value in new.personal.items()}
        suffix = new.place.principal_suffix or domain_of(new.place.base)
        made: dict[str, Values] = {
            "objectClass": tuple(each.encode() for each in ("user", *new.place.object_classes)),
            "cn": (new.login.encode(),),
            **{name: (value.encode(),) for name, value in texts.items()},
            "sAMAccountName": (new.login.encode(),),
            CONTROL: (str(_NORMAL | _DISABLED).encode(),),
        }
        if suffix:
            made["userPrincipalName"] = (f"{new.login}@{suffix}".encode(),)
        made[self.login_attribute(new.place)] = (new.login.encode(),)
        if new.ends is not None:
            made[ENDS] = (str(filetime(new.ends)).encode(),)
        return names.child(new.place.base, "cn", new.login), made

    def enabling(self, entry: Entry, *, enabled: bool) -> Sequence[Modification]:
        had = integer(entry.text(CONTROL))
        control = _NORMAL | _DISABLED if had is None else had
        return replaced(entry, CONTROL, str(control & ~_DISABLED if enabled else control | _DISABLED))

    def ending(self, entry: Entry, ends: datetime | None) -> Sequence[Modification]:
        if ends is None and moment(entry.text(ENDS)) is None:
            return ()  # two values say that, and either may stand
        return replaced(entry, ENDS, str(NEVER if ends is None else filetime(ends)))

    def following(self, entry: Entry, policy: str | None) -> Sequence[Modification]:
        return ()

    def naming(self, entry: Entry, name: Personal, value: str | None) -> Sequence[Modification]:
        return replaced(entry, self.personal[name], value)

    def new_group(self, dn: str, name: str, members: Sequence[str], placeholder: str) -> Attributes:
        made: dict[str, Values] = {
            "objectClass": (b"group",),
            "cn": (name.encode(),),
            "sAMAccountName": (name.encode(),),
            "groupType": (str(GLOBAL_SECURITY).encode(),),
        }
        return {**made, "member": tuple(each.encode() for each in members)} if members else made

    def set_password(self, directory: Directory, dn: str, password: Secret) -> Answer:
        """As an administrator does, in quotation marks and UTF-16 ([MS-ADTS] 3.1.1.3.1.5.1)."""
        value = f'"{password.reveal()}"'.encode("utf-16-le")
        return directory.write(Modify(dn, (Modification("unicodePwd", add=(value,), replace=True),)))

    def unfit(self, login: str) -> str | None:
        if len(login) > _LONGEST_LOGIN:
            return f"it has {len(login)} characters; a sAMAccountName has {_LONGEST_LOGIN} at most"
        return _unfit(login)

    def unfit_group(self, name: str) -> str | None:
        if len(name) > _LONGEST_GROUP:
            return f"it has {len(name)} characters; a cn has {_LONGEST_GROUP} at most"
        return _unfit(name)

    # --- password policies ------------------------------------------------------------------------------------

    def unheeded(self, facts: Facts, policies: Mapping[str, Entry], default: str | None) -> str | None:
        return None  # whoever is disabled is kept out, whatever a policy says

    def policy(self, entry: Entry, groups: Mapping[str, str]) -> dict[str, Value]:
        return password_settings.policy(entry, groups)

    def strength(self, entry: Entry) -> Mapping[str, int]:
        return password_settings.strength(entry)

    def new_policy(self, name: str, fields: Fields, groups: Mapping[str, str]) -> Attributes:
        return password_settings.new_policy(name, fields, groups)

    def changed_policy(
        self, entry: Entry, fields: Mapping[str, Value | None], groups: Mapping[str, str]
    ) -> Sequence[Modification]:
        return password_settings.changed_policy(entry, fields, groups)


def domain_of(dn: str) -> str:
    """The name of the domain that an entry is in: `hospital.example` of `ou=people,dc=hospital,dc=example`."""
    parts = [rdn[0][1] for rdn in names.parse(dn) if len(rdn) == 1 and rdn[0][0].lower() == "dc"]
    return ".".join(parts)


def _unfit(name: str) -> str | None:
    found = _FORBIDDEN.search(name)
    if found:
        return f"no sAMAccountName may have the character {found.group()!r}"
    if name.endswith("."):
        return "no sAMAccountName may end with a full stop"
    return None if name.strip() else "no sAMAccountName is empty"


def _primary_group(entry: Entry) -> tuple[bytes, ...]:
    """The SID of the group that an account is in without being its member: the domain's, with the group's number.

    Whoever is in it by that alone is counted as in it. It is never changed here: the server would take the account
    out of the one and put it into the other on its own.
    """
    own, number = entry.values("objectSid"), integer(entry.text("primaryGroupID"))
    if not own or number is None or not 0 <= number < 1 << 32:
        return ()
    return (own[0][:-4] + number.to_bytes(4, "little"),)
