"""Where the archive keeps objects."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pacsconf.systems.directory_extension import Attribute, Child


class Storage(Child):
    """A place that holds objects (dcmStorage)."""

    kind: ClassVar[str] = "storage"
    object_class: ClassVar[str] = "dcmStorage"
    naming: ClassVar[str] = "dcmStorageID"
    exact: ClassVar[bool] = True

    uri: Annotated[str, Attribute("dcmURI")]
    duration: Annotated[Literal["PERMANENT", "CACHE", "TEMPORARY"], Attribute("dcmStorageDuration")] = (
        "PERMANENT"
    )
    """A cache and a temporary place are emptied."""
