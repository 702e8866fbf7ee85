"""Which commits touched what stands at a line: within its block, elsewhere in the file, taken away."""

from __future__ import annotations

import pytest

from pacsconf.record.touched import touched

FILE = "inventory/ct.yaml"
BEFORE = """devices:
  ct-1:
    tls: true

    ae: CT_1
  ct-2:
    ae: CT_2
"""


@pytest.fixture
def write(alone):
    def write(text: str, subject: str, file: str = FILE) -> str:
        (alone.path / file).write_text(text)
        alone.git("add", "--", file)
        alone.git("commit", "-q", "-m", subject)
        return alone.git("rev-parse", "HEAD")

    return write


def subjects(found, line, file=FILE):
    return [one.summary for one in found.edited.get((file, line), ())]


def test_a_commit_is_told_of_the_block_that_it_touched_alone(alone, write):
    first = write(BEFORE, "two scanners")
    write(BEFORE.replace("    tls: true\n", ""), "ct-1 without TLS")
    last = write(BEFORE.replace("    tls: true\n", "").replace("CT_2", "CT2"), "another title")
    found = touched(alone.path, first, last, [(FILE, 2), (FILE, 5)])
    assert found.commits == 2
    assert subjects(found, 2) == ["ct-1 without TLS"]
    assert subjects(found, 5) == ["another title"]


def test_a_line_that_was_moved_by_others_was_not_touched(alone, write):
    first = write(BEFORE, "two scanners")
    last = write("# more\n# lines\n" + BEFORE, "comments")
    found = touched(alone.path, first, last, [(FILE, 4)])
    assert (found.commits, dict(found.edited)) == (1, {})


def test_of_what_is_gone_the_commit_that_took_it_away(alone, write):
    first = write(BEFORE, "two scanners")
    write("devices:\n  ct-1:\n    ae: CT_1\n", "ct-2 retired")
    last = write("devices: {}\n", "ct-1 too")
    assert subjects(touched(alone.path, first, last, [(FILE, 6)]), 6) == ["ct-2 retired"]


def test_commits_are_named_as_audits_do(alone, write):
    first = write(BEFORE, "two scanners")
    last = write(BEFORE.replace("CT_2", "CT2"), "another title")
    found = touched(alone.path, f"{first[:7]}-dirty", f"{last}-dirty", [(FILE, 6)])
    assert [(one.commit, one.summary) for one in found.edited[FILE, 6]] == [(last, "another title")]


@pytest.mark.parametrize("commit", ["", "--all", "main", "0" * 40, "3f2a9c1", "HEAD~1"])
def test_what_git_does_not_know_tells_nothing(alone, write, commit):
    last = write(BEFORE, "two scanners")
    assert touched(alone.path, commit, last, [(FILE, 2)]) == (None, {})
    assert touched(alone.path, last, last, [(FILE, 2)]) == (0, {})


def test_a_name_of_a_file_is_never_an_option(alone, write):
    first = write(BEFORE, "two scanners")
    last = write(BEFORE, "a file", file="--output=x.yaml")
    places = [("--output=x.yaml", 1), ("no/such.yaml", 1), (FILE, 99), (FILE, -1), ("a:b,c", 1)]
    found = touched(alone.path, first, last, places)
    assert subjects(found, 1, "--output=x.yaml") == ["a file"]
    assert len(found.edited) == 1
    assert not (alone.path / "x.yaml").exists()


def test_a_folder_of_the_repository_may_hold_the_inventory(alone, write):
    first = write(BEFORE, "two scanners")
    last = write(BEFORE.replace("CT_2", "CT2"), "another title")
    found = touched(alone.path / "inventory", first, last, [("ct.yaml", 6)])
    assert subjects(found, 6, "ct.yaml") == ["another title"]


def test_without_a_repository_nothing_is_told(tmp_path):
    assert touched(tmp_path, "a" * 40, "b" * 40, [(FILE, 1)]) == (None, {})
