"""An inventory that does not stand: every command says what, where, why and what to do, and writes nothing."""

from __future__ import annotations

import re

import pytest


def device(keys: str) -> str:
    return f"devices:\n  ct-9: {{{keys}}}\n"


BAD = {
    "a tab": ("devices:\n\tct-9: {}\n", "PACS-YAML-002", "2:1", "A tab indents this line"),
    "indentation": (
        "devices:\n  ct-9:\n    type: modality\n   host: x\n",
        "PACS-YAML-003",
        "4:4",
        "The indentation of this line fits nothing above it",
    ),
    "a key twice": (
        device("type: modality, ae_title: A, host: h, host: i"),
        "PACS-YAML-004",
        "2:48",
        'The key "host" stands twice in the same map',
    ),
    "an alias bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)),
        "PACS-YAML-005",
        "6:35",
        "This file expands to too much",
    ),
    "an alias in itself": ("devices: &d\n  ct-9: *d\n", "PACS-YAML-006", "2:9", "The alias *d holds itself"),
    "a device twice": (
        "devices:\n  ct-1: {type: modality, ae_title: A, host: h}\n",
        "PACS-NAME-001",
        "2:3",
        "inventory/hospital.yaml:9:3 declared first here",
    ),
    "an unknown key": (
        device("type: modality, ae_title: A, host: h, stationname: X"),
        "PACS-KEY-001",
        "2:48",
        'did you mean "station_name"?',
    ),
    "a wrong type": (
        device("type: modality, ae_title: A, host: h, port: many"),
        "PACS-VAL-001",
        "2:54",
        "a whole number is needed here",
    ),
    "NO where true or false stands": (
        device("type: modality, ae_title: A, host: h, external: NO"),
        "PACS-VAL-001",
        "2:58",
        "true or false is needed here",
    ),
    "a title too long": (
        device("type: modality, ae_title: SEVENTEEN_LETTERS, host: h"),
        "PACS-AE-001",
        "2:36",
        "an AE title has at most 16 characters, this one 17",
    ),
    "a title with a backslash": (
        device(r"type: modality, ae_title: 'A\B', host: h"),
        "PACS-AE-001",
        "2:36",
        "an AE title may not hold a backslash",
    ),
    "an empty title": (
        device("type: modality, ae_title: '', host: h"),
        "PACS-AE-001",
        "2:36",
        "an AE title needs at least one character that is not a space",
    ),
    "a title of two devices": (
        device("type: modality, ae_title: CT1, host: h"),
        "PACS-AE-003",
        "2:36",
        "AE title CT1 belongs to two devices, ct-1 and ct-9",
    ),
    "no such profile": (
        device("profile: cat, ae_title: A, host: h"),
        "PACS-REF-001",
        "2:19",
        'There is no profile "cat"; did you mean "ct"?',
    ),
    "no such site": (
        device("type: modality, site: mian, ae_title: A, host: h"),
        "PACS-REF-004",
        "2:32",
        'There is no site "mian", which device ct-9 names; did you mean "main"?',
    ),
    "no such connection": (
        device(
            "type: modality, connections: {dicom: {host: h}}, ae_titles: {A: {connections: [dicmo]}}"
        ),
        "PACS-REF-003",
        "2:75",
        "names the connection dicmo, which is not declared",
    ),
    "a selector that finds nothing": (
        "flows:\n  f: {from: {type: printer}, to: {ae_title: ARCHIVE}, services: [storage]}\n",
        "PACS-FLOW-001",
        "2:7",
        'Flow f: nobody fits "from" (type printer)',
    ),
    "an unknown system type": (
        "systems:\n  other: {type: memroy}\n",
        "PACS-SYS-001",
        "2:17",
        'System other is of type "memroy", which is not installed; did you mean "memory"?',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "place", "words"), BAD.values(), ids=BAD)
def test_a_mistake_is_told_at_its_place_with_exit_3(small, text, rule, place, words):
    small.file("other").write_text(text)
    ran = small("validate")
    assert ran.code == 3
    assert ran.out == ""
    assert f"error[{rule}]" in ran.err
    assert f"inventory/other.yaml:{place}\n" in ran.err
    assert words in ran.said
    assert re.search(r"1 error · 3 files checked in ", ran.err)


def test_a_title_that_differs_by_case_only_is_a_warning_and_nothing_more(small):
    small.file("other").write_text(device("type: modality, ae_title: ct1, host: h"))
    ran = small.ok("validate")
    assert "warning[PACS-AE-013] AE title ct1 differs from CT1 only by capital letters" in ran.said
    assert "No errors, 1 warning" in ran.out


def test_all_mistakes_are_told_at_once(small):
    small.file("other").write_text(
        device("type: modality, ae_title: SEVENTEEN_LETTERS, host: h, port: 99999")
    )
    small.file("third").write_text("sites: {south: {timezone: Mars/North}}\n")
    ran = small("validate")
    assert ran.code == 3
    assert re.findall(r"inventory/\w+\.yaml:\d+:\d+", ran.err) == [
        "inventory/other.yaml:2:36",
        "inventory/other.yaml:2:70",
        "inventory/third.yaml:1:27",
    ]
    assert "3 errors" in ran.err


def test_a_file_that_is_not_utf8_says_which_byte(small):
    small.file("other").write_bytes(b"# caf\xe9\n")
    ran = small("validate")
    assert ran.code == 3
    assert "The file is not UTF-8 text inventory/other.yaml:1:6" in ran.said
    assert "Byte 6 (0xe9)" in ran.said


def test_a_file_of_200_megabytes_is_not_read(small):
    with small.file("other").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    ran = small("validate")
    assert ran.code == 3
    assert "The file has 209.7 MB and was not read; the limit is 5 MB" in ran.said


@pytest.mark.parametrize(
    "command",
    [
        ["plan"],
        ["drift"],
        ["apply"],
        ["apply", "--expect", "01234567"],
        ["resume"],
        ["rollback", "x"],
        ["reload"],
        ["history"],
        ["hold", "x", "--reason", "x"],
        ["release", "x"],
        ["unlock", "--reason", "x"],
        ["record", "init"],
        ["lab", "up"],
    ],
    ids=" ".join,
)
def test_no_command_works_on_an_inventory_that_does_not_stand(small, memory, command):
    small.file("other").write_text(device("type: modality, ae_title: CT1, host: h"))
    ran = small(*command)
    assert ran.code == 3
    assert ran.out == ""
    assert "AE title CT1 belongs to two devices" in ran.said
    assert not memory.path.exists()
    assert small.git("branch", "--list", "pacsconf/*") == ""


def test_an_invalid_inventory_has_a_form_for_machines(small):
    small.file("other").write_text(device("type: modality, ae_title: CT1, host: h"))
    for command in ("plan", "drift", "validate"):
        ran = small(command, "--format", "json")
        assert ran.code == 3
        assert ran.json["counts"] == {"error": 1, "warning": 0, "info": 0, "accepted": 0}
        assert ran.json["findings"][0]["place"] == {
            "file": "inventory/other.yaml", "line": 2, "column": 36, "length": 3,
        }  # fmt: skip


def test_an_environment_that_is_not_declared_is_named(small):
    ran = small.run("-e", "nope", "plan")
    assert ran.code == 3
    assert 'error[PACS-ENV-002] There is no environment "nope" inventory/systems.yaml:3:' in ran.said
    assert "fix Declared: lab." in ran.said


def test_of_several_environments_one_must_be_chosen(small):
    small.edit("environments: {lab: {", "environments: {north: {}, lab: {", "systems")
    ran = small.run("plan")
    assert ran.code == 3
    assert "Which environment is meant? There are lab, north" in ran.said
    assert "pacsconf -e lab" in ran.said
    assert small.run("validate").code == 0


def test_without_a_folder_inventory_it_says_how_to_begin(small, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = small.run("plan", cwd=elsewhere)
    assert ran.code == 1
    assert f'there is no folder "inventory" in {elsewhere}' in ran.said
    assert "or begin one: pacsconf init" in ran.said


def test_another_folder_can_be_named(small, tmp_path):
    assert small.run("--chdir", str(small.path), "validate", cwd=tmp_path).code == 0


def test_outside_git_files_can_be_checked_and_nothing_be_planned(small, tmp_path):
    (small.path / ".git").rename(tmp_path / "gone")
    small.ok("validate")
    ran = small("plan")
    assert ran.code == 1
    assert "is not in a git repository, where the record of what was applied is kept" in ran.said
    assert "fix git init && git add . && git commit" in ran.said


# --- the record -------------------------------------------------------------------------------------------------


def test_a_shallow_clone_plans_no_delete_and_applies_nothing(small, memory, tmp_path):
    small.applied()
    small.git("clone", "-q", "--depth", "1", small.path.as_uri(), str(tmp_path / "shallow"))
    clone = type(small)(tmp_path / "shallow", small.env)
    clone.git("fetch", "-q", "--depth", "1", "origin", "pacsconf/lab:pacsconf/lab")
    clone.remove("mr-2")
    before = memory.entries()
    plan = clone("plan", "--out", "plan.json")
    assert plan.code == 5
    assert "refused this clone is shallow and holds only a part of pacsconf/lab." in plan.said
    assert "git fetch --unshallow origin" in plan.said
    assert "to delete" not in plan.out
    assert clone("apply", "plan.json").code == 5
    assert memory.entries() == before


def test_a_record_that_was_deleted_is_missed(small, memory):
    small.applied()
    small.git("update-ref", "-d", "refs/heads/pacsconf/lab")
    small.remove("mr-2")
    plan = small("plan", "--out", "plan.json")
    assert plan.code == 5
    assert "pacsconf/lab was deleted here" in plan.said
    assert "to delete" not in plan.out
    assert small("apply", "plan.json").code == 5
    assert "memory/device/mr-2" in memory.entries()
