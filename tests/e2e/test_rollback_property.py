"""Whatever is applied and taken back: the system is as it was before, and the next plan puts nothing forth."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import ldif_compare
from tests.e2e.conftest import DIRECTORY, HOSPITAL, MEMORY, Directory, Hospital, Memory, Ran

MR_2 = (
    "  mr-2: {profile: mr, site: main, manufacturer: PHILIPS, ae_title: MR2, host: 10.20.5.18, port: 104}\n"
)
NEW = "  us-1: {profile: mr, site: main, ae_title: US1, host: 10.20.6.1, port: 104}\n"
EDITS = {
    "a-value": ("manufacturer: SIEMENS, ", "manufacturer: Varian, "),
    "no-value": ("manufacturer: GE, ", ""),
    "an-address": ("10.20.4.18, port: 104", "10.20.4.99, port: 11112"),
    "a-title": ("ae_title: WS1, host", "ae_title: WS9, host"),
    "another-name": ("  ct-1: ", "  ct-9: "),
    "a-device-less": (MR_2, ""),
    "a-device-more": (MR_2, MR_2 + NEW),
    "retired": ("PHILIPS, ae_title: MR1", "PHILIPS, lifecycle: retired, ae_title: MR1"),
    "what-many-offer": (
        "uses: [ct-image-storage]",
        "uses: [ct-image-storage, secondary-capture-image-storage]",
    ),
    "what-one-offers": ("{type: archive, offers: [verification, ", "{type: archive, offers: ["),
}
CHOICES = st.sets(st.sampled_from(sorted(EDITS)), min_size=1, max_size=4).filter(
    lambda chosen: not {"a-device-less", "a-device-more"} <= chosen
)
NUMBERS = count()


def edited(chosen: set[str]) -> str:
    text = HOSPITAL
    for name in sorted(chosen):
        before, after = EDITS[name]
        assert before in text
        text = text.replace(before, after)
    return text.replace(
        "probe_as: ws-1/WS1", "probe_as: ws-1/WS9" if "a-title" in chosen else "probe_as: ws-1/WS1"
    )


def let_through(plan: dict[str, Any], *command: str) -> list[str]:
    digest = plan["digest"][:8]
    acks = [f"{digest}:{guard['id']}" for guard in plan["guards"] if guard["tripped"]]
    return [*command, *(word for ack in acks for word in ("--ack", ack)), "--reason", "a test"]


def carried_out(hospital: Hospital, *command: str) -> None:
    """A plan is made with this command, and applied with all that it needs."""
    ran = hospital(*command, "--out", "plan.json")
    assert ran.code in (0, 5), ran
    plan = json.loads(hospital.plan_file.read_text())
    ran = hospital(*let_through(plan, "apply", "plan.json"))
    total = len(plan["changes"])
    assert f"{total} of {total} change" in ran.out, (
        "what is not as declared on the wire is not looked at here"
    )


def last(hospital: Hospital) -> str:
    ran: Ran = hospital.ok("history", "--format", "json")
    return next(one["id"] for one in ran.json["entries"] if one["kind"] == "closed")


def there_and_back(
    hospital: Hospital, chosen: set[str], look: Callable[[], Any], same: Callable[[Any, Any], bool]
) -> None:
    hospital.applied()
    before = look()
    hospital.file().write_text(edited(chosen))
    hospital.commit("edited")
    carried_out(hospital, "plan")
    after = look()
    assert not same(before, after)
    changeset = last(hospital)

    carried_out(hospital, "rollback", changeset)
    assert same(before, look())
    assert hospital("plan", "--detailed-exitcode").code == 0, "what was taken back is held"

    carried_out(hospital, "rollback", last(hospital))
    assert same(after, look())
    assert hospital("plan", "--detailed-exitcode").code == 0, "it is as declared again"


ONCE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(ONCE, max_examples=4)
@given(CHOICES)
def test_the_reference_system_is_as_before(repository, tmp_path, chosen: set[str]):
    name = f"small-{next(NUMBERS)}"
    memory = Memory(tmp_path / f"{name}.json")
    systems = MEMORY.replace("FILE", str(memory.path))
    hospital = repository(name, hospital=HOSPITAL, systems=systems)
    there_and_back(hospital, chosen, memory.entries, lambda one, other: bool(one == other))


@settings(ONCE, max_examples=3)
@given(CHOICES)
def test_a_directory_is_as_before(repository, directory: Directory, monkeypatch, chosen: set[str]):
    directory.empty()
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(directory.folder))
    hospital = repository(f"ldap-{next(NUMBERS)}", hospital=HOSPITAL, systems=DIRECTORY)
    there_and_back(
        hospital,
        chosen,
        lambda: ldif_compare.of_server(directory.server),
        lambda one, other: not ldif_compare.differences(one, other),
    )
