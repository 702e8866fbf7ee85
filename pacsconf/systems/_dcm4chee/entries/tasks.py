"""Queues of an archive, its generators of IDs, and which attributes it keeps in its database."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from pacsconf.inventory.values import Count, Flag
from pacsconf.systems._dcm4chee.spelling import choices
from pacsconf.systems._dcm4chee.spelling.formats import Duration, Schedules
from pacsconf.systems._dcm4chee.spelling.values import Ascii, Positive, Tags
from pacsconf.systems.directory_extension import Attribute, Child


class Queue(Child):
    """Tasks that are worked on one after the other (dcmQueue); the archive gives their names."""

    kind: ClassVar[str] = "queue"
    object_class: ClassVar[str] = "dcmQueue"
    naming: ClassVar[str] = "dcmQueueName"
    exact: ClassVar[bool] = True

    description: Annotated[str | None, Attribute("dicomDescription")] = None
    """As people say it."""
    tasks_at_once: Annotated[Positive, Attribute("dcmMaxTasksParallel")] = 1
    """Tasks that run at the same time."""
    max_retries: Annotated[Count, Attribute("dcmMaxRetries")] = 0
    """Further attempts of a task that failed."""
    retry_delay: Annotated[Duration, Attribute("dcmRetryDelay")] = "PT1M"
    """Until the first of them."""
    max_retry_delay: Annotated[Duration | None, Attribute("dcmMaxRetryDelay")] = None
    """Longest wait; absent, without limit."""
    retry_delay_multiplier: Annotated[Count, Attribute("dcmRetryDelayMultiplier")] = 100
    """Per cent of the wait before, for each further attempt."""
    retry_on_warning: Annotated[Flag, Attribute("dcmRetryOnWarning")] = False
    """A task that ended with a warning is tried again too."""
    retry_in_process: Annotated[Flag | None, Attribute("dcmRetryInProcessOnStartup")] = None
    """Tasks that were running when the archive stopped are tried again."""
    schedule: Annotated[Schedules, Attribute("dcmSchedule")] = ()
    """When tasks run: `hour=18-6 dayOfWeek=*`; absent, always."""
    forget_completed_after: Annotated[Duration | None, Attribute("dcmPurgeQueueMessageCompletedDelay")] = None
    """Tasks are forgotten so long after; absent, never. Studies are not touched."""
    forget_failed_after: Annotated[Duration | None, Attribute("dcmPurgeQueueMessageFailedDelay")] = None
    """Tasks that failed."""
    forget_warning_after: Annotated[Duration | None, Attribute("dcmPurgeQueueMessageWarningDelay")] = None
    """Tasks that ended with a warning."""
    forget_canceled_after: Annotated[Duration | None, Attribute("dcmPurgeQueueMessageCanceledDelay")] = None
    """Tasks that were cancelled."""
    max_size: Annotated[Count, Attribute("dcmMaxQueueSize")] = 0
    """Tasks waiting at most; 0 is without limit."""
    jndi_name: Annotated[Ascii | None, Attribute("dcmJndiName")] = None
    """Of older releases."""
    installed: Annotated[Flag | None, Attribute("dicomInstalled")] = None
    """Absent, as the device."""


class IDGenerator(Child):
    """Makes IDs for what comes without (dcmIDGenerator); its name says which, such as `PatientID`."""

    kind: ClassVar[str] = "id-generator"
    object_class: ClassVar[str] = "dcmIDGenerator"
    naming: ClassVar[str] = "dcmIDGeneratorName"
    exact: ClassVar[bool] = True

    format: Annotated[Ascii, Field(min_length=1), Attribute("dcmIDGeneratorFormat")]
    """`P-%08d`: the number with leading zeros."""
    initial_value: Annotated[Count, Attribute("dcmIDGeneratorInitialValue")] = 1
    """First number."""


class AttributeFilter(Child):
    """Attributes of an entity that the archive keeps in its database (dcmAttributeFilter).

    Its name is the entity: Patient, Study, Series, Instance, MPPS, MWL, UPS.
    """

    kind: ClassVar[str] = "attribute-filter"
    object_class: ClassVar[str] = "dcmAttributeFilter"
    naming: ClassVar[str] = "dcmEntity"
    exact: ClassVar[bool] = True

    tags: Annotated[Tags, Field(min_length=1), Attribute("dcmTag")]
    """`00100010`."""
    update_policy: Annotated[choices.AttributeUpdate | None, Attribute("dcmAttributeUpdatePolicy")] = None
    """What further objects do to what is kept; absent, nothing."""
    custom_attribute_1: Annotated[Ascii | None, Attribute("dcmCustomAttribute1")] = None
    """A further attribute to search by."""
    custom_attribute_2: Annotated[Ascii | None, Attribute("dcmCustomAttribute2")] = None
    """A further attribute to search by."""
    custom_attribute_3: Annotated[Ascii | None, Attribute("dcmCustomAttribute3")] = None
    """A further attribute to search by."""
