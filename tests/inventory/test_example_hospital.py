"""The example hospital in `inventory/` is demo, tutorial and test data: it keeps what it promises to show."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from ipaddress import ip_address, ip_network
from pathlib import Path

import jsonschema
import pytest
import yaml

from pacsconf.inventory import uids
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.flows import pairs
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Device, Inventory, NetworkAE
from pacsconf.inventory.peers import peer_table
from pacsconf.inventory.schema import json_schema
from pacsconf.inventory.systems import PeersConfig

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "inventory").rglob("*.yaml"))
LOADED = load(ROOT)


@pytest.fixture(scope="module")
def hospital() -> Inventory:
    assert LOADED.inventory is not None, [str(finding) for finding in LOADED.findings]
    return LOADED.inventory


def one(hospital: Inventory, **facts: object) -> Device:
    """The only device with these facts."""
    found = [
        device
        for device in hospital.devices.values()
        if all(getattr(device, key) == value for key, value in facts.items())
    ]
    assert len(found) == 1, [device.name for device in found]
    return found[0]


def devices(hospital: Inventory, **facts: object) -> set[str]:
    return {
        name
        for name, device in hospital.devices.items()
        if all(getattr(device, key) == value for key, value in facts.items())
    }


def aliases(hospital: Inventory, system: str) -> set[str]:
    """The peers of a system; nothing is wrong with them."""
    deployed, _ = for_environment(hospital, "production")
    config = deployed.systems[system]
    assert isinstance(config, PeersConfig)
    peers, findings = peer_table(deployed, config)
    assert findings == ()
    return {peer.alias for peer in peers}


def callers(hospital: Inventory, flow: str) -> set[tuple[str, str]]:
    return {(pair.calling, pair.called) for pair in pairs(hospital) if pair.flow == flow}


def sop_classes(device: Device, role: str) -> set[str]:
    return {
        uids.label(capability.sop_class)
        for ae in device.ae_titles.values()
        for capability in ae.capabilities
        if capability.role == role
    }


# --- it loads ------------------------------------------------------------------------------------------------


def test_nothing_is_wrong_with_it_but_what_its_baseline_accepts():
    wrong = [finding for finding in LOADED.findings if finding.severity != "info"]

    assert [(finding.rule, finding.accepted) for finding in wrong] == [
        ("PACS-FLOW-002", "until 2027-12-31 by research"),
        ("PACS-USR-005", "until 2028-06-30 by kkraus"),
    ]


def test_what_the_baseline_accepts_counts_again_after_its_day():
    after = load(ROOT, date(2028, 1, 1))

    assert [finding.rule for finding in after.findings if not finding.accepted] == [
        "PACS-BASE-001",
        "PACS-FLOW-002",
    ]


@pytest.mark.parametrize("environment", ["lab", "production"])
def test_nothing_is_wrong_with_it_in_any_environment(hospital: Inventory, environment: str):
    chosen, findings = for_environment(hospital, environment)

    assert findings == ()
    assert {name: system.type for name, system in chosen.systems.items()} == {
        "directory": "dicom-directory",
        "orthanc": "orthanc",
        "cardio-console": "console",
        "accounts": "accounts",
    }
    assert str(chosen.systems["directory"].bind.password) == "env:PACSCONF_LDAP_PASSWORD"
    assert str(chosen.systems["orthanc"].login.password) == "env:PACSCONF_ORTHANC_PASSWORD"


def test_production_is_read_only_and_the_lab_is_not(hospital: Inventory):
    modes = {
        name: {system.mode for system in for_environment(hospital, name)[0].systems.values()}
        for name in hospital.environments
    }

    assert modes == {"lab": {"write"}, "production": {"read-only"}}


def test_what_the_lab_puts_over_it_fits(hospital: Inventory):
    bind = {"dn": "cn=pacsconf,dc=example,dc=org", "password": "file:/tmp/lab/password"}
    overlay = {
        "systems": {
            "directory": {"url": "ldaps://127.0.0.1:6636", "base": "dc=example,dc=org", "bind": bind},
            "orthanc": {"url": "http://127.0.0.1:8042", "settings_file": "/tmp/lab/configuration.json"},
        },
        "dial": {"10.20.5.11:104": "127.0.0.1:11104", "*": "none"},
    }

    chosen, findings = for_environment(hospital, "lab", overlay)

    assert findings == ()
    assert chosen.systems["directory"].url == "ldaps://127.0.0.1:6636"
    assert chosen.systems["orthanc"].url == "http://127.0.0.1:8042"


class WithoutDates(yaml.SafeLoader):
    """YAML as editors read it (1.2 core): a date is text, and so are the words `on` and `yes`."""


WithoutDates.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile("true|false") if tag == "tag:yaml.org,2002:bool" else pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """Of another house than the loader."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_editor_finds_nothing_wrong_with_it(file: Path, validator: jsonschema.Draft202012Validator):
    content = yaml.load(file.read_text(), WithoutDates)  # noqa: S506 - built on SafeLoader

    assert [error.message for error in validator.iter_errors(content)] == []


# --- it is as large as a hospital -----------------------------------------------------------------------------


def test_it_has_three_sites_and_a_partner_outside(hospital: Inventory):
    assert set(hospital.sites) == {"main", "north", "south", "partner"}
    assert devices(hospital, external=True) == {"nightwatch"}
    assert devices(hospital, site="partner") == {"nightwatch"}


def test_it_has_devices_of_every_kind(hospital: Inventory):
    codes = Counter(
        code for device in hospital.devices.values() if device.type == "modality" for code in device.modality
    )
    types = Counter(device.type for device in hospital.devices.values())

    assert len(hospital.devices) == 73
    assert codes == {
        "CT": 8, "MR": 5, "DX": 7, "CR": 1, "MG": 3, "US": 11, "XA": 3, "RF": 2, "NM": 1, "PT": 1,
        "IO": 2, "PX": 2, "OT": 1,
    }  # fmt: skip
    assert types == {
        "modality": 46, "workstation": 14, "archive": 3, "router": 2, "printer": 2, "cd-publisher": 2,
        "worklist": 1, "dose-server": 1, "ai": 1, "partner": 1,
    }  # fmt: skip


def test_it_is_spread_over_the_sites(hospital: Inventory):
    assert Counter(device.site for device in hospital.devices.values()) == {
        "main": 53, "south": 11, "north": 8, "partner": 1,
    }  # fmt: skip


# --- every special case is there ------------------------------------------------------------------------------


def test_every_stage_of_life_is_there(hospital: Inventory):
    stages = {
        stage: devices(hospital, lifecycle=stage)
        for stage in ("planned", "commissioning", "retiring", "retired")
    }

    assert stages == {
        "planned": {"mr-3"},
        "commissioning": {"dx-rad-3"},
        "retiring": {"mr-2"},
        "retired": {"cr-er-1", "digitizer-1"},
    }


def test_a_successor_holds_the_title_and_address_of_a_retired_device(hospital: Inventory):
    before, after = hospital.devices["cr-er-1"], hospital.devices["dx-er-1"]

    assert after.replaces == "cr-er-1"
    assert set(after.ae_titles) == set(before.ae_titles) == {"CR_ER_1"}
    assert after.connections["dicom"].host == before.connections["dicom"].host


def test_a_planned_device_is_named_as_a_successor(hospital: Inventory):
    assert hospital.devices["mr-3"].replaces == "mr-2"


def test_two_portables_are_mostly_off(hospital: Inventory):
    assert devices(hospital, expected="intermittent", profile="us-portable") == {
        "us-portable-1",
        "us-portable-2",
    }


def test_some_keep_office_hours(hospital: Inventory):
    hours = {device.expected for device in hospital.devices.values()} - {"always", "intermittent"}

    assert hours == {"mon-fri 07:00-18:00", "mon-fri 08:00-17:00"}


def test_a_scanner_is_on_loan(hospital: Inventory):
    on_loan = [device for device in hospital.devices.values() if device.loan]

    assert [(device.name, device.loan.until) for device in on_loan] == [("ct-loan-1", "2027-06-30")]
    assert on_loan[0].loan.returns_to


def test_the_archive_is_a_cluster_with_a_cold_standby_and_an_alias(hospital: Inventory):
    archive = hospital.devices["archive"]

    assert {name: node.standby for name, node in archive.nodes.items()} == {
        "node-a": False,
        "node-b": False,
        "node-c": True,
    }
    assert archive.connections["dicom"].host == "archive.example.org"
    assert archive.ae_titles["ARCHIVE"].answers_to == ("OLD_PACS",)


def test_the_archive_stores_everything_and_the_other_titles_inherit_it(hospital: Inventory):
    archive = hospital.devices["archive"]
    offered = {
        title: {each.sop_class for each in ae.capabilities if each.role == "SCP"}
        for title, ae in archive.ae_titles.items()
    }

    assert uids.covers("storage") < offered["ARCHIVE"]
    assert offered["ARCHIVE"] == offered["ARCHIVE_TEST"]


def test_a_router_rewrites_the_titles_of_all_scanners_behind_it(hospital: Inventory):
    router = one(hospital, name="router-n")
    behind = {
        title
        for device in hospital.devices.values()
        if device.type == "modality" and device.site == "north"
        for title in device.ae_titles
    }

    assert dict(router.rewrites) == dict.fromkeys(behind, "ROUTER_N")


def test_the_ai_box_only_calls(hospital: Inventory):
    box = one(hospital, type="ai")
    (ae,) = box.ae_titles.values()

    assert [connection.port for connection in box.connections.values()] == [None]
    assert (ae.initiator, ae.acceptor) == (True, False)


def test_a_device_has_tls_and_another_address_outside(hospital: Inventory):
    outside = hospital.devices["telerad-gw"].connections["outside"]

    assert outside.port == 2762
    assert all(suite.startswith("TLS_ECDHE_") for suite in outside.tls)
    assert outside.seen_from["partner"].host == "telerad.example.org"


def test_two_ward_pcs_share_a_title_and_say_why(hospital: Inventory):
    sharing = {device.name for device, ae in hospital.entities() if ae.shared_title}

    assert sharing == {"ward-1", "ward-2"}


def test_a_former_address_is_still_accepted(hospital: Inventory):
    former = hospital.devices["ct-er-1"].connections["dicom"].was

    assert former is not None
    assert (former.host, former.until) == ("10.20.7.17", "2027-03-31")


def test_a_pacs_is_described_as_configured_by_hand_and_has_a_console(hospital: Inventory):
    assert "by hand" in (hospital.devices["cardio-pacs"].description or "")
    assert aliases(hospital, "cardio-console") == {
        "ARCHIVE", "PACS_ADMIN", "US_CARD_1", "US_CARD_2", "XA_CARD_1",
    }  # fmt: skip


def test_the_research_archive_is_an_orthanc_whose_peers_follow_from_flows(hospital: Inventory):
    assert hospital.systems["orthanc"].ae == "research"
    assert aliases(hospital, "orthanc") == {
        "ARCHIVE", "CT_ER_1", "CT_ER_2", "CT_IR_1", "CT_LOAN_1", "CT_RAD_1", "MR_1", "MR_2", "PACS_ADMIN",
        "PET_1", "THREE_D_1",
    }  # fmt: skip


def test_every_scanner_that_asks_the_cardiology_pacs_for_commitment_can_be_answered(hospital: Inventory):
    asked = callers(hospital, "cardiology-to-cardio-pacs") | callers(hospital, "cardio-pacs-to-archive")
    answered = callers(hospital, "cardio-pacs-confirms") | callers(hospital, "archive-confirms-cardio-pacs")

    assert {(called, calling) for calling, called in asked} == answered


def test_nothing_in_the_south_is_probed(hospital: Inventory):
    levels = {device.probe for device in hospital.devices.values() if device.site == "south"}

    assert levels == {"none"}


def test_elsewhere_scanners_and_archives_are_greeted(hospital: Inventory):
    levels = {
        device.probe
        for device in hospital.devices.values()
        if device.type in {"modality", "archive"} and device.site != "south"
    }

    assert levels == {"echo", "services"}


def test_scanners_that_take_one_caller_say_when_they_may_be_disturbed(hospital: Inventory):
    easily = {name for name, device in hospital.devices.items() if device.max_associations == 1}

    assert easily
    assert all(hospital.devices[name].probe_window for name in easily)


def test_whoever_is_probed_as_may_ask_what_is_asked(hospital: Inventory):
    """At level services archives and worklists get a query, which an archive refuses that does not know it may."""
    asked = callers(hospital, "admin-asks-archives") | callers(hospital, "admin-asks-worklist")
    queried = {
        ae.title
        for device, ae in hospital.entities()
        if device.probe == "services" and ae.acceptor and "C-FIND" in _services_of(ae)
    }

    assert {called for _, called in asked} == queried
    assert {calling for calling, _ in asked} == {"PACS_ADMIN"}


def _services_of(ae: NetworkAE) -> set[str]:
    find = uids.covers("query-retrieve") | uids.covers("modality-worklist")
    return {"C-FIND" for each in ae.capabilities if each.role == "SCP" and each.sop_class in find}


def test_whoever_is_probed_as_is_declared_with_one_title(hospital: Inventory):
    assert list(hospital.devices[hospital.settings.probe_as or ""].ae_titles) == ["PACS_ADMIN"]


# --- devices do what such devices do --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ct-er-2", {"ct-image-storage", "enhanced-ct-image-storage", "x-ray-radiation-dose-sr-storage"}),
        (
            "mg-1",
            {
                "breast-tomosynthesis-image-storage",
                "digital-mammography-x-ray-image-storage-for-presentation",
            },
        ),
        ("us-rad-1", {"ultrasound-image-storage", "ultrasound-multi-frame-image-storage"}),
        ("pet-1", {"positron-emission-tomography-image-storage", "ct-image-storage"}),
        ("nm-1", {"nuclear-medicine-image-storage"}),
        ("xa-ir-1", {"x-ray-angiographic-image-storage", "x-ray-radiation-dose-sr-storage"}),
        ("rf-1", {"x-ray-radiofluoroscopic-image-storage", "x-ray-radiation-dose-sr-storage"}),
        ("io-s-1", {"digital-intra-oral-x-ray-image-storage-for-presentation"}),
    ],
)
def test_a_modality_sends_what_its_kind_sends(hospital: Inventory, name: str, sent: set[str]):
    used = sop_classes(hospital.devices[name], "SCU")

    assert used >= sent | {
        "storage-commitment-push-model",
        "modality-worklist-information-model-find",
        "verification",
    }


def test_whatever_a_modality_sends_the_archive_takes(hospital: Inventory):
    """In a transfer syntax that both have: nothing is refused on the day the scanner goes live."""
    archive = {
        each.sop_class: set(each.transfer_syntaxes)
        for each in hospital.devices["archive"].ae_titles["ARCHIVE"].capabilities
        if each.role == "SCP"
    }
    for device, ae in hospital.entities():
        if device.type == "modality":
            sent = [
                each
                for each in ae.capabilities
                if each.role == "SCU" and each.sop_class in uids.covers("storage")
            ]
            assert all(set(each.transfer_syntaxes) <= archive[each.sop_class] for each in sent), device.name


def test_a_printer_prints(hospital: Inventory):
    assert "basic-grayscale-print-management-meta" in sop_classes(hospital.devices["printer-1"], "SCP")


# --- flows connect who should be connected --------------------------------------------------------------------


def test_scanners_of_the_clinic_reach_the_archive_through_their_router_only(hospital: Inventory):
    stored = callers(hospital, "modalities-to-archive")
    routed = callers(hospital, "north-to-router")

    assert {called for _, called in stored} == {"ARCHIVE"}
    assert not any(calling in {"CT_N_1", "US_N_2"} for calling, _ in stored)
    assert routed == {(title, "ROUTER_N") for title in hospital.devices["router-n"].rewrites}
    assert callers(hospital, "router-to-archive") == {("ROUTER_N", "ARCHIVE")}


def test_a_retiring_scanner_still_stores_and_a_planned_one_does_not_yet(hospital: Inventory):
    stored = callers(hospital, "modalities-to-archive")

    assert ("MR_2", "ARCHIVE") in stored
    assert ("MR_3", "ARCHIVE") not in stored


def test_a_scanner_being_installed_has_worklist_and_test_archive_only(hospital: Inventory):
    reached = {(pair.flow, pair.called) for pair in pairs(hospital) if pair.calling == "DX_RAD_3"}

    assert reached == {
        ("modalities-from-worklist", "RIS_MWL"),
        ("modalities-report", "RIS_MPPS"),
        ("acceptance-tests", "ARCHIVE_TEST"),
    }


def test_every_scanner_that_asks_for_commitment_can_be_answered(hospital: Inventory):
    asked = {
        (pair.calling, pair.called)
        for pair in pairs(hospital)
        if "storage-commitment" in pair.services and pair.flow in {"modalities-to-archive", "north-to-router"}
    }
    answered = {
        (pair.called, pair.calling)
        for pair in pairs(hospital)
        if pair.flow in {"archive-confirms", "router-confirms"}
    }

    assert asked == answered


def test_whoever_fetches_by_move_is_sent_to(hospital: Inventory):
    fetching = {calling for calling, _ in callers(hospital, "reading-from-archive")}

    assert {called for _, called in callers(hospital, "archive-to-workstations")} == fetching
    assert "WARD_VIEW" not in fetching


def test_all_that_goes_outside_passes_the_gateway(hospital: Inventory):
    outside = {
        (pair.flow, pair.calling, pair.called)
        for pair in pairs(hospital)
        if "nightwatch" in (pair.calling_device, pair.called_device)
    }

    assert outside == {
        ("gateway-to-partner", "TELERAD_OUT", "NIGHTWATCH"),
        ("partner-to-gateway", "NIGHTWATCH", "TELERAD_OUT"),
    }


def test_every_flow_service_is_used_and_offered_where_it_leads(hospital: Inventory):
    """Nothing is let through that neither side can do: each pair has a SOP class in common for each flow."""
    held = {
        (device.name, ae.title, role): {each.sop_class for each in ae.capabilities if each.role == role}
        for device, ae in hospital.entities()
        for role in ("SCU", "SCP")
    }
    idle = [
        (pair.flow, pair.calling, pair.called)
        for pair in pairs(hospital)
        if pair.flow not in _ANSWERS
        and not held[pair.calling_device, pair.calling, "SCU"]
        & held[pair.called_device, pair.called, "SCP"]
        & frozenset().union(*map(uids.covers, pair.services))
    ]

    assert idle == []


_ANSWERS = {
    "archive-confirms", "router-confirms", "archive-confirms-router", "cardio-pacs-confirms",
    "archive-confirms-cardio-pacs", "acceptance-tests-confirm", "acceptance-tests-answer",
}  # fmt: skip
"""Here the provider of storage commitment calls its user back: roles are the other way round."""


# --- it reads well --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_begins_with_what_it_teaches(file: Path):
    lines = file.read_text().splitlines()
    comment = next(number for number, line in enumerate(lines) if not line.startswith("#"))

    assert 1 <= comment <= 4
    assert max(map(len, lines)) <= 116


def test_an_ae_title_is_the_name_of_its_device_in_capitals(hospital: Inventory):
    """The naming rule that devices/ct.yaml states; servers have titles of their own."""
    odd = {
        device.name
        for device in hospital.devices.values()
        if device.type in {"modality", "printer", "cd-publisher"}
        and set(device.ae_titles) != {device.name.upper().replace("-", "_")}
    }

    assert odd == {"dx-er-1"}  # it took its title over


def test_addresses_are_private_and_of_their_site(hospital: Inventory):
    for device in hospital.devices.values():
        networks = [ip_network(network) for network in hospital.sites[device.site or ""].networks]
        hosts = [connection.host for connection in device.connections.values()]
        hosts += [node.host for node in device.nodes.values()]
        for host in hosts:
            if re.fullmatch(r"[0-9.]+", host):
                assert any(ip_address(host) in network for network in networks), device.name
            else:
                assert host.endswith(".example.org"), device.name


def test_every_address_is_used_once(hospital: Inventory):
    used = Counter(
        (connection.host, connection.port)
        for device in hospital.devices.values()
        if device.lifecycle != "retired"
        for connection in device.connections.values()
        if connection.port
    )

    assert [address for address, times in used.items() if times > 1] == []


def test_the_guide_names_only_what_is_there(hospital: Inventory):
    guide = (ROOT / "inventory" / "README.md").read_text()
    named = re.findall(r"^\| .* \| (?:flow )?`([^`]+)`", guide, re.MULTILINE)
    known = {
        *hospital.devices,
        *hospital.sites,
        *hospital.flows,
        *hospital.systems,
        *hospital.baseline,
        *hospital.users,
        *(f"{file.stem}.yaml" for file in FILES),
        "OLD_PACS",
    }

    assert len(named) == 31
    assert [name for name in named if name not in known] == []
