"""Measures whole commands beside their peers, and writes what came of it as a table, as JSON and as a plot.

A ratio travels between machines; seconds do not. Both sides of every ratio are taken in turns in the same run, and
medians are compared.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cases import CASES, ROOT, Contest
from benchmarks.timing import Failed, Measured, in_turns

MIB = 1 << 20
PLOTTER = ROOT / ".venv" / "bench" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a contest: our runs, the peers', and those of what is only shown beside them."""

    contest: Contest
    ours: Measured
    peers: Sequence[Measured]
    beside: Sequence[Measured]

    @property
    def ratio(self) -> float | None:
        """Our median to the sum of the peers' medians; None where there is no peer."""
        return self.ours.median / sum(peer.median for peer in self.peers) if self.peers else None

    @property
    def missed(self) -> list[str]:
        """The targets that are not met, in words."""
        target, limit, seconds = self.contest.target, self.contest.limit, self.contest.seconds
        ratio, found = self.ratio, []
        if target is not None and ratio is not None and ratio > target:
            found.append(f"{ratio:.2f} is above {target}")
        if seconds is not None and self.ours.median > seconds:
            found.append(f"{self.ours.median:.2f} s is above {seconds} s")
        if limit is not None and self.ours.peak > limit:
            found.append(f"{self.ours.peak / MIB:.0f} MiB is above {limit / MIB:.0f} MiB")
        return found


def measured(contest: Contest, rounds: int) -> Result:
    """What stands beside is run once: it gives a scale. Raises: Failed."""
    ours, *peers = in_turns([contest.ours, *contest.peers], contest.rounds or rounds)
    beside = [Measured(command.name, (command.run(),)) for command in contest.beside]
    return Result(contest, ours, peers, beside)


def table(result: Result) -> list[str]:
    """A contest in lines: each command's seconds, our ratio and what it is to stay within."""
    contest = result.contest
    rows = [
        ("", result.ours),
        *(("peer", one) for one in result.peers),
        *(("beside", one) for one in result.beside),
    ]
    lines = [contest.name]
    for role, one in rows:
        each = f"  {one.median / contest.of * 1e6:8.1f} us each" if contest.of else ""
        memory = f"{one.peak / MIB:7.0f} MiB" if one is result.ours else " " * 11
        lines.append(
            f"  {one.name:<32} {role:<6} {one.median:8.3f} s  (quickest {one.quickest:.3f}){memory}{each}"
        )
    against = " + ".join(peer.name for peer in result.peers)
    wanted = f", target {contest.target}" if contest.target is not None else ""
    beside = f"{result.ratio:.2f} x {against}{wanted}: " if result.ratio is not None else ""
    verdict = "MISSED: " + "; ".join(result.missed) if result.missed else "ok"
    lines.append(f"  {beside}{verdict}")
    return lines


def as_json(result: Result) -> dict[str, Any]:
    """A contest as JSON: seconds, bytes, and how many objects were looked at."""
    contest = result.contest

    def told(one: Measured) -> dict[str, Any]:
        runs = [round(run.seconds, 4) for run in one.runs]
        return {"name": one.name, "median": round(one.median, 4), "runs": runs, "peak": one.peak}

    return {
        "name": contest.name,
        "ratio": None if result.ratio is None else round(result.ratio, 3),
        "target": contest.target,
        "seconds": contest.seconds,
        "limit": contest.limit,
        "objects": contest.of,
        "missed": result.missed,
        "ours": told(result.ours),
        "peers": [told(one) for one in result.peers],
        "beside": [told(one) for one in result.beside],
    }


def machine() -> dict[str, Any]:
    """What it was measured on, without a name of anything of ours."""
    programs = {
        "slapd": ["/usr/sbin/slapd", "-VV"],
        "git": ["git", "--version"],
        "Orthanc": ["/usr/sbin/Orthanc", "--version"],
        "DCMTK": ["/usr/bin/echoscu", "--version"],
    }
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: _version(command) for name, command in programs.items()},
    }


def _version(command: Sequence[str]) -> str:
    """The first that looks like a version in what a program says of itself."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    found = re.search(r"\d+(\.\d+)+", ran.stdout + ran.stderr)
    return found[0] if found else "unknown"


def _options() -> argparse.Namespace:
    known = [case.name for case in CASES]
    told = "\n".join(f"  {case.name:<12} {case.about}" for case in CASES)
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Times whole pacsconf commands beside their peers.",
        epilog=f"cases:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="timed runs of each command (default 3)")
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "build" / "bench",
        metavar="DIR",
        help="where JSON and plot go (build/bench)",
    )
    options = parser.parse_args()
    unknown = set(options.cases) - set(known)
    if unknown or options.rounds < 1:
        parser.error(f"known cases: {', '.join(known)}; at least one round")
    return options


def main() -> int:
    options = _options()
    chosen = [case for case in CASES if not options.cases or case.name in options.cases]
    compileall.compile_dir(str(ROOT / "pacsconf"), quiet=2)  # as an installed package is
    results: list[Result] = []
    with TemporaryDirectory(prefix="pacsconf-bench-") as scratch:
        for case in chosen:
            try:
                with case.prepared(Path(scratch) / case.name) as contest:
                    results.append(measured(contest, options.rounds))
            except Failed as exc:
                print(exc, file=sys.stderr)
                return 1
            print("\n".join(table(results[-1])), end="\n\n", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    data, plot = options.out / "bench.json", options.out / "bench.svg"
    body = {"machine": machine(), "rounds": options.rounds, "contests": [as_json(one) for one in results]}
    data.write_text(json.dumps(body, indent=1) + "\n")
    subprocess.run([PLOTTER, ROOT / "benchmarks" / "plot.py", data, plot], check=True)
    print(f"written: {data}, {plot}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
