"""Whether a long training keeps its memory: python tests/bench/memory.py [--timesteps 1000000] [--minutes 20]

Trains Breakout, prints the resident memory on the way, and exits with 1 if it grows by more than 50 MB after the first tenth of
the run. The log of a run may grow: it keeps a row for each iteration and an entry for each game; how much that is, is printed
too.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import psutil
import tyro

from solutions.args import PPOArgs
from solutions.trainer import PPOTrainer

ALLOWED = 50e6


@dataclass
class Options:
    timesteps: int = 1_000_000
    """Steps to train for."""
    minutes: float = float("inf")
    """Stop after so long, if that comes first."""
    num_envs: int = 8
    """Environments."""
    device: str = "cpu"
    """Where to train."""


def deep_size(something) -> int:
    """Return the bytes of nested lists, tuples and dicts; what several hold (a name, a small number) counts once."""
    seen, waiting, total = set(), [something], 0
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            total += sys.getsizeof(one)
            if isinstance(one, dict):
                waiting += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple):
                waiting += one
    return total


def main(options: Options) -> int:
    trainer = PPOTrainer(
        PPOArgs(
            env_id="ALE/Breakout-v5", mode="atari", clip_coef=0.1, num_envs=options.num_envs,
            total_timesteps=options.timesteps, device=options.device,
        )
    )  # fmt: skip
    process, started = psutil.Process(), time.monotonic()
    tenths: list[list[tuple[int, int]]] = [[]]  # of the run: (step, bytes) after each iteration
    print("What is resident after an iteration, the least in each tenth of the run:")

    def measure(trainer) -> bool:
        step = trainer.agent.global_step
        done = max(step / options.timesteps, (time.monotonic() - started) / (60 * options.minutes))
        tenths[-1].append((step, process.memory_info().rss))
        if done >= len(tenths) / 10:
            trainer.log.bar.write(f"to step {step:9,}: {least(tenths[-1]) / 1e6:7.1f} MB", file=sys.stdout)
            tenths.append([])
        return done >= 1

    log = trainer.train(on_iteration=measure)
    measured = [tenth for tenth in tenths if tenth]
    if len(measured) < 3:
        raise ValueError("Too few iterations to compare: give it more --timesteps or --minutes.")
    first, last = measured[1], measured[-1]
    steps, growth = last[-1][0] - first[-1][0], least(last) - least(first)
    kept = deep_size([log.rows, log.games]) / last[-1][0]
    print(
        f"From its second tenth to its last, {steps:,} steps, it grew by {growth / 1e6:.1f} MB, or {growth / steps:.1f} MB per million "
        f"steps. The log keeps {kept:.1f} MB per million steps."
    )
    return int(growth > ALLOWED)


def least(tenth: list[tuple[int, int]]) -> int:
    """Return the least reading of a tenth, not the last: what is freed in a moment may still be in use."""
    return min(resident for _, resident in tenth)


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
