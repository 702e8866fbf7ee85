"""Draws the results of a run: each ratio as a bar beside its target, and the time of a plan over its size.

Runs in the environment of the benchmarks' own packages: plot.py RESULTS.json PLOT.svg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure


def draw(results: dict[str, Any], file: Path) -> None:
    contests = [one for one in results["contests"] if one["target"] is not None]
    plans = [one for one in results["contests"] if one["name"].startswith("no-op plan") and one["objects"]]
    plans = [one for one in plans if "entries" in one["name"]]
    mpl.rcParams["svg.hashsalt"] = "pacsconf"  # equal results, equal file
    figure = Figure(figsize=(12, 0.6 * len(contests) + 2), layout="constrained")
    bars, lines = figure.subplots(1, 2, width_ratios=[3, 2])
    _bars(bars, contests)
    _lines(lines, plans)
    machine = results["machine"]
    figure.suptitle(f"{machine['cores']} cores, Python {machine['python']}, {machine['when']}", fontsize=9)
    figure.savefig(file, metadata={"Date": None})


def _bars(axes: Any, contests: list[dict[str, Any]]) -> None:
    names = [f"{one['name']}\nvs {' + '.join(peer['name'] for peer in one['peers'])}" for one in contests]
    ratios = [one["ratio"] for one in contests]
    colors = ["#b5543a" if one["ratio"] > one["target"] else "#3a7d5c" for one in contests]
    axes.barh(names, ratios, color=colors, height=0.6)
    for row, one in enumerate(contests):
        axes.plot([one["target"]] * 2, [row - 0.4, row + 0.4], color="black", linewidth=2)
        beyond = max(one["ratio"], one["target"])
        axes.text(beyond, row, f"  {one['ratio']:.2f}", va="center", fontsize=8)
    axes.invert_yaxis()
    axes.tick_params(labelsize=8)
    axes.set_xlabel("time, as a multiple of the peers' (black: target)", fontsize=8)
    axes.set_xlim(0, max([*ratios, *(one["target"] for one in contests)], default=1) * 1.15)


def _lines(axes: Any, plans: list[dict[str, Any]]) -> None:
    sizes = [one["objects"] for one in plans]
    axes.plot(sizes, [one["ours"]["median"] for one in plans], "o-", color="#3a7d5c", label="pacsconf plan")
    peers = [sum(peer["median"] for peer in one["peers"]) for one in plans]
    axes.plot(sizes, peers, "s--", color="grey", label="ldapsearch + CSafeLoader")
    for one in plans:
        for other in one["beside"]:
            axes.plot([one["objects"]], [other["median"]], "^", color="#b5543a", label=other["name"])
    axes.set_xlabel("entries", fontsize=8)
    axes.set_ylabel("seconds, no-op plan", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
