"""Runs, scopes and peers for the tests of acceptance runs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pacsconf.dicom.commission.calls import Calls
from pacsconf.dicom.commission.run import AcceptanceRun
from pacsconf.dicom.commission.scope import scope
from pacsconf.dicom.commission.specimens import Origin
from pacsconf.dicom.commission.trial import Trial
from pacsconf.dicom.wire import Wire
from pacsconf.inventory import uids
from pacsconf.inventory.model import (
    Connection,
    Device,
    Flow,
    Inventory,
    NetworkAE,
    Selector,
    TransferCapability,
    Worklist,
)
from pacsconf.lab import processes

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ORIGIN = Origin(UUID(int=7 << 64), "20261126-1200-00ff", "20261126120000", "ct-9", "ACME", modality="CT")
SYNTAXES = tuple(
    uids.transfer_syntax(name)
    for name in (
        "implicit-vr-little-endian",
        "explicit-vr-little-endian",
        "jpeg-baseline-8-bit",
        "jpeg-lossless-sv1",
        "jpegls-lossless",
        "jpeg2000-lossless",
        "rle-lossless",
    )
)


def device(
    name: str, title: str, port: int | None, uses: Sequence[str] = (), offers: Sequence[str] = (), **more
) -> Device:
    """A device on the loopback with one AE, which uses and offers these SOP classes in `syntaxes`."""
    syntaxes = more.pop("syntaxes", SYNTAXES[:2])
    capabilities = tuple(
        TransferCapability(
            name=f"{uids.label(uid)}-{role.lower()}", sop_class=uid, role=role, transfer_syntaxes=syntaxes
        )
        for role, several in (("SCU", uses), ("SCP", offers))
        for text in several
        for uid in uids.sop_classes(text)
    )
    ae = NetworkAE(
        title=title,
        connections=("dicom",),
        initiator=bool(uses),
        acceptor=port is not None,
        capabilities=capabilities,
    )
    return Device(
        name=name,
        connections={"dicom": Connection(host="127.0.0.1", port=port)},
        ae_titles={title: ae},
        **({"type": "modality", "probe": "echo"} | more),
    )


def inventory(*called: Device, uses: Sequence[str], port: int | None = None, **modality) -> Inventory:
    """ct-9 is being commissioned, and may call these devices for all that it uses; PROBE calls in its place."""
    own = device(
        "ct-9", "CT9", port, uses, ("verification",), lifecycle="commissioning", modality=("CT",), **modality
    )
    probe = device("probe", "PROBE", 1, ("verification",))
    flow = Flow(
        name="accept",
        callers=(Selector(device=("ct-9",), lifecycle=("commissioning",)),),
        called=tuple(Selector(device=(one.name,)) for one in called),
        services=tuple(uids.service(text) for text in uses),
    )
    return Inventory(devices={one.name: one for one in (own, probe, *called)}, flows={"accept": flow})


def trial(given: Inventory, *, timeout: float = 3.0, **more) -> Trial:
    """A run of ct-9 that may store."""
    whom = given.devices["ct-9"], given.devices["ct-9"].ae_titles["CT9"]
    as_itself = more.pop("as_itself", False)
    found = scope(given, whom, "probe", NOW, as_itself=as_itself, negatives=more.get("negatives", False))
    made = Trial(
        run=AcceptanceRun(
            id=ORIGIN.run,
            device="ct-9",
            title="CT9",
            environment="lab",
            root=str(ORIGIN.root),
            began=NOW.isoformat(),
        ),
        scope=found,
        calls=Calls(Wire(timeout=timeout), as_itself),
        **({"may_store": True, "wait": 5.0, "clock": lambda: NOW} | more),
    )
    made.sent = lambda stored: setattr(made, "run", made.run.keeping([stored]))
    return made


def worklist(title: str = "CT9", code: str | None = "CT") -> Worklist:
    return Worklist.model_validate({"from": "ris/RIS", "station_ae": title, "modality_code": code})


@contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[None]:
    """A server for the length of a `with` block; it is waited for."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process,
    ):
        try:
            until = time.monotonic() + 10
            while not processes.answers(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, f"{command[0]} does not listen"
                time.sleep(0.02)
            yield
        finally:
            process.terminate()


def results(step) -> dict[str, str]:
    """What came of each part of a step."""
    return {item.what: item.result for item in step.items}
