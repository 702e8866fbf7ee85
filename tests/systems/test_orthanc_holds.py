"""Legal holds on a real Orthanc: patients are protected and released, others are left alone, nobody is named."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.change import Change
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.errors import BadAnswer
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.retention import LegalHold, Retention
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.systems._orthanc import listing
from pacsconf.systems._orthanc.holds import Shelter, on_hold
from pacsconf.systems.orthanc import OrthancSystem
from tests.fronts import front, reply
from tests.made_up import MadeUp, put

FIRST, SECOND, OTHER, ALONE = (
    MadeUp(1, patient="ZZA"),
    MadeUp(2, patient="ZZA"),
    MadeUp(3, patient="ZZB"),
    MadeUp(4, patient="ZZC"),
)
NOWHERE = MadeUp(5)


def hold(*studies: MadeUp, released: str | None = None) -> LegalHold:
    data = {"studies": [one.reference for one in studies], "reason_ref": "LEGAL-1", "placed_by": "legal"}
    end = {"on": released, "by": "legal"} if released else None
    return LegalHold.model_validate({**data, "since": "2026-03-02", "released": end})


def inventory(**by_name: LegalHold) -> Inventory:
    return Inventory(retention=Retention(holds=by_name))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    with orthanc.started(tmp_path_factory.mktemp("pacs") / "a") as running:
        put(running, (FIRST, SECOND, OTHER, ALONE))
        yield running


class Hands:
    """A colleague who protects by hand."""

    def __init__(self, server: orthanc.Orthanc) -> None:
        login = (server.colleague, server.password)
        self.client = httpx2.Client(base_url=server.url, auth=login, trust_env=False)
        found = self.client.get("/patients?expand").json()
        self.numbers = {one["MainDicomTags"]["PatientID"]: one["ID"] for one in found}

    def protect(self, patient: str, on: bool = True) -> None:
        answer = self.client.put(f"/patients/{self.numbers[patient]}/protected", json=int(on))
        answer.raise_for_status()

    @property
    def protected(self) -> set[str]:
        return {
            patient
            for patient, number in self.numbers.items()
            if self.client.get(f"/patients/{number}/protected").json() == 1
        }


@pytest.fixture
def hands(server) -> Iterator[Hands]:
    found = Hands(server)
    for patient in found.numbers:
        found.protect(patient, on=False)
    yield found
    found.client.close()


@pytest.fixture
def system(server):
    made = []

    def opened(url: str = "", user: str = "pacsconf") -> OrthancSystem:
        data = {"type": "orthanc", "name": "pacs", "url": url or server.url}
        data["login"] = {"user": user, "password": "env:PW"}
        made.append(
            OrthancSystem("pacs", OrthancConfig.model_validate(data), lambda *_: Secret(server.password))
        )
        return made[-1]

    yield opened
    for each in made:
        each.close()


def planned(system, wanted: Inventory, last=()) -> list[Change]:
    """The changes that lead to what is wanted, by somebody who owns `last`."""
    declared = system.declared(wanted).states()
    system.remember([state.address for state in last])
    live = system.read().states()
    made = compare(declared, live, {state.address: state for state in last})
    changes = (change(each, Rules(system.kinds)) for each in made)
    return [each for each in changes if each is not None]


def applied(system, changes) -> list[tuple[str, str]]:
    return [(outcome.status, outcome.error) for outcome in system.apply(changes)]


def owned(system, wanted: Inventory):
    return tuple(system.declared(wanted).states().values())


def test_the_patient_of_a_study_on_hold_is_protected_and_then_nothing_is_left_to_do(system, hands):
    made = system()
    changes = planned(made, inventory(case=hold(FIRST)))
    assert [(one.action, one.address.parts) for one in changes] == [("create", (FIRST.reference[7:],))]
    assert (changes[0].risk, set(changes[0].effects)) == ("workflow", set())
    assert applied(made, changes) == [("applied", "")]
    assert hands.protected == {"ZZA"}
    assert planned(system(), inventory(case=hold(FIRST))) == []


def test_the_end_of_a_protection_is_a_purge(system, hands):
    case = inventory(case=hold(ALONE))
    applied(made := system(), planned(made, case))
    (released,) = planned(made, inventory(case=hold(ALONE, released="2026-01-01")), owned(made, case))
    assert (released.action, released.risk, set(released.effects)) == (
        "delete",
        "data-loss",
        {"removes", "purges"},
    )
    assert applied(made, [released]) == [("applied", "")]
    assert hands.protected == set()
    assert planned(system(), inventory()) == []


def test_a_hold_that_was_taken_out_of_the_inventory_ends_too(system, hands):
    case = inventory(case=hold(ALONE))
    applied(made := system(), planned(made, case))
    changes = planned(system(), inventory(), owned(made, case))
    assert [one.action for one in changes] == ["delete"]
    retired = made.declared(inventory(case=hold(ALONE, released="2026-01-01"))).retired
    assert {one.address for one in changes} == retired
    assert made.declared(inventory()).retired == frozenset()


def test_a_patient_of_two_studies_on_hold_stays_protected_until_the_last_one_ends(system, hands):
    both = inventory(one=hold(FIRST), two=hold(SECOND))
    made = system()
    assert applied(made, planned(made, both)) == [("applied", "")] * 2
    assert planned(system(), inventory(two=hold(SECOND)), owned(made, both)) == []
    assert hands.protected == {"ZZA"}
    changes = planned(made := system(), inventory(), owned(made, both))
    assert applied(made, changes) == [("applied", "")] * 2
    assert hands.protected == set()


def test_the_end_of_one_hold_alone_does_not_take_the_protection_of_another(system, hands):
    both = inventory(one=hold(FIRST, SECOND))
    made = system()
    applied(made, planned(made, both))
    one, _ = planned(made, inventory(), owned(made, both))
    ((status, error),) = applied(made, [one])
    assert status == "failed"
    assert "another study on hold" in error
    assert hands.protected == {"ZZA"}


def test_who_was_protected_by_hand_is_left_alone(system, hands):
    hands.protect("ZZB")
    case = inventory(case=hold(ALONE))
    made = system()
    applied(made, planned(made, case))
    applied(made, planned(made, inventory(), owned(made, case)))
    assert hands.protected == {"ZZB"}


def test_a_protection_that_somebody_took_away_is_seen(system, hands):
    case = inventory(case=hold(ALONE))
    made = system()
    applied(made, planned(made, case))
    hands.protect("ZZC", on=False)
    system_again = system()
    (drift,) = compare(
        system_again.declared(case).states(),
        system_again.read().states(),
        {one.address: one for one in owned(made, case)},
    )
    assert drift.address.parts == (ALONE.reference[7:],)


def test_a_study_that_is_not_here_needs_nothing(system, hands):
    made = system()
    assert planned(made, inventory(case=hold(NOWHERE, ALONE)))[0].address.parts == (ALONE.reference[7:],)
    assert made.without() == {NOWHERE.reference}


def test_what_is_applied_already_is_applied(system, hands):
    case = inventory(case=hold(ALONE))
    made = system()
    changes = planned(made, case)
    hands.protect("ZZC")
    assert applied(made, changes) == [("applied", "")]
    assert applied(made, changes) == [("applied", "")]


def test_a_study_of_two_patient_ids_protects_both(system, hands, server):
    again = MadeUp(4, patient="ZZD")
    put(server, [again])
    made = system()
    hands.protect("ZZC")
    changes = planned(made, inventory(case=hold(ALONE)))
    assert applied(made, changes) == [("applied", "")]
    now = Hands(server)
    assert now.protected == {"ZZC", "ZZD"}
    now.client.delete(f"/patients/{now.numbers['ZZD']}").raise_for_status()
    now.client.close()


def test_a_study_that_was_deleted_since_the_plan_is_not_protected(system, hands, server):
    put(server, [MadeUp(7, patient="ZZE")])
    now = Hands(server)
    made = system()
    changes = planned(made, inventory(case=hold(MadeUp(7))))
    now.client.delete(f"/patients/{now.numbers['ZZE']}").raise_for_status()
    now.client.close()
    assert applied(made, changes) == [
        ("failed", "the study is not here any more, so there is nobody to protect")
    ]
    case = inventory(case=hold(MadeUp(7)))
    ended = Change("delete", next(iter(owned(made, case))), None)
    assert applied(made, [ended]) == [("applied", "")]


@pytest.mark.parametrize(("user", "verdicts"), [("pacsconf", ["yes", "yes"]), ("viewer", ["yes", "no"])])
def test_what_holds_need_is_among_the_rights(system, user, verdicts):
    made = system(user=user)
    names = ("read the list of studies", "protect patients")
    assert [right.name for right in made.rights() if right.name in names] == []
    made.declared(inventory(case=hold(ALONE)))
    assert [right.verdict for right in made.rights() if right.name in names] == verdicts


def test_nothing_is_asked_about_studies_where_none_is_on_hold(server, system):
    with front(server.http_port) as proxy:
        made = system(f"http://127.0.0.1:{proxy.port}")
        made.declared(
            inventory(case=hold(ALONE, released="2026-01-01")).model_copy(update={"retention": Retention()})
        )
        made.read()
    assert not [one for one in proxy.asked if "/studies" in one or "/patients" in one]


def test_pages_are_read_on_until_the_last(server, system, hands, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    made = system()
    made.declared(inventory(case=hold(FIRST, SECOND, OTHER, ALONE)))
    made.read()
    assert made.without() == set()


def test_a_list_that_never_stands_still_is_no_answer(server, system, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    made_up = 0

    def shifting(_method: str, path: str):
        nonlocal made_up
        if not path.startswith("/studies"):
            return None
        tags = {"MainDicomTags": {"StudyInstanceUID": "1.2"}, "ParentPatient": "p"}
        made_up += 2
        return reply(200, [{"ID": str(made_up + at), **tags} for at in range(2)])

    with front(server.http_port, shifting) as proxy:
        made = system(f"http://127.0.0.1:{proxy.port}")
        made.declared(inventory(case=hold(ALONE)))
        with pytest.raises(BadAnswer, match="changes while it is read"):
            made.read()


@pytest.mark.parametrize(
    "answer", [{}, [1], [{"ID": "a"}], [{"ID": "a", "MainDicomTags": [], "ParentPatient": 1}]]
)
def test_what_no_orthanc_answers_is_refused(server, system, answer):
    answering = lambda _method, path: reply(200, answer) if path.startswith("/studies") else None  # noqa: E731
    with front(server.http_port, answering) as proxy:
        made = system(f"http://127.0.0.1:{proxy.port}")
        made.declared(inventory(case=hold(ALONE)))
        with pytest.raises(BadAnswer, match="not as Orthanc does"):
            made.read()


def test_who_may_only_read_protects_nobody_and_nothing_leads_to_the_patient(system, hands, caplog):
    caplog.set_level(logging.DEBUG)
    made = system(user="viewer")
    changes = planned(made, inventory(case=hold(ALONE)))
    ((status, error),) = applied(made, changes)
    assert status == "failed"
    shown = error + caplog.text + repr(made._shelter) + str(changes)
    for secret in (hands.numbers["ZZC"], ALONE.uid, "ZZC"):
        assert secret not in shown
    assert hands.protected == set()


def test_a_lost_answer_is_not_known(server, system, hands):
    cut = lambda method, path: b"" if method == "PUT" and path.endswith("/protected") else None  # noqa: E731
    with front(server.http_port, cut) as proxy:
        made = system(f"http://127.0.0.1:{proxy.port}")
        ((status, _),) = applied(made, planned(made, inventory(case=hold(ALONE))))
    assert status == "unknown"


# --- pure ---------------------------------------------------------------------------------------------------------


def test_a_hold_is_in_force_until_the_day_of_its_release():
    case = {"case": hold(ALONE, released="2026-11-26")}
    assert set(on_hold(case, date(2026, 11, 25)).in_force) == {ALONE.reference[7:]}
    assert on_hold(case, date(2026, 11, 26)).released == {ALONE.reference[7:]}


def test_a_study_of_two_holds_is_on_hold_while_one_is_in_force():
    both = {"a": hold(ALONE, released="2026-01-01"), "b": hold(ALONE)}
    found = on_hold(both, date(2026, 11, 26))
    assert dict(found.in_force) == {ALONE.reference[7:]: ("retention", "holds", "b")}
    assert found.released == set()


Names = st.sampled_from("abcdef")


@given(
    st.sets(Names),
    st.dictionaries(Names, st.frozensets(st.sampled_from("123"), max_size=2)),
    st.sets(st.sampled_from("123")),
)
def test_no_end_of_a_hold_takes_what_one_in_force_needs(in_force, patients, protected):
    shelter = Shelter(frozenset(in_force), frozenset("abcdef"), patients, frozenset(protected))
    needed = {patient for study in in_force for patient in patients.get(study, ())}
    for study in set("abcdef") - in_force:
        assert not shelter.releasable(study) & needed
