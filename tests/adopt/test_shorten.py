"""The short form comes to exactly what the long form does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.adopt.services import in_words, words
from pacsconf.adopt.shorten import shortened
from pacsconf.inventory import uids
from pacsconf.inventory.capabilities import usual_name
from pacsconf.inventory.declaration import DeviceDeclaration
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.model import Device

PLAIN = list(uids.DEFAULT_TRANSFER_SYNTAXES)
JPEG = "1.2.840.10008.1.2.4.70"
CLASSES = [
    "1.2.840.10008.1.1",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.31",
    *(f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3)),
    "1.2.840.10008.5.1.1.27",  # retired, and called as nothing else is
    "1.3.12.2.1107.5.9.1",  # a vendor's own
    *uids.services()["waveforms"].classes,
]


@st.composite
def capabilities(draw: st.DrawFn) -> list[dict[str, Any]]:
    keys = st.tuples(st.sampled_from(CLASSES), st.sampled_from(["SCU", "SCP"]))
    found = []
    for number, (uid, role) in enumerate(draw(st.lists(keys, max_size=12, unique=True))):
        name = draw(st.sampled_from([usual_name(uid, role), f"capability {number}"]))
        syntaxes = draw(st.sampled_from([PLAIN, PLAIN[::-1], [*PLAIN, JPEG], [JPEG]]))
        found.append({"name": name, "sop_class": uid, "role": role, "transfer_syntaxes": syntaxes})
    return found


@st.composite
def devices(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["dicom", "dicom-tls"]), min_size=1, unique=True))
    connections = {
        name: {"host": "10.0.0.1", **draw(_some(port=[104, 11112], installed=[True, False]))}
        for name in names
    }
    titles = draw(st.lists(st.sampled_from(["A", "B", "4711"]), max_size=3, unique=True))
    alike = draw(st.none() | capabilities())
    entities = {}
    for title in titles:
        own = draw(capabilities()) if alike is None else alike
        entities[title] = {
            "initiator": draw(st.booleans()),
            "acceptor": draw(st.booleans()),
            **({"transfer_capabilities": own} if own else {}),
            **draw(
                _some(
                    connections=[names[:1], names],
                    answers_to=[["OLD"], ["OLD", "OLDER"]],
                    character_sets=[["ISO_IR 100"]],
                    description=["All studies"],
                    installed=[True, False],
                )
            ),
        }
    more = draw(
        _some(
            installed=[True, False], modality=[["CT"], ["CT", "PT"]], software_versions=[["VA40"], ["a", "b"]]
        )
    )
    return {"type": "modality", "probe": "none", "connections": connections, "ae_titles": entities, **more}


def _some(**choices: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={key: st.sampled_from(each) for key, each in choices.items()})


def spelled_out(plain: Any) -> Any:
    expansion = Expansion("x", DeviceDeclaration.model_validate(plain), None)
    device = expansion.device()
    assert device is not None, expansion.findings
    return _without_order(device)


def _without_order(device: Device) -> Any:
    """What is compared: sets have no order, and a device's character sets are but those of its AEs."""
    values = device.model_dump(exclude={"character_sets"})
    for ae in values["ae_titles"].values():
        for capability in ae["capabilities"]:
            capability["transfer_syntaxes"] = sorted(capability["transfer_syntaxes"])
        ae["connections"] = sorted(ae["connections"])
    return values


@given(devices())
def test_the_short_form_is_spelled_out_to_the_same_as_the_long(device: dict[str, Any]) -> None:
    assert spelled_out(shortened(device)) == spelled_out(device)


def test_a_scanner_becomes_the_vendors_form() -> None:
    device = {
        "type": "modality",
        "installed": True,
        "modality": ["CT"],
        "connections": {"dicom": {"host": "10.20.4.17", "port": 104}},
        "ae_titles": {
            "CT_1": {
                "connections": ["dicom"],
                "initiator": True,
                "acceptor": True,
                "transfer_capabilities": [
                    {
                        "sop_class": uid,
                        "role": role,
                        "transfer_syntaxes": PLAIN,
                        "name": usual_name(uid, role),
                    }
                    for uid, role in (
                        ("1.2.840.10008.5.1.4.1.1.2", "SCU"),
                        ("1.2.840.10008.5.1.4.31", "SCU"),
                        ("1.2.840.10008.1.1", "SCP"),
                    )
                ],
            }
        },
    }
    assert shortened(device) == {
        "type": "modality",
        "modality": "CT",
        "ae_title": "CT_1",
        "host": "10.20.4.17",
        "port": 104,
        "uses": ["ct-image-storage", "modality-worklist"],
        "offers": "verification",
    }


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        (uids.services()["query-retrieve"].classes, ("query-retrieve",)),
        (uids.services()["retrieve"].classes, ("retrieve",)),
        (uids.services()["query"].classes, ("query",)),
        ((uids.MPPS, uids.MODALITY_WORKLIST), ("modality-worklist", "mpps")),
        (uids.services()["storage"].classes, ("storage",)),
        (("1.2.3.4",), ("1.2.3.4",)),
        ((), ()),
    ],
)
def test_services_are_said_in_the_widest_words_that_fit(
    classes: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert words(classes) == found


def test_what_has_a_name_or_transfer_syntaxes_of_its_own_is_spelled_out() -> None:
    ct = {"sop_class": CLASSES[1], "role": "SCU", "transfer_syntaxes": [*PLAIN, JPEG]}
    mr = {"sop_class": CLASSES[2], "role": "SCU", "transfer_syntaxes": [*PLAIN, JPEG]}
    named = {"sop_class": CLASSES[0], "role": "SCP", "transfer_syntaxes": PLAIN, "name": "echo scp"}
    assert in_words([ct, mr, named]) == {
        "uses": ["ct-image-storage", "mr-image-storage"],
        "transfer_syntaxes": ["implicit-vr-little-endian", "explicit-vr-little-endian", "jpeg-lossless-sv1"],
        "transfer_capabilities": [{"sop_class": "verification", "role": "SCP", "name": "echo scp"}],
    }
