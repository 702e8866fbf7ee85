"""From what was seen on the wire to the vocabulary of rules. Pure.

What was asked less deeply is absent: whether strangers are let in shows only where they were tried (`probe
--negatives`), and what is refused only where it was proposed. An AE that listens in several places is as weak as
the weakest of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pacsconf.dicom.observation import Observation, Open
from pacsconf.dicom.probe.run import Sighting, moment
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entities
from pacsconf.inventory.hl7_feeds import speaker, written
from pacsconf.inventory.model import Flow, Inventory
from pacsconf.inventory.peers import entity
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.subject import Facts

Found = Mapping[str, Mapping[str, Facts]]
"""By kind and name of a subject, fields of the kind's `observed` tier."""

_ANSWERED = frozenset({"association", "echo", "mllp"})
"""Steps of which one that passed shows that somebody answered."""
_NO_TLS = "WRONG_VERSION_NUMBER"
"""How the handshake fails with a port that speaks plaintext."""
_MEANT: Mapping[Open, bool] = {"open": True, "refused": False}
_SYNTAXES = 4
"""The result of a presentation context whose SOP class is known and no transfer syntax of it (PS3.8 9.3.3.2)."""


def of(evidence: Evidence) -> Found:
    """All that was seen, of everything it was seen of."""
    several: defaultdict[str, list[Sighting]] = defaultdict(list)
    for one in evidence.sightings:
        if one.observation.verdict != "not probed":
            several[f"{one.target.device}/{one.target.title}"].append(one)
    dicom = {name: seen for name, seen in several.items() if not seen[0].target.speaks_hl7}
    aes = {name: _ae([each.observation for each in seen], seen, evidence.now) for name, seen in dicom.items()}
    return {
        "ae": aes,
        "device": _devices(dicom, aes, evidence),
        "flow": _flows(evidence.inventory, dicom, aes),
        "feed": _feeds(evidence.inventory, several),
        "system": _systems(evidence),
    }


# --- one AE -------------------------------------------------------------------------------------------------------


def _ae(seen: Sequence[Observation], sightings: Sequence[Sighting], now: datetime) -> dict[str, Any]:
    awake = [one for one in seen if one.verdict in ("healthy", "failing") and not one.target.standby]
    return _known(
        {
            "answers": all(one.verdict == "healthy" for one in awake) if awake else None,
            "days_since": _days_since(sightings, now),
            **_doors(seen),
            **_encryption(seen, now),
            **_contexts(seen),
            "software": _software(seen),
        }
    )


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _days_since(sightings: Iterable[Sighting], now: datetime) -> int | None:
    """Days since it answered last; of one that does not answer, at least so many: since it was first found so."""
    last = [
        one.at if _answered(one.observation) else moment(one.since)
        for one in sightings
        if one.observation.verdict in ("healthy", "failing") and (one.since or _answered(one.observation))
    ]
    return max(0, (now - max(last)).days) if last else None


def _answered(seen: Observation) -> bool:
    steps = {step.name for step in seen.steps if step.passed}
    return bool(steps & _ANSWERED) or (seen.level == "tcp" and "tcp" in steps)


def _worst(verdicts: Iterable[bool | None], bad: bool) -> bool | None:
    """Of several verdicts the bad one, if there is any; None where none is known."""
    known = [one for one in verdicts if one is not None]
    return None if not known else bad if bad in known else not bad


def _doors(seen: Sequence[Observation]) -> dict[str, bool | None]:
    """What strangers met; who is given no association can do nothing over it."""
    doors = [one.doors for one in seen if one.doors is not None]

    def opened(which: Callable[[Any], Open]) -> bool | None:
        return _worst((_MEANT.get(which(one)) for one in doors), True)

    return {
        "any_caller": opened(lambda one: one.unknown_calling),
        "stranger_echo": opened(lambda one: one.echo),
        "stranger_store": opened(lambda one: one.store),
        "stranger_query": opened(lambda one: one.query),
        "any_called": opened(lambda one: one.wrong_called),
    }


def _encryption(seen: Sequence[Observation], now: datetime) -> dict[str, Any]:
    found = [one.encryption for one in seen if one.encryption is not None]
    whole = [one for one in found if one.version]
    versions = sorted(one.version.removeprefix("TLS ") for one in whole)
    days = [left for one in seen if (left := _days_left(one, now)) is not None]
    problems = [one.untrusted.removeprefix("CERTIFICATE_VERIFY_FAILED: ") for one in whole]
    return {
        "tls": _worst(map(_speaks_tls, seen), False),
        "plain": _worst(map(_speaks_plain, seen), True),
        "tls_version": versions[0] if versions else None,
        "old_tls": _all_of(one.doors.old_tls for one in seen if one.doors is not None),
        "weak_ciphers": _all_of(one.doors.weak_ciphers for one in seen if one.doors is not None),
        "client_certificate": _worst((one.client_certificate for one in found), False),
        "certificate_days": min(days, default=None),
        "certificate_problem": max(problems) if problems else None,
    }


def _all_of(several: Iterable[tuple[str, ...] | None]) -> list[str] | None:
    """What was found in any of several tries; None where none was made."""
    made = [one for one in several if one is not None]
    return sorted({each for one in made for each in one}) if made else None


def _speaks_tls(seen: Observation) -> bool | None:
    """Whether the port spoke TLS when it was spoken to so; None where it was not."""
    if seen.encryption is not None and seen.encryption.version:
        return True
    refused = [step.fault for step in seen.steps if step.name == "tls" and step.fault is not None]
    return False if any(fault.alert == _NO_TLS for fault in refused) else None


def _speaks_plain(seen: Observation) -> bool | None:
    """Whether it spoke DICOM to us without TLS; None where it was not spoken to so."""
    if seen.target.tls:
        return _MEANT.get(seen.doors.plain) if seen.doors is not None else None
    answered = [step for step in seen.steps if step.name == "association"]
    spoke = any(
        step.passed or (step.fault and step.fault.how in ("rejected", "aborted")) for step in answered
    )
    return True if spoke else None


def _days_left(seen: Observation, now: datetime) -> int | None:
    """Of its certificate, today: it was seen some days ago."""
    if seen.encryption is None or seen.encryption.days_left is None:
        return None
    return seen.encryption.days_left - (now - moment(seen.at)).days


def _contexts(seen: Sequence[Observation]) -> dict[str, list[str] | None]:
    asked = [one for one in seen if one.contexts]
    if not asked:
        return {"refused_classes": None, "refused_syntaxes": None}
    classes = {uid for one in asked for uid in _refused(one)[0]}
    pairs = {
        f"{uids.label(each.sop_class)}: {uids.label(each.transfer_syntax)}"
        for one in asked
        for each in one.contexts
        if each.result and each.sop_class not in classes
    }
    return {"refused_classes": sorted(map(uids.label, classes)), "refused_syntaxes": sorted(pairs)}


def _refused(seen: Observation) -> tuple[frozenset[str], frozenset[str]]:
    """SOP classes that it did not accept, and those that it accepted with no transfer syntax."""
    results: defaultdict[str, set[int]] = defaultdict(set)
    for each in seen.contexts:
        results[each.sop_class].add(each.result)
    vain = {uid for uid, met in results.items() if met == {_SYNTAXES}}
    return frozenset(uid for uid, met in results.items() if 0 not in met) - vain, frozenset(vain)


def _software(seen: Sequence[Observation]) -> list[str] | None:
    told = {name for one in seen if one.software is not None for name in one.software.names}
    return sorted(told) if told else None


# --- what is made of several --------------------------------------------------------------------------------------


def _devices(
    dicom: Mapping[str, Sequence[Sighting]], aes: Mapping[str, Facts], evidence: Evidence
) -> dict[str, dict[str, Any]]:
    several: defaultdict[str, list[str]] = defaultdict(list)
    for name, seen in dicom.items():
        several[seen[0].target.device].append(name)
    skews = _skews(evidence)
    found = {name: _device(name, mine, dicom, aes, evidence) for name, mine in several.items()}
    for name, skew in skews.items():
        found.setdefault(name, {})["clock_skew_seconds"] = skew
    return found


def _device(
    name: str,
    mine: Sequence[str],
    dicom: Mapping[str, Sequence[Sighting]],
    aes: Mapping[str, Facts],
    evidence: Evidence,
) -> dict[str, Any]:
    asked = [one.observation for each in mine for one in dicom[each] if one.observation.verdict != "unknown"]
    days = [aes[each]["days_since"] for each in mine if "days_since" in aes[each]]
    told = sorted({name for each in mine for name in aes[each].get("software", ())})
    return _known(
        {
            "answers": any(map(_answered, asked)) if asked else None,
            "days_since": min(days, default=None),
            "software": told or None,
            "software_changed": _changed(name, [one for each in mine for one in dicom[each]], evidence),
        }
    )


def _changed(name: str, seen: Iterable[Sighting], evidence: Evidence) -> bool | None:
    """Whether none of its AEs calls itself what the one of its acceptance did; None where either is not known."""
    accepted = (evidence.accepted or {}).get(name, {}).get("implementation", "")
    told = {" ".join(one.observation.software.names) for one in seen if one.observation.software} - {""}
    return accepted not in told if accepted and told else None


def _flows(
    inventory: Inventory, dicom: Mapping[str, Sequence[Sighting]], aes: Mapping[str, Facts]
) -> dict[str, dict[str, Any]]:
    if not dicom:
        return {}
    entities = Entities(inventory)
    found = {name: _flow(flow, entities, dicom, aes) for name, flow in inventory.flows.items()}
    return {name: facts for name, facts in found.items() if facts}


def _flow(
    flow: Flow, entities: Entities, dicom: Mapping[str, Sequence[Sighting]], aes: Mapping[str, Facts]
) -> dict[str, Any]:
    """What was found wrong with any that it calls; that nothing was, only where all were asked."""
    called = [f"{device.name}/{ae.title}" for device, ae in entities.any(flow.called, "to")]
    classes = frozenset(uid for service in flow.services for uid in uids.covers(service))
    plain = [name for name in called if aes.get(name, {}).get("plain")]
    spoken = all(aes.get(name, {}).keys() & {"plain", "tls"} for name in called)
    refused, vain, proposed = [], [], True
    for name in called:
        seen = [one.observation for one in dicom.get(name, ()) if one.observation.contexts]
        proposed = proposed and bool(seen)
        title = name.partition("/")[2]
        for one in seen:
            no, without = _refused(one)
            refused += [f"{title}: {uids.label(uid)}" for uid in no & classes]
            vain += [f"{title}: {uids.label(uid)}" for uid in without & classes]
    return _known(
        {
            "plain_called": plain if plain or (called and spoken) else None,
            "refused_classes": sorted(set(refused)) if refused or (called and proposed) else None,
            "refused_syntaxes": sorted(set(vain)) if vain or (called and proposed) else None,
        }
    )


def _feeds(inventory: Inventory, several: Mapping[str, Sequence[Sighting]]) -> dict[str, dict[str, Any]]:
    found = {}
    for name, feed in inventory.hl7_feeds.items():
        ends = [speaker(inventory, each) for each in feed.receivers]
        seen = [one.observation for end in ends if end for one in several.get(written(end), ())]
        asked = [one for one in seen if one.level != "tcp" and one.verdict in ("healthy", "failing")]
        if asked:
            found[name] = {"answers": all(one.acknowledged != "" for one in asked)}
    return found


# --- systems ------------------------------------------------------------------------------------------------------


def _systems(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """What was met when they were read: without a login, and at their clocks."""
    names = {"anonymous_read": "open_without_login", "clock_skew_seconds": "clock_skew_seconds"}
    found = {}
    for name, one in evidence.systems.items():
        told = one.configured.get("system", {}).get(name, {})
        if facts := {ours: told[theirs] for theirs, ours in names.items() if theirs in told}:
            found[name] = facts
    return found


def _skews(evidence: Evidence) -> dict[str, int]:
    """By device, how far the clock of the system that it is was from ours."""
    found = {}
    for name, facts in _systems(evidence).items():
        config = evidence.inventory.systems.get(name)
        holder = entity(evidence.inventory, getattr(config, "ae", None) or "") if config else None
        if holder is not None and "clock_skew_seconds" in facts:
            found[holder[0].name] = facts["clock_skew_seconds"]
    return found
