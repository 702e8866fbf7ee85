"""AEs of archives are adopted as a few named sets, which come to exactly what was there."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacsconf.adopt import sets
from pacsconf.adopt.cn import Naming, namings
from pacsconf.adopt.files import write
from pacsconf.adopt.profiles import profiled
from pacsconf.adopt.services import words_of_groups
from pacsconf.adopt.sets import gathered
from pacsconf.adopt.shorten import shortened
from pacsconf.cli.adopt_sources import exported
from pacsconf.cli.adoption import adopted
from pacsconf.inventory import uids
from pacsconf.inventory.capability_sets import CapabilitySets
from pacsconf.inventory.declaration import CapabilitySet, DeviceDeclaration
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.loader import load
from tests import archive_tree
from tests.adopt import trees

CT = "1.2.840.10008.5.1.4.1.1.2"
PLAIN = list(uids.DEFAULT_TRANSFER_SYNTAXES)
CLASSES = [
    *uids.services()["structured-reports"].classes,
    *uids.services()["waveforms"].classes,
    *uids.services()["query-retrieve"].classes,
    *uids.services()["unified-procedure-step"].classes,
    "1.2.840.10008.1.1",
    "1.2.840.10008.5.1.1.27",
    *(f"1.3.12.2.1107.5.9.{number}" for number in range(8)),
]


def named(uid: str, role: str) -> str:
    """As archives name an entry, a private class by a name of the vendor's."""
    vendor = f"Private Vendor {uid.rpartition('.')[2]} Storage"
    return f"{uids.printed(uid) if uids.printed(uid) != uid else vendor} {role}"


def chance_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - what is drawn is to be the same in every run


# --- an archive as it is delivered --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What adopting the export of an archive writes."""
    folder = tmp_path_factory.mktemp("archive")
    file = folder / "archive.ldif"
    file.write_text(archive_tree.text(), encoding="utf-8")
    result = adopted(exported(file, Path("archive.ldif"), "directory", None), None, trees.TERMS)
    write(result.files, folder / "inventory")
    return folder


def test_an_archive_of_hundreds_of_capabilities_is_said_in_few_lines(archive: Path) -> None:
    loaded = load(archive, trees.TODAY)
    assert loaded.inventory is not None
    ae = loaded.inventory.devices["dcm4chee-arc"].ae_titles["DCM4CHEE"]
    assert len(ae.capabilities) > 500
    text = (archive / "inventory" / "capability-sets.yaml").read_text()
    devices = yaml.safe_load((archive / "inventory" / "devices" / "archives.yaml").read_text())["devices"]
    said = devices["dcm4chee-arc"]["ae_titles"]["DCM4CHEE"]
    assert set(said) == {"description", "capability_sets", "vendor"}
    lines = sum(
        text.partition(f"\n  {name}:\n")[2].partition("\n\n")[0].count("\n") + 2
        for name in said["capability_sets"]
    )
    assert lines + len(said["capability_sets"]) + 4 < 170


def test_sets_of_an_archive_are_named_after_what_they_are_for(archive: Path) -> None:
    found = yaml.safe_load((archive / "inventory" / "capability-sets.yaml").read_text())["capability_sets"]
    assert list(found) == [
        "archive-query-retrieve",
        "archive-services",
        "archive-storage",
        "archive-verification",
        "dcm4chee-services",
        "workstation-storage",
    ]
    assert {one["names"] for one in found.values()} == {"{name} {role}"}
    assert found["archive-verification"] == {
        "names": "{name} {role}",
        "groups": {
            "role": ["SCU", "SCP"],
            "sop_classes": "verification",
            "transfer_syntaxes": "implicit-vr-little-endian",
        },
    }


def test_an_ae_that_gives_out_what_another_takes_too_names_its_set_with_one_role(archive: Path) -> None:
    devices = yaml.safe_load((archive / "inventory" / "devices" / "archives.yaml").read_text())["devices"]
    assert devices["dcm4chee-arc"]["ae_titles"]["AS_RECEIVED"]["capability_sets"] == [
        "archive-query-retrieve",
        {"set": "archive-storage", "role": "SCU"},
        "archive-verification",
    ]


def test_names_of_entries_are_what_they_were_to_the_letter(archive: Path) -> None:
    loaded = load(archive, trees.TODAY)
    assert loaded.inventory is not None
    declared = {
        f"cn={one.name},dicomAETitle={ae.title}"
        for ae in loaded.inventory.devices["dcm4chee-arc"].ae_titles.values()
        for one in ae.capabilities
    }
    lines = (archive / "archive.ldif").read_text().replace("\n ", "").splitlines()
    names = {
        line[4:].partition(",dicomDeviceName=")[0]
        for line in lines
        if ",dicomDeviceName=dcm4chee-arc," in line
    }
    assert declared == {
        name
        for name in names
        if name.partition(",dicomAETitle=")[0].endswith((" SCU", " SCP")) and "cn=" in name
    }


def test_a_hospital_without_such_an_archive_needs_no_sets() -> None:
    file = Path(__file__).parents[1] / "systems" / "hospital.ldif"
    result = adopted(exported(file, Path("hospital.ldif"), "directory", None), None, trees.TERMS)
    assert "capability-sets.yaml" not in result.files
    assert not any("capability_sets" in text for text in result.files.values())


# --- any AEs --------------------------------------------------------------------------------------------------


@st.composite
def hospitals(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Devices whose AEs can do much, alike in most and different in some; names of all sorts."""
    found: dict[str, dict[str, Any]] = {}
    for device in draw(
        st.lists(st.sampled_from(["arc-1", "arc-2", "ws-1"]), min_size=1, max_size=3, unique=True)
    ):
        entities = {}
        for title in draw(
            st.lists(st.sampled_from(["ARC", "READ", "TEST"]), min_size=1, max_size=3, unique=True)
        ):
            chance = chance_of(draw(st.integers(0, 5)))
            entities[title] = {"transfer_capabilities": list(_capabilities(chance))}
        kind = "archive" if device.startswith("arc") else "workstation"
        connections = {"dicom": {"host": "h", "port": 104}}
        found[device] = {"type": kind, "probe": "none", "connections": connections, "ae_titles": entities}
    return found


def _capabilities(chance: random.Random) -> Any:
    """Most of what there is, most of it named as archives do."""
    odd = chance.random() / 4
    for uid in CLASSES:
        for role in ("SCU", "SCP"):
            if chance.random() < 0.15 + odd:
                continue
            name = named(uid, role)
            if chance.random() < odd:
                name = chance.choice(
                    [f"{uid} x {role}", f"{uids.keyword(uid)}_{role.lower()}", f"odd {{}} {uid} {role}"]
                )
            syntaxes = [*PLAIN, "1.2.840.10008.1.2.4.70"] if "88" in uid and chance.random() > odd else PLAIN
            more = chance.choice(FURTHER) if chance.random() < odd else {}
            yield {"name": name, "sop_class": uid, "role": role, "transfer_syntaxes": syntaxes, **more}


KINDS = {"arc-1": "archive", "arc-2": "archive", "ws-1": "workstation"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hospitals())
def test_sets_and_what_is_left_come_to_exactly_what_each_ae_had(devices: dict[str, dict[str, Any]]) -> None:
    found = gathered(devices, KINDS)
    declared = CapabilitySets(
        {name: CapabilitySet.model_validate(plain) for name, plain in found.sets.items()}
    )
    assert list(declared.findings) == []
    for name, plain in devices.items():
        said = {title: one for (device, title), one in found.said.items() if device == name}
        short = DeviceDeclaration.model_validate(shortened(plain, said))
        expansion = Expansion(name, short, None, sets=declared)
        device = expansion.device()
        assert expansion.findings == []
        assert device is not None
        for title, ae in plain["ae_titles"].items():
            assert {_facts(one.model_dump()) for one in device.ae_titles[title].capabilities} == {
                _facts(one) for one in ae["transfer_capabilities"]
            }


FURTHER: list[dict[str, Any]] = [
    {"extra": {"dcmRelationalQueries": ["TRUE"]}},
    {"vendor": {"dcm4chee": {"fuzzy_matching": True}}},
    {"object_classes": []},
    {"object_classes": ["dcmTransferCapability"], "extra": {}},
]


def _facts(one: dict[str, Any]) -> Any:
    classes = one.get("object_classes")
    more = json.dumps(
        [one.get("extra", {}), one.get("vendor", {}), None if classes is None else list(classes)]
    )
    return one["name"], one["sop_class"], one["role"], frozenset(one["transfer_syntaxes"]), more


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hospitals(), st.randoms(use_true_random=False))
def test_sets_are_the_same_in_whatever_order_devices_come(
    devices: dict[str, dict[str, Any]], chance: random.Random
) -> None:
    shuffled = list(devices.items())
    chance.shuffle(shuffled)
    first, second = gathered(devices, KINDS), gathered(dict(shuffled), KINDS)
    assert (dict(first.sets), dict(first.said)) == (dict(second.sets), dict(second.said))


def test_a_set_is_shared_by_devices_of_one_kind_only() -> None:
    many = list(_capabilities(chance_of(1)))
    devices = {
        name: {"type": KINDS[name], "probe": "none", "ae_titles": {"A": {"transfer_capabilities": many}}}
        for name in ("arc-1", "arc-2", "ws-1")
    }
    found = gathered(devices, KINDS)
    assert found.said["arc-1", "A"].sets == found.said["arc-2", "A"].sets
    assert not set(found.said["arc-1", "A"].sets) & set(found.said["ws-1", "A"].sets)


def test_names_of_sets_that_are_declared_already_are_not_given_again() -> None:
    many = list(_capabilities(chance_of(1)))
    devices = {"arc-1": {"type": "archive", "ae_titles": {"A": {"transfer_capabilities": many}}}}
    names = set(gathered(devices, KINDS).sets)
    again = set(gathered(devices, KINDS, names).sets)
    assert len(again) == len(names)
    assert not names & again


def test_a_scanner_needs_no_set() -> None:
    few = [
        {"name": f"{uids.printed(uid)} SCU", "sop_class": uid, "role": "SCU", "transfer_syntaxes": PLAIN}
        for uid in CLASSES[: sets.MANY - 1]
    ]
    devices = {
        "ct-1": {"type": "modality", "probe": "none", "ae_titles": {"CT": {"transfer_capabilities": few}}}
    }
    assert profiled(devices).sets == {}


# --- names, words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "naming"),
    [
        ("CT Image Storage SCU", Naming("{name} {role}")),
        ("ct image storage scu", Naming("{name} {role}")),
        ("CTImageStorage_scu", Naming("{keyword}_{role-lower}")),
        ("out: ct-image-storage", Naming("out: {label}")),
        ("ct-image-storage-scu", Naming("{label}-{role-lower}")),
        ("", Naming("{label}-{role-lower}")),
        ("Pictures SCU", Naming("{name} {role}", "Pictures")),
        ("CT image storage SCU", Naming("{name} {role}", "CT image storage")),
        ("CT Image Storage scu", Naming("{name} {role-lower}")),
        ("Pictures Scu", None),
        ("Pictures", None),
        ("SCU", None),
        ("CT Image Storage {role} SCU", Naming("{name} {role}", "CT Image Storage {role}")),
    ],
)
def test_a_name_is_one_by_a_pattern_or_by_none(name: str, naming: Naming | None) -> None:
    assert namings([(name, CT, "SCU")])(name, CT, "SCU") == naming


GROUPS = st.lists(st.sampled_from([*CLASSES, *uids.services()["storage"].classes[:20]]), unique=True).flatmap(
    lambda classes: st.lists(st.integers(0, 2), min_size=len(classes), max_size=len(classes)).map(
        lambda numbers: [
            frozenset(c for c, n in zip(classes, numbers, strict=True) if n == i) for i in range(3)
        ]
    )
)


@given(GROUPS | st.just([frozenset(uids.services()["storage"].classes), frozenset(), frozenset()]))
def test_words_of_groups_mean_exactly_their_classes(groups: list[frozenset[str]]) -> None:
    listed = [
        {"role": "SCU", "sop_classes": list(words), "extra": {"group": str(number)}}
        for number, words in enumerate(words_of_groups(groups))
        if words
    ]
    declared = CapabilitySets({"s": CapabilitySet.model_validate({"groups": listed})})
    found = {one.capability.sop_class: one.capability.extra["group"] for one in declared.members("s")}
    assert found == {uid: (str(number),) for number, group in enumerate(groups) for uid in group}
