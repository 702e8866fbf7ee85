import pytest

from pacsconf.core.change import FieldChange
from pacsconf.report.values import quoted, text_of, update_of
from pacsconf.report.view import View


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SIEMENS", "SIEMENS"),
        ("10.20.4.17", "10.20.4.17"),
        ("CT_ER_1", "CT_ER_1"),
        ("SOMATOM go.Top", '"SOMATOM go.Top"'),
        ("4711", '"4711"'),
        ("true", '"true"'),
        ("NO", '"NO"'),
        ("", '""'),
        (" CT", '" CT"'),
        ('say "hi"', r'"say \"hi\""'),
        (r"a\x1bc", r'"a\\x1bc"'),
        ("a\x1bc", r'"a\x1bc"'),
        ("CT\xa01", r'"CT\xa01"'),
        ("CT1\n", r'"CT1\n"'),
        ("病院", '"病院"'),
        ("(none)", '"(none)"'),
    ],
)
def test_quotes_where_they_tell_something(text, shown):
    assert quoted(text) == shown


def test_a_number_and_a_text_of_digits_differ():
    assert (text_of(4711, View()), text_of("4711", View())) == ("4711", '"4711"')


def test_truth_and_absence_are_words():
    assert [text_of(value, View()) for value in (True, False, None)] == ["true", "false", "(none)"]


def test_a_uid_is_shown_by_its_name_and_by_itself_when_all_is_asked_for():
    names = {"1.2.840.10008.5.1.4.1.1.2": "CT Image Storage"}
    name_of = lambda uid: names.get(uid, "")  # noqa: E731
    assert text_of("1.2.840.10008.5.1.4.1.1.2", View(uid_name=name_of)) == "CT Image Storage"
    verbose = View(uid_name=name_of, verbose=True)
    assert text_of("1.2.840.10008.5.1.4.1.1.2", verbose) == "CT Image Storage (1.2.840.10008.5.1.4.1.1.2)"
    assert text_of("1.2.840.113619.5.2", View(uid_name=name_of)) == "1.2.840.113619.5.2"


def test_a_long_set_is_cut_and_counted():
    assert text_of(("a", "b", "c", "d", "e", "f"), View()) == "a, b, c, … 3 more"
    assert text_of(("a", "b", "c", "d"), View()) == "a, b, c, d"
    assert text_of(("a", "b", "c", "d", "e", "f"), View(verbose=True)) == "a, b, c, d, e, f"


def test_a_set_changes_by_members():
    change = FieldChange("allow", ("find", "move"), ("find", "store"))
    assert "".join(span.text for span in update_of(change, View())) == "- move + store"


def test_a_single_value_changes_from_before_to_after():
    change = FieldChange("port", 104, None)
    assert [span.text for span in update_of(change, View())] == ["104", "→", "(none)"]
