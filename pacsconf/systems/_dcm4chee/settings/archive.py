"""All that an archive keeps of its device (dcmArchiveDevice), but for what deletes studies."""

from __future__ import annotations

from typing import Annotated

from pacsconf.systems._dcm4chee.settings.archive_services import (
    ForwardingSettings,
    QuerySettings,
    ReceivingSettings,
)
from pacsconf.systems._dcm4chee.settings.archive_work import MessageSettings, UpkeepSettings
from pacsconf.systems._dcm4chee.spelling.values import Ascii
from pacsconf.systems.directory_extension import Attribute

_ARCHIVE = "dcmArchiveDevice"


class ArchiveSettings(ReceivingSettings, QuerySettings, ForwardingSettings, UpkeepSettings, MessageSettings):
    """Of an archive. Its entities may say otherwise for themselves."""

    fuzzy_algorithm: Annotated[Ascii | None, Attribute("dcmFuzzyAlgorithmClass", _ARCHIVE)] = None
    """The Java class that compares names which sound alike; an archive must have one:
    `org.dcm4che3.soundex.ESoundex`."""
