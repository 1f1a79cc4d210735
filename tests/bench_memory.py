"""Whether a long training keeps its memory: python tests/bench_memory.py [--timesteps 1000000] [--minutes 20]

Trains Breakout, prints the memory in use on the way, and exits with 1 if it grows by more than 50 MB after the first tenth of
the run. In use is what is resident, less what the C library keeps although it was freed (see `solutions.speed.keep_memory`). The
log of a run may grow: it keeps a row for each iteration and an entry for each game; how much that is, is printed too.
"""

import ctypes
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


class MallInfo(ctypes.Structure):
    """What glibc's mallinfo2 returns."""

    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]


def kept_free() -> int:
    """Bytes that were freed and that the C library keeps; 0 where it does not say."""
    if sys.platform != "linux" or not hasattr(libc := ctypes.CDLL(None), "mallinfo2"):
        return 0
    libc.mallinfo2.restype = MallInfo
    return libc.mallinfo2().fordblks


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
    process, started = psutil.Process(), time.monotonic()
    tenths: list[list[tuple[int, int]]] = [[]]  # of the run: (step, bytes in use) after each iteration
    print("What is in use after an iteration, the least in each tenth of the run, and what is resident at its end:")

    def measure(trainer) -> bool:
        step = trainer.agent.global_step
        done = max(step / options.timesteps, (time.monotonic() - started) / (60 * options.minutes))
        resident = process.memory_info().rss
        tenths[-1].append((step, resident - kept_free()))
        if done >= len(tenths) / 10:
            in_use = least(tenths[-1])
            trainer.log.bar.write(f"to step {step:9,}: {in_use / 1e6:7.1f} MB, {resident / 1e6:7.1f} MB", file=sys.stdout)
            tenths.append([])
        return done >= 1

    log = trainer.train(on_iteration=measure)
    measured = [tenth for tenth in tenths if tenth]
    if len(measured) < 3:
        sys.exit("error: too few iterations to compare: give it more --timesteps or --minutes.")
    first, last = measured[1], measured[-1]
    steps, growth = last[-1][0] - first[-1][0], least(last) - least(first)
    kept = deep_size([log.rows, log.games]) / last[-1][0]
    print(
        f"From its second tenth to its last, {steps:,} steps, it grew by {growth / 1e6:.1f} MB, or {growth / steps:.1f} MB per million "
        f"steps. The log keeps {kept:.1f} MB per million steps."
    )
    return int(growth > ALLOWED)


def least(tenth: list[tuple[int, int]]) -> int:
    """Not the last reading: what is freed in a moment may still be in use."""
    return min(in_use for _, in_use in tenth)


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
