"""What a person at the console is asked, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.commission import people
from pacsconf.dicom.commission.listening import Came, Listening
from pacsconf.dicom.upper_layer import messages as dimse
from pacsconf.dicom.upper_layer.messages import Message
from tests.dicom.commission.cases import NOW, device, inventory, trial


class Somebody:
    """Gives these answers, in turn, and keeps the questions."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.presses: Callable[[], object] = lambda: None

    def ask(self, question: str) -> str:
        self.asked.append(question)
        self.presses()
        return self.answers.pop(0)


def a_run(*answers: str, **more):
    given = inventory(device("archive", "ARCHIVE", 1, offers=("storage",)), uses=["ct-image-storage"])
    return trial(given, timeout=0.2, people=Somebody(*answers) if answers else None, **more)


def an_echo(calling: str) -> Came:
    return Came(Message(1, {"CommandField": dimse.C_ECHO}), calling, "PROBE", "10.20.4.99", "")


def verified(*calling: str, before: str = "", answer: str = ""):
    """What is made of it when these call while the person is asked, and another before."""
    port = Listening(11113)
    if before:
        port.tell(an_echo(before))
    run = a_run(answer, port=port)
    if not calling:
        return people.echo_back(run)
    run.people.presses = lambda: [port.tell(an_echo(one)) for one in calling]
    return people.echo_back(run)


def test_without_a_person_nothing_is_asked():
    assert [people.echo_back(a_run()).result, people.clock(a_run()).result] == ["not done", "not done"]
    assert "--assist" in people.clock(a_run()).text


@pytest.mark.parametrize(
    ("answer", "result"), [("y", "passed"), ("No", "failed"), ("", "not done"), ("?", "not done")]
)
def test_without_a_port_the_persons_word_counts(answer, result):
    run = a_run(answer)
    assert people.echo_back(run).result == result
    assert "verify ARCHIVE" in run.people.asked[0]


@pytest.mark.parametrize(
    ("calling", "result", "said"),
    [
        (["CT9"], "passed", "it called from 10.20.4.99, as CT9"),
        (["MONITOR", "CT9"], "passed", "it called from 10.20.4.99, as CT9"),
        (["CT_9"], "failed", '"CT_9" called from 10.20.4.99; the modality is declared as "CT9"'),
    ],
    ids=["the modality", "beside a monitor", "another title"],
)
def test_an_echo_at_our_port_tells_who_called(calling, result, said):
    step = verified(*calling, before="MONITOR")
    assert (step.result, step.text) == (result, said)


def test_no_echo_at_our_port_is_a_failure_and_may_be_skipped():
    assert verified(before="CT9").result == "failed", "it called before anybody was asked"
    assert verified("CT9", answer="s").result == "not done"


@pytest.mark.parametrize(
    ("shown", "result", "text"),
    [
        ("12:00:00", "passed", "the same to the second"),
        ("12:00:05", "passed", "5 s ahead of this machine's"),
        ("11:59:54", "failed", "6 s behind this machine's"),
        ("13:00:00", "failed", "3600 s ahead of this machine's"),
        ("25:00:00", "not done", '"25:00:00" is no time such as 14:05:30'),
        ("", "not done", "the person skipped it"),
    ],
)
def test_the_consoles_clock_is_compared(shown, result, text):
    step = people.clock(a_run(shown, timezone="UTC"))
    assert (step.result, step.text) == (result, text)


def test_the_clock_is_that_of_the_modalitys_site():
    assert people.clock(a_run("13:00:00", timezone="Europe/Berlin")).result == "passed"
    assert people.clock(a_run("x", timezone="Nowhere/Land")).result == "not done"


@given(st.integers(-6 * 3600, 6 * 3600))
def test_a_clock_is_off_by_what_it_is_off_over_midnight_too(off):
    shown = (NOW.replace(hour=0, minute=2) + timedelta(seconds=off)).strftime("%H:%M:%S")
    run = a_run(shown, timezone="UTC", clock=lambda: NOW.replace(hour=0, minute=2))
    step = people.clock(run)
    assert (step.result == "passed") == (abs(off) <= people.SKEW)
    assert off == 0 or step.text.startswith(f"{abs(off)} s {'ahead' if off > 0 else 'behind'}")
