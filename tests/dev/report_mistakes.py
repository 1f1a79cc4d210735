"""How well the tests tell right from wrong: python tests/dev/report_mistakes.py

For each exercise: the known-wrong answers tried, how many its test rejects, how many of these its message names, and the
time the test takes on the reference. Exits 1 if the reference fails or a wrong answer passes.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from tests import checks, mistakes
from utils import answers


def main() -> int:
    torch.set_num_threads(1)
    failures, totals = [], [0, 0, 0]
    print(f"{'exercise':32}{'wrong':>6}{'rejected':>10}{'named':>7}{'seconds':>9}")
    for exercise in answers.exercises().values():
        started = time.perf_counter()
        message = checks.verdict(exercise, answers.load_reference(exercise))
        seconds = time.perf_counter() - started
        if message is not None:
            failures.append(f"the reference of {exercise.name} fails:\n{message}")
        rejected = named = 0
        for mistake in mistakes.of(exercise.name):
            message = checks.verdict(exercise, mistake.build())
            if message is None:
                failures.append(f"{exercise.name} accepts {mistake.name!r}")
                continue
            rejected += 1
            named += mistake.says in message
            if mistake.says not in message:
                print(f"  not named: {exercise.name}, {mistake.name}")
        tried = len(mistakes.of(exercise.name))
        totals = [a + b for a, b in zip(totals, [tried, rejected, named], strict=True)]
        print(f"{exercise.name:32}{tried:6}{rejected:10}{named:7}{seconds:9.2f}")
    print(f"{'in all':32}{totals[0]:6}{totals[1]:10}{totals[2]:7}")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
