"""Whom a person means by patterns."""

from __future__ import annotations

import pytest

from pacsconf.inventory.hl7_model import HL7Application
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, Site
from pacsconf.inventory.selecting import chosen, chosen_names
from pacsconf.inventory.whom import meant


def device(name: str, *titles: str, site: str | None = None, aliases: tuple[str, ...] = ()) -> Device:
    aes = {
        title: NetworkAE(
            title=title, connections=("dicom",), initiator=True, acceptor=True, answers_to=aliases
        )
        for title in titles
    }
    return Device(
        name=name,
        type="modality",
        site=site,
        connections={"dicom": Connection(host="10.20.0.1", port=104)},
        ae_titles=aes,
    )


INVENTORY = Inventory(
    sites={"main": Site(), "north": Site()},
    devices={
        one.name: one
        for one in (
            device("ct-1", "CT1", site="main"),
            device("ct-2", "CT2", site="north"),
            device("pacs", "ARCHIVE", "TEST", site="main", aliases=("OLD_PACS",)),
            device("loose", "LOOSE"),
        )
    },
)


def names(*patterns: str, site: str | None = None) -> list[str]:
    return [f"{device.name}/{ae.title}" for device, ae in chosen(INVENTORY, patterns, site)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ct-1", ["ct-1/CT1"]),
        ("CT2", ["ct-2/CT2"]),
        ("ct-*", ["ct-1/CT1", "ct-2/CT2"]),
        ("pacs", ["pacs/ARCHIVE", "pacs/TEST"]),
        ("pacs/TEST", ["pacs/TEST"]),
        ("OLD_PACS", ["pacs/ARCHIVE", "pacs/TEST"]),
        ("north/*", ["ct-2/CT2"]),
        ("main/pacs/ARCHIVE", ["pacs/ARCHIVE"]),
        ("main/TEST", ["pacs/TEST"]),
        ("ct-[2-9]", ["ct-2/CT2"]),
    ],
)
def test_a_pattern_names(pattern, found):
    assert names(pattern) == found


def test_without_patterns_all_are_meant():
    assert names() == ["ct-1/CT1", "ct-2/CT2", "loose/LOOSE", "pacs/ARCHIVE", "pacs/TEST"]
    assert names(site="north") == ["ct-2/CT2"]


def test_several_patterns_are_taken_together_and_each_once():
    assert names("ct-1", "CT1", "ct-*") == ["ct-1/CT1", "ct-2/CT2"]


@pytest.mark.parametrize(
    ("patterns", "site", "said"),
    [
        (["lose"], None, '"lose" is no declared device or AE title; did you mean "loose"?'),
        (["xx*"], None, '"xx\\*" fits no declared device or AE title'),
        (["ct-1"], "north", '"ct-1" is not at site north'),
        (["ct-1", "zzzz"], None, '"zzzz" is no declared device or AE title$'),
        ([], "nort", 'there is no site "nort"; did you mean "north"?'),
        (["ct1"], None, 'did you mean "CT1"?'),
    ],
)
def test_what_names_nothing_is_told_with_what_comes_nearest(patterns, site, said):
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        chosen(INVENTORY, patterns, site)


SPEAKING = INVENTORY.model_copy(
    update={
        "devices": {
            **INVENTORY.devices,
            "ris": Device(
                name="ris",
                type="ris",
                site="main",
                hl7_applications={
                    "RIS|HOSP": HL7Application(name="RIS|HOSP", connections=(), other_names=("OLD|HOSP",))
                },
            ),
        }
    }
)


@pytest.mark.parametrize(
    "pattern", ["ris", "RIS|HOSP", "ris/RIS|HOSP", "OLD|HOSP", "main/ris", "R?S|*", "main/r*"]
)
def test_hl7_applications_are_named_like_entities_where_they_may_be(pattern):
    assert chosen_names(SPEAKING, [pattern]) == {("ris", "RIS|HOSP")}
    with pytest.raises(ValueError, match="device or AE title"):
        chosen(SPEAKING, [pattern])


def test_without_patterns_they_are_meant_too():
    assert chosen_names(SPEAKING, [], "main") == {
        ("ct-1", "CT1"), ("pacs", "ARCHIVE"), ("pacs", "TEST"), ("ris", "RIS|HOSP"),
    }  # fmt: skip


def test_what_names_no_application_is_told_so():
    with pytest.raises(ValueError, match=r'"RIS\|HOPS" is no declared .*; did you mean "RIS\|HOSP"'):
        chosen_names(SPEAKING, ["RIS|HOPS"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ris", 'device "ris" has no AE title'),
        ("RIS|HOSP", '"RIS|HOSP" is an HL7 application, and an AE title is meant here'),
        ("ris/RIS|HOSP", '"ris/RIS|HOSP" is an HL7 application'),
        ("OLD|HOSP", '"OLD|HOSP" is an HL7 application'),
        ("RIS|X", '"RIS|X" is no declared device or AE title'),
    ],
)
def test_who_speaks_hl7_alone_is_not_said_to_be_undeclared(text: str, said: str):
    with pytest.raises(ValueError, match=r"AE title|HL7") as caught:
        meant(SPEAKING, text)
    assert str(caught.value).startswith(said)
