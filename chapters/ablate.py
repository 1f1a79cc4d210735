"""Train with and without each detail of PPO, over many seeds: python chapters/ablate.py cartpole [--seeds 20] [--only NAME ...]

Every variant is the game's settings with one detail changed, see `solutions.ablate`. The curves go to chapters/ablation.json, a
variant as soon as its seeds are done, with the command, the versions, the machine and the time that it took. What the file has
already with as many seeds is not trained again, unless --again is given.
"""

import argparse
import json
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import torch

from chapters import measure
from solutions.ablate import DETAILS, FILE, GAMES, train

POINTS = 25
"""So many points of each curve are kept."""


def one_run(game: str, name: str, seed: int) -> tuple[list[int], list[float | None], float]:
    """Train one seed of a variant; returns the steps and scores that are kept, and the seconds of one core."""
    started = time.process_time()
    steps, scores = train(replace(GAMES[game], seed=seed), DETAILS[name])
    every = max(1, len(steps) // POINTS)
    kept = [None if math.isnan(score) else round(score, 1) for score in scores]
    return steps[every - 1 :: every], kept[every - 1 :: every], time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game", choices=GAMES)
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 1 on")
    parser.add_argument("--only", nargs="+", choices=DETAILS, default=list(DETAILS), metavar="NAME", help=", ".join(DETAILS))
    parser.add_argument("--processes", type=int, default=2, help="runs at a time, each on one core")
    parser.add_argument("--again", action="store_true")
    arguments = parser.parse_args()
    if arguments.seeds < 1 or arguments.processes < 1:
        parser.error("--seeds and --processes are at least 1.")
    game, seeds = arguments.game, list(range(1, 1 + arguments.seeds))
    with ProcessPoolExecutor(arguments.processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for name in arguments.only:
            entries = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
            variants = entries.setdefault(game, {})
            if variants.get(name, {}).get("seeds") == seeds and not arguments.again:
                continue
            started = time.time()
            steps, curves, cpu = zip(*pool.map(partial(one_run, game, name), seeds), strict=True)
            variants[name] = measure.facts(
                f"python chapters/ablate.py {game} --seeds {len(seeds)} --only {name!r}", started
            ) | {
                "core_seconds": round(sum(cpu), 1),
                "seeds": seeds,
                "steps": steps[0],
                "curves": curves,
            }
            measure.write(FILE, entries)
            print(f"{name:28} {len(seeds)} seeds in {sum(cpu):.0f} core seconds", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
