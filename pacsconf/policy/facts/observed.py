"""From what was seen on the wire to the vocabulary of rules. Pure.

What was asked less deeply is absent: whether strangers are let in shows only where they were tried (`probe
--negatives`), and what is refused only where it was proposed. An AE that listens in several places is as weak as
the weakest of them; that it is well is known where each place was seen to be. A cold standby need not answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pacsconf.dicom.observation import Observation, Open
from pacsconf.dicom.probe.run import Key, Sighting, key_of, moment
from pacsconf.dicom.targets import Target, targets
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
    missing = _missing(evidence.inventory, dicom)
    aes = {name: _ae(seen, missing.get(name, ()), evidence.now) for name, seen in dicom.items()}
    return {
        "ae": aes,
        "device": _devices(dicom, aes, evidence),
        "flow": _flows(evidence.inventory, dicom, aes, missing),
        "feed": _feeds(evidence.inventory, several),
        "system": _systems(evidence),
    }


def _missing(inventory: Inventory, dicom: Mapping[str, Sequence[Sighting]]) -> Mapping[str, Sequence[Target]]:
    """By AE, the places where it is declared to listen and was not seen; those of a standby are not missed."""
    if not dicom:
        return {}
    seen: set[Key] = {one.key for several in dicom.values() for one in several}
    found: defaultdict[str, list[Target]] = defaultdict(list)
    devices = {name.partition("/")[0] for name in dicom}
    for one in targets(inventory, devices, None):
        if not one.standby and key_of(one) not in seen:
            found[f"{one.device}/{one.title}"].append(one)
    return found


# --- one AE -------------------------------------------------------------------------------------------------------


def _ae(sightings: Sequence[Sighting], missing: Sequence[Target], now: datetime) -> dict[str, Any]:
    seen = [one.observation for one in sightings]
    awake = [one for one in seen if one.verdict in ("healthy", "failing") and not one.target.standby]
    whole = not missing
    return _known(
        {
            "answers": _worst((one.verdict == "healthy" for one in awake), False, whole),
            "days_since": _days_since(sightings, now),
            **_doors(seen, whole),
            **_encryption(seen, missing, now),
            **_contexts(seen, whole),
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


def _worst(verdicts: Iterable[bool | None], bad: bool, whole: bool) -> bool | None:
    """Of several verdicts the bad one, if there is any; None where that is not known of all there are."""
    found = list(verdicts)
    if bad in found:
        return bad
    return not bad if found and whole and None not in found else None


def _counting(seen: Iterable[Observation], told: Callable[[Observation], object]) -> list[Observation]:
    """Without a standby that told nothing, as it should."""
    return [one for one in seen if not one.target.standby or told(one) is not None]


def _doors(seen: Sequence[Observation], whole: bool) -> dict[str, bool | None]:
    """What strangers met; who is given no association can do nothing over it."""
    doors = [one.doors for one in _counting(seen, lambda one: one.doors)]

    def opened(which: Callable[[Any], Open]) -> bool | None:
        return _worst((_MEANT.get(which(one)) if one else None for one in doors), True, whole)

    return {
        "any_caller": opened(lambda one: one.unknown_calling),
        "stranger_echo": opened(lambda one: one.echo),
        "stranger_store": opened(lambda one: one.store),
        "stranger_query": opened(lambda one: one.query),
        "any_called": opened(lambda one: one.wrong_called),
    }


def _encryption(seen: Sequence[Observation], missing: Sequence[Target], now: datetime) -> dict[str, Any]:
    asked = _counting(
        (one for one in seen if one.target.tls or one.encryption is not None), lambda one: one.encryption
    )
    found = [one.encryption for one in asked]
    whole = not any(one.tls for one in missing)
    shook = [one for one in found if one is not None and one.version]
    every = whole and len(shook) == len(asked)
    versions = sorted(one.version.removeprefix("TLS ") for one in shook)
    days = [left for one in asked if (left := _days_left(one, now)) is not None]
    problem = max((one.untrusted.removeprefix("CERTIFICATE_VERIFY_FAILED: ") for one in shook), default="")
    first = min(days, default=None)
    # Where it speaks plaintext, TLS is not looked for; where nobody knows what it speaks, it may not.
    secret = [one for one in _counting(seen, _speaks_tls) if one.target.tls or not _speaks_plain(one)]
    return {
        "tls": _worst(map(_speaks_tls, secret), False, not missing),
        "plain": _worst(map(_speaks_plain, _counting(seen, _speaks_plain)), True, not missing),
        "tls_version": versions[0] if versions and every else None,
        "old_tls": _all_of([one.doors.old_tls if one.doors else None for one in asked], whole),
        "weak_ciphers": _all_of([one.doors.weak_ciphers if one.doors else None for one in asked], whole),
        "client_certificate": _worst(
            (one.client_certificate if one else None for one in found), False, whole
        ),
        # One that has ended, or is wrong, is so wherever else nobody looked.
        "certificate_days": first
        if first is not None and (first < 0 or _is_all(days, asked, whole))
        else None,
        "certificate_problem": problem if problem or (shook and every) else None,
    }


def _is_all(told: Sequence[object], asked: Sequence[object], whole: bool) -> bool:
    return whole and len(told) == len(asked)


def _all_of(several: Sequence[tuple[str, ...] | None], whole: bool) -> list[str] | None:
    """What was found in any of several tries; where nothing was, None unless all were made."""
    found = sorted({each for one in several for each in one or ()})
    return found if found or (several and whole and None not in several) else None


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


def _contexts(seen: Sequence[Observation], whole: bool) -> dict[str, list[str] | None]:
    """What is refused; that nothing is, where it was proposed in every place."""
    places = _counting(seen, lambda one: one.contexts or None)
    asked = [one for one in places if one.contexts]
    every = bool(asked) and whole and len(asked) == len(places)
    classes = {uid for one in asked for uid in _refused(one)[0]}
    pairs = {
        f"{uids.label(each.sop_class)}: {uids.label(each.transfer_syntax)}"
        for one in asked
        for each in one.contexts
        if each.result and each.sop_class not in classes
    }
    return {
        "refused_classes": sorted(map(uids.label, classes)) if classes or every else None,
        "refused_syntaxes": sorted(pairs) if pairs or every else None,
    }


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
    inventory: Inventory,
    dicom: Mapping[str, Sequence[Sighting]],
    aes: Mapping[str, Facts],
    missing: Mapping[str, Sequence[Target]],
) -> dict[str, dict[str, Any]]:
    if not dicom:
        return {}
    entities = Entities(inventory)
    found = {name: _flow(flow, entities, dicom, aes, missing) for name, flow in inventory.flows.items()}
    return {name: facts for name, facts in found.items() if facts}


def _flow(
    flow: Flow,
    entities: Entities,
    dicom: Mapping[str, Sequence[Sighting]],
    aes: Mapping[str, Facts],
    missing: Mapping[str, Sequence[Target]],
) -> dict[str, Any]:
    """What was found wrong with any that it calls; that nothing was, only where all were asked."""
    called = [f"{device.name}/{ae.title}" for device, ae in entities.any(flow.called, "to")]
    classes = frozenset(uid for service in flow.services for uid in uids.covers(service))
    met = {name: aes.get(name, {}) for name in called}
    plain = [name for name, facts in met.items() if facts.get("plain") or facts.get("tls") is False]
    spoken = all("plain" in facts or "tls" in facts for facts in met.values())
    refused, vain, proposed = [], [], True
    for name in called:
        places = _counting((one.observation for one in dicom.get(name, ())), lambda one: one.contexts or None)
        seen = [one for one in places if one.contexts]
        proposed = proposed and bool(seen) and seen == places and not missing.get(name)
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
        met = [[one.observation for one in several.get(written(end), ())] for end in ends if end]
        verdicts = [_acknowledges(one) for one in met]
        answers = _worst(verdicts, False, len(verdicts) == len(ends))
        if answers is not None:
            found[name] = {"answers": answers}
    return found


def _acknowledges(seen: Iterable[Observation]) -> bool | None:
    """Whether a receiver answered every message; None where it was sent none."""
    asked = [one for one in seen if one.level != "tcp" and one.verdict in ("healthy", "failing")]
    return all(one.acknowledged != "" for one in asked) if asked else None


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
