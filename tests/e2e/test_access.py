"""Who can do what: shown, reviewed by somebody else, and held against a real directory."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from tests.accounts_lab import GROUPS
from tests.e2e.conftest import Hospital
from tests.e2e.people import ADMINS, QC, READERS, TODAY, day, directory, dn, hospital_of

ROLES = """\
roles:
  reader: {permissions: [study:view, {permission: study:query, modality: CT}], groups: {accounts: pacs-readers},
           approvers: [ada, "role:admin"], review_every: 180d}
  qc: {permissions: [qc:mark], groups: {accounts: pacs-qc}, conflicts_with: [reader]}
  admin: {administrator: true, permissions: [device:service], groups: {accounts: pacs-admins}, approvers: [ada]}
"""
USERS = """\
users:
  ada: {roles: [reader], name: Ada Adler, logins: {git: ada@hospital.example}}
  bob: {roles: [reader]}
  root: {roles: [admin], name: Rita Root, email: root@hospital.example}
"""
DEVICE = """\
sites: {main: {name: Main campus}}
devices:
  ct-1: {type: modality, modality: [CT], site: main, ae_title: CT1, host: 10.20.4.17, port: 104,
         uses: [ct-image-storage]}
  mr-1: {type: modality, modality: [MR], site: main, ae_title: MR1, host: 10.20.4.18, port: 104,
         uses: [mr-image-storage]}
service_accounts:
  svc-ct: {owner: ada, purpose: sends images, device: ct-1, roles: [reader]}
"""
OWNS = '[people]\nown_accounts = ["lab"]\n'
LEAD = f"cn=pacs-lead,{GROUPS}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch):
    """Three people and a service account, as they are declared, live."""
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    made = hospital_of(repository, lab, tmp_path, more=OWNS)
    made.hospital.file("roles").write_text(ROLES)
    made.hospital.file("device").write_text(DEVICE)
    made.write(USERS)
    return made


@pytest.fixture
def applied(people):
    people.hospital.applied()
    return people


def works(people, name: str, mail: str) -> None:
    """Who works at the repository from now on."""
    people.hospital.git("config", "user.name", name)
    people.hospital.git("config", "user.email", mail)


def ada(people) -> None:
    works(people, "Ada Adler", "ada@hospital.example")


def root(people) -> None:
    works(people, "Rita", "root@hospital.example")


def worded(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)[:20]


def groups(ran) -> list[tuple[str, str]]:
    return [(one["group"], one["mark"]) for one in ran.json["user"]["groups"]]


# --- show ---------------------------------------------------------------------------------------------------------


def test_a_user_is_shown_from_files_with_the_commit_that_says_so(people, lab):
    ran = people.hospital.ok("access", "bob", "--format", "json")
    commit = people.hospital.git("rev-parse", "HEAD")
    (role,) = ran.json["user"]["roles"]
    assert role["declared_at"] == {
        "place": "inventory/people.yaml:3",
        "commit": commit,
        "since": TODAY.isoformat(),
    }
    assert groups(ran) == [("pacs-readers", "declared")]
    assert f"since {commit[:7]}" in people.hospital.ok("access", "bob").said


def test_without_live_nothing_is_asked_of_anybody(people):
    people.hospital.edit(people.lab.url, "ldap://127.0.0.1:1", "systems")
    assert people.hospital("access", "bob").code == 0
    assert people.hospital("access", "reader").code == 0
    ran = people.hospital("access", "bob", "--live")
    assert (ran.code, "127.0.0.1:1 cannot be reached" in ran.said) == (9, True)


def test_live_marks_what_is_declared_and_what_somebody_added_by_which_way(applied, lab):
    lab.add_group(LEAD, [dn("bob")])
    lab.change(ADMINS, member=("MODIFY_ADD", LEAD))
    ran = applied.hospital("access", "bob", "--live", "--format", "json")
    assert (ran.code, ran.json["as_declared"]) == (2, False)
    assert groups(ran) == [
        ("pacs-admins", "live, not declared"),
        ("pacs-lead", "live, not declared"),
        ("pacs-readers", "declared and live"),
    ]
    assert ran.json["user"]["groups"][0]["live"] == ["pacs-lead", "pacs-admins"]
    assert "pacs-lead → pacs-admins" in applied.hospital("access", "bob", "--live").said


def test_the_record_says_since_when_somebody_is_in_a_group(applied):
    ran = applied.hospital.ok("access", "bob", "--live", "--format", "json")
    (group,) = ran.json["user"]["groups"]
    assert group["applied"]["at"].startswith(TODAY.isoformat())
    assert applied.hospital.git("log", "-1", "--format=%s", group["applied"]["commit"]).startswith("close")


def test_one_user_is_read_alone(applied, lab, caplog):
    with caplog.at_level("DEBUG"):
        applied.hospital.ok("access", "bob", "--live")
    assert [row for row in caplog.messages if row.startswith("accounts: read ")] == []


def test_who_is_taken_out_is_told(applied, lab):
    lab.change(READERS, member=("MODIFY_DELETE", dn("bob")))
    ran = applied.hospital("access", "bob", "--live")
    assert (ran.code, "declared, not live" in ran.said) == (2, True)
    ran = applied.hospital("access", "reader", "--live", "--format", "json")
    assert ran.code == 2
    assert ran.json["role"]["not_live"] == [{"user": "bob", "system": "accounts", "group": "pacs-readers"}]


def test_names_are_shown_where_they_are_asked_for(people):
    assert "Adler" not in people.hospital.ok("access", "ada").out
    assert "ada (Ada Adler)" in people.hospital.ok("access", "ada", "--names").out


def test_names_may_come_from_the_directory(applied, lab):
    lab.modify(dn("bob"), displayName="Bob Brandt", cn="Bob Brandt", givenName="Bob", sn="Brandt")
    ran = applied.hospital("access", "bob", "--live", "--names")
    assert "bob (Bob Brandt)" in ran.out
    assert "Brandt" not in applied.hospital("access", "bob", "--live").out
    assert "Brandt" not in applied.hospital.git("log", "--all", "-p", "--format=%B", "pacsconf/lab")


def test_names_may_come_from_a_file_that_the_operator_keeps(people, tmp_path):
    listed, operator = tmp_path / "hr.csv", tmp_path / "operator.toml"
    listed.write_text("STAFF_NO;NAME\nbob;Bob Brandt\nada;Ada Anders\n")
    listed.chmod(0o600)
    keys = f'file = "{listed}"\ncolumns = {{id = "STAFF_NO", name = "NAME"}}\ndelimiter = ";"\n'
    operator.write_text(operator.read_text() + keys)
    assert people.hospital.ok("access", "bob", "--names").out.startswith("bob (Bob Brandt)  person")
    assert people.hospital.ok("access", "ada", "--names").out.startswith("ada (Ada Adler)  person")
    assert "Brandt" not in people.hospital.ok("access", "bob").out
    listed.chmod(0o644)
    assert people.hospital("access", "bob", "--names").code == 5
    assert people.hospital("access", "bob").code == 0


def test_a_role_tells_who_has_it_and_when_its_review_is_due(people):
    ran = people.hospital.ok("access", "reader", "--format", "json")
    assert [one["user"] for one in ran.json["role"]["holders"]] == ["ada", "bob", "svc-ct"]
    assert ran.json["role"]["conflicts_with"] == ["qc"]
    assert ran.json["role"]["approvers_now"] == ["ada", "root"]
    assert ran.json["role"]["review"] == {"due": day(180).isoformat(), "last": None, "open": None}


def test_a_device_tells_who_may_do_what_on_it(people):
    ct = people.hospital.ok("access", "ct-1", "--format", "json").json["device"]
    assert [(one["permission"], one["users"]) for one in ct["permissions"]] == [
        ("device:service", ["root"]),
        ("qc:mark", []),
        ("study:query", ["ada", "bob", "svc-ct"]),
        ("study:view", ["ada", "bob", "svc-ct"]),
    ]
    assert [one["user"] for one in ct["accounts"]] == ["svc-ct"]
    mr = people.hospital.ok("access", "mr-1", "--format", "json").json["device"]
    assert "study:query" not in [one["permission"] for one in mr["permissions"]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("bop",), 1, 'did you mean "bob"?'),
        (("revew",), 1, 'did you mean "review"?'),
        (("--user", "reader"), 1, 'there is no user "reader"'),
        (("--role", "bob"), 1, 'there is no role "bob"'),
        (("bob", "--user", "bob"), 64, "name one"),
        (("--live",), 64, "name one"),
        (("ct-1", "--live"), 64, "declared only"),
    ],
    ids=worded,
)
def test_what_cannot_be_meant_is_said(people, words, code, said):
    ran = people.hospital("access", *words)
    assert (ran.code, said in ran.said) == (code, True), ran


def test_a_name_of_two_kinds_is_asked_for(people):
    people.hospital.edit("  bob: ", "  mr-1: {roles: [reader]}\n  bob: ", "people")
    ran = people.hospital("access", "mr-1")
    assert (ran.code, "--user mr-1, --device mr-1" in ran.said) == (64, True)
    assert people.hospital.ok("access", "--device", "mr-1").out.startswith("mr-1  device")
    assert people.hospital.ok("access", "show", "--user", "mr-1").out.startswith("mr-1  person")


# --- reviews ------------------------------------------------------------------------------------------------------


def opened(people, *more: str) -> str:
    """A review of the readers; its id."""
    people.hospital.ok("access", "review", "--role", "reader", *more)
    return people.hospital.ok("access", "review", "--format", "json").json["reviews"][-1]["id"]


def answers(people, which: str) -> dict[str, str | None]:
    (review,) = people.hospital.ok("access", "review", which, "--format", "json").json["reviews"]
    return {one["user"]: (one["decision"] or {}).get("word") for one in review["lines"]}


def test_a_review_from_the_sheet_to_the_removal(applied, lab, tmp_path):
    """It is opened, filled in, signed off by another than who is on it, changed in the inventory, applied, seen."""
    hospital, sheet = applied.hospital, tmp_path / "sheet.csv"
    which = opened(applied, "--live", "--names", "--format", "csv", "--out", str(sheet))
    said = " ".join(" ".join(hospital.said).split())
    assert f"Filled in? pacsconf -e lab access sign-off {which} {sheet}" in said
    text = sheet.read_text("utf-8-sig")
    assert "Ada Adler" in text
    rows = list(csv.DictReader(io.StringIO(text)))
    (review,) = hospital.ok("access", "review", which, "--format", "json").json["reviews"]
    assert {one["due"] for one in rows} == {review["due"]}
    assert [(one["user"], one["kind"], one["live"], one["path"]) for one in rows] == [
        ("ada", "person", "yes", "accounts: pacs-readers"),
        ("bob", "person", "yes", "accounts: pacs-readers"),
        ("svc-ct", "service", "yes", "accounts: pacs-readers"),
    ]
    for row, (word, why) in zip(
        rows, [("keep", ""), ("Remove", "works elsewhere now"), ("keep", "")], strict=True
    ):
        row |= {"decision": word, "reason": why}
    with sheet.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    root(applied)
    ran = hospital.ok("access", "sign-off", which, str(sheet))
    assert "inventory/people.yaml:3: take reader away from users.bob" in ran.said
    assert answers(applied, which) == {"ada": "keep", "bob": "remove", "svc-ct": "keep"}
    report = hospital("access", "report")
    assert (report.code, "bob as reader is to go" in report.said) == (2, True)
    assert f"bob as reader is to go, by review {which}, and is not seen gone" in hospital("status").said

    hospital.edit("  bob: {roles: [reader]}", "  bob: {}", "people")
    report = hospital("access", "report", "--format", "json")
    assert [one["user"] for one in report.json["removals_open"]] == [
        "bob"
    ]  # declared no more, and still live
    hospital.ok("plan", "--out", "plan.json")
    applying = hospital.ok("apply", "plan.json", "--reason", which)
    assert f"bob as reader is gone, as review {which} wanted" in applying.said
    assert "closed" in hospital.ok("access", "review").said
    report = hospital("access", "report", "--format", "json")
    assert (report.json["removals_done"], report.json["removals_open"]) == ([], [])
    assert "Adler" not in hospital.git("log", "-p", "--format=%B", "pacsconf/lab")
    assert (
        hospital.ok("access", "reader", "--format", "json").json["role"]["review"]["last"]
        == TODAY.isoformat()
    )


def test_a_commit_of_the_record_shows_what_was_asked_and_said_then(applied):
    which = opened(applied)
    ada(applied)
    applied.hospital.ok("access", "sign-off", which, "--keep", "bob")
    said, asked = applied.hospital.ok("history", "--format", "json").json["entries"][:2]
    for entry, words in ((asked, [None, None, None]), (said, [None, "keep", None])):
        (shown,) = applied.hospital.ok("show", entry["commit"], "--format", "json").json["reviews"]
        assert [one["decision"] and one["decision"]["word"] for one in shown["lines"]] == words
    assert "keep · by ada" in applied.hospital.ok("show", said["commit"]).said


def test_a_review_is_answered_in_another_clone(applied, tmp_path):
    hospital, there, other = applied.hospital, tmp_path / "there.git", tmp_path / "other"
    hospital.git("clone", "-q", "--bare", str(hospital.path), str(there))
    hospital.git("remote", "add", "origin", str(there))
    hospital.git("fetch", "-q")
    hospital.git("clone", "-q", str(there), str(other))
    colleague = replace(applied, hospital=Hospital(other, hospital.env))
    which = opened(applied)
    root(colleague)
    colleague.hospital.ok("access", "sign-off", which, "--keep", "bob")
    assert answers(applied, which)["bob"] == "keep"


def test_nobody_signs_off_their_own_line(applied):
    which = opened(applied)
    ada(applied)
    ran = applied.hospital("access", "sign-off", which, "--keep", "ada", "--keep", "bob")
    assert (ran.code, "nobody reviews their own access, and ada is on it as reader" in ran.said) == (5, True)
    assert answers(applied, which) == {"ada": None, "bob": None, "svc-ct": None}
    applied.hospital.ok("access", "sign-off", which, "--keep", "bob")
    assert answers(applied, which) == {"ada": None, "bob": "keep", "svc-ct": None}


def test_only_an_approver_signs_off(applied):
    which = opened(applied)
    works(applied, "bob", "bob@elsewhere.example")
    ran = applied.hospital("access", "sign-off", which, "--keep", "ada")
    assert (ran.code, "bob is not one of the approvers of reader" in ran.said) == (5, True)
    works(applied, "Nobody", "nobody@elsewhere.example")
    ran = applied.hospital("access", "sign-off", which, "--keep", "ada")
    assert (ran.code, "is no user of the inventory" in ran.said) == (5, True)
    assert set(answers(applied, which).values()) == {None}


def test_what_somebody_else_said_stands(applied):
    which = opened(applied)
    ada(applied)
    applied.hospital.ok("access", "sign-off", which, "--keep", "bob")
    root(applied)
    ran = applied.hospital("access", "sign-off", which, "--remove", "bob", "--reason", "no")
    assert (ran.code, "was decided by ada" in ran.said) == (1, True)
    assert answers(applied, which)["bob"] == "keep"


def test_a_removal_needs_a_reason(applied):
    which = opened(applied)
    root(applied)
    ran = applied.hospital("access", "sign-off", which, "--remove", "bob")
    assert (ran.code, "--reason" in ran.said) == (64, True)


def test_a_sheet_with_a_wrong_line_is_refused_as_a_whole(applied, tmp_path):
    which = opened(applied)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        f"review,user,role,decision,reason\n{which},bob,reader,keep,\n{which},eve,reader,keep,\n"
        f"{which},ada,reader,maybe,\n{which},svc-ct,reader,remove,\nAR-1,bob,reader,keep,\n"
    )
    root(applied)
    ran = applied.hospital("access", "sign-off", which, str(sheet))
    assert ran.code == 1
    for words in (
        f"line 3: {which} has no line on eve as reader",
        'line 4: the decision is "maybe"',
        "line 5: svc-ct is to be removed for no reason",
        "line 6: it is of review AR-1",
    ):
        assert words in ran.said
    assert set(answers(applied, which).values()) == {None}


def test_somebody_who_is_only_live_gets_a_line_and_their_removal_is_seen(applied, lab):
    lab.change(READERS, member=("MODIFY_ADD", dn("u00")))
    which = opened(applied, "--live")
    assert list(answers(applied, which)) == ["ada", "bob", "svc-ct", "u00"]
    root(applied)
    ran = applied.hospital.ok("access", "sign-off", which, "--remove", "u00", "--reason", "nobody knows why")
    assert "u00 as reader: not declared, only live" in ran.said
    lab.change(READERS, member=("MODIFY_DELETE", dn("u00")))
    done = applied.hospital("access", "report", "--format", "json").json["removals_done"]
    assert done == [{"review": which, "user": "u00", "role": "reader"}]


def test_a_review_of_what_is_live_is_not_opened_where_that_cannot_be_read(applied):
    applied.hospital.edit(applied.lab.url, "ldap://127.0.0.1:1", "systems")
    assert applied.hospital("access", "review", "--role", "reader", "--live").code == 9
    assert applied.hospital.ok("access", "review", "--format", "json").json["reviews"] == []


def test_a_sheet_is_not_written_over_a_file(applied, tmp_path):
    file = tmp_path / "sheet.csv"
    file.write_text("mine")
    ran = applied.hospital("access", "review", "--role", "reader", "--format", "csv", "--out", str(file))
    assert (ran.code, file.read_text()) == (1, "mine")
    assert applied.hospital.ok("access", "review", "--format", "json").json["reviews"] == []
    text = tmp_path / "sheet.txt"
    applied.hospital.ok("access", "review", "--role", "reader", "--out", str(text))
    assert "?  bob     reader" in text.read_text()


def test_whom_nobody_approves_is_told_when_a_review_is_opened(applied):
    ran = applied.hospital.ok("access", "review", "--role", "qc")
    assert "Nobody can answer for qc" in ran.said


def test_a_person_at_a_terminal_is_asked_whether_that_was_meant(applied):
    which = opened(applied)
    root(applied)
    words = ("access", "sign-off", which, "--remove", "bob", "--reason", "moved")
    ran = applied.hospital.on_terminal(*words, answers="no\n")
    assert (ran.code, "remove bob as reader: moved" in ran.said) == (5, True)
    assert answers(applied, which)["bob"] is None
    assert applied.hospital.on_terminal(*words, answers="yes\n").code == 0
    assert answers(applied, which)["bob"] == "remove"


def test_only_one_system_is_reported_where_it_is_named(applied):
    assert applied.hospital.ok("access", "report", "--system", "accounts").code == 0
    ran = applied.hospital("access", "report", "--system", "acounts")
    assert (ran.code, 'did you mean "accounts"?' in ran.said) == (64, True)


def test_a_role_is_under_review_once(applied):
    which = opened(applied)
    ran = applied.hospital("access", "review", "--role", "reader")
    assert (ran.code, f"reader is under review already: {which}" in ran.said) == (1, True)


def test_nothing_is_opened_while_a_change_set_is(applied, crashed_apply):
    ran = applied.hospital("access", "review", "--role", "reader")
    assert ran.code == 7


@pytest.fixture
def crashed_apply(applied):
    """A change set that was begun and left open, as by a run that was cut off."""
    from datetime import UTC, datetime

    from pacsconf.cli.plan_file import load_plan
    from pacsconf.core.changeset import ChangeSet, changeset_id
    from pacsconf.record.branch import stamp
    from pacsconf.record.record import Record

    hospital = applied.hospital
    hospital.edit("  bob: {roles: [reader]}", "  bob: {}", "people")
    hospital.ok("plan", "--out", "plan.json")
    plan = load_plan(hospital.plan_file)
    at = stamp(datetime.now(UTC))
    with Record.open(hospital.path, "lab", clock=lambda: datetime.now(UTC)) as record:
        left = ChangeSet(changeset_id(at, plan.digest), plan, record.identity(), "x@y:1", at, "", "why", "")
        with record.begin(left, record.state()):
            pass


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--role", "raeder"), 64),
        (("--system", "acounts"), 64),
        (("--due", "2027-01-01"), 64),
        (("--role", "reader", "--due", "2020-01-01"), 64),
        (("AR-1",), 1),
        (("AR-1", "--role", "reader"), 64),
        (("--format", "csv"), 64),
    ],
    ids=worded,
)
def test_a_review_that_cannot_be_is_refused(applied, words, code):
    assert applied.hospital("access", "review", *words).code == code


def test_the_printed_sheet_is_whole_and_nothing_in_it_is_markup(people):
    people.hospital.edit("name: Ada Adler", 'name: "<script>alert(1)</script>"', "people")
    people.hospital.applied()
    page = people.hospital.ok("access", "review", "--role", "reader", "--names", "--format", "html").out
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count('class="box"') == 6
    assert "http" not in page.replace("http-equiv", "")


def test_a_cell_that_a_spreadsheet_would_compute_is_text(people):
    people.hospital.edit("name: Ada Adler", "name: '=1+1'", "people")
    people.hospital.applied()
    sheet = people.hospital.ok("access", "review", "--role", "reader", "--names", "--format", "csv").out
    assert "'=1+1" in sheet


def test_a_review_of_a_system_is_of_every_role_that_lands_there(applied):
    ran = applied.hospital.ok("access", "review", "--system", "accounts", "--format", "json")
    (review,) = ran.json["reviews"]
    assert (review["system"], review["roles"]) == ("accounts", ["admin", "qc", "reader"])
    ada(applied)
    applied.hospital.ok("access", "sign-off", review["id"], "--keep", "root/admin")
    assert answers(applied, review["id"])["root"] == "keep"


def test_an_answer_must_be_signed_where_the_operator_file_names_signers(applied, tmp_path):
    key, allowed = tmp_path / "key", tmp_path / "allowed"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    allowed.write_text(f"root@hospital.example {key.with_suffix('.pub').read_text()}")
    allowed.chmod(0o600)
    operator = tmp_path / "operator.toml"
    operator.write_text(f'{operator.read_text()}\n[signatures]\nallowed_signers = "{allowed}"\n')
    which = opened(applied)
    root(applied)
    ran = applied.hospital("access", "sign-off", which, "--keep", "bob")
    assert (ran.code, "would not be believed: what you commit is not signed" in ran.said) == (5, True)
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        applied.hospital.git("config", name, value)
    applied.hospital.ok("access", "sign-off", which, "--keep", "bob")
    assert answers(applied, which)["bob"] == "keep"
    allowed.write_text("")
    ran = applied.hospital("access", "review", which, "--format", "json")
    assert ran.json["reviews"][0]["lines"][1]["decision"] is None
    assert "It counts for nothing" in ran.said


def forged(case, which: str, **words: str) -> None:
    """Somebody who may push writes an answer on bob's line into the record, past the commands."""
    git = case.hospital.git
    git("worktree", "add", "-q", "forged", "refs/heads/pacsconf/lab")
    place = case.hospital.path / "forged"
    reviews = json.loads((place / "reviews.json").read_text())
    line = next(
        one for review in reviews if review["id"] == which for one in review["lines"] if one["user"] == "bob"
    )
    line["decision"] = {"word": "keep", "reason": "", "at": "2026-01-01T08:00:00Z", **words}
    (place / "reviews.json").write_text(json.dumps(reviews))
    git("-C", str(place), "commit", "-qam", "sign-off")
    git("-C", str(place), "update-ref", "refs/heads/pacsconf/lab", "HEAD")
    git("worktree", "remove", "--force", "forged")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"by": "Bob <bob@x>", "as_user": "bob"}, "was said by bob of their own access"),
        ({"by": "bob <bob@x>", "as_user": "root"}, "was said by bob of their own access"),
        ({"by": "ada <ada@x>", "as_user": "root"}, "was said by ada, in the name of root"),
        ({"by": "x <x@x>", "as_user": "root", "at": "2999-01-01T08:00:00Z"}, "is of a day to come"),
    ],
    ids=["own", "own in another's name", "another's name", "to come"],
)
def test_an_answer_that_no_command_would_have_taken_counts_for_nothing(applied, words, why):
    which = opened(applied)
    forged(applied, which, **words)
    ran = applied.hospital("access", "review", which, "--format", "json")
    assert next(one for one in ran.json["reviews"][0]["lines"] if one["user"] == "bob")["decision"] is None
    assert why in ran.said
    root(applied)
    applied.hospital.ok("access", "sign-off", which, "--remove", "bob", "--reason", "moved")
    assert answers(applied, which)["bob"] == "remove"


@pytest.mark.parametrize(
    ("words", "code"),
    [(("status",), 0), (("access", "report"), 5), (("access", "review"), 5)],
    ids=worded,
)
def test_a_record_that_cannot_be_read_is_told_and_is_not_none(applied, words, code):
    which = opened(applied)
    forged(applied, which, by="x", as_user="root", at="some day")
    ran = applied.hospital(*words)
    assert "reviews.json cannot be understood" in ran.said
    assert ran.code == code


# --- report -------------------------------------------------------------------------------------------------------


def kinds(ran) -> list[tuple[str, str | None]]:
    return [(one["kind"], one["user"]) for one in ran.json["systems"][0]["remarks"]]


def test_nothing_is_told_of_a_directory_that_is_as_declared(applied):
    ran = applied.hospital("access", "report", "--format", "json")
    assert ran.code == 0, ran
    assert ran.json["as_declared"] is True
    assert ran.json["systems"][0]["administrators"] == 1
    assert {kind for kind, _ in kinds(ran)} <= {"unknown", "never-seen"}


def test_whatever_is_otherwise_live_is_told(applied, lab):
    lab.add_group(LEAD, [dn("u00")])
    lab.change(ADMINS, member=("MODIFY_ADD", LEAD))
    lab.change(QC, member=("MODIFY_ADD", dn("bob")))
    lab.change(READERS, member=("MODIFY_DELETE", dn("ada")))
    lab.modify(dn("ada"), pwdAccountLockedTime="000001010000Z")
    ran = applied.hospital("access", "report", "--format", "json")
    assert ran.code == 2
    found = [one for one in kinds(ran) if one[0] not in ("unknown", "never-seen")]
    assert found == [
        ("undeclared", "u00"),
        ("undeclared", "u00"),
        ("extra", "bob"),
        ("separation", "bob"),
        ("missing", "ada"),
        ("disabled", "ada"),
    ]
    assert "u00 is in pacs-admins by pacs-lead → pacs-admins" in applied.hospital("access", "report").said
    rows = list(csv.DictReader(io.StringIO(applied.hospital("access", "report", "--format", "csv").out)))
    assert [row["kind"] for row in rows if row["severity"] != "info"] == [kind for kind, _ in found]


def test_who_left_and_can_still_sign_in_is_the_first_that_is_told(applied, lab):
    applied.hospital.edit(
        "  bob: {roles: [reader]}", f"  bob: {{roles: [reader], ends: {day(-3)}}}", "people"
    )
    ran = applied.hospital("access", "report", "--format", "json")
    assert kinds(ran)[:2] == [("left", "bob"), ("left", "bob")]


def test_who_was_seen_and_when(applied, lab):
    assert lab.can_bind(dn("bob")) == 0
    ran = applied.hospital.ok("access", "bob", "--live", "--format", "json")
    account = ran.json["user"]["accounts"]["accounts"]
    assert (account["last_seen_known"], date.fromisoformat(account["last_seen"][:10])) == (True, TODAY)


def test_a_role_that_nobody_reviewed_for_long_is_told(people):
    late = people.hospital
    for number, text in enumerate((ROLES.replace("study:view,", "study:label,"), ROLES)):
        late.file("roles").write_text(text)
        people.commit(f"roles {number}", on=day(-400))
    late.applied()
    ran = late("access", "report", "--format", "json")
    assert [one["role"] for one in ran.json["reviews_overdue"]] == ["reader"]
    assert (ran.code, "PACS-USR-014" in late("access", "report").said) == (2, True)


def test_a_system_that_is_away_ends_with_9(applied):
    applied.hospital.edit(applied.lab.url, "ldap://127.0.0.1:1", "systems")
    ran = applied.hospital("access", "report")
    assert (ran.code, "nothing is known of it" in ran.said) == (9, True)


def test_where_nobody_keeps_accounts_nothing_is_read(small):
    ran = small("access", "report")
    assert (ran.code, "No system here holds people's accounts" in ran.said) == (0, True)
