"""Whether a long training keeps its memory: python tests/bench_memory.py [--timesteps 1000000] [--minutes 20]

Trains Breakout, prints the resident memory on the way, and exits with 1 if it grows by more than 50 MB after the first tenth of
the run. The log of a run may grow: it keeps a row for each iteration and an entry for each game; how much that is, is printed too.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

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
    """Bytes of nested lists, tuples and dicts; what several hold (a name, a small number) counts once."""
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
    process, started, measured = psutil.Process(), time.monotonic(), []

    def done() -> float:
        """Which part of the run is over."""
        return max(trainer.agent.global_step / options.timesteps, (time.monotonic() - started) / (60 * options.minutes))

    def measure(trainer) -> bool:
        if done() >= len(measured) / 20:
            measured.append((done(), trainer.agent.global_step, process.memory_info().rss))
            _, step, resident = measured[-1]
            trainer.log.bar.write(f"{step:9,} steps: {resident / 1e6:7.1f} MB", file=sys.stdout)
        return done() >= 1

    log = trainer.train(on_iteration=measure)
    (_, first_step, first), (_, last_step, last) = next(one for one in measured if one[0] >= 0.1), measured[-1]
    per_million = 1e6 / max(last_step - first_step, 1)
    kept = deep_size([log.rows, log.games]) / trainer.agent.global_step * 1e6
    print(
        f"From step {first_step:,} to {last_step:,} it grew by {(last - first) / 1e6:.1f} MB, which is "
        f"{(last - first) * per_million / 1e6:.1f} MB per million steps. The log keeps {kept / 1e6:.1f} MB per million steps."
    )
    return int(last - first > ALLOWED)


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
