"""What the identity team is asked for: on the screen after an apply, on its sheet, and at any time by render."""

from __future__ import annotations

import pytest

from tests.accounts_lab import GROUPS, PEOPLE
from tests.e2e.people import directory, dn, hospital_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("asked")) as found:
        yield found


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch):
    """A hospital whose people's accounts are the identity team's."""
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    return hospital_of(repository, lab, tmp_path, owned=False)


USERS = """\
users:
  ada: {roles: [reader], ends: 2030-01-31}
  root: {roles: [admin]}
  new: {roles: [qc], name: Nora Neu, logins: {accounts: N.Neu}, starts: 2026-01-01}
"""


def asked(people, users: str = USERS, *options: str) -> str:
    """What the first apply says."""
    people.write(users)
    people.hospital.ok("record", "init")
    people.hospital.ok("plan", "--out", "plan.json")
    ran = people.hospital.ok("apply", "plan.json", "--reason", "new staff", "--ticket", "IAM-7", *options)
    return str(ran.out)


def test_an_apply_hands_out_a_sheet_of_what_is_open_without_names_and_without_groups(people):
    out = asked(people)
    assert "Asked of the identity team in accounts: 1 request\n" in out
    assert "  ? new  make the account N.Neu, from 2026-01-01 on\n" in out
    assert "    done?  pacsconf -e lab plan  (it is seen by itself)\n" in out
    html, md = sorted((people.hospital.path / "sheets").iterdir())
    assert (html.suffix, md.suffix) == (".html", ".md")
    assert html.name in out.replace("\n", "").replace(" ", "")
    for text in (html.read_text(), md.read_text()):
        assert "N.Neu" in text
        assert "IAM-7" in text
        assert "pacs-qc" not in text
        assert "Nora" not in text


def test_no_sheet_is_written_where_none_is_wanted(people):
    assert "sheet  " not in asked(people, USERS, "--sheets", "none")
    assert not (people.hospital.path / "sheets").exists()


def test_it_is_rendered_again_until_it_is_seen_to_be_done(people):
    asked(people)
    hospital = people.hospital
    again = hospital.ok("render", "accounts-sheet", "--format", "csv")
    head, row = again.out.splitlines()
    assert head == "user,login,name,to_do,since,change_set,asked_by,ticket"
    assert row.startswith('new,N.Neu,,"make the account N.Neu, from 2026-01-01 on",')
    assert row.endswith(",IAM-7")
    named = hospital.ok("render", "accounts-sheet", "accounts", "--names")
    assert "| `N.Neu` (id new) | Nora Neu | make the account N.Neu, from 2026-01-01 on |" in named.out
    assert "Nora" not in hospital.git("log", "-p", "pacsconf/lab")

    people.lab.add("uid=N.Neu," + PEOPLE, "inetOrgPerson", uid="N.Neu", cn="new", sn="new")
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    idle = hospital("render", "accounts-sheet")
    assert idle.code == 1
    assert "nothing is asked of the identity team in accounts" in idle.said
    assert "Asked of" not in hospital.ok("plan").out


def test_the_dn_of_an_account_that_is_there_is_said(people):
    asked(people, USERS.replace("2030-01-31", "2026-01-31"))
    text = people.hospital.ok("render", "accounts-sheet").out
    assert f"disable the account ada ({dn('ada')})" in text.replace("\\", "")


@pytest.mark.parametrize("way", ["disabled", "gone"])
def test_what_the_sheet_takes_for_done_is_seen_as_done(people, way):
    asked(people, USERS.replace("2030-01-31", "2026-01-31"))
    text = people.hospital.ok("render", "accounts-sheet").out
    assert "it is disabled when pwdAccountLockedTime is 000001010000Z, or the entry is gone" in text
    if way == "gone":
        people.lab.delete(dn("ada"))
    else:
        people.lab.modify(dn("ada"), pwdAccountLockedTime="000001010000Z")
    assert "account ada" not in people.hospital.ok("plan").said
    assert "account ada" not in people.hospital.ok("status").said


def test_who_names_no_system_of_accounts_is_told_which_there_are(people):
    people.write(USERS)
    hospital = people.hospital
    wrong = hospital("render", "accounts-sheet", "acounts")
    assert wrong.code == 1
    assert 'there is no system of accounts "acounts"; did you mean "accounts"?' in wrong.said
    assert hospital("render", "ae-titles", "--names").code == 64
    assert hospital("render", "accounts-sheet").code == 1


def test_a_template_of_the_site_s_own_gets_what_is_asked(people):
    asked(people)
    folder = people.hospital.path / "templates"
    folder.mkdir()
    (folder / "tickets.txt.j2").write_text(
        "{% for one in request.asked %}{{ one.login }}: {{ one.deeds }}\n{% endfor %}"
    )
    assert (
        people.hospital.ok("render", "tickets").out == "N.Neu: make the account N.Neu, from 2026-01-01 on\n"
    )


def test_what_is_keyed_in_is_no_word_on_what_the_team_was_asked_for(people):
    asked(people)
    people.hospital.file("console").write_text(
        "devices: {ct-1: {type: modality, modality: [CT], ae_title: CT1, host: 10.20.4.17, port: 104}}\n"
        "systems: {ct-console: {type: console, ae: ct-1, mode: write}}\n"
    )
    people.commit("a console")
    people.hospital.ok("attest", "--all", "--reason", "compared")
    for again in (("ct-console",), ("--probe",)):
        ran = people.hospital("attest", *again, "--reason", "compared")
        assert "at a console" in ran.said or "at any console" in ran.said
    assert "Nothing waits for a person" not in "".join(people.hospital.said)
    assert "1 of the identity team" in people.hospital.ok("status").said
    ran = people.hospital("attest", "accounts", "--reason", "they said so")
    assert "accounts is read by pacsconf itself, so nothing there can be attested" in ran.said


def test_what_was_asked_for_is_done_from_here_once_the_branch_is_ours(people):
    asked(people)
    hospital = people.hospital
    systems = hospital.file("systems")
    base = f'staff: {{base: "{PEOPLE}", '
    systems.write_text(systems.read_text().replace(base, f"{base}owns_accounts: true, "))
    people.commit("the branch is ours")
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert people.lab.entry(dn("N.Neu")) is not None
    assert people.names(f"cn=pacs-qc,{GROUPS}") == ["N.Neu"]
    assert "No changes." in hospital.ok("plan").out
    assert "identity team" not in hospital.ok("status").said
