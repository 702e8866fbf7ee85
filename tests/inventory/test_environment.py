"""Environments: chosen, merged over the inventory, completed from outside, checked by type."""

from __future__ import annotations

import pytest

from pacsconf.inventory.environment import choose, for_environment, overlaid
from pacsconf.inventory.model import Guards
from pacsconf.inventory.systems import DirectoryConfig, MemoryConfig, SystemConfig, directory_url
from pacsconf.inventory.values import SecretRef

TEXT = """\
pacsconf: {guards: {removals: {device: 3}, readdresses: 5}}
systems:
  directory: {type: dicom-directory, url: "ldaps://ldap.example.org", mode: write, timeout: 10}
  notes: {type: memory}
  other: {type: vendor-x, shelf: 7}
environments:
  production: {}
  lab:
    systems:
      directory: {url: "ldap://127.0.0.1", verify: false, timeout: }
      notes:
    guards: {removals: {device: 9}}
"""


def test_environment_overrides_systems_and_guards(declare):
    found, findings = for_environment(declare(TEXT).inventory, "lab")
    assert findings == ()
    assert found.systems == {
        "directory": DirectoryConfig(
            name="directory", type="dicom-directory", url="ldap://127.0.0.1", mode="write", verify=False
        ),
        "other": SystemConfig(name="other", type="vendor-x", shelf="7"),
    }
    assert found.settings.guards == Guards(removals={"device": 9}, readdresses=5)
    assert list(found.environments) == ["lab"]


def test_other_environment_is_untouched_by_it(declare):
    found, _ = for_environment(declare(TEXT).inventory, "production")
    assert found.systems["directory"].timeout == 10
    assert found.systems["notes"] == MemoryConfig(name="notes", type="memory")


def test_overlay_completes_an_environment(declare):
    overlay = {
        "systems": {
            "directory": {"url": "ldap://127.0.0.1:3890", "bind": {"dn": "cn=a", "password": "file:/x"}}
        },
        "dial": {"ct-1:104": "127.0.0.1:5555"},
    }
    found, findings = for_environment(declare(TEXT).inventory, "lab", overlay)
    assert findings == ()
    assert found.systems["directory"].url == "ldap://127.0.0.1:3890"
    assert found.systems["directory"].bind.password == SecretRef("file", "/x")
    assert found.environments["lab"].dial == {"ct-1:104": "127.0.0.1:5555"}


@pytest.mark.parametrize(
    ("environments", "asked", "chosen"),
    [("", None, "default"), ("", "default", "default"), ("environments: {lab: {}}", None, "lab")],
)
def test_environment_that_needs_no_choice_is_chosen(declare, environments, asked, chosen):
    assert choose(declare(f"sites: {{}}\n{environments}\n").inventory, asked) == (chosen, ())


def test_several_environments_must_be_chosen_from(declare):
    _, (finding,) = for_environment(declare(TEXT).inventory)
    assert finding.summary == "Which environment is meant? There are lab, production"
    assert finding.fix == "Say which, for example: pacsconf -e lab ..."


def test_unknown_environment_is_told_the_known_ones(declare):
    _, (finding,) = for_environment(declare(TEXT).inventory, "prodction")
    assert finding.summary == 'There is no environment "prodction"; did you mean "production"?'
    assert finding.fix == "Declared: lab, production."


def test_where_no_environment_is_declared_it_is_told_how_to_have_another_and_keep_the_first(declare):
    _, (finding,) = for_environment(declare("sites: {}\n").inventory, "lab")
    written = finding.fix.partition("write ")[2].removesuffix(".")
    both = declare(f"sites: {{}}\n{written}\n").inventory
    assert choose(both, "lab") == ("lab", ())
    assert choose(both, "default") == ("default", ())


def test_mistake_is_told_at_the_layer_that_made_it(declare):
    text = """\
systems:
  directory: {type: dicom-directory, url: "ldap://h", bnd: {}}
environments:
  lab:
    systems:
      directory: {verify: NO, bind: {dn: "cn=a", password: hunter2}}
"""
    loaded = declare(text)
    _, findings = for_environment(loaded.inventory, "lab")
    told = [f"{one.rule} {one.place} {one.summary}" for one in loaded.sources.located(findings)]
    assert sorted(told) == [
        'PACS-KEY-001 inventory/hospital.yaml:2:55 Unknown key "bnd" in systems.directory; did you mean "bind"?',
        (
            "PACS-SECRET-001 inventory/hospital.yaml:6:60 systems.directory.bind.password: a secret is named, "
            "never written here: env:NAME, file:PATH, age:PATH, prompt:LABEL"
        ),
        "PACS-VAL-001 inventory/hospital.yaml:6:27 systems.directory.verify: true or false is needed here",
    ]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://h", "the address of a directory is ldaps://host, or ldap://host:port"),
        ("ldaps://", "the address of a directory is ldaps://host, or ldap://host:port"),
        ("ldaps://h/dc=x", "the address of a directory is ldaps://host, or ldap://host:port"),
        ("ldap://[::::]", "the address of a directory is ldaps://host, or ldap://host:port"),
        ("ldaps://h:70000", "a port is a whole number from 1 to 65535, not 70000"),
        ("ldaps://h:0", "a port is a whole number from 1 to 65535, not 0"),
        ("ldaps://me:hunter2@h", "no user name and no password stand in an address: write them under bind"),
    ],
)
def test_address_of_a_directory_is_checked(declare, url, words):
    inventory = declare(f"systems:\n  d: {{type: dicom-directory, url: '{url}'}}\n").inventory
    _, (finding,) = for_environment(inventory)
    assert (finding.rule, finding.summary) == ("PACS-VAL-002", f"systems.d.url: {words}")


@pytest.mark.parametrize(
    "url", ["ldaps://h", "LDAP://h.example.org:389/", "ldap://[::1]:1389", "ldap://10.0.0.1"]
)
def test_address_of_a_directory_stays_as_written(url):
    assert directory_url(url) == url


def warned(declare, directory, environment="production"):
    """What is found about a directory with these keys, and where."""
    text = f"""\
systems:
  d: {{type: dicom-directory, bind: {{dn: cn=a, password: env:A}}, {directory}}}
environments:
  {environment}: {{}}
"""
    loaded = declare(text)
    found, findings = for_environment(loaded.inventory)
    assert "d" in found.systems
    return [
        (one.rule, one.severity, one.summary)
        for one in loaded.sources.located(findings)
        if one.place.line == 2
    ]


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        (
            "url: ldaps://h, verify: false",
            [("PACS-SYS-002", "System d does not check the server's certificate (verify: false)")],
        ),
        (
            "url: ldaps://h, allow_clear_text: true",
            [("PACS-SYS-003", "System d may send its password unencrypted (allow_clear_text: true)")],
        ),
        ("url: LDAP://h:389", [("PACS-SYS-004", "System d is reached unencrypted (LDAP://h:389)")]),
        ("url: ldap://h, start_tls: true", []),
        ("url: ldap://localhost", []),
        ("url: ldap://127.0.0.9:389", []),
        ("url: 'ldap://[::1]'", []),
        ("url: ldaps://h, verify: true, allow_clear_text: false", []),
    ],
)
def test_weakened_transport_is_a_warning(declare, directory, expected):
    assert warned(declare, directory) == [(rule, "warning", words) for rule, words in expected]


@pytest.mark.parametrize(
    ("orthanc", "expected"),
    [
        ("url: https://h/orthanc", []),
        ("url: http://localhost:8042", []),
        ("url: http://h:8042", [("PACS-SYS-004", "System o is reached unencrypted (http://h:8042)")]),
        (
            "url: https://h, verify: false",
            [("PACS-SYS-002", "System o does not check the server's certificate (verify: false)")],
        ),
        (
            "url: https://h, allow_clear_text: true",
            [("PACS-SYS-003", "System o may send its password unencrypted (allow_clear_text: true)")],
        ),
        (
            "url: https://h, orthanc_peers: {p: {url: 'http://p:8042', login: {user: u, password: env:P}}}",
            [("PACS-SYS-007", "System o is to send the password of p unencrypted (http://p:8042)")],
        ),
        ("url: https://h, orthanc_peers: {p: {url: 'http://p:8042'}}", []),
    ],
)
def test_the_way_to_an_orthanc_and_on_from_it(declare, orthanc, expected):
    loaded = declare(f"systems: {{o: {{type: orthanc, {orthanc}}}}}\n")
    _, findings = for_environment(loaded.inventory)
    assert [(one.rule, one.summary) for one in findings] == expected


def test_practice_lab_may_be_reached_in_any_way(declare):
    assert warned(declare, "url: ldap://h, verify: false, allow_clear_text: true", "lab") == []


def test_weakening_is_told_where_it_is_written(declare):
    text = """\
systems:
  d: {type: dicom-directory, url: ldaps://h}
environments:
  production:
    systems:
      d: {verify: false}
"""
    loaded = declare(text)
    (finding,) = loaded.sources.located(for_environment(loaded.inventory)[1])
    assert (finding.rule, str(finding.place)) == ("PACS-SYS-002", "inventory/hospital.yaml:6:19")


def test_keys_for_a_system_that_is_not_declared(declare):
    loaded = declare(TEXT.replace("  production: {}", "  production: {systems: {directry: {mode: write}}}"))
    (finding,) = loaded.sources.located(for_environment(loaded.inventory, "production")[1])
    assert (finding.rule, str(finding.place)) == ("PACS-ENV-003", "inventory/hospital.yaml:7:26")
    assert finding.summary == (
        'Environment production has keys for system "directry", which is not declared; did you mean "directory"?'
    )


def test_system_of_one_environment_alone_is_told_there(declare):
    loaded = declare("environments: {test: {systems: {notes: {type: memory, fil: a}}}}\n")
    (finding,) = loaded.sources.located(for_environment(loaded.inventory)[1])
    assert (finding.rule, str(finding.place)) == ("PACS-KEY-001", "inventory/hospital.yaml:1:55")


BAD_DIAL = [
    ("ct-1", "127.0.0.1:104", "an address to call is host:port, such as 127.0.0.1:11112"),
    ("ct-1:0", "none", "an address to call is host:port, such as 127.0.0.1:11112"),
    ("ct-1:70000", "none", "a port is a whole number from 1 to 65535, not 70000"),
    ("ct-1:104", "127.0.0.1", "an address to call is host:port, such as 127.0.0.1:11112"),
    ("ct-1:104", "nobody", "an address to call is host:port, such as 127.0.0.1:11112"),
    ("ct-1:104", "*", "an address to call is host:port, such as 127.0.0.1:11112"),
    ("none", "ct-1:104", "an address to call is host:port, such as 127.0.0.1:11112"),
]


@pytest.mark.parametrize(("declared", "called", "words"), BAD_DIAL)
def test_dial_map_is_checked_when_it_is_loaded(told, declared, called, words):
    (line,) = told(f"environments:\n  lab:\n    dial: {{'{declared}': '{called}'}}\n")
    assert line.startswith("error PACS-HOST-004 inventory/hospital.yaml:3:")
    assert line.endswith(f" environments.lab.dial.{declared}: {words}")


@pytest.mark.parametrize(("declared", "called", "words"), BAD_DIAL)
def test_dial_map_from_outside_is_checked_too(declare, declared, called, words):
    loaded = declare("environments: {lab: {}}\n")
    found, (finding,) = for_environment(loaded.inventory, overlay={"dial": {declared: called}})
    assert (finding.rule, finding.summary) == ("PACS-HOST-004", f"overlay.dial.{declared}: {words}")
    assert finding.fix.startswith("It comes from outside the inventory.")
    assert loaded.sources.place(finding.path) is None
    assert found.environments["lab"].dial == {}


def test_dial_map_takes_addresses_of_any_kind(declare):
    dial = "{'[fd00::1]:104': '[::1]:4242', 'ct-1:104': none, '*': h.example.org:104}"
    loaded = declare(f"environments:\n  lab:\n    dial: {dial}\n")
    assert loaded.findings == ()
    assert loaded.inventory.environments["lab"].dial == {
        "fd00::1:104": "::1:4242",
        "ct-1:104": "none",
        "*": "h.example.org:104",
    }


def test_mistake_from_outside_is_not_told_at_a_file(declare):
    loaded = declare(TEXT)
    overlay = {"systems": {"directory": {"verify": "maybe", "bnid": {}}}}
    _, findings = for_environment(loaded.inventory, "lab", overlay)
    assert [(one.rule, one.path, loaded.sources.place(one.path)) for one in findings] == [
        ("PACS-VAL-001", ("overlay", "systems", "directory", "verify"), None),
        ("PACS-KEY-001", ("overlay", "systems", "directory", "bnid"), None),
    ]


def test_environment_name_must_fit_a_branch(told):
    assert told("environments: {Lab 1: {}}\n") == [
        (
            'error PACS-NAME-002 inventory/hospital.yaml:1:16 "Lab 1" cannot be a name: an environment\'s name is '
            "lower-case letters, digits and hyphens, such as lab"
        )
    ]


def test_empty_keys_of_an_environment_are_none(declare):
    inventory = declare("environments:\n  lab:\n    description:\n    systems:\n    guards:\n").inventory
    assert for_environment(inventory, "lab")[1] == ()


def test_overlay_merges_maps_and_null_removes():
    assert overlaid({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"y": None, "z": 3}, "b": None}) == {
        "a": {"x": 1, "z": 3}
    }
