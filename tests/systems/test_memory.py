"""The reference system: its file, and kinds that only a person can change."""

from __future__ import annotations

import json

import pytest

from pacsconf.core.change import Change
from pacsconf.core.errors import BadAnswer, Refused
from pacsconf.core.secret import Secret
from pacsconf.inventory.systems import MemoryConfig
from pacsconf.systems.memory import MemorySystem


def system(**keys):
    config = MemoryConfig(name="memory", type="memory", **keys)
    return MemorySystem("memory", config, lambda *_: Secret(""))


def creations(inventory):
    return [
        Change("create", None, each.state(), each.state()) for each in system().declared(inventory).resources
    ]


def test_what_only_a_person_can_change_waits_until_it_stands(tmp_path, steps):
    file = tmp_path / "console.json"
    changes = creations(steps.hospital(steps.ct()))
    console = system(file=str(file), waits=("device",))
    outcomes = {outcome.address.kind: outcome for outcome in console.apply(changes)}
    assert {kind: outcome.status for kind, outcome in outcomes.items()} == {
        "device": "waiting",
        "entity": "applied",
        "title": "applied",
    }
    assert outcomes["device"].error == "a person must create this by hand"
    device = next(change for change in changes if change.address.kind == "device")
    list(system(file=str(file)).apply([device]))
    assert [outcome.status for outcome in console.apply([device])] == ["applied"]


def test_without_a_file_it_holds_what_it_was_given(steps):
    held = system()
    list(held.apply(creations(steps.hospital(steps.ct()))))
    assert [each.address.kind for each in held.read().resources] == ["device", "entity", "title"]
    assert system().read().resources == ()


def test_the_file_is_replaced_in_one_step_and_nothing_is_left_beside_it(tmp_path, steps):
    file = tmp_path / "memory.json"
    list(system(file=str(file)).apply(creations(steps.hospital(steps.ct()))))
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]
    assert set(json.loads(file.read_text())) == {
        "memory/device/ct-1",
        "memory/entity/ct-1/CT_1",
        "memory/title/CT_1",
    }


def test_a_folder_that_cannot_be_written_refuses_the_change(tmp_path, steps):
    missing = tmp_path / "missing" / "memory.json"
    outcomes = list(system(file=str(missing)).apply(creations(steps.hospital(steps.ct()))))
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert outcomes[0].error == f"{missing} is out of reach: No such file or directory"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a": 1}',
        '{"memory/device/x": {}}',
        '{"nonsense": {"fields": {}}}',
        '{"a/b/c": {"fields": 3}}',
        '{"memory/entity/ct/CT": {"root": "memory/device/ct", "depends_on": [], "claims": [], "fields": {}}}',
    ],
)
def test_a_file_that_is_not_ours_is_a_bad_answer(tmp_path, text):
    file = tmp_path / "memory.json"
    file.write_text(text)
    with pytest.raises(BadAnswer):
        system(file=str(file)).read()


def test_a_refusal_while_writing_is_an_outcome(steps):
    class Full(MemorySystem):
        def _store(self, entries):
            raise Refused(self.name, "the disk is full")

    held = Full("memory", MemoryConfig(name="memory", type="memory"), lambda *_: Secret(""))
    (first, *_) = held.apply(creations(steps.hospital(steps.ct())))
    assert (first.status, first.error) == ("failed", "the disk is full")
