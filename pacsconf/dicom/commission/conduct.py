"""An acceptance run from its first step to its last, each told as soon as it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from pacsconf.dicom.commission import asking, looking, people, performing, storing
from pacsconf.dicom.commission.run import STEPS, Ticked
from pacsconf.dicom.commission.trial import Trial

TAKE: Mapping[str, Callable[[Trial], Ticked]] = {
    "record": looking.record,
    "name": looking.name,
    "tcp": looking.tcp,
    "tls": looking.tls,
    "echo-modality": looking.echo_modality,
    "echo-archive": looking.echo_archive,
    "echo-back": people.echo_back,
    "strangers": looking.strangers,
    "contexts": looking.contexts,
    "worklist": asking.worklist,
    "store": storing.store,
    "commitment": storing.commitment,
    "mpps": performing.mpps,
    "query": asking.query,
    "retrieve": asking.retrieve,
    "clock": people.clock,
}
"""How each step is taken; the others are a person's word alone."""


def conduct(trial: Trial, wanted: Collection[str]) -> Iterator[Ticked]:
    """Take the wanted steps in order. `trial.run` holds what came of those before.

    What was found before stands where a step cannot be taken this time.
    """
    for plan in STEPS:
        if plan.name not in wanted or plan.name not in TAKE:
            continue
        trial.say(plan.title)
        since = time.monotonic()
        done = TAKE[plan.name](trial)
        if done.result == "not done" and trial.run.step(plan.name).result != "not done":
            continue
        milliseconds = round((time.monotonic() - since) * 1000, 1)
        at = trial.clock().isoformat(timespec="seconds")
        done = replace(done, milliseconds=milliseconds, at=at)
        trial.run = trial.run.ticking(done)
        yield done
