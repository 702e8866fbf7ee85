"""What is to be keyed in at a console, and what was, on the screen."""

from __future__ import annotations

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.resource import State
from pacsconf.report.lines import plain
from pacsconf.report.plan.keyed_text import claimed_text, to_key_in_text, unseen_text
from pacsconf.report.view import View

COMMAND = "pacsconf -e lab"


def row(number: int, **fields) -> State:
    address = Address.of("ris", "peer", f"CT_{number}")
    return State(address, address, fields)


ADDED = Change("create", None, row(1, ae_title="CT_1", port=104))
CHANGED = Change("update", row(2, port=104), row(2, port=11112))
GONE = Change("delete", row(3, port=104), None)


def test_what_is_to_be_keyed_in_is_listed_with_its_sheet_and_what_to_type_then():
    shown = to_key_in_text("ris", "ext. 12", [ADDED, CHANGED, GONE], ["sheets/ris.html"], View(), COMMAND)
    assert plain(shown) == (
        "To be keyed in at ris (ext. 12): 3 rows\n"
        "  ? ris/peer/CT_1\n"
        "      ae_title  CT_1\n"
        "      port      104\n"
        "  ? ris/peer/CT_2\n"
        "      port  104 → 11112\n"
        "  ? ris/peer/CT_3  to be deleted\n"
        "    sheet      sheets/ris.html\n"
        "    keyed in?  pacsconf -e lab attest ris\n"
    )


def test_of_very_many_rows_the_first_are_listed_since_the_sheet_has_all():
    many = [Change("create", None, row(number, port=1)) for number in range(30)]
    shown = plain(to_key_in_text("ris", None, many, [], View(), COMMAND))
    assert shown.startswith("To be keyed in at ris: 30 rows\n")
    assert "… 20 more\n" in shown


def test_what_was_recorded_and_what_waits_still_is_said():
    shown = claimed_text("attested", [(ADDED.address, ""), (GONE.address, "is gone")], [CHANGED], COMMAND, 80)
    assert plain(shown) == (
        "  attested  ris/peer/CT_1\n"
        "  attested  ris/peer/CT_3\n"
        "              is gone\n"
        "2 rows recorded as attested. 1 row still waiting:\n"
        "  ? ris/peer/CT_2\n"
        "Next: pacsconf -e lab plan\n"
    )


def test_where_nothing_waits_there_is_nothing_to_say():
    assert plain(claimed_text("observed", [], [], COMMAND, 80)) == "Nothing waits at a console.\n"


def test_what_a_probe_could_not_tell_is_said_with_the_reason():
    assert plain(unseen_text([(CHANGED.address, "no probe can see that")], 80)) == (
        "  ?  ris/peer/CT_2\n       no probe can see that\n"
    )


def test_what_others_wrote_is_escaped():
    odd = Change("create", None, row(1, ae_title="CT\x1b[2J"))
    assert "\x1b" not in plain(to_key_in_text("ris", "\x1b[2J", [odd], [], View(), COMMAND))
