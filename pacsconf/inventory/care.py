"""What a hospital knows of a device in order to answer for it: where, by whom, until when, on what papers.

No directory holds any of it. Rules of policies ask for it, and reports show it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pacsconf.inventory.base import Model
from pacsconf.inventory.values import Count, DateText, Flag, Texts

Criticality = Literal["high", "medium", "low"]
"""How much depends on a device."""
AuditTransport = Literal["tls", "udp"]
"""How audit messages travel: syslog over TLS (RFC 5425) or in datagrams (RFC 5426); PS3.15 A.6 and A.7."""


class OperatingSystem(Model):
    """What a device runs on."""

    name: str
    """With its version: `Windows 10 IoT Enterprise LTSC 2019`."""
    supported_until: DateText | None = None
    """The last day on which its maker mends it."""


class Documents(Model):
    """Papers on file: each a path or a URL."""

    mds2: str | None = None
    """Manufacturer Disclosure Statement for Medical Device Security."""
    conformance_statement: str | None = None
    """DICOM conformance statement (PS3.2)."""


class AuditSending(Model):
    """Where audit messages of a device go (PS3.15 A.5)."""

    to: Annotated[Texts, Field(min_length=1)]
    """Audit record repositories: declared devices, or hosts."""
    transport: AuditTransport = "tls"


class KeptImages(Model):
    """How the images that a device keeps are kept."""

    copies: Count = 0
    """How many copies of them there are elsewhere."""
    offsite: Flag = False
    """Whether one of these is in another building."""
    encrypted: Flag = False
    """Whether they are encrypted where they are kept."""


class DeviceCare(Model):
    """What is known of a device beside what peers must know."""

    zone: str | None = None
    """The part of the network that it is in; by default that of its site."""
    location: str | None = None
    """Where it stands."""
    contact: str | None = None
    """Whom to call for service."""
    clinical_lead: str | None = None
    """Who answers for its clinical use."""
    criticality: Criticality | None = None
    operating_system: OperatingSystem | None = None
    supported_until: DateText | None = None
    """The last day on which its vendor services it."""
    compensating_controls: Texts = ()
    """What makes up for support that has ended, each in a few words."""
    documents: Documents = Documents()
    time_source: str | None = None
    """Where it gets its time: a declared device, or a host; by default that of its site."""
    audit: AuditSending | None = None
    deletes_local_copies: Flag | None = None
    """Whether it deletes images of its own accord once they are stored elsewhere; None: nobody said."""
    storage: KeptImages | None = None
