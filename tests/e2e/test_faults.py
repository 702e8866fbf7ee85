"""What a directory does wrong or refuses: exit code and words, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pacsconf.lab import slapd
from tests.e2e.conftest import HOSPITAL, Hospital, device_dn

SYSTEM = """\
systems:
  directory:
    {type: dicom-directory, url: "URL", base: "dc=hospital,dc=example", mode: write, timeout: 5 MORE,
     bind: {dn: "cn=WHO,dc=hospital,dc=example", password: env:LDAP_PASSWORD}}
environments: {lab: {dial: {"*": none}}}
"""
Point = Callable[..., Hospital]


@pytest.fixture
def point(repository, directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Point:
    """Makes the hospital's system lead to a directory as the operator file and the environment say."""
    config = tmp_path / "operator.toml"
    monkeypatch.setenv("PACSCONF_CONFIG", str(config))
    made = repository(hospital=HOSPITAL)
    server: slapd.Slapd = directory.server

    def lead(url: str = "", *, who="pacsconf", password="", bound="", more="", to: slapd.Slapd = server):
        secret = password or to.password
        made.secrets += [secret, to.password]
        monkeypatch.setenv("LDAP_PASSWORD", secret)
        url = url or to.url
        config.write_text(f'[[secret]]\nref = "env:LDAP_PASSWORD"\nfor = "{bound or url}"\n')
        text = SYSTEM.replace("URL", url).replace("WHO", who).replace("MORE", more)
        made.file("systems").write_text(text)
        return made

    return lead


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[slapd.Slapd]:
    """A directory of our own that gives `cn=jdoe` eight entries at most."""
    limits = (f'dn.exact="cn=jdoe,{slapd.BASE}" size=8 size.prtotal=8',)
    with slapd.started(tmp_path / "limited", slapd.Options(tls=False, limits=limits)) as server:
        yield server


def test_a_directory_that_is_down_is_exit_9(point):
    hospital = point("ldap://127.0.0.1:1")
    for command in (["plan"], ["drift"], ["record", "init"]):
        ran = hospital(*command)
        assert ran.code == 9
        assert "error directory: ldap://127.0.0.1:1 cannot be reached: nothing listens there" in ran.said


def test_a_directory_that_is_down_can_be_left_out_on_purpose(point):
    hospital = point("ldap://127.0.0.1:1")
    assert hospital("plan", "--exclude", "directory").code == 0


def test_a_name_that_nobody_knows_is_exit_9(point):
    ran = point("ldaps://ldap.invalid:636")("plan")
    assert ran.code == 9
    assert 'the name "ldap.invalid" cannot be resolved' in ran.said


def test_a_wrong_password_is_an_error(point):
    ran = point(password="not-the-password")("plan")
    assert ran.code == 1
    assert "does not let cn=pacsconf,dc=hospital,dc=example in: the name or the password is wrong" in ran.said


def test_a_certificate_that_nobody_vouches_for_is_exit_9_and_no_password_is_sent(point, directory):
    ran = point(directory.server.tls_url)("plan")
    assert ran.code == 9
    assert "is not trusted: its certificate comes from an authority that is not known here." in ran.said
    assert "Nothing was sent." in ran.said
    assert "fix ca_file (--ca-file) names the authority" in ran.said


def test_a_certificate_of_a_known_authority_is_trusted(point, directory):
    assert point(directory.server.tls_url, more=f', ca_file: "{directory.server.ca_file}"')("plan").code == 0


def test_a_secret_that_is_bound_to_another_host_is_not_sent(point):
    ran = point(bound="ldaps://ldap.example.org:636")("plan")
    assert ran.code == 5
    assert "env:LDAP_PASSWORD is bound to ldaps://ldap.example.org:636; the inventory wants" in ran.said
    assert "A changed address in the inventory must not receive a password." in ran.said
    assert '[[secret]]\n        ref = "env:LDAP_PASSWORD"\n' in ran.err, "lines to be copied stay lines"


def test_a_secret_that_is_not_set_says_so(point, monkeypatch):
    hospital = point()
    monkeypatch.delenv("LDAP_PASSWORD")
    ran = hospital("plan")
    assert ran.code == 5
    assert "the environment variable LDAP_PASSWORD is not set" in ran.said


def test_insufficient_access_fails_change_by_change_and_is_recorded(point, directory):
    hospital = point(who="viewer")
    hospital.ok("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital("apply", "plan.json")
    assert ran.code == 8
    assert "failed directory/device/ct-1" in ran.said
    assert "the account that pacsconf uses may not do this (no write access to parent)" in ran.said
    assert "0 of 36 changes done, 12 failed, 24 skipped" in ran.out
    assert "closed Maria Weber 12 failed, 24 skipped" in hospital.ok("history").said
    assert "36 to create" in hospital.ok("plan").out


def test_a_read_that_is_cut_short_plans_nothing(point, limited):
    hospital = point(to=limited)
    hospital.applied()
    point(to=limited, who="jdoe")
    ran = hospital("plan")
    assert ran.code == 1
    assert ran.out == ""
    assert "the answer was cut short by the directory's size limit" in ran.said
    assert "Half an answer would look like deletions." in ran.said


def test_what_the_schema_lacks_is_said_at_plan_time_and_refused(point, directory):
    hospital = point()
    hospital.applied()
    hospital.edit("manufacturer: GE", "extra: {dcmNoSuchThing: [x]}, manufacturer: GE")
    plan = hospital("plan", "--out", "plan.json")
    assert plan.code == 5
    assert "The directory knows no attribute dcmNoSuchThing" in plan.said
    ran = hospital("apply", "plan.json")
    assert ran.code == 5
    assert "The directory knows no attribute dcmNoSuchThing" in ran.said


def test_a_value_that_the_directory_refuses_fails_alone(point, directory):
    hospital = point()
    hospital.applied()
    hospital.edit("manufacturer: GE", 'extra: {"userCertificate;binary": ["base64:MAA="]}, manufacturer: GE')
    hospital.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital("apply", "plan.json")
    assert ran.code == 8
    assert "1 of 2 changes done, 1 failed" in ran.out
    assert "the value does not have the form that the directory's schema asks for" in ran.said
    assert directory.values(device_dn("ct-1"), "dicomManufacturer") == ["Varian"]
    assert hospital("plan", "--detailed-exitcode").code == 2


def test_what_others_put_below_an_entry_is_never_deleted_with_it(point, directory):
    hospital = point()
    hospital.applied()
    theirs = f"cn=keep,{device_dn('ct-2')}"
    directory.add(theirs, "dcmStudyRetentionPolicy", cn="keep", dcmRetentionPeriod="P10Y")
    hospital.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    plan = hospital("plan", "--out", "plan.json")
    assert plan.code == 5
    assert (
        "directory/device/ct-2 cannot be deleted: entries that pacsconf never wrote stand below it"
        in plan.said
    )
    assert hospital("apply", "plan.json").code == 5
    assert directory.values(theirs, "dcmRetentionPeriod") == ["P10Y"]
    directory.delete_by_hand(theirs)
