"""Policies beside an inventory: judged in every environment, and beside what is built in."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pacsconf.cli import main, workspace
from pacsconf.cli.policy_book import rulebook
from pacsconf.cli.policy_declared import Declared, declared
from pacsconf.cli.policy_files import titles_of
from pacsconf.cli.workspace import InvalidInventory
from pacsconf.policy.findings import as_finding, grouped

DEVICES = """\
devices:
  us-1: {type: modality, ae_title: US_1, host: 10.0.0.1, port: 104, offers: verification}
  us-2: {type: modality, ae_title: US_2, host: 10.0.0.2, port: 104, offers: verification}
"""
SYSTEMS = """\
systems:
  directory: {type: dicom-directory, url: "ldaps://ldap.example.org", base: "dc=example,dc=org"}
environments:
  production: {}
  trial: {systems: {directory: {url: "ldap://ldap.example.org"}}}
"""
RULE = """\
rules:
  - id: OUR-SYS-001
    title: Nothing is read in the clear
    severity: high
    kind: system
    condition: encrypted
    message: name + " is at " + url
"""
OWNERS = """\
rules:
  - {id: OUR-LC-001, title: Somebody answers for it, severity: low, kind: device, condition: owner != ""}
"""
TITLES = """\
rules:
  - {id: PACS-AE-003, title: Titles are unique, severity: critical, kind: device, condition: name != "us-2"}
"""
WAIVER = """\
waivers:
  old:
    rule: {rule}
    scope: {scope}
    owner: radiology-it
    approver: m.rossi
    reason: why
    control: what
    since: 2026-01-01
    until: 2026-06-01
    renewals: []
"""


@pytest.fixture
def judged(tmp_path: Path):
    """What policies say of an inventory, both as files."""

    def make(environment: str | None = None, **files: str) -> Declared | None:
        for name, text in files.items():
            folder = tmp_path / ("inventory" if name.startswith("inventory") else "policies")
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.yaml").write_text(text)
        return declared(workspace.checked(tmp_path, environment))

    return make


@pytest.mark.parametrize(("environment", "wanted"), [(None, 1), ("trial", 1), ("production", 0)])
def test_every_environment_is_judged_or_the_one_that_is_named(judged, environment, wanted):
    found = judged(environment, inventory_1=DEVICES, inventory_2=SYSTEMS, ours=RULE)
    assert len(found.stopping) == wanted
    assert (found.rules, found.live) == (1, 0)
    assert sum(found.states.values()) == 1, "of two environments the worse"
    assert [one.state for one in found.assemble().results] == (["fail"] if wanted else ["pass"])


def test_what_is_built_in_is_not_told_twice(judged):
    same = DEVICES.replace("US_2", "US_1") + (
        "baseline:\n  two: {rule: PACS-AE-003, at: devices.us-2, owner: radiology-it, until: 2099-01-01}\n"
    )
    found = judged(inventory_1=same, ours=TITLES)
    assert found.results == ()
    assert found.states == {"pass": 1, "waived": 1}


def test_a_rule_of_its_own_id_is_told_where_nothing_is_built_in(judged):
    found = judged(inventory_1=DEVICES, ours=TITLES)
    assert [as_finding(one, found.gate).summary for one in found.stopping] == ["Titles are unique: us-2"]


def test_many_small_failures_are_one_paragraph(judged):
    many = "devices:\n" + "".join(
        f"  us-{number}: {{type: modality, ae_title: US_{number}, host: 10.0.0.{number}, port: 104}}\n"
        for number in range(1, 10)
    )
    found = judged(inventory_1=many, ours=OWNERS)
    (told,) = grouped(found.open, found.gate)
    assert told.summary == (
        "Somebody answers for it: 9 devices: us-1, us-2, us-3, us-4, us-5, us-6 and 3 more"
    )
    assert (told.policy, told.severity, str(told.place)) == ("low", "warning", "policies/ours.yaml:2:10")
    assert len(list(grouped(found.open, "low"))) == 9, "each is told where they stop"


def test_a_waiver_of_a_built_in_check_that_has_ended_is_told(judged):
    found = judged(inventory_1=DEVICES, waivers=WAIVER.format(rule="PACS-AE-003", scope="device:us-2"))
    assert (found.rules, found.results) == (0, ())
    assert [one.rule for one in found.remarks] == ["PACS-WAIV-009"]


def test_a_waiver_lets_an_inventory_stand_that_a_built_in_check_refuses(judged):
    same = DEVICES.replace("US_2", "US_1")
    with pytest.raises(InvalidInventory):
        judged(inventory_1=same)
    lasting = WAIVER.replace("since: 2026-01-01", "since: {since}").replace(
        "until: 2026-06-01", "until: {until}"
    )
    today = workspace.now().date()
    days = {"since": today, "until": today + timedelta(90)}
    found = judged(waivers=lasting.format(rule="PACS-AE-003", scope="device:us-2", **days))
    assert found.remarks == ()
    assert [(one.id, one.used) for one in found.assemble().waivers] == [("old", 1)]


def test_what_a_built_in_check_has_told_of_two_is_told_of_neither(judged):
    rule = (
        'rules: [{id: PACS-AE-013, title: T, severity: low, kind: ae, condition: "size(like_title) == 0"}]\n'
    )
    found = judged(inventory_1=DEVICES.replace("US_2", "us_1"), house=rule)
    assert found.states["fail"] == 2
    assert found.open == ()


def test_a_waiver_is_not_to_be_removed_because_its_pack_cannot_be_read(judged):
    broken = OWNERS.replace('owner != ""', '!owner ""')
    found = judged(
        inventory_1=DEVICES, house=broken, waivers=WAIVER.format(rule="OUR-LC-001", scope="device:us-2")
    )
    assert [one.rule for one in found.wrong] == ["PACS-YAML-008", "PACS-POL-004"]


def test_an_expression_that_yaml_takes_for_a_tag_is_told_to_want_quotes(judged):
    found, *_ = judged(inventory_1=DEVICES, house='rules:\n  - condition: !owner.startsWith("x")\n').wrong
    assert (found.rule, found.fix[:40]) == ("PACS-YAML-001", "Put an expression that begins with ! in ")


def test_a_mistake_in_files_of_policies_is_shown_with_its_line(tmp_path: Path, judged):
    found = judged(inventory_1=DEVICES, waivers=WAIVER.format(rule="PACS-AE-3", scope="device:us-2"))
    assert [one.rule for one in found.wrong] == ["PACS-WAIV-007"]
    with pytest.raises(InvalidInventory) as error:
        rulebook(workspace.opened(tmp_path, None))
    place = error.value.findings[0].place
    assert place is not None
    assert error.value.loaded.line(place.file, place.line) == "  old:"


@pytest.mark.parametrize("name", ["ours.yml", "ours.YAML"])
def test_a_pack_counts_however_its_name_ends(tmp_path: Path, name: str):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(DEVICES)
    (tmp_path / "policies" / name).write_text(OWNERS)
    found = declared(workspace.checked(tmp_path, None))
    assert found is not None
    assert (found.rules, found.states["fail"]) == (1, 2)


def test_rules_that_are_switched_off_are_counted_where_no_other_is_left(tmp_path: Path, capsys):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(DEVICES)
    (tmp_path / "policies" / "ours.yaml").write_text(OWNERS)
    (tmp_path / "policies" / "site.yaml").write_text("overrides: {OUR-LC-001: {off: nobody owns anything}}\n")
    assert main._code(["--chdir", str(tmp_path), "validate"]) == 0
    assert "0 rules checked on 2 devices: none fails · 1 rule switched off" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["a link that leads out", "a pipe", "too long"])
def test_titles_of_controls_are_read_as_any_file_of_policies(tmp_path: Path, how: str):
    (tmp_path / "policies").mkdir()
    file = tmp_path / "policies" / "controls.yaml"
    if how == "a pipe":
        os.mkfifo(file)
    elif how == "too long":
        file.write_text("controls: {}\n" + "#" * 1_000_000)
    else:
        outside = tmp_path.parent / f"{tmp_path.name}.yaml"
        outside.write_text("controls: {hipaa: {a: {title: from elsewhere}}}\n")
        file.symlink_to(outside)
    assert titles_of(tmp_path) is None


def test_a_link_to_itself_among_the_packs_is_told(tmp_path: Path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(DEVICES)
    (tmp_path / "policies" / "round.yaml").symlink_to("round.yaml")
    found = declared(workspace.checked(tmp_path, None))
    assert found is not None
    assert [one.rule for one in found.wrong] == ["PACS-FILE-003"]


def test_without_policies_nothing_of_them_is_imported(tmp_path: Path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "policies" / "retention").mkdir(parents=True)
    (tmp_path / "inventory" / "all.yaml").write_text(DEVICES)
    code = (
        "import sys\nfrom pacsconf.cli.main import _code\n"
        f"assert _code(['--chdir', {str(tmp_path)!r}, 'validate']) == 0\n"
        "assert not [name for name in sys.modules if name.startswith(('cel_expr', 'google', 'pacsconf.policy'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
