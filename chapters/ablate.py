"""Train with and without each detail of PPO, over many seeds: python chapters/ablate.py cartpole [--seeds 20] [--only NAME ...]

Every variant is the game's settings with one detail changed, see `solutions.ablate`. Each curve goes to chapters/ablation.json as
soon as its run is done, with the command, the versions, the machine and the time that the variant took. So a stopped command loses
only the runs in progress: give it again. What the file has already is not trained again; to measure a variant again, delete its
entry in the file first, as you have to when its code or its settings have changed.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

from chapters import measure
from solutions.ablate import DETAILS, DETAILS_OF, FILE, GAMES, train


@dataclass(frozen=True)
class Run:
    """A finished run of a variant."""

    name: str
    seed: int
    steps: list[int]
    curve: list[float | None]
    core_seconds: float
    started: float


def one_run(game: str, name: str, seed: int) -> Run:
    """Train one seed of a variant."""
    started, cpu = time.time(), time.process_time()
    steps, scores = train(replace(GAMES[game], seed=seed), DETAILS[name])
    curve = [None if math.isnan(score) else round(score, 1) for score in scores]
    return Run(name, seed, steps, curve, time.process_time() - cpu, started)


def read() -> dict[str, dict[str, dict]]:
    """Return what the file has: for each game, its variants by name."""
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def keep(game: str, run: Run, command: str) -> int:
    """Put a run into the file, and return how many seeds of its variant are there now."""
    entries, facts = read(), measure.facts(command, run.started)
    variants = entries.setdefault(game, {})
    entry = variants.get(run.name, facts | {"seconds": 0, "core_seconds": 0.0, "seeds": [], "steps": run.steps, "curves": []})
    if entry["steps"] != run.steps:
        raise ValueError(f"{FILE} has {run.name!r} of {game} with other steps: delete that entry, to measure it again.")
    commits = dict.fromkeys([*entry["commit"].split(", "), facts["commit"]])
    curves = dict(zip(entry["seeds"], entry["curves"], strict=True)) | {run.seed: run.curve}
    variants[run.name] = facts | {
        "commit": ", ".join(commits),
        "seconds": entry["seconds"] + facts["seconds"],
        "core_seconds": round(entry["core_seconds"] + run.core_seconds, 1),
        "seeds": sorted(curves),
        "steps": run.steps,
        "curves": [curves[seed] for seed in sorted(curves)],
    }
    measure.write(FILE, entries)
    return len(curves)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game", choices=GAMES)
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 1 on")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=", ".join(DETAILS))
    parser.add_argument("--processes", type=int, default=2, help="runs at a time, each on one core")
    arguments = parser.parse_args()
    if arguments.seeds < 1 or arguments.processes < 1:
        parser.error("--seeds and --processes are at least 1.")
    game = arguments.game
    names = arguments.only or DETAILS_OF[game]
    if unknown := set(names) - set(DETAILS_OF[game]):
        parser.error(f"{game} has no variant {min(unknown)!r}; choose from {', '.join(DETAILS_OF[game])}.")
    there = {name: one["seeds"] for name, one in read().get(game, {}).items()}
    missing = [(name, seed) for name in names for seed in range(1, 1 + arguments.seeds) if seed not in there.get(name, [])]

    def on_result(run: Run) -> None:
        seeds = keep(game, run, f"python chapters/ablate.py {game} --seeds {arguments.seeds} --only {run.name!r}")
        print(f"{run.name:28} seed {run.seed:2}, {run.core_seconds:.0f} core seconds; seeds so far: {seeds}", flush=True)

    measure.side_by_side(one_run, [(game, name, seed) for name, seed in missing], arguments.processes, on_result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
