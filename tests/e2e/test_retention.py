"""`pacsconf retention explain`, `check` and `study-reference` as they are typed; on the example hospital."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pacsconf.retention.study import reference

ROOT = Path(__file__).parents[2]
RULES = "inventory/retention.yaml"
TEN = "{for: 10y, from: study_date, otherwise: true}"
KNOWN = (
    "--modality", "MG", "--study-date", "2015-03-01", "--birth-date", "1960-05-04", "--institution", "Main",
    "--last-contact", "2015-03-01", "--no-later-study", "--today", "2024-11-26",
)  # fmt: skip


@pytest.fixture
def example(repository: Callable[..., Any]) -> Any:
    """The example hospital with its packs in a repository of its own."""
    made = repository()
    for folder in ("inventory", "policies"):
        shutil.rmtree(made.path / folder, ignore_errors=True)
        shutil.copytree(ROOT / folder, made.path / folder)
    return made


def edited(hospital: Any, file: str, before: str, after: str) -> None:
    path = hospital.path / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def line_of(hospital: Any, file: str, beginning: str) -> int:
    lines = (hospital.path / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(beginning))


# --- explain -----------------------------------------------------------------------------------------------------


def test_the_deciding_rule_is_named_with_its_line_and_the_others(example):
    ran = example.run("retention", "explain", *KNOWN)
    mammography, default = (line_of(example, RULES, name) for name in ("mammography:", "default:"))
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "✓ Kept until 2025-03-01 (95 days from 2024-11-26)"
    assert lines[1].split() == ["by", "rule", "mammography", f"{RULES}:{mammography}"]
    assert lines[2] == "  for 10 years from the study date (2015-03-01)"
    assert "source 21 CFR 900.12(c)(4)(i) (unverified)" in ran.out
    assert f"until 2022-03-01 the default {RULES}:{default}" in ran.said
    assert "✓ until 2025-03-01 us-example/mammography policies/retention/us-example.yaml:" in ran.said
    assert "not known" not in ran.out


def test_json_has_every_place(example):
    told = example.here("retention", "explain", *KNOWN, "--format", "json").json
    assert (told["format_version"], told["state"], told["until"]) == (1, "kept", "2025-03-01")
    assert told["deciding"]["rule"] == "mammography"
    assert told["deciding"]["place"]["file"] == RULES
    assert [(one["rule"], one["until"]) for one in told["runners_up"]] == [("default", "2022-03-01")]
    assert [(one["name"], one["kept"]) for one in told["minimums"]] == [
        ("us-example/hospital", True),
        ("us-example/mammography", True),
    ]
    assert (told["holds"], told["missing"], told["confirm"], told["review_after"]) == ([], [], [], None)


@pytest.mark.parametrize(
    ("given", "state", "until", "rule"),
    [
        (("--later-study", "MG"), "expired", "2022-03-01", "default"),
        (("--clinical-trial", "--no-later-study"), "kept", "2040-03-01", "research"),
        (("--procedure", "LOCAL:MAMSCR", "--no-later-study"), "kept", "2025-03-01", "mammography"),
    ],
    ids=["later study", "trial", "procedure"],
)
def test_what_is_typed_counts(example, given, state, until, rule):
    options = ("--modality", "OT" if "LOCAL:MAMSCR" in given else "MG", *KNOWN[2:10], *KNOWN[11:], *given)
    told = example.here("retention", "explain", *options, "--format", "json").json
    assert (told["state"], told["until"], told["deciding"]["rule"]) == (state, until, rule)


def test_a_review_date_is_told(example):
    ran = example.here("retention", "explain", *KNOWN, "--clinical-trial")
    assert "to be reviewed after 2045-03-01" in ran.out
    assert "not approved: it counts here, and reaches no archive" in ran.out


def test_a_birthday_on_29_february_is_on_1_march(example):
    options = ("--modality", "CT", "--study-date", "2014-05-01", "--last-contact", "2014-05-01")
    told = example.here(
        "retention", "explain", *options, "--birth-date", "2012-02-29", "--format", "json"
    ).json
    assert (told["until"], told["deciding"]["reason"]) == ("2037-03-01", "25th birthday")


def test_what_is_missing_is_named_with_its_option(example):
    ran = example.here("retention", "explain", "--modality", "MG")
    assert ran.out.startswith("? Kept, with no end in sight: a date is missing\n")
    assert "? the birth date: taken as if born on the day of the study (--birth-date)" in ran.out
    assert "? the study date: without it nothing ends (--study-date)" in ran.out


def test_a_study_on_hold_is_held_and_no_reference_is_repeated(example):
    uid = "2.999.7.1"
    held = (ROOT / RULES).read_text().partition('studies: ["')[2].partition('"')[0]
    edited(example, RULES, held, reference(uid))
    ran = example.here("retention", "explain", *KNOWN, "--study", reference(uid))
    assert ran.out.startswith("■ Held: nothing may delete it, whatever rules say\n")
    line = line_of(example, RULES, "case-2026-014:")
    assert f"legal hold case-2026-014 {RULES}:{line}" in ran.said
    assert "placed by legal department on 2026-03-02, LEGAL-2211; to be reviewed by 2028-03-01" in ran.said
    assert "sha256" not in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--modality", "mg"), 'write "MG"'),
        (("--study-date", "01.03.2015"), "a date is written as year-month-day"),
        (("--study-date", "2015-02-29"), "the calendar has no day 2015-02-29"),
        (("--procedure", "MAMSCR"), "write SCHEME:CODE"),
        (("--procedure", "SNOMED:1"), 'DICOM calls this coding scheme "SCT"'),
        (("--study", "1.2.3"), "a study is named by sha256:"),
        (("--later-study", "MG", "--no-later-study"), "there was a later study, or there was none"),
        (
            ("--study-date", "2015-03-01", "--birth-date", "2015-03-02"),
            "the patient was born after the study",
        ),
        (
            ("--study-date", "2015-03-01", "--last-contact", "2015-02-28"),
            "the last study is before the study itself",
        ),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_meant_is_wrong_usage(example, options, said):
    ran = example.here("retention", "explain", *options)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.said


def test_without_any_rules_everything_is_kept(repository):
    ran = repository(hospital="sites: {main: {}}\n").run("retention", "explain", "--modality", "CT")
    assert (ran.code, ran.said) == (
        0,
        "? No rule speaks of such a study, and there is no default: it is kept, with no end",
    )


# --- check -------------------------------------------------------------------------------------------------------


def test_the_example_keeps_every_minimum(example):
    ran = example.here("retention", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.said.startswith("✓ Every kind of study is kept at least as long as 3 legal minimums ask for:")
    assert "No two rules tie." in ran.out
    assert "? the end of treatment: us-example/minors" in ran.out
    assert "Not approved, so they reach no archive: research" in ran.said


def test_a_shortened_mammography_rule_is_refused_with_the_study_that_shows_it(example):
    edited(example, RULES, TEN, TEN.replace("10y", "8y"))
    ran = example.run("retention", "check")
    line = line_of(example, RULES, "mammography:")
    assert ran.code == 4
    assert ran.said.startswith("error[PACS-RET-017] A study (MG) of 2015-03-01, patient born")
    assert (
        "kept until 2023-03-01 by mammography, and the minimum us-example/mammography asks for 2025-03-01"
        in ran.said
    )
    assert f"{RULES}:{line}:5" in ran.out
    assert "MQSA, 21 CFR 900.12(c)(4)(i)" in ran.said
    assert "policies/retention/us-example.yaml:28:3 minimum us-example/mammography" in ran.said
    assert "✗ 1 minimum of 3 not kept" in ran.out


def test_the_study_that_shows_it_can_be_looked_at_with_the_command_that_is_given(example):
    edited(example, RULES, TEN, TEN.replace("10y", "8y"))
    said = example.here("retention", "check").out
    command = next(
        line.strip() for line in said.splitlines() if line.strip().startswith("pacsconf retention")
    )
    ran = example.here(*command.split()[1:], "--today", "2020-01-01")
    assert ran.code == 0
    assert "✗ until 2025-03-01 us-example/mammography, not kept" in ran.said


def test_the_command_that_is_given_tells_of_the_same_study_where_a_rule_asks_for_a_place(example):
    """What is not typed is not known, and a rule about a place would count."""
    edited(example, RULES, "{for: 7y, from", "{for: 2y, from")
    place = "    north: {match: {institution: North}, keep: {for: 30y}, source: mqsa}\n"
    (example.path / "inventory" / "more.yaml").write_text("retention:\n  rules:\n" + place)
    said = example.here("retention", "check").out
    command = next(line for line in said.splitlines() if line.strip().startswith("pacsconf retention"))
    ran = example.here(*shlex.split(command)[1:], "--today", "2016-01-01")
    assert (ran.code, "✗ until" in ran.out, "rule north" in ran.out) == (0, True, False)


def test_a_shortened_rule_is_a_warning_of_validate_with_both_lines(example):
    edited(example, RULES, TEN, TEN.replace("10y", "8y"))
    ran = example.run("validate")
    assert ran.code == 4  # and the policy PACS-RET-002 fails
    assert "critical[PACS-RET-002] Not shorter than the law asks" in ran.said
    assert "warning[PACS-RET-018] A study (MG) of 2015-03-01, patient born" in ran.said
    assert f"{RULES}:{line_of(example, RULES, 'mammography:')}:5" in ran.out
    assert "policies/retention/us-example.yaml:28:3 minimum us-example/mammography" in ran.said
    assert "The whole of it: pacsconf retention check" in ran.said


def test_what_perhaps_no_rule_speaks_of_is_kept_with_no_end(repository):
    made = repository()
    text = "retention:\n  rules:\n    mg: {match: {modality: MG}, keep: {for: 1y}, source: a law}\n"
    (made.path / "inventory" / "retention.yaml").write_text(text)
    ran = made.here("retention", "explain", "--study-date", "2015-03-01")
    assert ran.code == 0
    assert ran.said.startswith("? Kept, with no end: perhaps no rule speaks of such a study")
    assert "may match until 2016-03-01 rule mg" in ran.said


def test_a_rule_that_was_removed_is_noticed(example):
    text = (example.path / RULES).read_text()
    start, end = text.index("    mammography:"), text.index("    minors:\n      match")
    (example.path / RULES).write_text(text[:start] + text[end:])
    told = example.here("retention", "check", "--format", "json")
    assert (told.code, told.json["kept"], told.json["broken"]) == (4, False, ["us-example/mammography"])


def test_an_approval_that_was_taken_back_is_noticed(example):
    approval = '      approval: {by: "L. Hoffmann, records management", on: 2026-11-02}\n    minors:'
    edited(example, RULES, approval, "    minors:")
    ran = example.here("retention", "check")
    assert ran.code == 4
    assert "kept until 2022-03-01 by default while mammography, research are not approved" in ran.said


def test_a_pack_that_is_not_there_proves_nothing(example):
    (example.path / "policies" / "retention" / "us-example.yaml").unlink()
    ran = example.here("retention", "check")
    assert ran.code == 4
    assert 'warning[PACS-RET-014] There is no pack "us-example" in policies/retention' in ran.said
    assert example.here("validate").code == 0


@pytest.mark.parametrize("pack", ["us-example", "germany-example", "england-example", "france-example"])
def test_every_pack_says_that_it_is_an_example_and_no_legal_advice(example, pack):
    edited(example, RULES, "packs: us-example ", f"packs: {pack} ")
    text = (ROOT / "policies" / "retention" / f"{pack}.yaml").read_text()
    assert "This is an example and no legal advice." in text
    codes = [example.here(*words).code for words in (("validate",), ("retention", "check"))]
    assert codes == ([0, 0] if pack == "us-example" else [4, 4])


def test_rules_that_tie_are_a_warning_of_validate_and_of_check(example):
    extra = "  rules:\n    breast: {match: {modality: MG}, keep: {for: 10y}, source: mqsa}\n"
    (example.path / "inventory" / "more.yaml").write_text("retention:\n" + extra)
    validated, checked = example.here("validate"), example.run("retention", "check")
    assert (validated.code, checked.code) == (0, 0)
    for ran in (validated, checked):
        said = "The rules breast and mammography keep some studies equally long inventory/more.yaml:3:5"
        assert f"warning[PACS-RET-013] {said}" in ran.said


def test_a_mistake_in_the_rules_ends_with_3_and_a_line(example):
    edited(example, RULES, "{for: 7y, from", "{for: P7Y, from")
    for command in ("check", "explain"):
        ran = example.here("retention", command)
        assert ran.code == 3
        assert "a period is written as 7y here, not as P7Y" in ran.said
    assert json.loads(example.here("retention", "check", "--format", "json").out)["counts"]["error"] == 1


# --- study-reference ---------------------------------------------------------------------------------------------


def test_a_reference_is_the_sha256_of_the_uid(example):
    ran = example.here("retention", "study-reference", "1.2.840.1")
    # printf 1.2.840.1 | sha256sum
    assert ran.out == "sha256:f9a13599155b7052d882ea71eee894078b8e5097211d301011c9900b48eb1993\n"


def piped(example: Any, text: str) -> subprocess.CompletedProcess[str]:
    from tests.e2e.conftest import PACSCONF

    return subprocess.run(
        [*PACSCONF, "retention", "study-reference", "--uid-from-stdin"],
        cwd=example.path, env=example.env, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_uids_can_be_piped_in(example):
    ran = piped(example, "2.999.1\n\n 2.999.2 \n")
    assert (ran.returncode, ran.stdout.split()) == (0, [reference("2.999.1"), reference("2.999.2")])


@pytest.mark.parametrize(
    ("text", "said"),
    [("2.999.1\nZZTEST^PACSCONF\n", "line 2 is no Study Instance UID"), ("", "there was no UID to read")],
)
def test_what_is_no_uid_is_told_by_its_line_and_not_repeated(example, text, said):
    ran = piped(example, text)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert said in ran.stderr
    assert "ZZTEST" not in ran.stderr


@pytest.mark.parametrize("args", [(), ("2.999.1", "--uid-from-stdin")], ids=["neither", "both"])
def test_it_is_one_or_the_other(example, args):
    assert example.here("retention", "study-reference", *args).code == 64
