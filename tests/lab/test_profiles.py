from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory import uids
from pacsconf.lab import processes
from pacsconf.lab.profiles import MOST, PROFILE, Contexts, can_be_said, merged, profile, with_echo, without

CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT, RLE = uids.IMPLICIT_VR_LE, uids.EXPLICIT_VR_LE, "1.2.840.10008.1.2.5"

_uids = st.integers(0, 9999).map(lambda number: f"1.2.3.{number}")
_contexts = st.dictionaries(
    _uids, st.lists(_uids, min_size=1, max_size=4, unique=True).map(tuple), max_size=9
).map(lambda found: tuple(sorted(found.items())))


def read(text: str) -> dict[str, tuple[str, ...]]:
    """What a profile says, read as DCMTK reads it: sections of sections, keys with numbers."""
    sections: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("[[") or not line:
            continue
        if line.startswith("["):
            sections[line.strip("[]")] = now = []
        else:
            now.append(line.partition(" = ")[2])
    of_profile = [each.split("\\") for each in sections[PROFILE] if "\\" in each]
    return {sop_class: tuple(sections[syntaxes]) for sop_class, syntaxes in of_profile}


def test_a_profile_names_each_set_of_transfer_syntaxes_once():
    text = profile(((CT, (IMPLICIT, RLE)), ("1.2.3", (IMPLICIT, RLE)), ("1.2.4", (EXPLICIT,))))
    assert text.splitlines() == [
        "[[TransferSyntaxes]]",
        "[Syntaxes0]",
        f"TransferSyntax1 = {IMPLICIT}",
        f"TransferSyntax2 = {RLE}",
        "[Syntaxes1]",
        f"TransferSyntax1 = {EXPLICIT}",
        "[[PresentationContexts]]",
        "[Declared]",
        f"PresentationContext1 = {CT}\\Syntaxes0",
        "PresentationContext2 = 1.2.3\\Syntaxes0",
        "PresentationContext3 = 1.2.4\\Syntaxes1",
        "[[Profiles]]",
        "[Declared]",
        "PresentationContexts = Declared",
    ]


@given(_contexts)
def test_a_profile_says_what_it_was_made_of(contexts: Contexts):
    if contexts:
        assert read(profile(contexts).partition("[[Profiles]]")[0]) == dict(contexts)


@given(_contexts, _contexts)
def test_who_plays_two_accepts_what_either_does(one: Contexts, other: Contexts):
    both = {(sop_class, each) for sop_class, syntaxes in merged((one, other)) for each in syntaxes}
    assert both == {(sop_class, each) for c in (one, other) for sop_class, syntaxes in c for each in syntaxes}
    assert merged((one, one)) == one


@given(_contexts, _uids)
def test_a_syntax_that_is_taken_away_is_nowhere_and_all_else_stays(contexts: Contexts, syntax: str):
    left = without(contexts, syntax)
    assert all(syntax not in syntaxes and syntaxes for _, syntaxes in left)
    pairs = {(sop_class, each) for sop_class, syntaxes in contexts for each in syntaxes if each != syntax}
    assert {(sop_class, each) for sop_class, syntaxes in left for each in syntaxes} == pairs


def test_an_echo_is_answered_by_who_accepts_something():
    assert with_echo(()) == ()
    assert with_echo(((CT, (RLE,)),)) == ((uids.VERIFICATION, (IMPLICIT, EXPLICIT)), (CT, (RLE,)))


@pytest.mark.parametrize(("count", "started"), [(MOST, True), (MOST + 1, False)])
def test_dcmtk_takes_as_many_contexts_as_we_say_it_does(tmp_path: Path, count: int, started: bool):
    contexts = tuple((f"1.2.3.{number}", (IMPLICIT,)) for number in range(count))
    assert can_be_said(contexts) is started
    (tmp_path / "p.cfg").write_text(profile(contexts))
    port = processes.free_port()
    command = [processes.dcmtk("storescp"), "-xf", str(tmp_path / "p.cfg"), PROFILE, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not processes.answers(port):
            time.sleep(0.01)
        assert (running.poll() is None) is started
        running.terminate()
        said = running.stderr.read() if running.stderr else ""
    assert (f"presentation context list too long (> {MOST} entries)" in said) is not started
