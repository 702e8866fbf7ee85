"""A hundred thousand synthetic AEs against fifty rules: the rules, the resources, and our side of the contest.

Ten forms of rules (comparisons, patterns, lists, loops, evidence of either kind) with five parameters each. Of one
AE in ten nothing live is known, one in fifty fails rules. Ten thousand are made and each judged ten times, so that
making them is not what is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from time import perf_counter

from pacsconf.policy.engine import evaluate
from pacsconf.policy.packs import parse
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject

MADE, TIMES, RULES, PROCESSES = 10_000, 10, 50, 2

FORMS = (
    "size(title) <= params.most + 16",
    "title.matches('^[A-Z][A-Z0-9_]*$')",
    "lifecycle in ['planned', 'commissioning', 'active', 'retiring', 'retired']",
    "ports.all(p, p >= 100 + params.most)",
    "!services_called.exists(s, s == 'x' + string(params.most))",
    "has(observed.answers) ? observed.answers : configured.held",
    "!configured.any_caller || external",
    "size(configured.callers_beyond) <= params.most",
    "observed.certificate_days > params.most",
    "site.zone == '' || zone == site.zone || size(flows_in) <= params.most",
)


def pack() -> bytes:
    """The rules as a pack has them."""
    rows = ["pack: bench", "rules:"]
    for number in range(RULES):
        form = FORMS[number % len(FORMS)]
        used = f", params: {{most: {number // len(FORMS)}}}" if "params" in form else ""
        rows.append(
            f'  - {{id: BENCH-{number:03}, title: a rule, severity: high, kind: ae, condition: "{form}",'
            f""" message: "title + ' is not as it should'"{used}}}"""
        )
    return "\n".join(rows).encode()


def rules() -> Sequence[Rule]:
    """The rules, checked."""
    policies = parse({"policies/bench.yaml": pack()})
    assert not policies.findings, policies.findings
    return policies.rules


def subjects(*, whole: bool = False) -> Iterator[Subject]:
    """The resources that are made; `whole`: something live is known of all of them."""
    draw = Random(1)  # noqa: S311 - no secret: the same resources each time
    for number in range(MADE):
        zone = f"zone-{draw.randrange(5)}"
        declared = {
            "title": f"AE_{number}" if draw.random() > 0.02 else f"ae {number}",
            "device": f"device-{number}",
            "type": "modality",
            "lifecycle": "active",
            "external": False,
            "zone": zone,
            "acceptor": True,
            "ports": [11112, 2762],
            "services_called": ["store", "echo"],
            "flows_in": [],
            "flows_out": ["to-archive"],
        }
        is_known = draw.random() > 0.1
        configured = {"held": True, "any_caller": False, "callers_beyond": []}
        observed = {"answers": True, "certificate_days": 90}
        seen = is_known or whole
        yield Subject(
            "ae",
            f"device-{number}/AE_{number}",
            declared,
            configured if seen else None,
            observed if seen else None,
            {"name": "north", "zone": zone, "networks": ["192.0.2.0/24"]},
        )


def main() -> None:
    """Judge all resources by all rules, and say how long one result took."""
    asked = rules()
    rows = tuple(subjects()) * TIMES
    started = perf_counter()
    results = evaluate(asked, {"ae": rows}, processes=PROCESSES)
    seconds = perf_counter() - started
    passed = sum(one.count()["pass"] for one in results)
    each = seconds / len(rows) / len(asked) * 1e6
    print(f"pacsconf: {len(rows) * len(asked):,} results, {passed:,} passed, {each:.2f} us each")


if __name__ == "__main__":
    main()
