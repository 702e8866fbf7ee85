"""How long a user waits for a whole command, beside the interpreter's own start in the same run.

The commands take turns, so that a slow minute of the machine hits all of them alike. The ratio to
`python -c pass` travels between machines; the milliseconds do not.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACSCONF = Path(sys.executable).with_name("pacsconf")
PEER = "python -c pass"
COMMANDS: Mapping[str, Sequence[str]] = {
    PEER: [sys.executable, "-c", "pass"],
    "python -c 'import typer, rich, pydantic, yaml'": [
        sys.executable,
        "-c",
        "import typer, rich, pydantic, yaml",
    ],
    "pacsconf --help": [str(PACSCONF), "--help"],
    "pacsconf validate (example hospital)": [str(PACSCONF), "--chdir", str(ROOT), "validate"],
}


def seconds(command: Sequence[str]) -> float:
    """Wall-clock seconds of one run. Raises: CalledProcessError when the command does not succeed."""
    start = time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    return time.perf_counter() - start


def measure(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[float]]:
    """Seconds per command, one for each round, after one round that only warms the caches."""
    for command in commands.values():
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(seconds(command))
    return times


def table(times: Mapping[str, Sequence[float]]) -> list[str]:
    """One line per command: median and quickest in milliseconds, and the median's ratio to the peer's."""
    peer = statistics.median(times[PEER])
    width = max(map(len, times))
    lines = [f"{'command':<{width}}  median ms  quickest ms  x {PEER}"]
    for name, runs in times.items():
        median = statistics.median(runs)
        lines.append(f"{name:<{width}}  {median * 1e3:9.1f}  {min(runs) * 1e3:11.1f}  {median / peer:6.2f}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Times whole pacsconf commands.")
    parser.add_argument("--rounds", type=int, default=15, help="timed runs of each command (default 15)")
    rounds: int = parser.parse_args().rounds
    if rounds < 1 or not shutil.which(str(PACSCONF)):
        print("needs --rounds of at least 1 and pacsconf installed beside this Python", file=sys.stderr)
        return 64
    try:
        times = measure(COMMANDS, rounds)
    except subprocess.CalledProcessError as exc:
        print(f"exit {exc.returncode} from {' '.join(exc.cmd)}\n{exc.stderr}", file=sys.stderr)
        return 1
    print("\n".join(table(times)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
