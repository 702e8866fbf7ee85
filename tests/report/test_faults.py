import pytest

from pacsconf.core.errors import PacsconfError, StalePlan, SystemFaults, Unavailable, UnsafePlan
from pacsconf.report.faults import fault_text
from pacsconf.report.lines import plain

DOWN = Unavailable("directory", "127.0.0.1:1 does not answer", fix="Start it, or leave it out.")
DOWN_TEXT = "error  directory: 127.0.0.1:1 does not answer\n   fix  Start it, or leave it out.\n"


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (DOWN, DOWN_TEXT),
        (
            SystemFaults([DOWN, Unavailable("orthanc", "orthanc refuses connections")]),
            f"{DOWN_TEXT}error  orthanc refuses connections\n",
        ),
        (
            StalePlan(
                "the plan no longer fits", ["mr-1: port is 11112 now", "ct-1: gone"], fix="Plan again."
            ),
            "error  the plan no longer fits\n   - mr-1: port is 11112 now\n   - ct-1: gone\n   fix  Plan again.\n",
        ),
        (
            UnsafePlan("the plan must not be applied", ["orthanc is read-only"]),
            "refused  the plan must not be applied\n   - orthanc is read-only\n",
        ),
        (PacsconfError("bad\x1b[2J name"), "error  bad\\x1b[2J name\n"),
    ],
    ids=["system", "systems", "stale", "unsafe", "escaped"],
)
def test_a_fault_says_what_is_wrong_and_what_to_do(fault, shown):
    assert plain(fault_text(fault)) == shown


def test_its_commands_are_told_as_they_must_be_typed_here():
    fault = StalePlan(
        "nothing is left to do",
        ["pacsconf -e south plan is another"],
        fix="See: pacsconf history. Make it: pacsconf plan --out FILE\npacsconf lab up; pacsconf planning",
    )
    assert plain(fault_text(fault, command="pacsconf --chdir h -e lab")) == (
        "error  nothing is left to do\n   - pacsconf -e south plan is another\n"
        "   fix  See: pacsconf --chdir h -e lab history. Make it:\n"
        "        pacsconf --chdir h -e lab plan --out FILE\n        pacsconf lab up; pacsconf planning\n"
    )
