"""People from lists (`users_from`): what becomes of their rows, and what is told of bad ones."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.loader import load
from pacsconf.inventory.people_source import day_reader

SOURCE = """\
sites: {main: {}}
systems: {ris: {type: memory}}
roles: {radiologist: {}, technologist: {}, qc: {}}
users_from:
  - csv: people/hr.csv
    delimiter: ";"
    dates: DD.MM.YYYY
    columns: {id: STAFF_NO, name: NAME, ends: LEFT_ON, site: HOUSE, trainings: {cd-import: CD}, logins: {ris: RIS}}
    values: {site: {H1: main}}
    roles_by: {column: JOB, map: {Radiologe: radiologist, MTR: [technologist, qc]}}
"""
OF_ROLES = {"PACS-USR-007", "PACS-ROLE-003"}
"""What is told of the roles here, which are only names."""
HEAD = "STAFF_NO;NAME;LEFT_ON;HOUSE;CD;RIS;JOB"


@pytest.fixture
def hired(tmp_path):
    """Writes inventory/a.yaml and the lists, and loads them."""

    def loaded(rows: str | bytes = "", yaml: str = SOURCE, **lists: str):
        (tmp_path / "inventory").mkdir(exist_ok=True)
        (tmp_path / "people").mkdir(exist_ok=True)
        (tmp_path / "inventory" / "a.yaml").write_text(yaml, encoding="utf-8")
        content = rows if isinstance(rows, bytes) else f"{HEAD}\n{rows}".encode()
        (tmp_path / "people" / "hr.csv").write_bytes(content)
        for name, text in lists.items():
            (tmp_path / "people" / f"{name}.csv").write_text(text, encoding="utf-8")
        return load(tmp_path)

    return loaded


def found(loaded):
    """What is wrong with lists of people."""
    return [one for one in loaded.findings if one.rule not in OF_ROLES]


@pytest.fixture
def told(hired):
    def lines(*args, **lists):
        told = found(hired(*args, **lists))
        return [f"{one.severity} {one.rule} {one.place} {one.summary}" for one in told]

    return lines


def test_a_row_becomes_a_user_and_each_value_knows_its_cell(hired):
    loaded = hired('4711;"Müller, Maria";30.6.2027;H1;01.03.2026;m.mueller;MTR\n')
    assert found(loaded) == []
    user = loaded.inventory.users["4711"]
    assert (user.name, user.ends, user.site) == ("Müller, Maria", "2027-06-30", "main")
    assert (user.trainings, user.logins) == ({"cd-import": "2026-03-01"}, {"ris": "m.mueller"})
    assert [grant.role for grant in user.grants] == ["technologist", "qc"]
    places = {
        key: str(loaded.sources.place(("users", "4711", *key)))
        for key in ((), ("ends",), ("grants", 1), ("logins", "ris"))
    }
    assert places == {
        (): "people/hr.csv:2:1",
        ("ends",): "people/hr.csv:2:22",
        ("grants", 1): "people/hr.csv:2:56",
        ("logins", "ris"): "people/hr.csv:2:46",
    }


def test_its_bytes_count_in_the_digest_and_it_is_among_the_files(hired):
    first, second = hired("1;;;;;;MTR\n"), hired("1;;;;;;Radiologe\n")
    assert first.digest != second.digest
    assert [path.name for path in first.files] == ["a.yaml", "hr.csv"]


def test_no_line_of_it_is_ever_shown(hired):
    loaded = hired("1;Maria;;;;;MTR\n")
    assert loaded.line("people/hr.csv", 2) is None
    assert loaded.line("inventory/a.yaml", 1) == "sites: {main: {}}"


def test_who_stays_for_good_has_no_end(hired):
    assert hired("1;;31.12.9999;;;;MTR\n").inventory.users["1"].ends is None


def test_a_mark_at_the_beginning_and_other_encodings_are_understood(hired):
    rows = f"{HEAD}\r\n1;Müller;;;;;MTR\r\n"
    assert hired(rows.encode("utf-8-sig")).inventory.users["1"].name == "Müller"
    assert hired(rows.encode("utf-16")).inventory.users["1"].name == "Müller"
    western = SOURCE + "    encoding: windows-1252\n"
    assert hired(rows.encode("cp1252"), western).inventory.users["1"].name == "Müller"


def test_a_cell_of_several_lines_is_one_text(hired):
    assert hired('1;"Maria\r\nMüller";;;;;MTR\r\n').inventory.users["1"].name == "Maria Müller"


def test_only_rows_that_fit_count(hired):
    loaded = hired("1;;;H1;;;MTR\n2;;;H2;;;MTR\n;;;H2;;;\n", SOURCE + "    only: {HOUSE: [H1, H3]}\n")
    assert list(loaded.inventory.users) == ["1"]


def test_a_column_may_list_roles_and_kinds(hired):
    yaml = (
        "roles: {a: {}, b: {}}\nusers_from: {csv: people/hr.csv, columns: {id: N, roles: R, kind: K, owner: O}, "
        "kind: vendor}\n"
    )
    users = hired(b"N,R,K,O\n1,a;b,,x\n2,a | b,shared,y\n", yaml).built.users
    assert [(user.kind, [grant.role for grant in user.grants]) for user in users.values()] == [
        ("vendor", ["a", "b"]),
        ("shared", ["a", "b"]),
    ]


# --- beside YAML


BOTH = SOURCE + "users: {'1': {ends: 2026-12-31, department: CT}, two: {}}\n"


def test_yaml_counts_key_by_key_and_a_note_says_so(hired):
    loaded = hired("1;Maria;30.06.2027;;;;MTR\n", BOTH)
    user = loaded.inventory.users["1"]
    assert (user.ends, user.department, user.name) == ("2026-12-31", "CT", "Maria")
    (note,) = found(loaded)
    assert (note.rule, note.severity, note.detail) == (
        "PACS-CSV-008",
        "info",
        "For those keys the YAML files count.",
    )
    assert note.summary == "People of people/hr.csv who stand under users too, and differently: 1"
    assert [str(place) for place, _ in note.also] == ["inventory/a.yaml:11:21"]
    assert str(loaded.sources.place(("users", "1", "name"))) == "people/hr.csv:2:3"
    assert "two" in loaded.inventory.users


def test_the_list_counts_where_it_is_told_to(hired):
    user = hired(
        "1;;30.06.2027;;;;MTR\n", BOTH.replace("users:", "    precedence: csv\nusers:")
    ).inventory.users["1"]
    assert (user.ends, user.department) == ("2027-06-30", "CT")


def test_one_id_in_two_lists_names_both(hired):
    more = SOURCE + "  - {csv: people/more.csv, columns: {id: ID}}\n"
    (finding,) = found(hired("1;;;;;;MTR\n", more, more="ID\n1\n"))
    assert (finding.rule, finding.severity, str(finding.place)) == (
        "PACS-CSV-006",
        "error",
        "people/more.csv:2:1",
    )
    assert [str(place) for place, _ in finding.also] == ["people/hr.csv:2:1"]


# --- what is wrong


def test_all_that_is_wrong_is_told_at_once(told):
    assert told("1;a;30.13.2026;;;;MTR\n2;b\n;c;;;;;MTR\n3;d;soon;;;;MTR\n1;e;;;;;Koch\n") == [
        "info PACS-CSV-007 inventory/a.yaml:10:29 Rows of people/hr.csv whose JOB gives no role: 1",
        "error PACS-CSV-005 people/hr.csv:2:5 What stands here for ends is a day that no calendar has",
        "error PACS-CSV-005 people/hr.csv:3:1 This row has 2 cells, and there are 7 headings",
        'error PACS-CSV-005 people/hr.csv:4:1 This row has nothing under "STAFF_NO", which is whose row it is',
        "error PACS-CSV-005 people/hr.csv:5:5 What stands here for ends is no day that is written DD.MM.YYYY",
        "error PACS-CSV-006 people/hr.csv:6:1 1 stands in two lists, or twice in one",
    ]


@pytest.mark.parametrize(
    ("yaml", "content", "line"),
    [
        (
            "users_from: {csv: people/gone.csv, columns: {id: N}}\n",
            b"",
            'error PACS-CSV-001 inventory/a.yaml:1:19 There is no file "people/gone.csv" in the repository',
        ),
        (
            "users_from: {csv: ../hr.csv, columns: {id: N}}\n",
            b"",
            'error PACS-CSV-001 inventory/a.yaml:1:19 "../hr.csv" is not in the repository',
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N}}\n",
            b"N\nM\xfcller\n",
            "error PACS-CSV-002 inventory/a.yaml:1:19 people/hr.csv is no text in utf-8",
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N}}\n",
            b"",
            "error PACS-CSV-003 people/hr.csv:1:1 The file has no headings: it is empty",
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: NUM}}\n",
            b"NUMB,X\n1,2\n",
            'error PACS-CSV-003 inventory/a.yaml:1:48 people/hr.csv has no column "NUM"; did you mean "NUMB"?',
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N}}\n",
            b"N,X,X\n1,2,3\n",
            'error PACS-CSV-003 people/hr.csv:1:5 Two columns have the heading "X"',
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N}}\n",
            b'N\n1\n"2\n',
            (
                "error PACS-CSV-004 people/hr.csv:3:1 This cannot be read as CSV: a quotation mark is missing, or "
                "there is one too many"
            ),
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N}}\n",
            b"N\n1\x002\n",
            "error PACS-CSV-004 people/hr.csv:2:2 The file holds a control character (U+0000)",
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N, departmnt: T}}\n",
            b"N,T\n",
            (
                'error PACS-KEY-001 inventory/a.yaml:1:51 Unknown key "departmnt" in users_from.columns; '
                'did you mean "department"?'
            ),
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {name: N}, dates: DD.MM.YY}\n",
            b"N\n",
            (
                "error PACS-VAL-002 inventory/a.yaml:1:61 users_from.dates: a form of dates is YYYY, MM and DD "
                "with what stands between them: DD.MM.YYYY"
            ),
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N, kind: K}}\n",
            b"N,K\n1,robot\n",
            (
                "error PACS-CSV-005 people/hr.csv:2:3 What stands here for kind is none of person, shared, vendor, "
                "break-glass"
            ),
        ),
        (
            "users_from: {csv: people/hr.csv, columns: {id: N}, values: {state: {A: active}}}\n",
            b"N\n",
            (
                'error PACS-VAL-002 inventory/a.yaml:1:52 users_from.values: "state" has no words of its own; such '
                "keys are contract, department, device, email, employee, ends, family_name, given_name, kind, "
                "name, owner, profession, purpose, site, sponsor, starts, status"
            ),
        ),
    ],
    ids=[
        "file",
        "outside",
        "encoding",
        "empty",
        "column",
        "columns",
        "quote",
        "control",
        "key",
        "dates",
        "kind",
        "words",
    ],
)
def test_what_is_wrong_is_told_at_its_place(told, yaml, content, line):
    assert line in told(content, yaml)


FORMS = st.sampled_from(["YYYY-MM-DD", "DD.MM.YYYY", "MM/DD/YYYY", "YYYYMMDD", "DDMMYYYY", "DD MM YYYY"])


@given(st.dates(max_value=date(9998, 12, 31), min_value=date(1000, 1, 1)), FORMS)
def test_a_day_is_read_as_it_was_written(day, form):
    text = form.replace("YYYY", f"{day.year}").replace("MM", f"{day.month:02}").replace("DD", f"{day.day:02}")
    assert day_reader(form)(text) == day.isoformat()


@pytest.mark.parametrize("name", ["a" * 300, "a\\0b", "../hr", "/etc/passwd", "a" * 5000 + "/b"])
def test_a_file_that_cannot_be_there_is_told(told, name):
    (line,) = told(yaml=SOURCE.replace("people/hr.csv", f'"{name}"'))
    assert line.startswith("error PACS-CSV-001 inventory/a.yaml:5:10")


def test_what_is_no_table_is_not_repeated(hired):
    """Comparing millions of characters with a heading takes minutes."""
    loaded = hired(b"\0" * 3_000_000)
    assert {one.rule for one in found(loaded)} == {"PACS-CSV-003", "PACS-CSV-004"}
    assert max(len(str(one)) for one in found(loaded)) < 2000
