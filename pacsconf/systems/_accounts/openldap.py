"""People in OpenLDAP: inetOrgPerson and groupOfNames, password policies by slapo-ppolicy.

Also what Keycloak keeps for a dcm4chee archive: role groups beside the users in one branch. What holds of locking
was seen on slapd 2.5.13: an account is kept out by `pwdAccountLockedTime: 000001010000Z` (slapo-ppolicy(5)), and
only where the policy that it falls under exists and says `pwdLockout: TRUE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from pacsconf.core.resource import Fields, Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import PeoplePlace
from pacsconf.inventory.people import Personal
from pacsconf.systems._accounts.flavour import Attributes, Facts, NewAccount, replaced
from pacsconf.systems._ldap import Answer, Directory, Entry, Modification, names
from pacsconf.systems._ldap.entry import Values

LOCKED, ENDS, POLICY = "pwdAccountLockedTime", "pwdEndTime", "pwdPolicySubentry"
FOR_EVER = "000001010000Z"
"""A lock that an administrator set: only an administrator takes it away."""
LOCKOUT = "pwdLockout"

_DAY, _MINUTE = 86_400, 60


class OpenLDAP:
    """Keeps `Flavour`."""

    accounts: ClassVar[str] = "(objectClass=person)"
    groups: ClassVar[str] = "(objectClass=groupOfNames)"
    policies: ClassVar[str] = "(objectClass=pwdPolicy)"
    personal: ClassVar[Mapping[Personal, str]] = {
        "name": "cn",
        "given_name": "givenName",
        "family_name": "sn",
        "email": "mail",
        "employee": "employeeNumber",
    }
    in_chain: ClassVar[str] = ""
    identity: ClassVar[str] = ""
    last_seen_known: ClassVar[bool] = True
    needs_member: ClassVar[bool] = True
    account_attributes: ClassVar[Sequence[str]] = (
        LOCKED,
        ENDS,
        POLICY,
        "pwdLastSuccess",
        "pwdChangedTime",
        "authTimestamp",
    )
    policy_attributes: ClassVar[Sequence[str]] = ("*",)

    def login_attribute(self, place: PeoplePlace) -> str:
        return place.login or "uid"

    def facts(self, entry: Entry, login: str) -> Facts:
        if entry.attributes.keys().isdisjoint(_TELLING):
            return Facts(login)
        lock = entry.text(LOCKED)
        return Facts(
            login=login,
            enabled=not _is_for_ever(lock),
            locked=lock is not None and not _is_for_ever(lock),
            ends=moment(entry.text(ENDS)),
            policy=entry.text(POLICY),
            last_seen=moment(entry.text("pwdLastSuccess") or entry.text("authTimestamp")),
            password_changed=moment(entry.text("pwdChangedTime")),
        )

    def new_account(self, new: NewAccount) -> tuple[str, Attributes]:
        attribute = self.login_attribute(new.place)
        texts = {self.personal[name]: value for name, value in new.personal.items()}
        made: dict[str, Values] = {
            "objectClass": tuple(each.encode() for each in ("inetOrgPerson", *new.place.object_classes)),
            "cn": (new.login.encode(),),
            "sn": (new.login.encode(),),
            **{name: (value.encode(),) for name, value in texts.items()},
            attribute: (new.login.encode(),),
        }
        if not new.enabled:
            made[LOCKED] = (FOR_EVER.encode(),)
        if new.ends is not None:
            made[ENDS] = (generalized(new.ends).encode(),)
        if new.policy is not None:
            made[POLICY] = (new.policy.encode(),)
        return names.child(new.place.base, attribute, new.login), made

    def enabling(self, entry: Entry, *, enabled: bool) -> Sequence[Modification]:
        return replaced(entry, LOCKED, None if enabled else FOR_EVER)

    def ending(self, entry: Entry, ends: datetime | None) -> Sequence[Modification]:
        return replaced(entry, ENDS, generalized(ends) if ends else None)

    def following(self, entry: Entry, policy: str | None) -> Sequence[Modification]:
        return replaced(entry, POLICY, policy)

    def naming(self, entry: Entry, name: Personal, value: str | None) -> Sequence[Modification]:
        attribute = self.personal[name]
        if value is None and attribute in ("cn", "sn"):
            return ()  # an inetOrgPerson must have them
        return replaced(entry, attribute, value)

    def new_group(self, dn: str, name: str, members: Sequence[str], placeholder: str) -> Attributes:
        return {
            "objectClass": (b"groupOfNames",),
            "cn": (name.encode(),),
            "member": tuple(member.encode() for member in members or (placeholder,)),
        }

    def unfit(self, login: str) -> str | None:
        return None

    def unfit_group(self, name: str) -> str | None:
        return None

    def set_password(self, directory: Directory, dn: str, password: Secret) -> Answer:
        """By RFC 3062, so that the server hashes it as it does for everybody."""
        return directory.set_password(dn, password)

    # --- password policies ------------------------------------------------------------------------------------

    def unheeded(self, facts: Facts, policies: Mapping[str, Entry], default: str | None) -> str | None:
        """slapd asks the policy whether it is to look at locks at all."""
        if default is None:
            return "which password policy it falls under is not known here"
        by_dn = {names.canonical(entry.dn): entry for entry in policies.values()}
        entry = by_dn.get(names.canonical(facts.policy)) if facts.policy else policies.get(default)
        if entry is None:
            return f"there is no password policy {facts.policy or default}"
        if (entry.text(LOCKOUT) or "").upper() != "TRUE":
            return f"its password policy {names.leaf(entry.dn)} does not say pwdLockout: TRUE"
        return None

    def policy(self, entry: Entry, groups: Mapping[str, str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, (attribute, unit) in _NUMBERS.items():
            number = _number(entry.text(attribute))
            if number is not None:
                found[name] = -(-number // unit)
        for name, attribute in _FLAGS.items():
            text = entry.text(attribute)
            if text is not None:
                found[name] = text.upper() == "TRUE"
        if "lockout_after" in found and (entry.text(LOCKOUT) or "FALSE").upper() != "TRUE":
            found["lockout_after"] = 0
        return found

    def strength(self, entry: Entry) -> Mapping[str, int]:
        """slapd measures a password only where pwdCheckQuality asks for it (slapo-ppolicy(5)). Whether passwords
        can be read depends on how each was set, which nobody tells."""
        fields = self.policy(entry, {})
        measured = (_number(entry.text("pwdCheckQuality")) or 0) > 0
        return {
            name: int(str(fields.get(name, 0))) if measured or name != "min_length" else 0
            for name in ("min_length", "history", "lockout_after")
        }

    def new_policy(self, name: str, fields: Fields, groups: Mapping[str, str]) -> Attributes:
        texts = {attribute: value for attribute, value in _policy_texts(fields).items() if value is not None}
        return {
            "objectClass": (b"organizationalRole", b"pwdPolicy"),
            "cn": (name.encode(),),
            "pwdAttribute": (b"userPassword",),
            # Without it a disabled account can sign in all the same.
            LOCKOUT: (b"TRUE",),
            **({"pwdCheckQuality": (b"2",)} if "min_length" in fields else {}),
            **{attribute: (value.encode(),) for attribute, value in texts.items()},
        }

    def changed_policy(
        self, entry: Entry, fields: Mapping[str, Value | None], groups: Mapping[str, str]
    ) -> Sequence[Modification]:
        texts = _policy_texts(fields)
        if texts.get("pwdMaxFailure") not in (None, "0"):
            texts[LOCKOUT] = "TRUE"
        return [each for name, value in texts.items() for each in replaced(entry, name, value)]


_TELLING = frozenset(name.lower() for name in OpenLDAP.account_attributes)
"""Where an entry has none of these, there is nothing to tell of it beside its login."""
_NUMBERS: Mapping[str, tuple[str, int]] = {
    "min_length": ("pwdMinLength", 1),
    "history": ("pwdInHistory", 1),
    "max_age": ("pwdMaxAge", _DAY),
    "min_age": ("pwdMinAge", _DAY),
    "lockout_after": ("pwdMaxFailure", 1),
    "lockout_for": ("pwdLockoutDuration", _MINUTE),
    "lockout_window": ("pwdFailureCountInterval", _MINUTE),
    "idle_lock": ("pwdMaxIdle", _DAY),
}
"""By field: the attribute of a pwdPolicy, and how many of its units one of ours is."""
_FLAGS: Mapping[str, str] = {"must_change": "pwdMustChange"}


def _policy_texts(fields: Mapping[str, Value | None]) -> dict[str, str | None]:
    texts: dict[str, str | None] = {}
    for name, value in fields.items():
        if name in _NUMBERS:
            attribute, unit = _NUMBERS[name]
            texts[attribute] = str(int(value) * unit) if isinstance(value, int) else None
        elif name in _FLAGS:
            texts[_FLAGS[name]] = None if value is None else str(bool(value)).upper()
    return texts


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


# --- moments (RFC 4517 section 3.3.13) ------------------------------------------------------------------------


def moment(text: str | None) -> datetime | None:
    """The moment that a generalized time in UTC spells; None for none, and for what cannot be understood."""
    if text is None:
        return None
    digits = text.removesuffix("Z").partition(".")[0]
    for form in ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d%H"):
        try:
            return datetime.strptime(digits, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def generalized(moment: datetime) -> str:
    """A moment as a generalized time in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}Z"


def _is_for_ever(lock: str | None) -> bool:
    return lock is not None and lock.startswith("00000101")
