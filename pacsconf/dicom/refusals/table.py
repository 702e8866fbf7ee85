"""What a refusal means, in plain words: rejections, aborts, presentation contexts, statuses, TLS, connections.

Pure tables over what an observer noted as a `Fault`. The numbers and names are the standard's; what they usually
mean, and whose turn it is, is experience: peers choose their reasons freely (dcmqrscp of DCMTK 3.6.7 answers a
calling title that it does not know with 1/1/7, "called AE title not recognised"; seen 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pacsconf.dicom.observation import Fault
from pacsconf.dicom.refusals import lines as refused_lines
from pacsconf.dicom.refusals import statuses as refused_statuses
from pacsconf.dicom.refusals.refusal import Refusal


def translated(fault: Fault, asked: str = "") -> Refusal:
    """What a fault means. `asked` is the message that was answered (C-ECHO, C-FIND ...), where one was."""
    match fault.how:
        case "rejected":
            return rejected(*_three(fault.numbers))
        case "aborted":
            return aborted(*_two(fault.numbers))
        case "context":
            return context(fault.numbers[0] if fault.numbers else 2)
        case "status":
            return refused_statuses.status(fault.numbers[0] if fault.numbers else 0x0110, asked)
        case "TLS" | "not DICOM" if fault.alert or fault.how == "TLS":
            return refused_lines.tls(fault.alert)
        case how:
            return refused_lines.line(how, fault.numbers[0] if fault.numbers else 0)


def _three(numbers: tuple[int, ...]) -> tuple[int, int, int]:
    result, source, reason, *_ = (*numbers, 0, 0, 0)
    return result, source, reason


def _two(numbers: tuple[int, ...]) -> tuple[int, int]:
    source, reason, *_ = (*numbers, 0, 0)
    return source, reason


# --- rejections (PS3.8 section 9.3.4) -----------------------------------------------------------------------------

_RESULTS = {1: "rejected-permanent", 2: "rejected-transient"}
_SOURCES = {
    1: "DICOM UL service-user",
    2: "DICOM UL service-provider (ACSE related function)",
    3: "DICOM UL service-provider (Presentation related function)",
}


REJECTIONS: Mapping[tuple[int, int], tuple[str, Refusal]] = {
    (1, 1): (
        "no-reason-given",
        Refusal(
            "the called application refused, and does not say why",
            "",
            "Its own rules said no. Some products answer so to everything that they do not like.",
            (
                "it does not know the caller's title together with its address",
                "its licence takes no further caller, or the application is switched off",
                "it takes encrypted calls with a known certificate alone",
            ),
            "Read the called side's own log at that second; check that it knows the title and the address.",
            "the called side's administrator",
        ),
    ),
    (1, 2): (
        "application-context-name-not-supported",
        Refusal(
            "the called side was not spoken to as DICOM has it",
            "",
            "It takes the DICOM application context (1.2.840.10008.3.1.1.1) alone, and was offered another.",
            ("the caller's software is faulty", "something between the two changes what is sent"),
            "Call from another program. If that works, the caller's software must be repaired.",
            "the vendor",
        ),
    ),
    (1, 3): (
        "calling-AE-title-not-recognized",
        Refusal(
            "the called side does not know who is calling",
            "",
            "The title that calls is not in its list, or is not allowed from the address it came from.",
            (
                "it has the title in another spelling: capitals, an underscore, a digit",
                "it has the title at another address",
                "nobody has entered the caller there yet",
            ),
            "Compare the title letter by letter on both sides, then the address; enter the caller there.",
            "the called side's administrator",
        ),
    ),
    (1, 7): (
        "called-AE-title-not-recognized",
        Refusal(
            "the called side does not answer to the title it was called by",
            "",
            "Nobody of that title lives at this address. DCMTK's archive also says so to callers it does not know.",
            (
                "the title is spelled otherwise there",
                "the call reached another machine: an old address, another port, address translation",
                "it is DCMTK's dcmqrscp, and it is the caller that it does not know",
            ),
            "Ask the called side for its own title, and compare host and port with where it really listens.",
            "both sides together",
        ),
    ),
    (2, 1): (
        "no-reason-given",
        Refusal(
            "the called side's network software refused, and does not say why",
            "",
            "The refusal comes from below the application: it may not even have seen the call.",
            ("the application behind it is not running", "a limit of its network software"),
            "Read its log, and restart its DICOM service if nothing is found there.",
            "the called side's administrator",
        ),
    ),
    (2, 2): (
        "protocol-version-not-supported",
        Refusal(
            "the called side speaks another version of the DICOM protocol",
            "",
            "There is only version 1, so one of the two sends something that is not what it should be.",
            (
                "the caller's software is faulty",
                "a proxy, or encryption on one side only, garbles what is sent",
            ),
            "Check that both speak TLS or neither does; then record what is really sent.",
            "both sides together",
        ),
    ),
    (3, 1): (
        "temporary-congestion",
        Refusal(
            "the called side is busy",
            "",
            "It would take the call later.",
            ("many senders at once, such as after a pause of the network", "it works slowly: disk, database"),
            "Try again in a minute. If it stays so, look at its load and at what hangs there.",
            "the called side's administrator",
        ),
    ),
    (3, 2): (
        "local-limit-exceeded",
        Refusal(
            "the called side has no association free",
            "",
            "As many associations are open as it allows, so it takes no other one until one ends.",
            (
                "associations hang there that nobody uses any more",
                "one device opens several at once",
                "its limit is lower than the number of devices that send to it",
            ),
            "See who holds associations open there; raise its limit, or let devices send one after the other.",
            "the called side's administrator",
        ),
    ),
}
"""By source and reason: the standard's name, and what it means."""


def rejected(result: int, source: int, reason: int) -> Refusal:
    """An A-ASSOCIATE-RJ (PS3.8 section 9.3.4, table 9-21). Whatever is not in the table is reserved."""
    numbers = f"PS3.8 9.3.4: {result}/{source}/{reason}"
    how, by = _RESULTS.get(result, f"result {result} (reserved)"), _SOURCES.get(source, f"source {source}")
    if (source, reason) not in REJECTIONS:
        return Refusal(
            "the called side refused with a number that the standard does not use",
            f"{how}, {by}, reserved reason {reason} ({numbers})",
            "Its software does not keep to the standard, so only its maker knows what it means.",
            ("a faulty or very old implementation", "something that is not DICOM listens there"),
            "Read the called side's log, and ask its vendor what this number means.",
            "the vendor",
        )
    name, found = REJECTIONS[source, reason]
    meaning = f"{found.meaning} {_AGAIN[result]}" if result in _AGAIN else found.meaning
    return replace(found, standard=f"{how}, {by}, {name} ({numbers})", meaning=meaning)


_AGAIN = {2: "It calls that transient: the same call may succeed later."}


# --- aborts (PS3.8 section 9.3.8) ---------------------------------------------------------------------------------

_ABORTS = {
    0: ("reason-not-specified", "something went wrong in its network software"),
    1: ("unrecognized-PDU", "it was sent something that it does not know"),
    2: ("unexpected-PDU", "it was sent something at the wrong moment"),
    4: ("unrecognized-PDU-parameter", "it was sent a parameter that it does not know"),
    5: ("unexpected-PDU-parameter", "it was sent a parameter at the wrong place"),
    6: ("invalid-PDU-parameter-value", "it was sent a value that it does not take"),
}


def aborted(source: int, reason: int) -> Refusal:
    """An A-ABORT (PS3.8 section 9.3.8). The reason counts only where the service provider aborts."""
    numbers = f"PS3.8 9.3.8: {source}/{reason}"
    if source == 0:
        return Refusal(
            "the called application took the call and then hung up",
            f"A-ABORT, DICOM UL service-user ({numbers})",
            "It accepts associations from anybody it knows, and refuses at the moment it is asked for something. "
            "Orthanc refuses so what a peer is not allowed.",
            (
                "the caller lacks the right for what it asked (query, retrieve, store)",
                "the application failed while answering: disk, database, an error in its software",
            ),
            "See what the caller is allowed there; then read the called side's log at that second.",
            "the called side's administrator",
        )
    if source != 2:
        return Refusal(
            "the called side hung up with a number that the standard does not use",
            f"A-ABORT, reserved source {source} ({numbers})",
            "Its software does not keep to the standard, so only its maker knows what it means.",
            ("a faulty implementation",),
            "Read the called side's log, and ask its vendor.",
            "the vendor",
        )
    name, words = _ABORTS.get(reason, (f"reserved reason {reason}", "it does not say what, in known words"))
    return Refusal(
        f"the called side's network software hung up: {words}",
        f"A-ABORT, DICOM UL service-provider, {name} ({numbers})",
        "One of the two does not speak the protocol as the other expects it.",
        (
            "an error in the software of one side",
            "longer pieces than the other takes (maximum PDU length)",
            "a proxy or firewall that changes what is sent",
        ),
        "Try another program against it. If that works, show both vendors a recording of the exchange.",
        "the vendor",
    )


# --- presentation contexts (PS3.8 section 9.3.3.2) ----------------------------------------------------------------

_CONTEXTS: Mapping[int, tuple[str, Refusal]] = {
    0: ("acceptance", Refusal("it was accepted", "", "Nothing is wrong with it.", (), "Nothing.", "you")),
    1: (
        "user-rejection",
        Refusal(
            "the called application does not want this service from this caller",
            "",
            "It knows the service, and its rules say no.",
            ("the caller lacks the right for it", "the service is switched off there"),
            "See what the caller is allowed there.",
            "the called side's administrator",
        ),
    ),
    2: (
        "no-reason (provider rejection)",
        Refusal(
            "the called side does not take this service, and does not say why",
            "",
            "It was refused below the application.",
            ("the service is not set up there", "too many services were proposed at once"),
            "Read the called side's log and its list of services.",
            "the called side's administrator",
        ),
    ),
    3: (
        "abstract-syntax-not-supported (provider rejection)",
        Refusal(
            "the called side does not take this kind of object, or does not offer this service",
            "",
            "The SOP class is not in its list.",
            (
                "the class was never switched on there, as newer ones often are not (tomosynthesis, enhanced MR)",
                "it was switched off, or lost with an update",
            ),
            "Switch the SOP class on there, or have the caller send another.",
            "the called side's administrator",
        ),
    ),
    4: (
        "transfer-syntaxes-not-supported (provider rejection)",
        Refusal(
            "the two have no encoding in common for this kind of object",
            "",
            "It takes the SOP class, in none of the transfer syntaxes that were offered for it.",
            (
                "a compressed encoding was offered alone, and is not switched on there",
                "it takes compressed objects alone",
            ),
            "Switch the transfer syntax on there, or let the caller offer Implicit VR Little Endian too.",
            "both sides together",
        ),
    ),
}


def context(result: int) -> Refusal:
    """The result of a presentation context in an A-ASSOCIATE-AC (PS3.8 section 9.3.3.2, table 9-18)."""
    if result in _CONTEXTS:
        name, found = _CONTEXTS[result]
        return replace(found, standard=f"{name} (PS3.8 9.3.3.2: {result})")
    return Refusal(
        "the called side answered a service with a number that the standard does not use",
        f"reserved result {result} (PS3.8 9.3.3.2: {result})",
        "Its software does not keep to the standard.",
        ("a faulty implementation",),
        "Ask its vendor.",
        "the vendor",
    )
