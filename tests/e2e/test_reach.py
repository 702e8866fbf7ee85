"""`pacsconf reach` as it is typed: one pair, all pairs, another branch; on a small hospital and on the example."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "inventory"
HOSPITAL = """\
sites: {main: {}}
devices:
  archive: {type: archive, site: main, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112,
            uses: [storage, storage-commitment], offers: [storage, storage-commitment, query-retrieve]}
  ct-1: {type: modality, site: main, ae_title: CT1, host: 10.20.4.17, port: 104,
         uses: [ct-image-storage, storage-commitment], offers: verification}
  ct-2: {type: modality, site: main, ae_title: CT2, host: 10.20.4.18, port: 104,
         uses: [ct-image-storage, storage-commitment], offers: verification}
  ws-1: {type: workstation, site: main, ae_title: WS1, host: 10.20.9.1, port: 104,
         uses: [query-retrieve], offers: [ct-image-storage]}
flows:
  images: {from: {type: modality}, to: {device: archive}, services: [storage, storage-commitment]}
  confirms: {from: {device: archive}, to: {type: modality}, services: storage-commitment}
  reading: {from: {type: workstation}, to: {device: archive}, services: query-retrieve}
  fetched: {from: {device: archive}, to: {type: workstation}, services: [ct-image-storage]}
"""
CONFIRMS = "  confirms: {from: {device: archive}, to: {type: modality}, services: storage-commitment}\n"


@pytest.fixture
def hospital(repository: Callable[..., Any]) -> Any:
    return repository(hospital=HOSPITAL)


@pytest.fixture
def example(repository: Callable[..., Any]) -> Any:
    """The example hospital in a repository of its own."""
    made = repository()
    shutil.rmtree(made.path / "inventory")
    shutil.copytree(EXAMPLE, made.path / "inventory")
    made.commit("the example")
    return made


# --- one pair ----------------------------------------------------------------------------------------------------


def test_a_pair_that_would_work_is_answered_in_the_first_line(hospital):
    ran = hospital.run("reach", "ct-1", "ARCHIVE")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[:3] == [
        "✓ CT1 → ARCHIVE would work: 2 of 2 services",
        "  at 10.20.0.5:11112, as seen from site main, without TLS",
        "  flow images (inventory/hospital.yaml:12)",
    ]
    assert (
        "✓ ARCHIVE → CT1, the report of storage commitment: flow confirms (inventory/hospital.yaml:13)"
        in ran.said
    )
    assert "pacsconf diagnose ct-1/CT1 archive/ARCHIVE" in ran.out


def test_two_devices_of_one_title_are_told_apart(hospital):
    title = "{WARD: {shared_title: one ward, offers: storage}}"
    both = f"{{type: workstation, host: 10.20.9.%d, port: 104, ae_titles: {title}}}"
    hospital.edit("  ws-1:", f"  ward-1: {both % 2}\n  ward-2: {both % 3}\n  ws-1:")
    assert hospital.here("reach", "ward-1", "ward-2").out.startswith(
        "✗ ward-1/WARD → ward-2/WARD would not work: no flow lets ward-1/WARD call\n  ward-2/WARD\n"
    )


def test_a_pair_that_would_not_names_the_reason_and_the_lines_of_both_sides(hospital):
    hospital.edit("offers: [storage, storage-commitment, query-retrieve]", "offers: [mr-image-storage]")
    ran = hospital.here("reach", "CT1", "ARCHIVE", "--service", "ct-image-storage")
    assert ran.code == 2
    assert ran.said.startswith(
        "✗ CT1 → ARCHIVE would not work: ARCHIVE does not offer ct-image-storage, which CT1 asks of it at 10."
    )
    assert "see inventory/hospital.yaml:5 what CT1 uses" in ran.said
    assert "see inventory/hospital.yaml:3 what ARCHIVE offers" in ran.said


def test_the_way_back_of_a_report_is_the_request(hospital):
    ran = hospital.here("reach", "ARCHIVE", "ct-1")
    assert (
        "✓ CT1 → ARCHIVE, the request that it answers: flow images (inventory/hospital.yaml:12)" in ran.said
    )


def test_every_sop_class_is_shown_on_request(hospital):
    ran = hospital.here("reach", "ws-1", "ARCHIVE", "-v")
    find = "study-root-query-retrieve-information-model-find implicit-vr-little-endian, explicit-vr-little-endian"
    assert f"✓ {find}" in ran.said
    assert "! ARCHIVE may hold" not in ran.said
    hospital.edit("offers: [ct-image-storage]}", "offers: [mr-image-storage]}")
    assert "! ARCHIVE may hold what WS1 does not take when it sends for a study: ct-image-storage" in (
        hospital.here("reach", "ws-1", "ARCHIVE").said
    )


def test_a_pair_in_no_flow_is_shown_what_comes_nearest(hospital):
    hospital.edit("to: {device: archive}, services: [storage,", "to: {device: ws-1}, services: [storage,")
    hospital.edit("offers: [ct-image-storage]", "offers: [ct-image-storage, storage-commitment]")
    ran = hospital.here("reach", "ct-1", "ARCHIVE")
    assert ran.code == 2
    assert "✗ no flow lets CT1 call ARCHIVE" in ran.said
    assert (
        "? The flow that comes nearest is images (inventory/hospital.yaml:12): ARCHIVE is device archive, and "
        '"to" asks for ws-1' in ran.said
    )


def test_what_to_ask_the_wire_can_be_typed_as_it_is(example):
    """The files mean the same in each environment; the wire is that of one."""
    ran = example.here("reach", "ct-er-1", "archive/ARCHIVE")
    assert (
        "Ask the wire (lab or production): pacsconf -e lab diagnose ct-er-1/CT_ER_1 archive/ARCHIVE"
        in ran.said
    )
    named = example.here("-e", "production", "reach", "ct-er-1", "archive/ARCHIVE")
    assert "Ask the wire: pacsconf -e production diagnose ct-er-1/CT_ER_1 archive/ARCHIVE" in named.said


def test_machines_get_the_same_with_places(hospital):
    hospital.edit(CONFIRMS, "")
    ran = hospital.here("reach", "ct-1", "ARCHIVE", "--format", "json")
    body = ran.json
    assert (ran.code, body["format_version"], body["outcome"]) == (2, 1, "partly")
    assert {one["name"]: one["outcome"] for one in body["services"]} == {
        "storage": "works",
        "storage-commitment": "fails",
    }
    (reason,) = body["reasons"]
    assert (reason["rule"], reason["cause"], reason["breaks"]) == (
        "PACS-REACH-010",
        "commitment-one-way",
        True,
    )
    assert [side["place"]["line"] for side in reason["sides"]] == [5, 3]
    assert body["services"][0]["sop_classes"][0]["transfer_syntaxes"] == [
        "implicit-vr-little-endian",
        "explicit-vr-little-endian",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ct-3", "ARCHIVE"], '"ct-3" is no declared device or AE title; did you mean "ct-'),
        (["ct-1"], "name two, who calls and who is called"),
        (["ct-1", "ARCHIVE", "ws-1"], "name two, who calls and who is called"),
        ([], "name two, who calls and who is called"),
        (["ct-1", "ARCHIVE", "--service", "storag"], 'did you mean "storage"?'),
        (["--all", "--service", "storage"], "it is about one pair"),
        (["ct-1", "CT1"], "both mean ct-1/CT1, and nobody calls itself"),
        (["--all", "nothing*"], '"nothing*" fits no declared device or AE title'),
    ],
)
def test_what_means_nobody_is_wrong_usage(hospital, words, said):
    ran = hospital.here("reach", *words)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.said


def test_an_inventory_that_does_not_stand_ends_with_3(hospital):
    hospital.edit("type: archive", "tipe: archive")
    ran = hospital.here("reach", "ct-1", "ARCHIVE")
    assert ran.code == 3
    assert "PACS-KEY-001" in ran.err


# --- all pairs ---------------------------------------------------------------------------------------------------


def test_all_pairs_are_counted_and_half_ones_are_told_by_validate_too(hospital):
    assert hospital.here("reach", "--all").out == (
        "4 flows, 6 pairs: 6 would work, 0 in part, 0 not\n\nNothing is half declared.\n"
    )
    hospital.edit(CONFIRMS, "")
    ran = hospital.here("reach", "--all")
    assert ran.code == 2
    assert ran.out.startswith("3 flows, 4 pairs: 2 would work, 2 in part, 0 not\n")
    warning = (
        "warning[PACS-REACH-010] Flow images: ARCHIVE has no way back to CT1 for storage commitment; 1 more pair "
        "alike inventory/hospital.yaml:12:"
    )
    assert warning in ran.said
    checked = hospital.here("validate")
    assert (checked.code, warning in checked.said) == (0, True)


def test_patterns_narrow_what_is_counted(hospital):
    hospital.edit(CONFIRMS, "")
    assert hospital.here("reach", "--all", "ws-*").out.startswith("2 flows, 2 pairs: 2 would work")
    assert hospital.here("reach", "--all", "ct-2").out.startswith("1 flow, 1 pair: 0 would work, 1 in part")
    assert hospital.here("reach", "--all", "read*").out.startswith("1 flow, 1 pair: 1 would work")
    body = hospital.here("reach", "--all", "images", "--format", "json").json
    assert (body["pairs"], [one["rule"] for one in body["findings"]]) == (
        {"works": 0, "partly": 2, "fails": 0, "idle": 0, "unknown": 0},
        ["PACS-REACH-010"],
    )


def test_every_kind_of_pair_that_does_not_work_is_shown_on_request(hospital):
    hospital.edit(CONFIRMS, "")
    assert (
        "~ CT1 → ARCHIVE and 1 more: ARCHIVE has no way back to CT1"
        in hospital.here("reach", "--all", "-v").said
    )


def test_what_the_baseline_accepts_is_counted_only(hospital):
    hospital.edit(CONFIRMS, "")
    entry = "{rule: PACS-REACH-010, at: flows.images, owner: me, until: 2999-01-01}"
    hospital.file("baseline").write_text(f"baseline:\n  deaf: {entry}\n")
    ran = hospital.here("reach", "--all")
    assert (ran.code, ran.out.endswith("Nothing is half declared, 1 accepted.\n")) == (0, True)


def test_what_nobody_declared_is_not_known(hospital):
    bare = "  x-1: {type: router, ae_title: X1, host: 10.20.4.19, port: 104, initiator: true}\n"
    hospital.edit("  ws-1:", f"{bare}  ws-1:")
    hospital.edit(
        "flows:\n", "flows:\n  routed: {from: {device: x-1}, to: {device: archive}, services: storage}\n"
    )
    ran = hospital.here("reach", "x-1", "ARCHIVE")
    assert (ran.code, ran.out) == (
        2,
        """\
? Whether X1 → ARCHIVE would work is not known: what X1 uses is not declared
  at 10.20.0.5:11112, without TLS
  flow routed (inventory/hospital.yaml:13)

  ? storage                not known: what X1 uses is not declared

To know
  ! what X1 uses is not declared
    fix  Say under uses of X1 what it does, by its conformance statement.
    see  inventory/hospital.yaml:9 what X1 uses

Once it is declared: pacsconf reach x-1/X1 archive/ARCHIVE
""",
    )
    ran = hospital.here("reach", "--all")
    assert (ran.code, ran.out) == (
        0,
        """\
5 flows, 7 pairs: 6 would work, 0 in part, 0 not, 1 not known

  flow       pairs    work in part     not unknown
  ? routed       1       ·       ·       ·       1

Nothing is half declared.
""",
    )


# --- another branch ----------------------------------------------------------------------------------------------


def test_what_a_branch_would_change_is_told_without_checking_it_out(hospital):
    hospital.git("checkout", "-q", "-b", "change")
    hospital.edit(CONFIRMS, "")
    hospital.edit("offers: [ct-image-storage]}", "offers: [ct-image-storage, verification]}")
    ping = "  ping: {from: {device: archive}, to: {device: ws-1}, services: mr-image-storage}\n"
    hospital.edit("  reading:", f"{ping}  reading:")
    hospital.edit(
        "offers: [ct-image-storage, verification]}", "offers: [ct-image-storage, mr-image-storage]}"
    )
    commit = hospital.git("rev-parse", "--short=7", "HEAD")
    hospital.git("checkout", "-q", "main")
    ran = hospital.here("reach", "--all", "--what-if", "change")
    assert ran.code == 2
    assert (
        ran.out
        == f"""\
With change ({commit}): 4 stop working, 1 begins to work

  - ARCHIVE → CT1 and 1 more, storage-commitment: stops working
      now   works (flow confirms)
      then  not declared
  - CT1 → ARCHIVE and 1 more, storage-commitment: stops working
      now   works (flow images)
      then  does not work (flow images): ARCHIVE has no way back to CT1 for
            storage commitment
  + ARCHIVE → WS1, mr-image-storage: begins to work
      now   not declared
      then  works (flow ping)
"""
    )
    assert hospital.git("status", "--porcelain") == ""
    pair = hospital.here("reach", "ct-2", "ARCHIVE", "--what-if", "change", "--format", "json")
    assert (pair.code, [one["turn"] for one in pair.json["turned"]]) == (2, ["stops"])
    back = hospital.here("reach", "--what-if", "HEAD")
    assert (back.code, back.out.startswith("With HEAD (")) == (0, True)
    assert "nothing changes" in back.out


def test_a_device_that_only_the_branch_has_begins_to_work(hospital):
    hospital.git("checkout", "-q", "-b", "more")
    hospital.edit("  ws-1:", "  ct-3: {type: modality, ae_title: CT3, host: 10.20.4.19, port: 104,\n"
                             "         uses: ct-image-storage, offers: verification}\n  ws-1:")  # fmt: skip
    hospital.git("checkout", "-q", "main")
    ran = hospital.here("reach", "ct-3", "ARCHIVE", "--what-if", "more")
    assert (ran.code, "+ CT3 → ARCHIVE, storage: begins to work" in ran.out) == (0, True)
    ran = hospital.here("reach", "ct-4", "ARCHIVE", "--what-if", "more")
    assert (ran.code, '"ct-4" is no declared device' in ran.said) == (64, True)


def test_what_turns_alike_is_told_of_the_pair_that_is_named(hospital):
    """Of devices that are alike another may stand first in the file than by name."""
    line = next(one for one in HOSPITAL.splitlines(keepends=True) if "ct-1:" in one)
    other = line.replace("ct-1", "ct-9").replace("CT1", "CT9").replace("4.17", "4.19")
    rest = "         uses: [ct-image-storage, storage-commitment], offers: verification}\n"
    hospital.edit(line, f"{other}{rest}{line}")
    hospital.git("checkout", "-q", "-b", "change")
    hospital.edit(CONFIRMS, "")
    hospital.git("checkout", "-q", "main")
    said = hospital.here("reach", "--what-if", "change").said
    assert "- CT1 → ARCHIVE and 2 more, storage-commitment: stops working" in said
    assert "ARCHIVE has no way back to CT1 for storage commitment" in said
    assert "- ARCHIVE → CT1 and 2 more, storage-commitment: stops working" in said
    assert "CT9" not in said


def test_patterns_may_mean_what_only_one_side_has(hospital):
    hospital.git("checkout", "-q", "-b", "renamed")
    hospital.edit("  ws-1:", "  ws-9:")
    hospital.git("checkout", "-q", "main")
    ran = hospital.here("reach", "--all", "ws-1", "--what-if", "renamed")
    assert (ran.code, ran.out.splitlines()[0].partition(": ")[2]) == (2, "2 stop working")
    ran = hospital.here("reach", "ws-1", "ARCHIVE", "--what-if", "renamed")
    assert (ran.code, "- WS1 → ARCHIVE, query-retrieve: stops working" in ran.out) == (2, True)
    ran = hospital.here("reach", "--all", "ws-2", "--what-if", "renamed")
    assert (ran.code, '"ws-2" is no declared device' in ran.said) == (64, True)


def test_nothing_of_a_branch_is_left_behind(hospital, tmp_path):
    kept = tmp_path / "temporary"
    kept.mkdir()
    hospital.git("checkout", "-q", "-b", "broken")
    hospital.edit("type: archive", "tipe: archive")
    hospital.git("checkout", "-q", "main")
    for branch, code in (("main", 0), ("broken", 3), ("gone", 1)):
        assert hospital.run("reach", "--all", "--what-if", branch, env={"TMPDIR": str(kept)}).code == code
    assert list(kept.iterdir()) == []


def test_a_branch_that_cannot_be_read_or_does_not_stand_is_refused(hospital):
    ran = hospital.here("reach", "--all", "--what-if", "--upload-pack=x")
    assert (ran.code, 'no branch, tag or commit "--upload-pack=x"' in ran.said) == (1, True)
    hospital.git("checkout", "-q", "-b", "broken")
    hospital.edit("type: archive", "tipe: archive")
    hospital.git("checkout", "-q", "-b", "empty")
    hospital.git("rm", "-rq", "inventory")
    hospital.git("commit", "-qm", "gone")
    hospital.git("checkout", "-q", "main")
    ran = hospital.here("reach", "--all", "--what-if", "broken")
    assert (ran.code, ran.out) == (3, "")
    assert "error[PACS-KEY-001]" in ran.err
    assert "\n   broken:inventory/hospital.yaml:3:13\n   3 |   archive: {tipe: archive," in ran.err
    ran = hospital.here("reach", "--all", "--what-if", "broken", "--format", "json")
    assert (ran.code, ran.json["findings"][0]["place"]["file"]) == (3, "broken:inventory/hospital.yaml")
    ran = hospital.here("reach", "--all", "--what-if", "empty")
    assert (ran.code, "empty has no folder inventory" in ran.said) == (1, True)


# --- the example hospital ----------------------------------------------------------------------------------------


def test_the_example_has_nothing_half_declared_that_is_not_accepted(example):
    ran = example.here("reach", "--all")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Nothing is half declared, 1 accepted.")


@pytest.mark.parametrize(
    ("caller", "called", "code", "first"),
    [
        ("ct-er-1", "ARCHIVE", 0, "✓ CT_ER_1 → ARCHIVE would work: 2 of 2 services"),
        ("ARCHIVE", "ct-er-1", 0, "✓ ARCHIVE → CT_ER_1 would work: 1 of 1 service"),
        ("read-1", "OLD_PACS", 0, "✓ READ_1 → ARCHIVE would work: 2 of 2 services"),
        ("ct-n-1", "ARCHIVE", 2, "✗ CT_N_1 → ARCHIVE would not work: no flow lets CT_N_1 call ARCHIVE"),
        ("TELERAD_OUT", "nightwatch", 0, "✓ TELERAD_OUT → NIGHTWATCH would work: 1 of 1 service"),
        (
            "pacs-admin",
            "TELERAD_OUT",
            2,
            "✗ PACS_ADMIN → TELERAD_OUT would not work: TELERAD_OUT takes TLS only, and",
        ),
        ("mr-3", "ARCHIVE", 2, "✗ MR_3 → ARCHIVE would not work: no flow lets MR_3 call ARCHIVE"),
        ("io-s-1", "ris/RIS_MWL", 0, "✓ IO_S_1 → RIS_MWL would work: 1 of 1 service"),
    ],
)
def test_pairs_of_the_example_are_answered(example, caller, called, code, first):
    ran = example.here("reach", caller, called)
    assert (ran.code, ran.out.splitlines()[0]) == (code, first)
    assert max(map(len, ran.out.splitlines())) <= 80
