from pathlib import Path

import pytest

from pacsconf.cli.plan_file import load_plan, save_plan
from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.errors import PacsconfError, PlanError
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State

CT_1 = Address.parse("memory/device/ct-1")
MADE = Plan(
    "lab",
    Basis("1" * 64, "", "", "3f2a9c1", "", "2026-11-24"),
    changes=(Change("create", None, State(CT_1, CT_1, {"manufacturer": "Müller"})),),
)


def test_a_plan_comes_back_as_it_was_saved(tmp_path: Path):
    save_plan(MADE, tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == MADE


def test_a_plan_is_for_its_owners_eyes_and_leaves_nothing_else(tmp_path: Path):
    save_plan(MADE, tmp_path / "plan.json")
    (written,) = tmp_path.iterdir()
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_plan_that_cannot_be_saved_is_told(tmp_path: Path):
    with pytest.raises(PacsconfError, match=r"cannot be saved as .*: No such file or directory"):
        save_plan(MADE, tmp_path / "none" / "plan.json")


def test_a_plan_is_replaced_whole_by_a_newer_one(tmp_path: Path):
    path = tmp_path / "plan.json"
    path.write_text("an older one")
    path.chmod(0o644)
    save_plan(MADE, path)
    assert load_plan(path) == MADE
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_too_large_to_be_a_plan_is_not_read(tmp_path: Path):
    with (tmp_path / "plan.json").open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    with pytest.raises(PlanError, match="too large to be a plan"):
        load_plan(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no plan"),
        (b"\xff\xfe", "is no plan"),
        (b"[" * 100_000, "is no plan"),
        (b"[]", "this is not a plan of format version 1"),
        (b'{"format_version": 99}', "this is not a plan of format version 1"),
        (b'{"format_version": 1}', "the plan is damaged"),
        (b'{"format_version": 1, "changes": 1e999}', "the plan is damaged"),
    ],
    ids=["empty", "bytes", "deep", "list", "newer", "bare", "infinite"],
)
def test_what_is_no_plan_is_a_plan_error(tmp_path: Path, content, words):
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(PlanError, match=words) as raised:
        load_plan(tmp_path / "plan.json")
    assert raised.value.fix.endswith("pacsconf plan --out FILE")
