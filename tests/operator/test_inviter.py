"""The program that invites people, run for real."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path

import pytest

from pacsconf.core.errors import OperatorError
from pacsconf.operator.file import load
from pacsconf.operator.inviter import Inviter

ARGUMENTS = ("accounts", "new", "N.Neu", 'uid=N.Neu,ou="a; $(id)"')


def program(folder: Path, text: str, mode: int = 0o700) -> Path:
    path = folder / "invite"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


def test_it_gets_four_arguments_as_they_are_and_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("PACSCONF_LDAP_PASSWORD", "hush")
    path = program(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/said; env > {tmp_path}/env; cat')
    assert Inviter.at(path).invite(*ARGUMENTS) == ""
    assert (tmp_path / "said").read_text().splitlines() == list(ARGUMENTS)
    surroundings = (tmp_path / "env").read_text()
    assert "hush" not in surroundings
    assert "PATH=" in surroundings


def test_why_it_did_not_is_said():
    assert Inviter(Path("/nowhere/invite")).invite(*ARGUMENTS).startswith("the program cannot be run: ")


def test_a_code_that_is_not_zero_is_a_failure(tmp_path):
    assert Inviter.at(program(tmp_path, "exit 3")).invite(*ARGUMENTS) == "the program ended with 3"


def test_one_that_does_not_end_is_stopped_with_all_that_it_began(tmp_path):
    path = program(tmp_path, f"echo $$ > {tmp_path}/pid; sleep 600")
    said = Inviter(path, seconds=0.3).invite(*ARGUMENTS)
    assert said == "the program did not end within 0.3 seconds, and was stopped"
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists()


def test_of_what_it_prints_a_little_is_logged_and_cannot_deceive(tmp_path, caplog):
    path = program(tmp_path, "printf 'sent\\033[2J\\n'; yes | head -c 1000000 >&2")
    with caplog.at_level(logging.INFO, logger="pacsconf.operator.inviter"):
        assert Inviter.at(path).invite(*ARGUMENTS) == ""
    assert caplog.messages[0] == "invitation of new: sent?[2J"
    assert sum(map(len, caplog.messages)) < 40_000


def test_how_to_call_it_by_hand_can_be_copied(tmp_path):
    path = program(tmp_path, "true")
    assert shlex.split(Inviter.at(path).spelt(ARGUMENTS)) == [str(path), *ARGUMENTS]


@pytest.mark.parametrize(
    ("mode", "said"),
    [(0o722, "other users of this machine may change"), (0o600, "is no program that may be run")],
    ids=["written by others", "no program"],
)
def test_one_that_is_not_ours_alone_is_not_run(tmp_path, mode, said):
    with pytest.raises(OperatorError, match=said):
        Inviter.at(program(tmp_path, "true", mode))


def test_one_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OperatorError, match="cannot be run"):
        Inviter.at(tmp_path / "nothing")


def test_the_operator_file_names_it_outside_the_repository_alone(tmp_path):
    operator = tmp_path / "operator.toml"
    operator.write_text('[people]\ninvite = "invite"\n')
    operator.chmod(0o600)
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    path = program(tmp_path, "true")
    environ = {"PACSCONF_CONFIG": str(operator)}
    assert load(environ=environ, root=repository).inviter() == Inviter(path)
    operator.write_text('[people]\ninvite = "repository/invite"\n')
    with pytest.raises(
        OperatorError, match=r"the program that invites people, .* lies in the inventory's repository"
    ):
        load(environ=environ, root=repository)
