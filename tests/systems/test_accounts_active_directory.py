"""The codec of Active Directory: entries taken apart, requests put together. Then a real domain with odd names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.accounts import PeoplePlace
from pacsconf.systems._accounts import password_settings
from pacsconf.systems._accounts.active_directory import ActiveDirectory, domain_of
from pacsconf.systems._accounts.filetimes import FOR_EVER
from pacsconf.systems._accounts.flavour import NewAccount
from pacsconf.systems._ldap import Entry, Modification

FLAVOUR = ActiveDirectory()
STAFF = PeoplePlace(base="ou=Staff,dc=hospital,dc=example", owns_accounts=True)
SID = bytes.fromhex("010500000000000515000000") + bytes(range(12))


def entry(**values: str | bytes | list[str]) -> Entry:
    """An entry with these attributes; an underscore stands for a hyphen."""
    attributes = {}
    for name, value in values.items():
        several = value if isinstance(value, list) else [value]
        raw = tuple(each if isinstance(each, bytes) else each.encode() for each in several)
        attributes[name.replace("_", "-").lower()] = raw
    return Entry("CN=x,OU=Staff,DC=hospital,DC=example", attributes)


# --- accounts -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 0x7FFFFFFF), st.booleans())
def test_of_the_flags_one_is_changed_on_the_condition_that_all_stand_as_read(control, enabled):
    steps = FLAVOUR.enabling(entry(userAccountControl=str(control)), enabled=enabled)
    wanted = control & ~2 if enabled else control | 2
    if wanted == control:
        assert steps == ()
    else:
        read, written = str(control).encode(), str(wanted).encode()
        assert steps == (Modification("userAccountControl", delete=(read,), add=(written,)),)
        assert control ^ wanted == 2


@pytest.mark.parametrize(
    ("control", "computed", "enabled", "locked", "expires"),
    [
        ("512", "0", True, False, True),
        ("514", "0", False, False, True),
        ("66048", "16", True, True, False),
        ("512", "8388608", True, False, True),  # the password is too old: that is no lock
    ],
)
def test_flags_are_read(control, computed, enabled, locked, expires):
    found = FLAVOUR.facts(
        entry(userAccountControl=control, msDS_User_Account_Control_Computed=computed), "mm"
    )
    assert (found.enabled, found.locked, found.password_expires) == (enabled, locked, expires)


def test_the_lock_bit_among_the_flags_themselves_says_nothing():
    assert not FLAVOUR.facts(entry(userAccountControl="528"), "mm").locked


@pytest.mark.parametrize("never", ["0", "9223372036854775807"])
def test_both_numbers_of_an_account_without_an_end_say_so_and_are_left(never):
    had = entry(accountExpires=never)
    assert FLAVOUR.facts(had, "mm").ends is None
    assert FLAVOUR.ending(had, None) == ()
    ends = datetime(2020, 1, 1, tzinfo=UTC)
    assert FLAVOUR.ending(had, ends) == (
        Modification("accountExpires", delete=(never.encode(),), add=(b"132223104000000000",)),
    )


def test_who_signed_in_last_is_the_later_of_two_attributes():
    found = FLAVOUR.facts(
        entry(lastLogon="132223104000000000", lastLogonTimestamp="132215328000000000"), "mm"
    )
    assert found.last_seen == datetime(2020, 1, 1, tzinfo=UTC)
    assert FLAVOUR.facts(entry(lastLogon="0"), "mm").last_seen is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_the_primary_group_is_the_one_of_the_domain_with_that_number(own, group):
    found = FLAVOUR.facts(entry(objectSid=SID + own.to_bytes(4, "little"), primaryGroupID=str(group)), "mm")
    assert found.by_itself == (SID + group.to_bytes(4, "little"),)


@pytest.mark.parametrize("number", ["-1", "x", str(2**32)])
def test_a_primary_group_that_makes_no_sense_is_none(number):
    assert FLAVOUR.facts(entry(objectSid=SID + b"abcd", primaryGroupID=number), "mm").by_itself == ()


def test_an_account_is_made_disabled_and_is_not_called_after_its_holder():
    new = NewAccount("m.mueller", STAFF, True, datetime(2020, 1, 1, tzinfo=UTC), None, {"name": "Max Müller"})
    assert FLAVOUR.new_account(new) == (
        "cn=m.mueller,ou=Staff,dc=hospital,dc=example",
        {
            "objectClass": (b"user",),
            "cn": (b"m.mueller",),
            "displayName": ("Max Müller".encode(),),
            "sAMAccountName": (b"m.mueller",),
            "userAccountControl": (b"514",),
            "userPrincipalName": (b"m.mueller@hospital.example",),
            "accountExpires": (b"132223104000000000",),
        },
    )


def test_what_follows_the_at_can_be_given():
    place = STAFF.model_copy(update={"principal_suffix": "clinic.example"})
    _, made = FLAVOUR.new_account(NewAccount("mm", place, False, None, None))
    assert made["userPrincipalName"] == (b"mm@clinic.example",)


def test_the_domain_of_an_entry_is_that_of_its_last_parts():
    assert domain_of("CN=a\\,dc\\=b,OU=x,DC=St-Mary,DC=example") == "St-Mary.example"


@pytest.mark.parametrize(
    ("login", "fits"),
    [
        ("m.mueller", True),
        ("Müller-Lüdenscheid", True),
        ("x" * 20, True),
        ("x" * 21, False),
        ("a,b", False),
        ("a+b", False),
        ('a"b', False),
        ("a@b", False),
        ("a\tb", False),
        ("a.", False),
        (" ", False),
        ("#a", True),
    ],
)
def test_which_logins_a_domain_takes(login, fits):
    assert (FLAVOUR.unfit(login) is None) is fits


def test_a_group_is_a_global_one_that_rights_are_given_to():
    assert FLAVOUR.new_group("cn=g,dc=x", "g", ["cn=h,dc=x"], "cn=nobody,dc=x") == {
        "objectClass": (b"group",),
        "cn": (b"g",),
        "sAMAccountName": (b"g",),
        "groupType": (b"-2147483646",),
        "member": (b"cn=h,dc=x",),
    }
    assert "member" not in FLAVOUR.new_group("cn=g,dc=x", "g", [], "cn=nobody,dc=x")
    assert FLAVOUR.unfit_group("x" * 65)
    assert not FLAVOUR.unfit_group("x" * 64)


# --- password policies ----------------------------------------------------------------------------------------

GROUPS = {"pacs-a": "CN=pacs-a,OU=PACS,DC=x", "pacs-b": "CN=pacs-b,OU=PACS,DC=x"}
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "min_length": st.integers(0, 255),
        "history": st.integers(0, 1024),
        "max_age": st.integers(0, 900),
        "min_age": st.integers(0, 900),
        "lockout_after": st.integers(0, 999),
        "lockout_for": st.integers(0, 9999),
        "lockout_window": st.integers(0, 9999),
        "complexity": st.booleans(),
        "precedence": st.integers(1, 9999),
        "applies_to": st.sets(st.sampled_from(sorted(GROUPS)), min_size=1).map(
            lambda each: tuple(sorted(each))
        ),
    },
)


def as_entry(made) -> Entry:
    return Entry("CN=p,DC=x", {name.lower(): values for name, values in made.items()})


@given(SETTINGS)
def test_what_a_policy_is_made_with_is_read_back(fields):
    made = as_entry(password_settings.new_policy("p", fields, GROUPS))
    found = password_settings.policy(made, GROUPS)
    assert {name: found[name] for name in fields} == fields
    assert password_settings.changed_policy(made, fields, GROUPS) == []


@given(SETTINGS, SETTINGS)
def test_what_is_changed_of_a_policy_is_read_back(before, after):
    made = as_entry(password_settings.new_policy("p", before, GROUPS))
    changed = dict(made.attributes)
    for step in password_settings.changed_policy(made, after, GROUPS):
        name = step.attribute.lower()
        assert set(step.delete) <= set(changed.get(name, ()))
        changed[name] = (*(each for each in changed.get(name, ()) if each not in step.delete), *step.add)
    found = password_settings.policy(Entry("CN=p,DC=x", changed), GROUPS)
    assert {name: found[name] for name in after} == after


@given(SETTINGS)
def test_a_lock_that_was_not_said_lasts_as_long_as_attempts_are_remembered(fields):
    found = password_settings.policy(as_entry(password_settings.new_policy("p", fields, GROUPS)), GROUPS)
    if not {"lockout_for", "lockout_window"} <= fields.keys() and found["lockout_for"]:
        assert found["lockout_window"] <= found["lockout_for"]


def test_never_is_what_windows_calls_so():
    made = password_settings.new_policy("p", {"max_age": 0, "lockout_for": 0, "min_age": 0}, {})
    assert made["msDS-MaximumPasswordAge"] == made["msDS-LockoutDuration"] == (str(FOR_EVER).encode(),)
    assert made["msDS-MinimumPasswordAge"] == (b"0",)


def test_whom_else_a_policy_is_for_is_not_ours_to_say():
    had = entry(msDS_PSOAppliesTo=["CN=Max Müller,OU=x,DC=x", "cn=PACS-A,ou=PACS,dc=x"])
    assert password_settings.policy(had, GROUPS) == {"applies_to": ("pacs-a",)}
    assert password_settings.changed_policy(had, {"applies_to": ("pacs-b",)}, GROUPS) == [
        Modification("msDS-PSOAppliesTo", (b"cn=PACS-A,ou=PACS,dc=x",), (b"CN=pacs-b,OU=PACS,DC=x",))
    ]
