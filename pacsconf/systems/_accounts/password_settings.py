"""Fine-grained password policies of Active Directory: password settings objects ([MS-ADTS] 6.1.1.4.11.1.1).

Such a policy must say everything. What the inventory leaves open is set when it is made as a new domain of Windows
has it, and left as it is afterwards. It is for groups, and for whom several are meant the least precedence counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pacsconf.core.resource import Fields, Value
from pacsconf.systems._accounts.filetimes import FOR_EVER, integer, length, seconds
from pacsconf.systems._accounts.flavour import Attributes, replaced
from pacsconf.systems._ldap import Entry, Modification, names

CLASS = "msDS-PasswordSettings"
APPLIES_TO = "msDS-PSOAppliesTo"
_COMPLEXITY = "msDS-PasswordComplexityEnabled"
_REVERSIBLE = "msDS-PasswordReversibleEncryptionEnabled"
_DAY, _MINUTE = 86_400, 60

_NUMBERS: Mapping[str, str] = {
    "min_length": "msDS-MinimumPasswordLength",
    "history": "msDS-PasswordHistoryLength",
    "lockout_after": "msDS-LockoutThreshold",
    "precedence": "msDS-PasswordSettingsPrecedence",
}
_LENGTHS: Mapping[str, tuple[str, int]] = {
    "max_age": ("msDS-MaximumPasswordAge", _DAY),
    "min_age": ("msDS-MinimumPasswordAge", _DAY),
    "lockout_for": ("msDS-LockoutDuration", _MINUTE),
    "lockout_window": ("msDS-LockoutObservationWindow", _MINUTE),
}
"""By field: the attribute, and how many seconds one of ours has."""
_ENDLESS = frozenset({"max_age", "lockout_for"})
"""Of which 0 says that there is no end."""

_OTHERWISE: Mapping[str, Value] = {
    "min_length": 7,
    "history": 24,
    "max_age": 42,
    "min_age": 1,
    "lockout_after": 0,
    "lockout_for": 30,
    "lockout_window": 30,
    "complexity": True,
    "precedence": 1000,
}
"""What a new domain asks for."""

ATTRIBUTES = (
    *("cn", *_NUMBERS.values(), *(name for name, _ in _LENGTHS.values())),
    *(_COMPLEXITY, _REVERSIBLE, APPLIES_TO),
)


def policy(entry: Entry, groups: Mapping[str, str]) -> dict[str, Value]:
    """The fields of a policy; of whom it is for the groups that are ours, by `groups` (DNs by name)."""
    found: dict[str, Value] = {}
    for name, attribute in _NUMBERS.items():
        if (number := integer(entry.text(attribute))) is not None:
            found[name] = number
    for name, (attribute, unit) in _LENGTHS.items():
        if (number := seconds(entry.text(attribute))) is not None:
            found[name] = -(-number // unit)
    if (text := entry.text(_COMPLEXITY)) is not None:
        found["complexity"] = text.upper() == "TRUE"
    named = {names.canonical(dn): name for name, dn in groups.items()}
    meant = {named.get(names.canonical(dn)) for dn in entry.texts(APPLIES_TO)}
    if ours := sorted(name for name in meant if name is not None):
        found["applies_to"] = tuple(ours)
    return found


def strength(entry: Entry) -> dict[str, int]:
    """What a policy comes to; all of it stands in each."""
    numbers = {
        name: integer(entry.text(_NUMBERS[name])) for name in ("min_length", "history", "lockout_after")
    }
    found = {name: number for name, number in numbers.items() if number is not None}
    text = entry.text(_REVERSIBLE)
    return found if text is None else {**found, "reversible": text.upper() == "TRUE"}


def new_policy(name: str, fields: Fields, groups: Mapping[str, str]) -> Attributes:
    """The attributes of a policy to be made."""
    whole = {**_OTHERWISE, **fields}
    if "lockout_window" not in fields and int(str(whole["lockout_for"])):
        # A lock may not be over before the attempts are forgotten that led to it.
        whole["lockout_window"] = min(int(str(whole["lockout_for"])), int(str(whole["lockout_window"])))
    if "lockout_for" not in fields:
        whole["lockout_for"] = max(int(str(whole["lockout_for"])), int(str(whole["lockout_window"])))
    dns = [groups[each] for each in _several(whole.get("applies_to")) if each in groups]
    return {
        "objectClass": (CLASS.encode(),),
        "cn": (name.encode(),),
        _REVERSIBLE: (b"FALSE",),
        **{attribute: (text.encode(),) for attribute, text in _texts(whole).items()},
        **({APPLIES_TO: tuple(dn.encode() for dn in dns)} if dns else {}),
    }


def changed_policy(
    entry: Entry, fields: Mapping[str, Value | None], groups: Mapping[str, str]
) -> Sequence[Modification]:
    """What changes these fields, each where it stands as in `entry`; what is set to nothing stays as it is."""
    steps = [step for name, text in _texts(fields).items() for step in replaced(entry, name, text)]
    if "applies_to" in fields:
        steps += _meant(entry, _several(fields["applies_to"]), groups)
    return steps


def _meant(entry: Entry, wanted: Sequence[str], groups: Mapping[str, str]) -> list[Modification]:
    """Groups of ours are put in and taken out one by one; whom else it is for is not ours to say."""
    had = {names.canonical(dn): dn for dn in entry.texts(APPLIES_TO)}
    ours = {names.canonical(dn): dn for dn in groups.values()}
    to_be = {names.canonical(groups[name]) for name in wanted if name in groups}
    gone = tuple(dn.encode() for key, dn in sorted(had.items()) if key in ours and key not in to_be)
    new = tuple(ours[key].encode() for key in sorted(to_be - had.keys()))
    return [Modification(APPLIES_TO, gone, new)] if gone or new else []


def _texts(fields: Mapping[str, Value | None]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in fields.items():
        if value is None or isinstance(value, tuple):
            continue
        if name in _NUMBERS:
            texts[_NUMBERS[name]] = str(int(value))
        elif name in _LENGTHS:
            attribute, unit = _LENGTHS[name]
            endless = name in _ENDLESS and int(value) == 0
            texts[attribute] = str(FOR_EVER if endless else length(int(value) * unit))
        elif name == "complexity":
            texts[_COMPLEXITY] = str(bool(value)).upper()
    return texts


def _several(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
