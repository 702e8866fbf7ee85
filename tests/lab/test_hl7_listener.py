"""What plays HL7 applications: the real process, asked by the client of the hl7 package and by raw bytes."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import hl7
import pytest
from hl7.mllp import open_hl7_connection

from pacsconf.lab import processes

APPLICATIONS = [
    {"device": "ris", "names": ["RIS|HOSP", "OLD|HOSP"], "senders": ["PACS|HOSP"], "types": ["ORM^O01"]},
    {"device": "all", "names": ["*"], "senders": None, "types": ["*"]},
]
PLAYED = {
    "ris:2575": {"protocol": "hl7", "applications": APPLICATIONS[:1]},
    "all:2575": {"protocol": "hl7", "applications": APPLICATIONS},
    "two:2575": {"protocol": "hl7-mllp2", "applications": APPLICATIONS},
}


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    folder: Path = tmp_path_factory.mktemp("hl7")
    asked, told, log = folder / "hl7.json", folder / "hl7-ports.json", folder / "log"
    asked.write_text(json.dumps(PLAYED))
    command = [sys.executable, "-P", "-m", processes.HL7, str(asked)]
    with log.open("w") as out, subprocess.Popen(command, stderr=out) as process:
        processes.wait_for(told.exists, process.pid, log, "the HL7 listeners")
        yield json.loads(told.read_text())
        process.terminate()
    assert log.read_text() == ""


def message(to: str = "RIS|HOSP", by: str = "PACS|HOSP", kind: str = "ORM^O01", number: str = "7") -> str:
    return f"MSH|^~\\&|{by}|{to}|20261126||{kind}^X|{number}|T|2.3.1\rZZZ|1\r"


async def _answered(port: int, texts: list[str]) -> list[hl7.Message]:
    reader, writer = await open_hl7_connection("127.0.0.1", port)
    found = []
    for text in texts:
        writer.writemessage(hl7.parse(text))
        await writer.drain()
        found.append(await asyncio.wait_for(reader.readmessage(), 10))
    writer.close()
    await writer.wait_closed()
    return found


def answered(port: int, *texts: str) -> list[tuple[str, str, str]]:
    """Code, number and text of each acknowledgement, over one connection."""
    found = [one.segment("MSA") for one in asyncio.run(_answered(port, list(texts)))]
    return [(str(one[1]), str(one[2]), str(one[3]) if len(one) > 3 else "") for one in found]


def exchanged(port: int, data: bytes) -> bytes:
    """What comes back for these bytes until the other side hangs up."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(65536):
            found += piece
    return found


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        pytest.param({}, "AA", "", id="known"),
        pytest.param({"to": "OLD|HOSP"}, "AA", "", id="by its other name"),
        pytest.param({"to": "RIS|OTHER"}, "AR", "Receiving Application", id="another facility"),
        pytest.param({"by": "X|HOSP"}, "AR", "Sending Application", id="a stranger"),
        pytest.param({"kind": "ADT^A01"}, "AR", "Message Type ADT^A01 not supported", id="another type"),
    ],
)
def test_what_is_known_is_accepted_and_the_rest_is_refused_with_the_reason(ports, given, code, said):
    ((found, number, text),) = answered(ports["ris:2575"], message(**given))

    assert (found, number) == (code, "7")
    assert text.startswith(said)


def test_an_application_for_all_takes_what_nobody_else_is_named_for(ports):
    found = answered(ports["all:2575"], message(to="ANY|BODY", by="X|Y", kind="ADT^A01"), message(by="X|Y"))

    assert [code for code, _, _ in found] == ["AA", "AR"]


def test_several_messages_go_over_one_connection(ports):
    found = answered(ports["ris:2575"], message(number="1"), message(number="2"))

    assert [number for _, number, _ in found] == ["1", "2"]


def test_an_answer_goes_back_to_who_sent(ports):
    (found,) = asyncio.run(_answered(ports["ris:2575"], [message()]))
    header = found.segment("MSH")

    assert [str(header[at]) for at in (3, 4, 5, 6, 9, 11, 12)] == [
        "RIS",
        "HOSP",
        "PACS",
        "HOSP",
        "ACK",
        "T",
        "2.3.1",
    ]


def test_release_2_keeps_each_block_first(ports):
    found = exchanged(ports["two:2575"], b"\x0b" + message().encode() + b"\x1c\r\x0b\x06\x1c\r")

    assert found.startswith(b"\x0b\x06\x1c\r\x0bMSH|")
    assert found.count(b"\x0b") == 2


def test_what_is_no_message_is_an_error(ports):
    assert b"MSA|AE|" in exchanged(ports["ris:2575"], b"\x0bhello\x1c\r")


@pytest.mark.parametrize(
    "data", [b"", b"GET / HTTP/1.1\r\n\r\n\x1c\r", b"\x0bMSH|", b"\x0b" + b"x" * 200_000 + b"\x1c\r"]
)
def test_what_is_no_block_is_hung_up_on_and_others_are_answered(ports, data: bytes):
    with suppress(ConnectionError):  # it may hang up before it has read all
        assert exchanged(ports["ris:2575"], data) == b""
    assert answered(ports["ris:2575"], message())[0][0] == "AA"
