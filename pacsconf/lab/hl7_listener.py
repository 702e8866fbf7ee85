"""A process that answers for HL7 applications: a port of the loopback for each declared address.

It is the asyncio server of the hl7 package. A message is accepted (AA) that is addressed to an application which is
played there, and is of a type and from a sender that this one takes; other addresses, senders and types are
rejected (AR), and what is no message is an error (AE). Nothing is kept.

Run as `python -m pacsconf.lab.hl7_listener FOLDER/hl7.json`, a map from address to what is played there; it writes
the ports to `hl7-ports.json` beside it once it listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hl7
from hl7.mllp import HL7StreamReader, HL7StreamWriter, InvalidBlockError, start_hl7_server

from pacsconf.lab.place import write

PORTS = "hl7-ports.json"
_PATIENCE = 30
"""Seconds that a silent sender is waited for."""
_ACK, _NAK = b"\x06", b"\x15"
"""Commit acknowledgements of MLLP release 2."""

Plain = dict[str, Any]
Fields = dict[str, str]


class Listener:
    """What is played at one address: `applications` by name, each with the senders and types it takes."""

    def __init__(self, played: Plain) -> None:
        self.applications: dict[str, Plain] = {
            name: one for one in played["applications"] for name in one["names"]
        }
        self.commits: bool = played["protocol"] == "hl7-mllp2"

    async def serve(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        """Answer what comes over one connection until it ends, is silent for long, or is no MLLP."""
        try:
            while True:
                block = await asyncio.wait_for(reader.readblock(), _PATIENCE)
                if block in (_ACK, _NAK):
                    continue
                if self.commits:
                    writer.writeblock(_ACK)
                writer.writeblock(self.answer(block))
                await asyncio.wait_for(writer.drain(), _PATIENCE)
        except (InvalidBlockError, ValueError, OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, block: bytes) -> bytes:
        """The acknowledgement of a block."""
        asked = header(block)
        if asked is None:
            return acknowledged({}, "AE", "207", "this is no HL7 message")
        code, number, text = self.judged(asked)
        return acknowledged(asked, code, number, text)

    def judged(self, asked: Fields) -> tuple[str, str, str]:
        """How a message is answered: code, number of the error (HL7 table 0357), and why."""
        one = self.applications.get(asked["to"]) or self.applications.get("*")
        if one is None:
            return "AR", "101", "Receiving Application and/or Facility not recognised"
        if one["senders"] is not None and asked["by"] not in one["senders"]:
            return "AR", "101", "Sending Application and/or Facility not recognised"
        if "*" not in one["types"] and asked["type"] not in one["types"]:
            return "AR", "200", f"Message Type {asked['type']} not supported"
        return "AA", "", ""


def header(block: bytes) -> Fields | None:
    """Who sends what to whom, and under which number; None: it is no message."""
    try:
        message = hl7.parse(block.decode("utf-8", "replace"))
        fields = message.segment("MSH")
    except (hl7.HL7Exception, LookupError, ValueError, AssertionError):
        return None
    texts = [str(fields[at]).strip() if len(fields) > at else "" for at in range(13)]
    return {
        "by": f"{texts[3]}|{texts[4]}",
        "to": f"{texts[5]}|{texts[6]}",
        "type": "^".join(texts[9].split("^")[:2]),
        "number": texts[10],
        "processing": texts[11] or "P",
        "version": texts[12] or "2.5",
    }


def acknowledged(asked: Fields, code: str, number: str, text: str) -> bytes:
    """An acknowledgement, back to where the message came from."""
    sender, recipient = asked.get("to", "|"), asked.get("by", "|")
    now = f"{datetime.now(UTC):%Y%m%d%H%M%S}+0000"
    ending = f"ACK|{secrets.token_hex(10)}|{asked.get('processing', 'P')}|{asked.get('version', '2.5')}"
    lines = [
        f"MSH|^~\\&|{sender}|{recipient}|{now}||{ending}",
        f"MSA|{code}|{asked.get('number', '')}{f'|{text}' if text else ''}",
    ]
    if number:
        lines.append(f"ERR|||{number}|E||||{text}")
    return "".join(f"{line}\r" for line in lines).encode()


Connected = Callable[[HL7StreamReader, HL7StreamWriter], Coroutine[Any, Any, None]]


async def listening(played: dict[str, Plain]) -> tuple[dict[str, int], list[asyncio.Server]]:
    """The port of each address, and the servers there."""
    ports, servers = {}, []
    for address, one in sorted(played.items()):
        answer: Connected = Listener(one).serve
        server: asyncio.Server = await start_hl7_server(answer, host="127.0.0.1", port=0)
        ports[address] = int(server.sockets[0].getsockname()[1])
        servers.append(server)
    return ports, servers


async def run(given: Path) -> None:
    """Answer for ever."""
    ports, servers = await listening(json.loads(given.read_text()))
    write(given.parent / PORTS, ports)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asked_for = Path(sys.argv[1])
    os.chdir(asked_for.parent)
    asyncio.run(run(asked_for))
