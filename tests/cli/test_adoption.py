"""Whatever a file or a server holds is adopted, or a fault of ours says why not: never another exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacsconf.adopt.files import Terms
from pacsconf.adopt.orthanc import Own
from pacsconf.cli.adoption import Again, Beside, Finds, adopted
from pacsconf.core.errors import PacsconfError
from pacsconf.core.resource import Snapshot
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import DirectoryConfig, Environment, OrthancConfig
from pacsconf.systems._http import Answer
from pacsconf.systems._orthanc import odd
from pacsconf.systems._orthanc.kinds import PEER
from pacsconf.systems._orthanc.live import Live
from pacsconf.systems.ldif import LdifFile
from pacsconf.systems.orthanc import OrthancSystem

TERMS = Terms("M. Weber", date(2026, 11, 24), 90, "x")
DIRECTORY = DirectoryConfig(name="directory", type="dicom-directory", url="ldap://127.0.0.1:1")
ORTHANC = OrthancConfig(name="orthanc", type="orthanc", url="http://127.0.0.1:1")
EXPORT = (Path(__file__).parents[1] / "systems" / "hospital.ldif").read_text().splitlines()

VALUES = st.text(max_size=20) | st.sampled_from(
    ["", "TRUE", "-1", "0", "99999999999", "cn=a", "CT1", "1.2.3", "SCU"]
)
PIECES = st.sampled_from(["ct-1", "ARCHIVE", "dicom", "cn", "=", ",", "Devices"])
OTHERS = st.sampled_from(["", "x", "/", "\0", "null", "ü", "\\", "+", ";", " ", "%2F"])
EDITS: st.SearchStrategy[Callable[[str], list[str]]] = st.one_of(
    st.just(lambda _: []),
    st.just(lambda line: [line, line]),
    VALUES.map(lambda text: lambda _: [text]),
    VALUES.map(lambda text: lambda line: [f"{line.partition(':')[0]}: {text}"]),
    st.tuples(PIECES, OTHERS).map(lambda both: lambda line: [line.replace(*both)]),
)


@st.composite
def exports(draw: st.DrawFn) -> bytes:
    """The export of a hospital with a few lines changed as editors and other programs would."""
    lines = list(EXPORT)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = draw(EDITS)(lines[at])
    return "\n".join(lines).encode()


def as_utf8(finds: Finds, *, infer: bool) -> None:
    """Adopt it, and have every file be text; a fault of ours is an answer too."""
    with suppress(PacsconfError):
        for text in adopted(finds, None, TERMS, infer=infer).files.values():
            text.encode()


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exports(), st.sampled_from([None, DIRECTORY]), st.booleans())
def test_no_export_makes_it_fail(tmp_path: Path, data: bytes, config: DirectoryConfig | None, infer: bool):
    (tmp_path / "x.ldif").write_bytes(data)
    export = LdifFile("directory", tmp_path / "x.ldif")
    try:
        states = export.read().states()
    except PacsconfError:
        return
    export.oddities()
    export.unseen()
    if states:
        as_utf8(
            Finds(
                "directory",
                config,
                states,
                lambda inventory, declared: Again.exported(states, declared, inventory),
                "x.ldif",
            ),
            infer=infer,
        )


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
TYPED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "AET": st.text(max_size=18) | st.sampled_from(["A", "B"]),
        "Host": st.text(max_size=18) | st.just("10.0.0.1"),
        "Port": st.integers() | st.just(104),
        "Manufacturer": st.text(max_size=9),
        "LocalAet": st.text(max_size=18),
        "Timeout": st.integers(),
        "UseDicomTls": st.booleans(),
        "AllowEcho": st.booleans(),
        "AllowFind": st.booleans() | ANYTHING,
    },
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text(max_size=12), TYPED | ANYTHING, max_size=4) | ANYTHING, st.booleans())
def test_no_answer_of_an_orthanc_makes_it_fail(answer: Any, infer: bool):
    body = json.dumps(answer).encode()
    web: Any = SimpleNamespace(
        service=ORTHANC,
        get=lambda *path, query="": Answer(200, "application/json", body).json("orthanc", "/".join(path)),
        at=lambda *path: "/".join(path),
    )
    live = Live(web)
    try:
        server: Any = SimpleNamespace(places=lambda: {PEER: ("modalities",)})
        found = tuple(live.resources("orthanc", live.everything(server)))
    except PacsconfError:
        return
    odd.oddities(found)
    states = Snapshot("orthanc", found).states()

    def again(inventory: Any, config: Any) -> Again:
        declared = OrthancSystem("orthanc", config, lambda *_: None).declared(inventory)
        return Again({each.address: each.state() for each in declared.resources}, states, declared.findings)

    as_utf8(
        Finds("orthanc", ORTHANC, states, again, "http://x", Own("ARCHIVE", "10.0.0.5", 4242)), infer=infer
    )


@pytest.mark.parametrize(
    ("declared", "asked", "chosen"),
    [
        (("lab", "production"), None, "production"),
        (("lab", "production"), "lab", "lab"),
        (("lab",), None, "lab"),
        ((), None, None),
    ],
    ids=["rather a real one", "the one asked for", "the only one", "none"],
)
def test_what_is_adopted_is_looked_at_in_a_real_environment(declared, asked, chosen):
    inventory = Inventory(environments={name: Environment() for name in declared})
    assert Beside(SimpleNamespace(), inventory, asked).deployed_as == chosen
