"""Statuses of messages in plain words (PS3.7 annex C; PS3.4 sections B.2.3, C.4.1.1.4, C.4.2.1.5, C.4.3.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pacsconf.dicom.refusals.refusal import Refusal, Who

_ADMIN: Who = "the called side's administrator"

_GENERAL: Mapping[int, Refusal] = {
    0x0000: Refusal("it was done", "Success", "Nothing is wrong.", (), "Nothing.", "you"),
    0x0105: Refusal(
        "it does not know one of the attributes",
        "No such attribute",
        "It was asked about what it does not keep.",
        ("the two read the standard differently",),
        "Compare both conformance statements.",
        "the vendor",
    ),
    0x0106: Refusal(
        "it does not take one of the values",
        "Invalid attribute value",
        "A value is outside of what the standard, or it, allows.",
        ("a faulty value, such as a date or a code",),
        "Look at the object with a DICOM validator.",
        "the caller's administrator",
    ),
    0x0110: Refusal(
        "it failed while working on the request",
        "Processing failure",
        "Something broke inside of it, not between the two.",
        ("its disk or database", "an error in its software"),
        "Read its log at that second.",
        _ADMIN,
    ),
    0x0111: Refusal(
        "it has an object of this UID already",
        "Duplicate SOP instance",
        "The same object was created before.",
        ("it was sent twice", "two devices give the same UIDs"),
        "See whether it is the same object.",
        "both sides together",
    ),
    0x0112: Refusal(
        "it does not have the object that was named",
        "No such SOP instance",
        "What was asked about never arrived there, or is gone.",
        ("the object was not stored", "it was stored elsewhere"),
        "See whether the object is there.",
        _ADMIN,
    ),
    0x0115: Refusal(
        "it does not take one of the arguments",
        "Invalid argument value",
        "A value of the message is not allowed.",
        ("a faulty value",),
        "Compare both conformance statements.",
        "the vendor",
    ),
    0x0117: Refusal(
        "the object's UID is not one",
        "Invalid SOP instance",
        "The UID of the object breaks the rules of UIDs.",
        ("a faulty sender",),
        "Look at the object with a DICOM validator.",
        "the vendor",
    ),
    0x0118: Refusal(
        "it does not offer this service, though it had accepted it",
        "No such SOP class",
        "What it negotiates and what it does are not the same.",
        ("it is set up halfway",),
        "See which services are switched on there.",
        _ADMIN,
    ),
    0x0120: Refusal(
        "an attribute that it needs is missing",
        "Missing attribute",
        "The sender leaves out what it must send.",
        ("a faulty sender", "a worklist entry without that value"),
        "Look at what was sent.",
        "the caller's administrator",
    ),
    0x0121: Refusal(
        "a value that it needs is missing",
        "Missing attribute value",
        "An attribute was sent empty.",
        ("a worklist entry without that value",),
        "Look at what was sent.",
        "the caller's administrator",
    ),
    0x0122: Refusal(
        "it does not take this kind of object",
        "Refused: SOP class not supported",
        "The SOP class is not in its list, though it may have accepted it first.",
        ("the class is not switched on there",),
        "Switch the SOP class on there, or have the caller send another.",
        _ADMIN,
    ),
    0x0124: Refusal(
        "the caller may not do that",
        "Refused: not authorized",
        "It knows the caller, and its rules do not allow this.",
        ("the caller lacks the right for it", "a user or licence behind the title lacks it"),
        "See what the caller is allowed there.",
        _ADMIN,
    ),
    0x0210: Refusal(
        "it believes that it was asked the same twice",
        "Duplicate invocation",
        "Two requests had the same number.",
        ("a faulty caller",),
        "Ask the caller's vendor.",
        "the vendor",
    ),
    0x0211: Refusal(
        "it does not know this operation",
        "Unrecognized operation",
        "It offers less than it accepted.",
        ("a faulty implementation",),
        "Compare both conformance statements.",
        "the vendor",
    ),
    0x0212: Refusal(
        "a parameter of the message makes no sense to it",
        "Mistyped argument",
        "The message does not fit.",
        ("a faulty implementation",),
        "Compare both conformance statements.",
        "the vendor",
    ),
    0x0213: Refusal(
        "it lacks something to do this",
        "Resource limitation",
        "It has no room or no time for it.",
        ("disk, memory or a limit of its own",),
        "Look at its disk and at its limits.",
        _ADMIN,
    ),
    0xFE00: Refusal(
        "it stopped because it was told to",
        "Cancel",
        "Somebody cancelled the request.",
        ("the caller cancelled",),
        "Nothing, unless nobody did.",
        "the caller's administrator",
    ),
}

_FULL = Refusal(
    "it has no room",
    "Refused: out of resources",
    "It cannot take or work on anything more at the moment.",
    ("its disk is full", "a limit of its own: number of results, storage quota"),
    "Look at its disk, its quota and its limits.",
    _ADMIN,
)
_UNLIKE = Refusal(
    "what was sent does not fit the service that it was sent for",
    "Error: data set does not match SOP class",
    "The object is not what its SOP class says, or keys are missing.",
    ("a faulty object, such as one with a wrong class", "keys that this query model does not have"),
    "Look at the object or the query with a DICOM validator.",
    "the caller's administrator",
)
_STRANGE = Refusal(
    "it does not understand what was sent",
    "Error: cannot understand",
    "It could not make anything of the object or of the query.",
    ("a faulty object", "an error in its software", "Orthanc answers so where something inside of it failed"),
    "Read its log at that second, then look at the object.",
    "both sides together",
)
_UNPROCESSED = Refusal(
    "it could not work on the query",
    "Failed: unable to process",
    "The query itself was taken, and failed inside.",
    ("its database", "a query that it cannot answer", "an error in its software"),
    "Read its log at that second.",
    _ADMIN,
)

_NO_MATCHES = Refusal(
    "it could not find out how many objects there are",
    "Refused: out of resources, unable to calculate number of matches",
    "The retrieve did not begin.",
    ("its database", "a limit of its own"),
    "Read its log.",
    _ADMIN,
)
_NO_SUBOPERATIONS = Refusal(
    "it could not send the objects on",
    "Refused: out of resources, unable to perform sub-operations",
    "It found them, and could not deliver them.",
    ("it cannot reach the destination: address, port, firewall", "the destination refuses it"),
    "Check the way from the called side to the destination: pacsconf diagnose CALLED DESTINATION.",
    "both sides together",
)
_NO_DESTINATION = Refusal(
    "it does not know where to send the objects",
    "Refused: move destination unknown",
    "A C-MOVE names its destination by title alone, and that title is not in the called side's list.",
    ("the destination was never entered there", "it has the title in another spelling"),
    "Enter the destination there, with title, host and port.",
    _ADMIN,
)
_PARTLY = Refusal(
    "not all of the objects arrived",
    "Warning: sub-operations complete, one or more failures",
    "Some were delivered, and some were refused or lost on the way.",
    ("the destination does not take some kinds of objects", "the line broke in between"),
    "Compare what the destination takes with what the objects are.",
    "both sides together",
)
_COERCED = Refusal(
    "it stored the object and changed something in it",
    "Warning: coercion of data elements, or elements discarded",
    "The object arrived. Some values were replaced or left out.",
    ("it sets names or numbers as its own database has them",),
    "See whether what was changed matters.",
    _ADMIN,
)
_PENDING = Refusal(
    "it is not finished yet",
    "Pending",
    "More answers follow.",
    (),
    "Wait for the last answer.",
    "you",
)

_MOVES, _FINDS = ("C-MOVE", "C-GET"), ("C-FIND",)


def status(code: int, asked: str = "") -> Refusal:
    """The status of an answer to the message `asked` (C-FIND ...; empty: not known which)."""
    found = _known(code, asked)
    of = f" of {asked}" if asked else ""
    return replace(found, standard=f"{found.standard} (status{of} 0x{code:04X})")


def _known(code: int, asked: str) -> Refusal:
    if code in _GENERAL:
        return _GENERAL[code]
    if code == 0xA801:
        return _NO_DESTINATION
    if code in (0xA701, 0xA702):
        return _NO_MATCHES if code == 0xA701 else _NO_SUBOPERATIONS
    return _in_range(code, asked)


def _in_range(code: int, asked: str) -> Refusal:
    """Statuses that a service gives a range of numbers."""
    if code & 0xFF00 == 0xA700:
        return _FULL
    if code & 0xFF00 == 0xA900:
        return _UNLIKE
    if code & 0xF000 == 0xC000:
        return _UNPROCESSED if asked in (*_FINDS, *_MOVES) else _STRANGE
    if code in (0xB000, 0xB006, 0xB007):
        return _COERCED if asked == "C-STORE" or code != 0xB000 else _PARTLY
    if code in (0xFF00, 0xFF01):
        return _PENDING
    return Refusal(
        "it answered with a number that the standard does not use here",
        "status not in the standard's table",
        "Its software uses a number of its own.",
        ("a status of this vendor's own",),
        "Read the called side's log, and ask its vendor what this number means.",
        "the vendor",
    )
