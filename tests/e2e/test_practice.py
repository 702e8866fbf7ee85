"""The practice lab as an environment: never the real systems, and a record of its own."""

from __future__ import annotations


def test_environment_lab_without_a_lab_never_leads_to_the_real_systems(hospital, monkeypatch, tmp_path):
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path / "no-lab"))
    hospital.file("more").write_text("environments: {production: {}}\n")

    for command in (("plan",), ("drift",), ("record", "init")):
        ran = hospital("-e", "lab", *command)
        assert (ran.code, ran.out) == (1, "")
        assert "environment lab would lead to the real directory" in ran.err
        assert "pacsconf lab up" in ran.err

    assert hospital("validate").code == 0


def test_a_running_lab_never_leads_to_the_real_system_that_was_declared_after_it(hospital):
    hospital.file("more").write_text(
        "systems: {orthanc: {type: orthanc, url: https://archive.example.org, ae: archive}}\n"
        "environments: {production: {}}\n"
    )

    ran = hospital("plan")

    assert (ran.code, ran.out) == (1, "")
    assert "the practice lab has no server for every system" in ran.said
    assert "environment lab would lead to the real orthanc" in ran.said
    assert "pacsconf lab up" in ran.said


def test_a_console_needs_no_lab(small):
    small.file("more").write_text(
        "systems: {console: {type: console, ae: archive, mode: write}}\nenvironments: {production: {}}\n"
    )

    assert "+ console/peer/CT1" in small.ok("plan").out


def test_the_labs_record_stays_on_this_machine(hospital, tmp_path):
    hospital.git("init", "--quiet", "--bare", str(tmp_path / "origin.git"))
    hospital.git("remote", "add", "origin", str(tmp_path / "origin.git"))

    hospital.ok("record", "init")

    assert "pacsconf/lab" in hospital.git("branch", "--list", "pacsconf/*")
    assert hospital.git("ls-remote", "origin") == ""


def test_a_new_lab_begins_with_no_record(hospital, monkeypatch, tmp_path):
    """What was recorded of the lab before would look like thousands of entries deleted by somebody else."""
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path / "lab"))
    try:
        hospital.ok("lab", "up")
        hospital.ok("record", "init")
        again = hospital.ok("lab", "up", "--with", "ad")
        assert "set aside" not in again.said
        assert "No domain was started: no system is declared with flavour: active-directory" in again.said
        hospital.ok("lab", "down")

        anew = hospital.ok("lab", "up")

        assert "The record of the lab before this one was set aside" in anew.said
        assert "record init" in hospital.ok("plan").out
    finally:
        hospital("lab", "down")


def test_the_walk_from_an_empty_folder_ends_well(small, monkeypatch, tmp_path):
    """The README's: the starter is applied in its lab, proven on the wire, and found as declared."""
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path / "lab"))
    new = type(small)(tmp_path / "new", small.env | {"PACSCONF_LAB_DIR": str(tmp_path / "lab")})
    new.path.mkdir()
    new.git("init", "--quiet")
    new.ok("init")
    assert (new.ok("validate").err, new.ok("reach", "--all").code) == ("", 0)
    new.git("add", ".")
    new.git("commit", "--quiet", "--message", "Begin")
    try:
        new.ok("lab", "up")
        new.ok("record", "init")
        new.ok("plan", "--out", "plan.json")

        applied = new.ok("apply", "plan.json")

        assert "2 healthy" in applied.out
        assert new.ok("probe").out.splitlines()[-1].startswith("2 healthy · 0 failing · 0 asleep")
        assert new.ok("status").out.endswith("Nothing to do today.\n")
    finally:
        new("lab", "down")
