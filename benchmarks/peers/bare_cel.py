"""The same rules by CEL alone: one list expression over plain values, on as many processes, nothing made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter
from typing import Any

from cel_expr_python import cel

from benchmarks import policies
from pacsconf.policy.scan import inlined

NAMES = ("title", "lifecycle", "external", "zone", "ports", "services_called", "flows_in")


def values() -> list[Mapping[str, Any]]:
    """What is handed to CEL of each resource."""
    return [
        {name: one.declared[name] for name in NAMES}
        | {"site": one.site, "configured": one.configured, "observed": one.observed}
        for one in policies.subjects(whole=True)
    ]


def passed(times: int) -> int:
    """How often a rule holds, of all resources so many times."""
    rows: Sequence[Mapping[str, Any]] = values()
    names = [*NAMES, "site", "configured", "observed"]
    env = cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN))
    conditions = [inlined(rule.condition, rule.params) for rule in policies.rules()]
    expression = env.compile("[" + ", ".join(conditions) + "]")
    found = 0
    for _ in range(times):
        for row in rows:
            answers: Any = expression.eval(data=row).plain_value()
            found += sum(answers)
    return found


def main() -> None:
    """Both halves at once."""
    started = perf_counter()
    with ProcessPoolExecutor(policies.PROCESSES) as pool:
        parts = [policies.TIMES // policies.PROCESSES] * policies.PROCESSES
        total = sum(pool.map(passed, parts))
    seconds = perf_counter() - started
    results = policies.MADE * policies.TIMES * policies.RULES
    print(f"CEL alone: {results:,} results, {total:,} passed, {seconds / results * 1e6:.2f} us each")


if __name__ == "__main__":
    main()
