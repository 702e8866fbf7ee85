"""What may be declared of an Orthanc's own configuration: its options, by their own names.

A closed list: no secret, user, path or address, and nothing by which pacsconf itself gets in.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from pacsconf.inventory.values import Count, Flag

OrthancStorageMode = Literal["Recycle", "Reject"]


class OrthancSettings(BaseModel):
    """Options of an Orthanc's configuration file. What is left out is left as it is there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    DicomAlwaysAllowEcho: Flag | None = None
    """Whether it answers verifications (C-ECHO) of anybody."""
    DicomAlwaysAllowStore: Flag | None = None
    """Whether it takes images (C-STORE) from anybody."""
    DicomAlwaysAllowFind: Flag | None = None
    """Whether it answers queries (C-FIND) of anybody."""
    DicomAlwaysAllowFindWorklist: Flag | None = None
    """Whether it answers queries of the worklist (C-FIND) of anybody."""
    DicomAlwaysAllowGet: Flag | None = None
    """Whether it gives images (C-GET) to anybody."""
    DicomAlwaysAllowMove: Flag | None = None
    """Whether it sends images (C-MOVE) since anybody asks."""
    DicomCheckCalledAet: Flag | None = None
    """Whether a caller must use its AE title."""
    DicomCheckModalityHost: Flag | None = None
    """Whether a peer must call from the address that is known of it."""
    UnknownSopClassAccepted: Flag | None = None
    """Whether it takes images of SOP classes that it does not know."""
    MaximumStorageSize: Count | None = None
    """Megabytes at which it is full; 0 is no limit."""
    MaximumPatientCount: Count | None = None
    """Patients at which it is full; 0 is no limit."""
    MaximumStorageMode: OrthancStorageMode | None = None
    """What it does when it is full: delete the patient whose images came first, or take no more (from 1.11.3)."""
    OverwriteInstances: Flag | None = None
    """Whether an image that comes again replaces the one that is there."""
    StorageCompression: Flag | None = None
    """Whether images are compressed on its disk."""
    LimitFindResults: Count | None = None
    """The most patients, studies or series that one query is answered with; 0 is no limit."""
    LimitFindInstances: Count | None = None
    """The most images that one query is answered with; 0 is no limit."""
    ExecuteLuaEnabled: Flag | None = None
    """Whether scripts that are sent over REST are run."""
    RestApiWriteToFileSystemEnabled: Flag | None = None
    """Whether REST may write files on its machine."""
    WebDavEnabled: Flag | None = None
    """Whether its images are served over WebDAV."""
    DeidentifyLogs: Flag | None = None
    """Whether patients' data is kept out of its log."""

    def declared(self) -> dict[str, bool | int | str]:
        """What is declared, by option."""
        return self.model_dump(exclude_none=True)
