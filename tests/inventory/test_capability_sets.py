"""Capability sets: what they come to, where it was written, and what is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory import formats, uids
from pacsconf.inventory.capability_sets import CapabilitySets, same, spelling
from pacsconf.inventory.declaration import CapabilitySet
from pacsconf.inventory.model import TransferCapability

CT, MR, SC = (f"1.2.840.10008.5.1.4.1.1.{leaf}" for leaf in ("2", "4", "7"))
PHILIPS = "1.3.46.670589.5.0.1.1"
J2K = "1.2.840.10008.1.2.4.90"
PLAIN = uids.DEFAULT_TRANSFER_SYNTAXES

SETS = """\
capability_sets:
  archive-storage:
    description: What the archive keeps and gives out
    names: "{name} {role}"
    groups:
      - role: [SCU, SCP]
        sop_classes: [ct-image-storage, MR Image Storage]
        transfer_syntaxes: [implicit-vr-little-endian, jpeg2000-lossless]
      - role: SCP
        named: {Private Philips Volume Storage: 1.3.46.670589.5.0.1.1}
  archive-query:
    groups: {role: SCP, sop_classes: query, extra: {dcmRelationalQueries: "TRUE"}}
"""


def archive(*aes: str, sets: str = SETS) -> str:
    written = "".join(f"      {ae}\n" for ae in aes)
    return f"{sets}devices:\n  arc:\n    type: archive\n    host: h\n    port: 104\n    ae_titles:\n{written}"


@pytest.fixture
def entities(declare):
    """The capabilities of the device arc by AE title, of a text without errors."""

    def found(text):
        loaded = declare(text)
        assert loaded.inventory is not None, loaded.findings
        return {title: ae.capabilities for title, ae in loaded.inventory.devices["arc"].ae_titles.items()}

    return found


def brief(capabilities):
    return [(one.name, one.sop_class, one.role) for one in capabilities]


def test_a_set_is_spelled_out_in_each_of_its_roles(entities):
    found = entities(archive("A: {capability_sets: [archive-storage, archive-query]}"))["A"]
    assert brief(found) == [
        ("CT Image Storage SCP", CT, "SCP"),
        ("CT Image Storage SCU", CT, "SCU"),
        ("MR Image Storage SCP", MR, "SCP"),
        ("MR Image Storage SCU", MR, "SCU"),
        ("Private Philips Volume Storage SCP", PHILIPS, "SCP"),
        ("study-root-query-retrieve-information-model-find-scp", uids.STUDY_ROOT_FIND, "SCP"),
    ]
    assert [one.transfer_syntaxes for one in found] == [(uids.IMPLICIT_VR_LE, J2K)] * 4 + [PLAIN] * 2
    assert found[-1].extra == {"dcmRelationalQueries": ("TRUE",)}


def test_one_role_of_a_set_can_be_named(entities):
    found = entities(archive("A: {capability_sets: {set: archive-storage, role: SCU}}"))["A"]
    assert brief(found) == [("CT Image Storage SCU", CT, "SCU"), ("MR Image Storage SCU", MR, "SCU")]


def test_aes_that_name_the_same_sets_share_one_tuple_of_capabilities(entities):
    found = entities(
        archive("A: {capability_sets: [archive-storage]}", "B: {capability_sets: archive-storage}")
    )
    assert found["A"] is found["B"]


def test_a_device_names_sets_for_those_of_its_aes_that_name_none(entities):
    text = archive("A: {}", "B: {capability_sets: []}")
    found = entities(
        text.replace("    type: archive\n", "    type: archive\n    capability_sets: archive-query\n")
    )
    assert len(found["A"]) == 1
    assert found["B"] == ()


def test_a_profile_names_sets_for_its_devices(entities):
    text = archive("A: {}") + "profiles: {arc: {capability_sets: archive-query}}\n"
    assert (
        len(entities(text.replace("    type: archive\n", "    type: archive\n    profile: arc\n"))["A"]) == 1
    )


def test_roles_of_a_set_tell_who_calls_and_who_is_called(declare):
    loaded = declare(archive("A: {capability_sets: {set: archive-storage, role: SCU}}"))
    assert loaded.inventory is not None
    ae = loaded.inventory.devices["arc"].ae_titles["A"]
    assert (ae.initiator, ae.acceptor) == (True, False)


def test_a_set_includes_others_or_one_role_of_them(entities):
    sets = SETS + "  all: {includes: [{set: archive-storage, role: SCU}, archive-query]}\n"
    found = entities(archive("A: {capability_sets: all}", sets=sets))["A"]
    assert [one.role for one in found] == ["SCU", "SCU", "SCP"]


def test_one_of_a_service_folds_with_the_same_one_of_a_set_and_has_its_name(entities):
    found = entities(archive("A: {capability_sets: archive-query, offers: [query, verification]}"))["A"]
    assert [(one.name, one.extra) for one in found] == [
        ("study-root-query-retrieve-information-model-find-scp", {"dcmRelationalQueries": ("TRUE",)}),
        ("verification-scp", {}),
    ]


def test_one_spelled_out_wins_over_that_of_a_set(entities):
    own = "{sop_class: ct-image-storage, role: SCU, name: CT out}"
    found = entities(archive(f"A: {{capability_sets: archive-storage, transfer_capabilities: [{own}]}}"))["A"]
    assert ("CT out", CT, "SCU") in brief(found)
    assert len(found) == 5


def test_one_spelled_out_in_a_set_wins_over_its_groups_and_what_it_includes(entities):
    sets = SETS + (
        "  mine: {includes: archive-storage, "
        "transfer_capabilities: [{sop_class: ct-image-storage, role: SCU, name: CT out}]}\n"
    )
    found = entities(archive("A: {capability_sets: mine}", sets=sets))["A"]
    assert ("CT out", CT, "SCU") in brief(found)
    assert len(found) == 5


def test_of_two_groups_that_name_a_class_the_narrower_word_counts(entities):
    sets = """\
capability_sets:
  s:
    groups:
      - {role: SCU, sop_classes: storage}
      - {role: SCU, sop_classes: structured-reports, transfer_syntaxes: deflated-explicit-vr-little-endian}
      - {role: SCU, sop_classes: [ct-image-storage, basic-text-sr-storage], transfer_syntaxes: jpeg2000-lossless}
"""
    found = entities(archive("A: {capability_sets: s}", sets=sets))["A"]
    of = {one.sop_class: one.transfer_syntaxes for one in found}
    assert len(found) == len(uids.services()["storage"].classes)
    assert (of[CT], of["1.2.840.10008.5.1.4.1.1.88.11"], of["1.2.840.10008.5.1.4.1.1.88.33"], of[MR]) == (
        (J2K,), (J2K,), (uids.DEFLATED,), PLAIN,
    )  # fmt: skip


def test_of_two_groups_that_name_a_class_alike_both_are_told(declare):
    groups = "{role: SCU, sop_classes: CT Image Storage}, {role: SCU, sop_classes: CTImageStorage, names: x}"
    sets = (
        f"capability_sets:\n  s: {{groups: [{groups.replace('names: x', 'transfer_syntaxes: jpeg2000')}]}}\n"
    )
    (finding,) = declare(archive("A: {capability_sets: s}", sets=sets)).findings
    assert finding.summary == "CT Image Storage as SCU stands otherwise twice in the set s"
    assert len(finding.also) == 2


def test_equal_ones_of_two_sets_fold_whatever_the_order_of_their_transfer_syntaxes(entities):
    sets = SETS + (
        '  again: {names: "{name} {role}", groups: {role: SCU, sop_classes: CTImageStorage, '
        "transfer_syntaxes: [jpeg2000-lossless, implicit-vr-little-endian]}}\n"
    )
    found = entities(archive("A: {capability_sets: [archive-storage, again]}", sets=sets))["A"]
    assert len(found) == 5


# --- where it was written -----------------------------------------------------------------------------------


def test_a_capability_was_written_where_its_set_says_it(declare):
    loaded = declare(archive("A: {capability_sets: archive-storage}"))
    at = ("devices", "arc", "ae_titles", "A", "capabilities")
    assert loaded.sources.told((*at, 0)) == "set archive-storage (inventory/hospital.yaml:7)"
    assert loaded.sources.told((*at, 4)) == "set archive-storage (inventory/hospital.yaml:10)"


def test_one_that_is_spelled_out_was_written_there(declare):
    own = "{sop_class: ct-image-storage, role: SCU, name: CT out}"
    loaded = declare(archive(f"A: {{capability_sets: archive-storage, transfer_capabilities: [{own}]}}"))
    at = ("devices", "arc", "ae_titles", "A", "capabilities", 1)
    assert loaded.sources.told(at) == "inventory/hospital.yaml:19"


# --- what is wrong ------------------------------------------------------------------------------------------


def test_conflicting_ones_of_two_sets_are_told_with_both_places(declare):
    sets = SETS + "  other: {groups: {role: SCP, sop_classes: ct-image-storage}}\n"
    (finding,) = declare(archive("A: {capability_sets: [archive-storage, other]}", sets=sets)).findings
    assert finding.rule == "PACS-SET-002"
    assert (
        finding.summary
        == "CT Image Storage as SCP stands otherwise twice in the sets archive-storage and other"
    )
    assert finding.place is not None
    assert finding.place.line == 20
    assert [(place.line, words) for place, words in finding.also] == [
        (7, "in the set archive-storage"), (13, "in the set other"),
    ]  # fmt: skip


def test_a_service_that_a_set_says_otherwise_is_told_at_both_places(declare):
    (finding,) = declare(archive("A: {capability_sets: archive-storage, offers: CTImageStorage}")).findings
    assert finding.summary == "CT Image Storage as SCP stands otherwise in the set archive-storage"
    assert finding.place is not None
    assert (finding.place.line, [place.line for place, _ in finding.also]) == (19, [7])


def test_a_conflict_is_settled_by_what_is_spelled_out(told):
    own = "{sop_class: ct-image-storage, role: SCP}"
    more = f"offers: CTImageStorage, transfer_capabilities: [{own}]"
    assert told(archive(f"A: {{capability_sets: [archive-storage, archive-query], {more}}}")) == []


USED = archive("A: {capability_sets: [archive-storage, archive-query]}")
IN_A_CIRCLE = "capability_sets:\n  a: {includes: b}\n  b: {includes: a}\n"
WITHOUT_ANY = "capability_sets:\n  a: {description: none yet}\n"

WRONG = {
    "unknown": (
        archive("A: {capability_sets: [archive-storage, archive-query, archive-querry]}"),
        "error PACS-SET-001 19:61",
        'There is no capability set "archive-querry", which AE title A names; did you mean "archive-query"?',
    ),
    "other role": (
        archive("A: {capability_sets: [{set: archive-query, role: SCU}, archive-storage]}"),
        "error PACS-SET-006 19:29",
        "The capability set archive-query has nothing as SCU",
    ),
    "unused": (
        archive("A: {capability_sets: archive-storage}"),
        "warning PACS-SET-005 11:3",
        "Nothing names the capability set archive-query",
    ),
    "empty group": (
        USED.replace("groups: {role: SCP, sop_classes: query,", "groups: {role: SCP,"),
        "error PACS-SET-004 12:5",
        "A group of the set archive-query holds nothing",
    ),
    "circle": (
        archive("A: {capability_sets: a}", sets=IN_A_CIRCLE),
        "error PACS-SET-003 2:17",
        "The capability set a includes itself: a → b → a",
    ),
    "empty": (
        archive("A: {capability_sets: a}", sets=WITHOUT_ANY),
        "error PACS-SET-004 2:3",
        "The set a holds nothing",
    ),
    "placeholder": (
        USED.replace('names: "{name} {role}"', 'names: "{title} {role}"'),
        "error PACS-VAL-002 4:12",
        (
            "capability_sets.archive-storage.names: {title} stands for nothing here; "
            "known: {name}, {keyword}, {label}, {uid}, {role}, {role-lower}"
        ),
    ),
    "named unseen": (
        USED.replace('    names: "{name} {role}"\n', ""),
        "error PACS-VAL-002 2:3",
        (
            "capability_sets.archive-storage: a group has named SOP classes, "
            "but names has no {name} in which they would be seen"
        ),
    ),
    "class": (
        USED.replace("[ct-image-storage, MR", "[ct-imag-storage, MR"),
        "error PACS-UID-002 7:23",
        (
            'capability_sets.archive-storage.groups.sop_classes: "ct-imag-storage" is no service or SOP class of '
            'the standard (PS3.6 Annex A); did you mean "ct-image-storage"?'
        ),
    ),
    "one name for both roles": (
        USED.replace('names: "{name} {role}"', 'names: "{name}"'),
        "error PACS-TC-002 19:11",
        'Two capabilities of A have the name "CT Image Storage"',
    ),
}


@pytest.mark.parametrize(("text", "rule", "summary"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_at_its_place(told, text, rule, summary):
    severity, name, at = rule.split()
    assert told(text) == [f"{severity} {name} inventory/hospital.yaml:{at} {summary}"]


def test_a_set_that_cannot_be_read_is_not_called_missing(told):
    found = told(USED.replace("role: [SCU, SCP]", "role: [BOTH]"))
    assert [line.split()[1] for line in found] == ["PACS-VAL-002"]


def test_a_name_that_is_too_long_is_told_where_the_class_stands(told):
    found = told(USED.replace("Private Philips Volume Storage", "x" * 126))
    assert [line.split()[1:3] for line in found] == [["PACS-NAME-002", "inventory/hospital.yaml:10:145"]]


def test_sets_may_include_each_other_as_deep_as_anybody_likes(told):
    deep = "".join(f"  s{number}: {{includes: s{number + 1}}}\n" for number in range(3000))
    sets = f"capability_sets:\n{deep}  s3000: {{groups: {{role: SCU, sop_classes: storage}}}}\n"
    assert told(archive("A: {capability_sets: s0}", sets=sets)) == []


def test_a_circle_is_told_once_whoever_leads_into_it(told):
    sets = (
        "capability_sets:\n  in: {includes: b}\n  a: {includes: b}\n  b: {includes: c}\n  c: {includes: a}\n"
    )
    assert told(archive("A: {capability_sets: in}", sets=sets)) == [
        "error PACS-SET-003 inventory/hospital.yaml:3:17 The capability set a includes itself: a → b → c → a"
    ]


def test_the_same_words_a_thousand_times_are_as_good_as_once(entities):
    many = ", ".join(["storage", "CT Image Storage"] * 1000)
    sets = f"capability_sets:\n  s: {{groups: {{role: [SCU, SCP], sop_classes: [{many}]}}}}\n"
    found = entities(archive("A: {capability_sets: s}", sets=sets))["A"]
    assert len(found) == 2 * len(uids.services()["storage"].classes)


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{name} {role}", "Patient Study Only Query Retrieve Information Model - FIND (Retired) SCP"),
        ("{keyword}-{role}", "PatientStudyOnlyQueryRetrieveInformationModelFind-SCP"),
        ("{uid}/{role-lower}", "1.2.840.10008.5.1.4.1.2.3.1/scp"),
        (formats.USUAL_NAMES, "patient-study-only-query-retrieve-information-model-find-scp"),
    ],
)
def test_a_pattern_spells_a_name(pattern, name):
    assert spelling(pattern, "1.2.840.10008.5.1.4.1.2.3.1", "SCP") == name


# --- any sets -----------------------------------------------------------------------------------------------

GROUPS = st.fixed_dictionaries(
    {
        "role": st.lists(st.sampled_from(["SCU", "SCP"]), min_size=1, max_size=2, unique=True),
        "sop_classes": st.lists(st.sampled_from([CT, MR, SC, "query", PHILIPS]), min_size=1, max_size=3),
    },
    optional={"transfer_syntaxes": st.sampled_from([list(PLAIN), list(PLAIN)[::-1], [J2K]])},
)
ANY = st.dictionaries(
    st.sampled_from("abc"),
    st.fixed_dictionaries(
        {"groups": st.lists(GROUPS, max_size=2)},
        optional={"includes": st.lists(st.sampled_from("abcd"), max_size=2)},
    ),
    max_size=3,
)


@given(ANY)
def test_a_set_has_each_class_once_in_a_role_and_whatever_it_lacks_was_told(written):
    declared = {name: CapabilitySet.model_validate(plain) for name, plain in written.items()}
    sets = CapabilitySets(declared)
    told = {finding.rule for finding in sets.findings}
    for name, plain in written.items():
        members = sets.members(name)
        assert len({member.key for member in members}) == len(members)
        wanted = {
            (uid, role)
            for group in plain["groups"]
            for text in group["sop_classes"]
            for uid in uids.sop_classes(text)
            for role in group["role"]
        }
        assert wanted <= {member.key for member in members}
        assert told or all(
            wanted_of <= {member.key for member in members}
            for other in plain.get("includes", ())
            for wanted_of in [{member.key for member in sets.members(other)}]
        )


@given(st.permutations(PLAIN), st.sampled_from(["a", "b"]))
def test_two_are_the_same_whatever_the_order_of_their_syntaxes_and_only_with_one_name(syntaxes, name):
    one = TransferCapability(name="a", sop_class=CT, role="SCU", transfer_syntaxes=PLAIN)
    other = TransferCapability(name=name, sop_class=CT, role="SCU", transfer_syntaxes=tuple(syntaxes))
    assert same(one, other) is (name == "a")
