"""What is wrong with a server, or with a change of it, as it tells itself: findings for `check`."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.change import Change
from pacsconf.core.finding import Finding
from pacsconf.systems._orthanc.kinds import PEER
from pacsconf.systems._orthanc.live import Server
from pacsconf.systems._orthanc.objects import Raw, foreign, unreadable


def losses(change: Change, raw: Raw | None) -> Iterator[Finding]:
    """What a change to this object would lose."""
    if raw is None or change.address.kind == PEER:
        return  # a modality holds nothing but what we model
    if change.action == "delete" and (names := foreign(raw)):
        yield Finding(
            "ORTHANC-FOREIGN",
            "error",
            f"{change.address} is not deleted: it holds what pacsconf never wrote: {', '.join(names)}",
            "Deleting it would lose that.",
            "Remove it by hand if nobody needs it, then plan again.",
            about=change.address,
            evidence="configured",
        )
    if change.action == "update" and (words := unreadable(raw)):
        yield Finding(
            "ORTHANC-HIDDEN",
            "error",
            f"{change.address} cannot be changed: it holds {' and '.join(words)}",
            "Orthanc takes an object only as a whole, and does not give these back: a write would lose them.",
            "Change it by hand; or delete it by hand, and let pacsconf make it anew.",
            about=change.address,
            evidence="configured",
        )


def without_plugin(name: str) -> Finding:
    return Finding(
        "ORTHANC-DICOMWEB",
        "error",
        f"Orthanc {name} has no DICOMweb plugin, and dicomweb_servers are declared for it",
        "Without it there is nothing that could hold them.",
        "Install the plugin (Debian: orthanc-dicomweb) and restart Orthanc; or remove dicomweb_servers.",
        path=("systems", name, "dicomweb_servers"),
        evidence="configured",
    )


def other_title(name: str, title: str, server: Server) -> Finding:
    return Finding(
        "ORTHANC-OTHER-TITLE",
        "warning",
        f"Orthanc {name} calls itself {server.ae_title}, and is declared as {title}",
        "Peers call it by the declared title, and its own calls come from the other.",
        "Correct ae, or the url; or set DicomAet in its configuration, and restart it.",
        path=("systems", name, "ae"),
        evidence="configured",
    )


def open_to_all(name: str) -> Finding:
    return Finding(
        "ORTHANC-REST-OPEN",
        "warning",
        f"Orthanc {name} lets anybody in over REST who reaches it, without a password",
        "Whoever does may read about patients, delete studies, and change its peers.",
        "Set AuthenticationEnabled and RegisteredUsers in its configuration; then name a user under login.",
        path=("systems", name),
        evidence="observed",
    )
