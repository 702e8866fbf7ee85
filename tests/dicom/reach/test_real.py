"""The solver against DCMTK: what two declarations have in common is what is accepted when one really calls.

The called one is played by `storescp` with a profile made of what it is declared to offer. The caller proposes what
it is declared to use: each transfer syntax in a context of its own, to see all that is accepted, and then all of a
SOP class in one context, as scanners do, where the called one picks.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.presentation import PresentationContext, build_context

from pacsconf.dicom.reach import Reach, reach
from pacsconf.inventory import uids
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import NetworkAE
from pacsconf.inventory.whom import meant
from pacsconf.lab import profiles

CLASSES = (
    "ct-image-storage",
    "mr-image-storage",
    "enhanced-mr-image-storage",
    "ultrasound-multi-frame-image-storage",
    "digital-mammography-x-ray-image-storage-for-presentation",
    "x-ray-radiation-dose-sr-storage",
    "encapsulated-pdf-storage",
    "1.3.12.2.1107.5.9.1",  # a vendor's own
    "modality-worklist-information-model-find",
    "modality-performed-procedure-step",
    "study-root-query-retrieve-information-model-find",
    "verification",
)
SERVICES = ("modality-worklist", "mpps", "query-retrieve", "print", "verification")
SYNTAXES = (
    "implicit-vr-little-endian",
    "explicit-vr-little-endian",
    "explicit-vr-big-endian",
    "deflated-explicit-vr-little-endian",
    "jpeg-baseline-8-bit",
    "jpeg-lossless-sv1",
    "jpegls-lossless",
    "jpegls-near-lossless",
    "jpeg2000-lossless",
    "jpeg2000",
    "rle-lossless",
    "mpeg2-mpml",
)


def declared(draw: random.Random, role: str, listed: str) -> dict[str, object]:
    """What somebody does in one role: some of it in a list with transfer syntaxes for all, some spelled out."""
    several = draw.sample((*CLASSES, *SERVICES), draw.randint(3, 10))
    spelled = draw.sample(CLASSES, draw.randint(0, 5))
    return {
        listed: several,
        "transfer_syntaxes": draw.sample(SYNTAXES, draw.randint(1, 5)),
        "transfer_capabilities": [
            {"sop_class": name, "role": role, "transfer_syntaxes": draw.sample(SYNTAXES, draw.randint(1, 6))}
            for name in spelled
        ],
    }


def inventory(seed: int) -> dict[str, object]:
    draw = random.Random(seed)  # noqa: S311 - cases, not secrets
    ends = {
        "caller": {"ae_title": "CALLER", "host": "10.0.0.1", **declared(draw, "SCU", "uses")},
        "called": {"ae_title": "CALLED", "host": "10.0.0.2", "port": 104, **declared(draw, "SCP", "offers")},
    }
    services = draw.sample(("storage", *CLASSES, *SERVICES), draw.randint(2, 8))
    flow = {"from": {"device": "caller"}, "to": {"device": "called"}, "services": [*services, "storage"]}
    return {
        "devices": {name: {"type": "other", **keys} for name, keys in ends.items()},
        "flows": {"all": flow},
    }


def solved(folder: Path, plain: dict[str, object]) -> Reach:
    """The two of an inventory, which is written as JSON: that is YAML too."""
    (folder / "inventory").mkdir()
    (folder / "inventory" / "all.yaml").write_text(json.dumps(plain))
    loaded = load(folder)
    assert loaded.inventory is not None, loaded.findings
    return reach(loaded.inventory, *(meant(loaded.inventory, name) for name in ("caller", "called")))


def used(ae: NetworkAE, role: str) -> dict[str, tuple[str, ...]]:
    """The transfer syntaxes by SOP class."""
    return {one.sop_class: one.transfer_syntaxes for one in ae.capabilities if one.role == role}


def proposed(port: int, contexts: Sequence[PresentationContext]) -> dict[tuple[str, str], str]:
    """What is accepted, by SOP class and the first transfer syntax that was proposed: the one that was picked."""
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(contexts), 128):
        some = contexts[start : start + 128]
        ae = AE("CALLER")
        ae.acse_timeout = ae.network_timeout = ae.dimse_timeout = 10
        assoc = ae.associate("127.0.0.1", port, some, ae_title="CALLED")
        first = {2 * number + 1: str(one.transfer_syntax[0]) for number, one in enumerate(some)}
        if assoc.is_established:
            for one in assoc.accepted_contexts:
                found[str(one.abstract_syntax), first[one.context_id]] = str(one.transfer_syntax[0])
            assoc.release()
        else:
            assert assoc.rejected_contexts or not assoc.is_rejected, "rejected whole"
    return found


@pytest.mark.parametrize("seed", range(20))
def test_what_is_in_common_is_what_a_real_server_accepts(seed, tmp_path, storescp):
    result = solved(tmp_path, inventory(seed))
    uses, offers = used(result.caller[1], "SCU"), used(result.called[1], "SCP")
    profile = tmp_path / "profile.cfg"
    assert profiles.can_be_said(tuple(offers.items()))
    profile.write_text(profiles.profile(tuple(offers.items())))
    port = storescp("-xf", str(profile), profiles.PROFILE)
    each = [build_context(uid, syntax) for uid, several in uses.items() for syntax in several]
    accepted = set(proposed(port, each))
    whole = proposed(port, [build_context(uid, list(several)) for uid, several in uses.items()])
    covered = {uid for service in result.services for uid in uids.covers(service.name)}
    classes = {one.uid: one for service in result.services for one in service.classes}

    assert {(one.uid, syntax) for one in classes.values() for syntax in one.common} == {
        pair for pair in accepted if pair[0] in covered
    }
    assert {one.uid for one in classes.values() if one.works or one.fit == "no-way-back"} == {
        uid for uid, _ in whole if uid in covered
    }, "negotiated, whether or not what is sent for can come back"
    assert all(picked in classes[uid].common for (uid, _), picked in whole.items() if uid in covered)
    assert classes.keys() == uses.keys() & covered


def test_the_cases_have_something_of_each_kind(tmp_path):
    """What is compared above are not empty sets."""
    fits: set[str] = set()
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        for service in solved(folder, inventory(seed)).services:
            fits |= {one.fit for one in service.classes}
    assert fits >= {"works", "lossy", "no-syntax", "not-offered"}
