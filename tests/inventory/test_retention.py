"""What is declared of retention: read from several files, with packs; and what is wrong with it, at its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pacsconf.inventory.due import dues
from pacsconf.inventory.loader import digest, load
from pacsconf.inventory.retention import study_reference

HASH = "sha256:" + "0" * 64
PACK = """\
jurisdiction: US
disclaimer: An example and no legal advice.
sources: {law: {cite: Some Act}}
floors:
  mammography: {match: {modality: MG}, keep: {for: 10y}, source: law}
"""


@pytest.fixture
def packed(tmp_path: Path):
    """Writes packs beside the inventory."""

    def written(**packs: str) -> None:
        folder = tmp_path / "policies" / "retention"
        folder.mkdir(parents=True)
        for name, content in packs.items():
            (folder / f"{name}.yaml").write_text(content)

    return written


def rules(text: str) -> str:
    return f"retention:\n  rules:\n    a: {text}\n"


# --- reading -----------------------------------------------------------------------------------------------------


def test_rules_holds_sources_and_floors_are_joined_over_files(declare):
    loaded = declare(
        rules("{match: {modality: MG}, keep: {for: 10y}, source: law}"),
        others="retention:\n  sources: {law: {cite: Some Act}}\n  rules:\n"
        "    b: {match: {modality: CT}, keep: {for: 5y, from: received}, source: law}\n",
    )
    assert loaded.findings == ()
    assert sorted(loaded.inventory.retention.rules) == ["a", "b"]
    assert loaded.sources.told(("retention", "rules", "b")) == "inventory/others.yaml:4"
    assert loaded.sources.told(("retention", "rules", "a", "keep", 0, "for")) == "inventory/hospital.yaml:3"


def test_a_rule_that_is_declared_twice_is_told_with_both_places(told):
    rule = rules('{match: {modality: MG}, keep: {for: 10y}, source: "a law"}')
    assert told(rule, others=rule) == [
        "error PACS-NAME-001 inventory/others.yaml:3:5 retention.rules: a is declared twice"
    ]


def test_what_stands_once_is_told_where_it_stands_twice(told):
    default = 'retention:\n  default: {keep: {for: 7y}, source: "a law"}\n'
    assert told(default, others=default) == [
        "error PACS-NAME-001 inventory/others.yaml:2:3 The key retention. default is declared twice"
    ]


def test_a_pack_is_read_and_keeps_its_places(declare, packed):
    packed(ours=PACK)
    loaded = declare("retention: {packs: ours}\n")
    assert loaded.findings == ()
    assert loaded.inventory.retention.packs["ours"].floors["mammography"].source == "law"
    assert (
        loaded.sources.told(("retention", "packs", "ours", "floors", "mammography"))
        == "policies/retention/ours.yaml:5"
    )
    assert loaded.line("policies/retention/ours.yaml", 1) == "jurisdiction: US"


def test_a_pack_counts_in_the_digest(declare, packed, tmp_path):
    packed(ours=PACK)
    before = declare("retention: {packs: ours}\n").digest
    (tmp_path / "policies" / "retention" / "ours.yaml").write_text(PACK + "# checked again\n")
    assert load(tmp_path).digest != before
    assert before != digest([])


def test_a_pack_that_is_not_there_is_unknown_and_not_passed(declare, packed):
    packed(ours=PACK)
    loaded = declare("retention: {packs: [ours, our]}\n")
    (finding,) = loaded.findings
    assert (finding.rule, finding.severity, finding.verdict) == ("PACS-RET-014", "warning", "unknown")
    assert finding.summary == 'There is no pack "our" in policies/retention; did you mean "ours"?'
    assert str(finding.place) == "inventory/hospital.yaml:1:27"


@pytest.mark.parametrize(
    ("content", "rule", "at"),
    [
        ("- a list\n", "PACS-VAL-001", "policies/retention/ours.yaml:1:1"),
        ("jurisdiction: [US\n", "PACS-YAML-001", "policies/retention/ours.yaml:2:1"),
        ("jurisdiction: US\n", "PACS-VAL-003", "policies/retention/ours.yaml:1:1"),
        (PACK.replace("10y", "P10Y"), "PACS-RET-021", "policies/retention/ours.yaml:5:52"),
        (PACK.replace("source: law", "source: lav"), "PACS-RET-008", "policies/retention/ours.yaml:5:66"),
    ],
    ids=["list", "syntax", "no-disclaimer", "period", "source"],
)
def test_what_is_wrong_in_a_pack_is_told_there(declare, packed, content, rule, at):
    packed(ours=content)
    found = declare("retention: {packs: ours}\n").findings
    assert [(one.rule, str(one.place)) for one in found if one.severity == "error"] == [(rule, at)]


def test_a_pack_may_not_be_a_link_out_of_the_repository(declare, packed, tmp_path, tmp_path_factory):
    packed()
    outside = tmp_path_factory.mktemp("outside") / "pack.yaml"
    outside.write_text(PACK)
    (tmp_path / "policies" / "retention" / "ours.yaml").symlink_to(outside)
    assert [one.rule for one in declare("retention: {packs: ours}\n").findings] == ["PACS-FILE-005"]


def test_a_pack_of_another_law_is_a_warning(told, packed):
    packed(ours=PACK)
    assert told("retention:\n  jurisdiction: DE\n  packs: ours\n") == [
        "warning PACS-RET-015 policies/retention/ours.yaml:1:1 The pack ours is of US; declared here is DE"
    ]


# --- what is wrong -----------------------------------------------------------------------------------------------

KEPT = 'keep: {for: 10y}, source: "a law"'


@pytest.mark.parametrize(
    ("written", "rule", "at"),
    [
        ("{match: {modality: MG}, keep: {for: 10 years}, source: x y}", "PACS-RET-021", "10 years"),
        ("{match: {modality: MG}, keep: {for: P10Y}, source: x y}", "PACS-RET-021", "P10Y"),
        ("{match: {modality: MG}, keep: {for: 0}, source: x y}", "PACS-RET-021", "0"),
        ("{match: {modality: MG}, keep: {for: 10}, source: x y}", "PACS-RET-021", "10"),
        (f"{{match: {{modality: mg}}, {KEPT}}}", "PACS-RET-023", "mg"),
        (f"{{match: {{procedure_code: {{scheme: SNOMED, in: 1}}}}, {KEPT}}}", "PACS-RET-024", "SNOMED"),
        (f"{{match: {{procedure_code: {{scheme: CPT, in: 1}}}}, {KEPT}}}", "PACS-RET-024", "CPT"),
        (f"{{match: {{procedure_code: {{scheme: '1 2', in: 1}}}}, {KEPT}}}", "PACS-RET-024", "'1 2'"),
        ("{match: {modality: MG}, keep: {from: study_date}, source: x y}", "PACS-RET-026", "keep"),
        ("{match: {modality: MG}, keep: {for: 1y, until_age: 25}, source: x y}", "PACS-RET-026", "keep"),
        ("{match: {modality: MG}, keep: {until_age: 25, from: death}, source: x y}", "PACS-RET-026", "keep"),
        ("{match: {modality: MG}, keep: {for: 1y, otherwise: true}, source: x y}", "PACS-RET-026", "keep"),
        (
            "{match: {modality: MG}, keep: {for: 1y, when: later_same_class_study}, source: x y}",
            "PACS-RET-026",
            "keep",
        ),
        (
            "{match: {modality: MG}, keep: {for: 1y, and_at_least: {for: 2y}}, source: x y}",
            "PACS-RET-026",
            "keep",
        ),
        (f"{{match: {{age_at_study: {{under: 0}}}}, {KEPT}}}", "PACS-RET-027", "age_at_study"),
        (f"{{match: {{age_at_study: {{}}}}, {KEPT}}}", "PACS-RET-027", "age_at_study"),
        (f"{{match: {{}}, {KEPT}}}", "PACS-RET-027", "match"),
        ("{match: {modality: MG}, keep: {for: 10y}, source: mqsa}", "PACS-RET-008", "mqsa"),
        ("{match: {modality: MG}, keep: {for: 10y, from: study}, source: x y}", "PACS-VAL-002", "study}"),
        ("{match: {modality: MG}, keep: {for: 10y}, priority: 1, source: x y}", "PACS-KEY-001", "priority"),
        ("{match: {modality: MG}, source: x y}", "PACS-VAL-003", "a: "),
    ],
)
def test_a_mistake_in_a_rule_is_told_at_its_place(declare, written, rule, at):
    text = rules(written)
    (found,) = declare(text).findings
    assert (found.severity, found.rule, found.place.file, found.place.line) == (
        "error", rule, "inventory/hospital.yaml", 3,
    )  # fmt: skip
    assert text.splitlines()[2][found.place.column - 1 :].startswith(at)


def test_a_rule_without_a_source_is_a_warning(told):
    assert told(rules("{match: {modality: MG}, keep: {for: 10y}}")) == [
        "warning PACS-RET-009 inventory/hospital.yaml:3:5 retention.rules.a names no source"
    ]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("SR", '"SR" is made of images afterwards, and does not tell what kind of study it is'),
        ("MMG", '"MMG" is no modality that DICOM lists; did you mean "MG"?'),
    ],
)
def test_a_modality_that_would_match_nothing_is_a_warning(told, code, says):
    assert told(rules(f"{{match: {{any: [{{modality: [CT, {code}]}}]}}, {KEPT}}}")) == [
        f"warning PACS-RET-016 inventory/hospital.yaml:3:39 {says}"
    ]


def held(**keys: str) -> str:
    given = {"studies": f'"{HASH}"', "reason_ref": "L-1", "placed_by": "legal", "since": "2026-03-02", **keys}
    return "retention:\n  holds:\n    case:\n" + "".join(
        f"      {key}: {value}\n" for key, value in given.items()
    )


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        (
            {"studies": "[]"},
            "error PACS-RET-010 inventory/hospital.yaml:4:7 The legal hold case is on nothing",
        ),
        (
            {"review_by": "2026-03-01"},
            (
                "error PACS-RET-011 inventory/hospital.yaml:8:18 The legal hold case is"
                " since 2026-03-02, and review_by stands for 2026-03-01, before that"
            ),
        ),
        (
            {"released": "{on: 2026-03-01, by: legal}"},
            (
                "error PACS-RET-011 inventory/hospital.yaml:8:22 The legal hold case is"
                " since 2026-03-02, and released stands for 2026-03-01, before that"
            ),
        ),
        (
            {"since": "2026-02-30"},
            (
                "error PACS-VAL-002 inventory/hospital.yaml:7:14 retention.holds.case.s"
                "ince: the calendar has no day 2026-02-30"
            ),
        ),
    ],
    ids=["nothing", "review", "released", "no-day"],
)
def test_a_hold_that_cannot_be_meant_is_told(told, hold, expected):
    assert told(held(**hold)) == [expected]


@pytest.mark.parametrize(
    ("studies", "line"),
    [
        ("[1.2.840.113619.2]", 4),
        ("1.2.840.113619.2", 4),
        ("\n        # a case\n        - 1.2.840.113619.2", 6),
    ],
    ids=["list", "single", "lines"],
)
def test_a_study_that_is_named_by_its_uid_is_refused_without_repeating_it(declare, studies, line):
    loaded = declare(held(studies=studies))
    (finding,) = loaded.findings
    assert (finding.rule, finding.place.line) == ("PACS-RET-022", line)
    assert "113619" not in finding.summary + finding.detail + finding.fix
    assert (loaded.line("inventory/hospital.yaml", line), loaded.line("inventory/hospital.yaml", 2)) == (
        None,
        "  holds:",
    )


def test_a_hash_is_shown_with_its_line(declare):
    loaded = declare(held())
    assert loaded.line("inventory/hospital.yaml", 4) == f'      studies: "{HASH}"'


def test_a_match_of_too_many_combinations_is_refused(told):
    codes = ", ".join(f"C{number}" for number in range(40))
    parts = ", ".join(f"{{procedure_code: {{scheme: LOCAL, in: [{codes}]}}}}" for _ in range(2))
    (line,) = told(rules(f"{{match: {{all: [{parts}]}}, {KEPT}}}"))
    assert line.startswith(
        "error PACS-RET-027 inventory/hospital.yaml:3:9 retention.rules.a.match combines its "
    )
    assert line.endswith("lists in 1,600 ways; the limit is 1,000")


@pytest.mark.parametrize(
    ("today", "expected"), [(date(2027, 3, 1), []), (date(2027, 3, 2), ["PACS-RET-012"])], ids=["on", "after"]
)
def test_a_hold_past_its_review_is_a_warning(declare, tmp_path, today, expected):
    declare(held(review_by="2027-03-01"))
    assert [one.rule for one in load(tmp_path, today).findings] == expected


def test_a_review_falls_due_until_the_hold_is_released(declare):
    standing = declare(held(review_by="2027-03-01")).inventory
    released = declare(held(review_by="2027-03-01", released="{on: 2026-12-01, by: legal}")).inventory
    assert [(str(one.day), one.what) for one in dues(standing)] == [
        ("2027-03-01", "the legal hold case (L-1) is to be reviewed by legal")
    ]
    assert list(dues(released)) == []


def test_an_empty_retention_is_none(declare):
    loaded = declare("retention:\n")
    assert (loaded.findings, loaded.inventory.retention.is_empty) == ((), True)


@pytest.mark.parametrize("text", ["retention: yes\n", "retention: [a]\n", "retention:\n  rules: [a]\n"])
def test_what_is_no_map_is_told(declare, text):
    assert {one.rule for one in declare(text).findings} <= {"PACS-YAML-012", "PACS-VAL-001"}
    assert declare(text).inventory is None


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "A" * 64, "0" * 64, HASH + "0", "md5:" + "0" * 32]
)
def test_a_reference_has_one_form(text):
    with pytest.raises(ValueError, match="sha256"):
        study_reference(text)
