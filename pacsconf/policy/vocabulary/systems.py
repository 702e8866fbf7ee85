"""Live systems, what they store in, and what keeps copies of them."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class System(TypedDict):
    """A live thing that holds configuration: a directory, an Orthanc, accounts, a console."""

    name: Annotated[str, "the key it is declared under"]
    type: Annotated[str, "dicom-directory, orthanc, accounts, console …"]
    mode: Annotated[str, "read-only or write"]
    url: Annotated[str, "scheme, host and port where it is reached; empty for a console"]
    loopback: Annotated[bool, "it is on this machine"]
    encrypted: Annotated[bool, "it is reached over TLS (ldaps, StartTLS, https); true where nothing is sent"]
    verifies: Annotated[bool, "its certificate is checked"]
    signs_in: Annotated[bool, "an account is declared to sign in with"]
    device: Annotated[str, "the device that it is, or that runs it; empty for none"]
    archive: Annotated[bool, "it keeps images, or the configuration of what does"]
    saved_by: Annotated[list[str], "declared backups that save it, or the device that it is"]


class SystemConfigured(TypedDict, total=False):
    """How a server is set up, as it tells of itself (REST, its directory, the copy of its configuration)."""

    version: Annotated[str, "its version"]
    storage_mode: Annotated[str, "what it does when its storage is full: reject or recycle"]
    storage_limited: Annotated[bool, "its storage has a maximum, of bytes or of patients"]
    overwrites: Annotated[bool, "an object that comes again replaces the one there"]
    authenticates: Annotated[bool, "who uses its web interface must sign in"]
    remote_access: Annotated[bool, "its web interface is open to other machines"]
    web_tls: Annotated[bool, "its web interface speaks TLS"]
    runs_scripts: Annotated[bool, "scripts may be run over its web interface"]
    writes_files: Annotated[bool, "files may be written over its web interface"]
    find_limits: Annotated[bool, "the number of results of a query is limited"]
    enforces_roles: Annotated[bool, "its web interface knows roles"]
    purge_armed: Annotated[list[str], "what deletes studies by itself, in words"]
    purge_undeclared: Annotated[list[str], "of those, what nobody declared"]
    audit_to: Annotated[list[str], "audit record repositories it names"]
    undeclared: Annotated[list[str], "peers or devices that it holds and the inventory does not know"]
    changed_outside: Annotated[list[str], "addresses that somebody changed outside pacsconf"]
    anonymous_read: Annotated[bool, "it tells more than what it is without signing in"]
    clock_skew_seconds: Annotated[
        int, "how far its clock was from ours when it was read, in seconds, without sign"
    ]


class SystemObserved(TypedDict, total=False):
    """What was seen when a server was reached."""

    open_without_login: Annotated[bool, "its web interface answered a request without a login"]
    clock_skew_seconds: Annotated[int, "how far its clock is from ours, in seconds, without sign"]


class Storage(TypedDict):
    """A place where a system keeps images."""

    name: Annotated[str, "SYSTEM (an Orthanc), SYSTEM/DEVICE/STORAGE (dcm4chee) or device/DEVICE (any other)"]
    system: Annotated[str, "the system that tells of it; empty for none"]
    device: Annotated[str, "the device whose images are kept there; empty where that is not said"]
    warn_percent: Annotated[int, "from how many percent on its filling is a warning"]
    copies: Annotated[int, "copies declared beside it, backups of its images among them"]
    offsite: Annotated[bool, "one of them is declared to be elsewhere"]
    encrypted: Annotated[bool, "declared to be encrypted"]


class StorageConfigured(TypedDict, total=False):
    """A storage as its system tells of it."""

    used_percent: Annotated[int, "of its maximum"]
    days_left: Annotated[int, "days until it is full, if it goes on so"]
    duration: Annotated[str, "permanent, cache or temporary"]
    deletes: Annotated[bool, "objects are deleted from it by threshold or by age"]
    only_copy: Annotated[bool, "nothing says that its objects are elsewhere too"]
    unbounded_cache: Annotated[
        bool, "a cache without threshold and without retention: everything on it is deleted"
    ]


class Backup(TypedDict):
    """A backup job as it is declared."""

    name: Annotated[str, "the key it is declared under"]
    of: Annotated[list[str], "systems and devices that it saves"]
    what: Annotated[list[str], "configuration, database, directory, images"]
    every_hours: NotRequired[Annotated[int, "how often it is made, in hours; absent: nobody said"]]
    hours_since: NotRequired[Annotated[int, "hours since it last succeeded; absent: nobody said"]]
    restore_days_since: NotRequired[
        Annotated[int, "days since a restore was last tried; absent: never, or nobody said"]
    ]
    offsite: Annotated[bool, "kept elsewhere"]
    encrypted: Annotated[bool, "kept encrypted"]
