"""Who people are, from a file outside the repository."""

from __future__ import annotations

import os
import subprocess

import pytest

from pacsconf.core.errors import OperatorError
from pacsconf.operator.file import load

SAID = """
[people]
own_accounts = ["production"]
file = "hr.csv"
delimiter = ";"
columns = {id = "NO", name = "NAME", email = "MAIL"}
"""


@pytest.fixture
def operator(tmp_path):
    """Writes the operator file and the list beside it, and loads the first."""

    def loaded(rows: bytes = b"", said: str = SAID, mode: int = 0o600):
        repository = tmp_path / "hospital"
        if not repository.exists():
            subprocess.run(["git", "init", "-q", repository], check=True)
        for name, content in (("operator.toml", said.encode()), ("hr.csv", b"NO;NAME;MAIL;D\n" + rows)):
            (tmp_path / name).write_bytes(content)
            (tmp_path / name).chmod(mode if name == "hr.csv" else 0o600)
        return load(environ={"PACSCONF_CONFIG": str(tmp_path / "operator.toml")}, root=repository)

    return loaded


def test_people_are_read_by_id_with_what_is_known_of_them(operator):
    found = operator(b'17;"M\xc3\xbcller; Maria";m@example.org;R\n18;;;R\n;x;;R\n')
    assert found.owning == {"production"}
    assert found.people() == {"17": {"name": "Müller; Maria", "email": "m@example.org"}, "18": {}}


def test_only_rows_that_fit_count_and_encodings_are_told(operator):
    said = SAID + 'encoding = "windows-1252"\nonly = {D = ["R", "N"]}\n'
    assert operator(b"17;M\xfcller;;R\n18;x;;Z\n", said).people() == {"17": {"name": "Müller"}}


def test_without_a_file_nobody_is_known(operator):
    assert operator(said="").people() == {}


@pytest.mark.skipif(os.name != "posix", reason="no permission bits")
def test_a_list_that_others_can_read_is_refused(operator):
    with pytest.raises(OperatorError, match=r"other users of this machine may read or change .*hr\.csv"):
        operator(mode=0o644).people()


def test_a_list_in_the_repository_is_refused(operator):
    with pytest.raises(OperatorError, match=r"the list of people, .*, lies in the inventory's repository"):
        operator(said=SAID.replace("hr.csv", "hospital/hr.csv"))


@pytest.mark.parametrize(
    ("rows", "said", "problem"),
    [
        (b"17;x\n", SAID, r"hr\.csv, line 2: This row has 2 cells, and there are 4 headings"),
        (b"17;M\xfcller;;R\n", SAID, r"hr\.csv is no text in utf-8"),
        (b"", SAID.replace("MAIL", "MAYL"), r'line 1: hr\.csv has no column "MAYL"; did you mean "MAIL"\?'),
        (b"", SAID.replace("hr.csv", "gone.csv"), r"gone\.csv cannot be read"),
    ],
    ids=["row", "encoding", "column", "gone"],
)
def test_a_list_that_cannot_be_read_is_told(operator, rows, said, problem):
    with pytest.raises(OperatorError, match=problem):
        operator(rows, said).people()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('[people]\nfile = "a"\n', "people: file and columns belong together"),
        ('[people]\nfiel = "a"\n', 'people.fiel: unknown key; did you mean "file"?'),
        ('[people]\nfile = "a"\ncolumns = {name = "b"}\n', "people.columns.id: is missing"),
        ('[people]\nown_accounts = ["A B"]\n', "an environment's name holds small letters"),
    ],
    ids=["half", "key", "id", "environment"],
)
def test_what_is_wrong_in_the_operator_file_is_told(operator, said, problem):
    with pytest.raises(OperatorError) as told:
        operator(said=said)
    assert problem in str(told.value)
