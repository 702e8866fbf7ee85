"""The short ways of loading come to what the long ones do: checked parts, models made unchecked, aliases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.finding import Place
from pacsconf.inventory import uids
from pacsconf.inventory.aliases import aliases
from pacsconf.inventory.capability_sets import CapabilitySets
from pacsconf.inventory.declaration import DeviceDeclaration
from pacsconf.inventory.devices import Profile, together
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.merge import merge
from pacsconf.inventory.model import Device, Site
from pacsconf.inventory.tree import Node, plain
from pacsconf.inventory.validation import checked

AT = Place("inventory/a.yaml", 1, 1)


def node(value: Any) -> Node:
    if isinstance(value, dict):
        return Node({key: node(member) for key, member in value.items()}, AT)
    if isinstance(value, list):
        return Node([node(member) for member in value], AT)
    return Node(value, AT)


def maps(**choices: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these keys, each with one of its values."""
    return st.fixed_dictionaries({}, optional={key: st.sampled_from(each) for key, each in choices.items()})


SERVICES: dict[str, list[Any]] = {
    "uses": ["mpps", ["ct-image-storage", "storage-commitment"], []],
    "offers": ["verification", ["CT Image Storage", "query-retrieve"]],
    "transfer_syntaxes": ["rle-lossless"],
    "initiator": ["true", "false"],
    "answers_to": ["OLD", []],
    "accepts": ["any", ["CT_*"]],
    "clusters": ["a"],
    "character_sets": ["ISO_IR 100", []],
    "transfer_capabilities": [
        [],
        [
            {"sop_class": "mr-image-storage", "role": "SCU", "name": "mr"},
            {"sop_class": "Verification", "role": "SCU"},
        ],
    ],
    "extra": [{"dcmX": "1"}, {"dcmY": ["2", "3"]}],
}
ENTITIES = st.dictionaries(
    st.sampled_from(("A", "B")), maps(**SERVICES, description=["x"], vendor_data=["QUJD"]), max_size=2
)
CONNECTIONS = st.dictionaries(
    st.sampled_from(("one", "two")),
    maps(host=["h", "10.0.0.1"], port=["104"], tls=["TLS_AES_256_GCM_SHA384"], installed=["false"]),
    max_size=2,
)


@st.composite
def texts(draw: st.DrawFn, **more: list[Any]) -> dict[str, Any]:
    """What may stand under a device's name or a profile's."""
    device = draw(
        maps(
            **{**SERVICES, **more},
            type=["modality"],
            site=["main"],
            modality=["CT", ["CT", "PT"]],
            owner=["physics"],
            lifecycle=["planned"],
            patient_id_issuer=["HOSP"],
            institution_names=["A"],
            ae_domain=["x"],
            worklist=[{"from": "ris/RIS"}, {"from": "ris/RIS", "station_ae": "A"}, {"station_ae": "CT"}],
            rewrites=[{"X": "Y"}],
            host=["h", "10.0.0.1"],
            port=["104"],
            ae_title=["CT_1"],
            seen_from=[{"north": {"host": "n"}}],
            tls=["TLS_AES_256_GCM_SHA384"],
        )
    )
    for key, several in (("ae_titles", ENTITIES), ("connections", CONNECTIONS)):
        if draw(st.integers(0, 3)) == 0:
            device[key] = draw(several)
    return device


def removing(device: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {**device, **dict.fromkeys(keys)}


NULLS = st.sets(st.sampled_from(("owner", "host", "worklist", "ae_titles", "nothing")), max_size=2)
WRONG: dict[str, list[Any]] = {"max_associations": ["010", "2"], "software": ["1"], "device_uid": ["1.02"]}
WRITTEN = st.builds(removing, st.one_of(texts(), texts(), texts(), texts(**WRONG)), NULLS)


@given(st.none() | WRITTEN, WRITTEN)
def test_profile_and_device_together_declare_what_the_merged_tree_does(above, own):
    profile = None
    if above is not None:
        profile = Profile.of(node(above), checked(DeviceDeclaration, plain(node(above)), ())[0])
    merged = merge(profile.tree, node(own)) if profile else node(own)
    whole, findings = checked(DeviceDeclaration, plain(merged), ())
    found = together(profile, node(own))
    if found is None:
        assert findings or (profile and not profile.declared), (
            "only for what is wrong, the long way is needed"
        )
        return
    assert whole is not None
    assert found == whole
    assert found.model_fields_set == whole.model_fields_set
    assert list(found.__dict__) == list(whole.__dict__)


SITES = st.none() | st.builds(
    Site.model_validate,
    maps(patient_id_issuer=["S"], character_sets=["ISO_IR 192"], institution_name=["Main"], ae_domain=["m"]),
)


@given(texts(), SITES)
def test_device_made_of_checked_values_is_the_one_that_checking_would_make(plain_device, site):
    expansion = Expansion("d", declared_of(plain_device), site)
    device = expansion.device()
    if device is None:
        assert expansion.findings
        return
    assert device == Device.model_validate(device.model_dump(by_alias=True))
    for model in (device, *device.connections.values(), *device.ae_titles.values()):
        assert list(model.__dict__) == list(type(model).model_fields)
    copied = device.model_copy(update={"description": "another"})
    assert (copied.description, copied.ae_titles) == ("another", device.ae_titles)


def declared_of(value: dict[str, Any]) -> DeviceDeclaration:
    """A declaration that most often can be spelled out: only one of short and long form, nothing needed missing."""
    value = {"type": "modality", **value}
    if "worklist" in value:
        value["worklist"] = {"from": "ris/RIS", **value["worklist"]}
    if value.get("ae_titles"):
        value = {key: said for key, said in value.items() if key not in ("ae_title", "answers_to")}
    if value.get("connections"):
        value = {key: said for key, said in value.items() if key not in ("host", "port", "seen_from")}
        value["connections"] = {name: {"host": "g", **said} for name, said in value["connections"].items()}
    return DeviceDeclaration.model_validate(value)


@given(texts(), SITES)
def test_every_alias_leads_to_what_the_value_was_made_of(plain_device, site):
    declared = declared_of(plain_device)
    device = Expansion("d", declared, site).device()
    for made, (written, how) in (
        aliases("d", declared, site, CapabilitySets(), inherits=True).items() if device else ()
    ):
        value = at(device, made[2:])
        if "capabilities" in made:
            source = at(declared, written[2:])
            names = uids.sop_classes(source) if isinstance(source, str) else (source.sop_class,)
            assert value.sop_class in names
        elif how:
            assert written[:2] == ("sites", declared.site or "")
            source = at(site, written[2:])
            assert value == ((source,) if made[-1] == "institution_names" else source)
        elif made[-1] in ("initiator", "acceptor"):
            assert at(declared, written[2:]) in (None, value)
        elif value is not None and made[2:] not in (("connections", "dicom"), ("ae_titles", "CT_1")):
            assert value == at(declared, written[2:])


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What a path leads to, None where there is nothing."""
    for step in path:
        if value is None:
            return None
        if isinstance(step, int):
            value = value[step] if isinstance(value, tuple) else value
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            value = getattr(value, "source" if step == "from" else step)
    return value


def test_names_given_to_capabilities_tell_all_sop_classes_apart():
    names = [entry.kebab for entry in uids.dictionary().values() if entry.kind == "SOP class"]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("devices", "ct-1", "owner"), "profile ct (inventory/hospital.yaml:3)"),
        (("devices", "ct-1", "connections", "dicom", "port"), "inventory/hospital.yaml:5"),
        (("devices", "ct-1", "institution_names", 0), "site main (inventory/hospital.yaml:1)"),
        (("devices", "ct-9", "owner"), "default"),
    ],
)
def test_a_device_is_traced_back_when_somebody_asks(declare, path, told):
    text = """\
sites: {main: {institution_name: Main}}
profiles:
  ct: {type: modality, owner: physics}
devices:
  ct-1: {profile: ct, site: main, host: h, port: 104}
"""
    assert declare(text).sources.told(path) == told
