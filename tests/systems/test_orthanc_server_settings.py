"""The contract of a system, kept by an Orthanc's own settings: on a real server, which really restarts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, change_to_json
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.departed import beside_live, owned_by_field
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.systems._orthanc.in_place import FORMER
from pacsconf.systems.orthanc import OrthancSystem

SERVER = Address.of("pacs", "configuration", "archive")
INVENTORY = Inventory(
    devices={
        "archive": Device(
            name="archive",
            type="archive",
            connections={"dicom": Connection(host="10.20.0.5", port=104)},
            ae_titles={
                "ORTHANC": NetworkAE(title="ORTHANC", connections=("dicom",), initiator=True, acceptor=True)
            },
        )
    }
)
STATES: list[Mapping[str, Any]] = [
    {"DicomAlwaysAllowStore": False},
    {"DicomAlwaysAllowStore": False, "DicomCheckCalledAet": True, "LimitFindResults": 50},
    {"DicomAlwaysAllowStore": True, "LimitFindResults": 60},
    {"LimitFindResults": 0, "DeidentifyLogs": False},
]
"""Neighbours, each of which changes, adds or leaves out what the one before says."""
Opened = Callable[..., OrthancSystem]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[orthanc.Orthanc]:
    options = orthanc.Options(
        always_allow_echo=None, always_allow_store=None, check_called_aet=None, check_hosts=None
    )
    with orthanc.started(tmp_path_factory.mktemp("own") / "orthanc", options) as running:
        yield running


@pytest.fixture
def server(fresh: orthanc.Orthanc) -> Iterator[orthanc.Orthanc]:
    before = fresh.settings_file.read_bytes()
    yield fresh
    fresh.settings_file.write_bytes(before)


@pytest.fixture
def opened(server: orthanc.Orthanc) -> Iterator[Opened]:
    made: list[OrthancSystem] = []

    def open_(settings: Mapping[str, Any], *, may_edit: bool = True, **more: Any) -> OrthancSystem:
        data = {
            "name": "pacs",
            "type": "orthanc",
            "url": server.url,
            "ae": "archive",
            "login": {"user": server.user, "password": "env:ORTHANC"},
            "settings_file": str(server.settings_file),
            "settings": settings,
            **more,
        }
        config = OrthancConfig.model_validate(data)
        made.append(OrthancSystem("pacs", config, lambda *_: Secret(server.password)))
        made[-1].permit(lambda path: may_edit and path == server.settings_file)
        return made[-1]

    yield open_
    for system in made:
        system.close()


def plan(system: OrthancSystem, last: State | None = None) -> list[Change]:
    """The changes to what is declared, where `last` is owned."""
    declared = system.declared(INVENTORY)
    lasting = {"pacs": declared.lasting}
    live, owned = system.read().states(), {SERVER: last} if last else {}
    wanted = beside_live(declared.states(), live, owned, lasting).declared
    known = owned_by_field(owned, wanted, live, lasting)
    rules = Rules(system.kinds)
    return [one for each in compare(wanted, live, known) if (one := change(each, rules)) is not None]


def bring(system: OrthancSystem, changes: list[Change]) -> list[Outcome]:
    outcomes = list(system.apply(changes))
    return [*outcomes, *system.settle([one for one in changes if outcomes[0].status == "applied"])]


def statuses(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(one.action, one.status) for one in outcomes]


def written(server: orthanc.Orthanc) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.settings_file.read_text())
    return found


def test_for_each_neighbour_plan_apply_and_nothing_is_left(opened, server):
    last: State | None = None
    passed = []
    for settings in STATES:
        changes = plan(opened(settings), last)
        passed.append([{field.name for field in one.fields} for one in changes])
        system = opened(settings)
        assert statuses(bring(system, plan(system, last))) == [("update", "applied"), ("reload", "applied")]
        last = next(iter(system.declared(INVENTORY).states().values()))
        assert plan(opened(settings), last) == []
        assert written(server).items() >= settings.items()
    assert passed == [
        [{"DicomAlwaysAllowStore"}],
        [{"DicomCheckCalledAet", "LimitFindResults"}],
        [{"DicomAlwaysAllowStore", "LimitFindResults"}],
        [{"DeidentifyLogs", "LimitFindResults"}],
    ]
    assert written(server)["DicomCheckCalledAet"] is True, "an option that is declared no more stays as it is"


def test_applying_twice_is_harmless(opened, server):
    system = opened(STATES[0])
    changes = plan(system)
    assert statuses(bring(system, changes)) == [("update", "applied"), ("reload", "applied")]
    once = server.settings_file.read_bytes()
    assert statuses(list(system.apply(changes))) == [("update", "applied")]
    assert server.settings_file.read_bytes() == once


def test_a_third_value_is_a_conflict_and_stays(opened, server):
    system = opened({"LimitFindResults": 50})
    changes = plan(system)
    theirs = json.dumps({**written(server), "LimitFindResults": 7}).encode()
    server.settings_file.write_bytes(theirs)
    [outcome] = system.apply(changes)
    assert outcome.status == "failed"
    assert 'LimitFindResults is "7" where "0" was read' in outcome.error
    assert server.settings_file.read_bytes() == theirs


@pytest.mark.parametrize("reads", [True, False])
def test_a_run_that_was_killed_before_the_restart_is_carried_to_its_end(opened, server, reads):
    first = opened(STATES[0])
    changes = plan(first)
    assert statuses(list(first.apply(changes))) == [("update", "applied")]
    former = server.settings_file.with_name(server.settings_file.name + FORMER)
    assert former.exists()
    second = opened(STATES[0])
    if reads:
        assert plan(second) == []
    assert statuses(list(second.settle(changes))) == [("reload", "applied")]
    assert not former.exists()
    assert written(server)["DicomAlwaysAllowStore"] is False


def test_nothing_is_written_and_no_server_restarted_where_that_is_not_allowed(opened, server):
    before = server.settings_file.read_bytes()
    system = opened(STATES[0], may_edit=False)
    changes = plan(system)
    [outcome] = bring(system, changes)
    assert (outcome.status, outcome.error) == ("waiting", system.asks(changes[0]))
    assert '"DicomAlwaysAllowStore": false' in outcome.error
    assert not system.takes_up(changes[0])
    assert server.settings_file.read_bytes() == before
    allowed = opened(STATES[0])
    assert allowed.asks(changes[0]) == ""
    assert allowed.takes_up(changes[0])


def test_what_a_person_did_meanwhile_counts_as_applied(opened, server):
    system = opened(STATES[0], may_edit=False)
    changes = plan(system)
    server.settings_file.write_text(json.dumps({**written(server), **STATES[0]}))
    assert statuses(list(system.apply(changes))) == [("update", "applied")]


def test_the_file_of_another_server_is_neither_read_nor_written(opened, server, tmp_path):
    system = opened(STATES[0])
    changes = plan(system)
    other = json.dumps({**written(server), "DicomAet": "OTHER"}).encode()
    server.settings_file.write_bytes(other)
    assert statuses(list(system.apply(changes))) == [("update", "failed")]
    assert server.settings_file.read_bytes() == other
    assert plan(system) == []
    assert "ORTHANC-SETTINGS-UNREAD" in {finding.rule for finding in system.check([])}


@pytest.mark.parametrize("settings", [{}, STATES[0]])
def test_without_a_file_or_without_settings_there_is_nothing(opened, settings):
    system = opened(settings, settings_file=None) if settings else opened({})
    assert plan(system) == []
    assert SERVER not in system.read().states()
    told = [finding for finding in system.check([]) if finding.rule == "ORTHANC-SETTINGS-UNREAD"]
    assert [one.path for one in told] == ([("systems", "pacs", "settings")] if settings else [])


def test_what_storage_says_otherwise_is_an_error_at_its_place(opened):
    system = opened({"MaximumStorageSize": 100, "MaximumPatientCount": 5}, storage={"maximum_size": "200M"})
    assert [(one.rule, one.path[-1]) for one in system.declared(INVENTORY).findings] == [
        ("ORTHANC-SETTINGS-CLASH", "MaximumStorageSize")
    ]


def test_rules_see_what_a_plan_would_make_of_it(opened):
    system = opened({"DicomAlwaysAllowStore": False, "DicomCheckCalledAet": True, "LimitFindResults": 9})
    plan(system)
    live = system.read().states()
    wanted = {**live, **system.declared(INVENTORY).states()}
    before, after = (system.evidence(states, INVENTORY) for states in (live, wanted))
    names = ("stranger_store", "checks_called", "stranger_echo")
    own = [tuple(found["ae"]["archive/ORTHANC"][name] for name in names) for found in (before, after)]
    assert own == [(True, False, True), (False, True, True)]
    assert system.evidence(live, INVENTORY) == before


def test_a_planned_limit_counts_before_it_is_written(opened):
    system = opened({"MaximumPatientCount": 5})
    changes = plan(system)
    live = system.read().states()
    after = {**live, **system.declared(INVENTORY).states()}
    armed = [system.evidence(states, INVENTORY)["system"]["pacs"]["purge_armed"] for states in (live, after)]
    assert [bool(one) for one in armed] == [False, True]
    assert {finding.rule for finding in system.check(changes)} >= {"ORTHANC-PURGE-ARMED"}
    assert "ORTHANC-PURGE-ARMED" not in {finding.rule for finding in system.check([])}


def test_no_password_of_the_file_is_in_what_it_tells(opened, server, caplog):
    caplog.set_level(logging.DEBUG)
    system = opened(STATES[0])
    changes = plan(system)
    outcomes = bring(system, changes)
    shown = [repr(system), repr(vars(system)), repr(outcomes), caplog.text]
    shown += [json.dumps(change_to_json(one)) for one in changes]
    shown += [str(finding) for finding in system.check(changes)]
    assert [text for text in shown if server.password in text] == []


def test_what_writing_needs_is_told_without_a_restart(opened, server):
    began = server.settings_file.read_bytes()
    names = [(one.name, one.verdict) for one in opened(STATES[0]).rights()]
    assert names[-2:] == [("write its configuration", "yes"), ("restart it", "unknown")]
    for system in (opened({}), opened(STATES[0], may_edit=False)):
        assert [one for one in system.rights() if "configuration" in one.name] == []
    missing = opened(STATES[0], settings_file=str(server.folder / "none.json"))
    missing.permit(lambda _path: True)
    assert [one.verdict for one in missing.rights()][-2:] == ["no", "unknown"]
    assert server.settings_file.read_bytes() == began


def test_a_path_is_never_asked_for_where_nothing_is_declared(opened, server):
    asked: list[Path] = []
    system = opened({})
    system.permit(lambda path: bool(asked.append(path)))
    plan(system)
    system.check([])
    list(system.settle([]))
    assert asked == []
