"""How well the tests tell right from wrong: python tests/dev/report_mistakes.py [exercise ...]

For each exercise: of the known-wrong answers, how many were tried, rejected and named; of the right ones written
differently, how many were tried and accepted; the time of its test on the reference. Misleading is a known mistake that is
named as another one. Then the same for the independent lists, whose authors saw neither tests nor lists (`named` there: the
message ends with a known mistake). Exits 1 if the reference fails, if what is kept of the known-wrong answers is not of today
(`--write [exercise ...]` keeps it anew), if one of them passes or is named as another, if less than 95 % of them are named, or if
a right one is refused.
"""

import contextlib
import importlib
import io
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import torch
import torch._dynamo  # the first optimizer imports it: not in the time of some mistake

from tests import checks, evidence, mistakes
from tests.alternatives import ALTERNATIVES
from tests.dev import independent
from utils import answers, paths
from utils.course.exercises import Exercise, exercises, exercises_named


def alternative(exercise: Exercise, code: str):
    """The function or class of a right answer written differently."""
    namespace = dict(vars(importlib.import_module(exercise.module)))
    exec(compile(code, f"<alternative: {exercise.name}>", "exec"), namespace)
    return namespace[exercise.object_name]


def table(title: str, count) -> list[int]:
    """Print a row of counts for each exercise and their sums; returns the sums."""
    print(f"\n{title:32}{'wrong':>7}{'rejected':>10}{'named':>7}{'misleading':>12}{'right':>7}{'accepted':>10}{'seconds':>9}")
    names = [exercise.name for exercise in exercises_named(sys.argv[1:])]
    totals = [0] * 6
    with ProcessPoolExecutor(os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for name, (counts, seconds, said) in zip(names, pool.map(partial(aloud, count), names), strict=True):
            totals = [a + b for a, b in zip(totals, counts, strict=True)]
            print(f"{said}{name:32}{in_columns(counts)}{seconds:9.2f}", flush=True)
    print(f"{'in all':32}{in_columns(totals)}")
    return totals


def in_columns(counts: list[int]) -> str:
    return "".join(f"{count:{width}}" for count, width in zip(counts, (7, 10, 7, 12, 7, 10), strict=True))


def aloud(count, name: str):
    """The counts of an exercise, the seconds, and what was printed meanwhile."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        counts, seconds = count(exercises()[name])
    return counts, seconds, said.getvalue()


def fails(exercise: Exercise) -> dict:
    """How the known mistakes of an exercise fail, to be kept."""
    test = getattr(importlib.import_module("tests"), f"test_{exercise.name}").__wrapped__
    return evidence.entry_of(
        exercise, {one.name: checks.failures_of_mistake(exercise, test, one) for one in mistakes.of(exercise.name)}
    )


def write(names: list[str]) -> int:
    """Run every known mistake of some exercises, and keep how it fails."""
    some = exercises_named(names)
    with ProcessPoolExecutor(os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        entries = {one.name: kept for one, kept in zip(some, pool.map(fails, some), strict=True)}
    evidence.write(entries)
    count = sum(len(entry["failures"]) for entry in entries.values())
    print(f"Kept in {evidence.FILE.relative_to(paths.ROOT)} how {count} wrong answers of {', '.join(entries)} fail.")
    return 0


def known(exercise: Exercise):
    """Counts of the library and of the alternatives."""
    started = time.perf_counter()
    if (message := checks.verdict(exercise, answers.load_reference(exercise))) is not None:
        print(f"  the reference of {exercise.name} fails:\n{message}")
    seconds = time.perf_counter() - started
    library, right = mistakes.of(exercise.name), ALTERNATIVES.get(exercise.name, {})
    said = {one.name: (checks.verdict(exercise, one.build()), one.says) for one in library}
    for name, (message, says) in said.items():
        if message is None or says not in message:
            print(f"  {'accepted' if message is None else 'not named'}: {exercise.name}, {name}")
    refused = [name for name, code in right.items() if checks.verdict(exercise, alternative(exercise, code)) is not None]
    for name in refused:
        print(f"  refused: {exercise.name}, {name}")
    rejected = [(message, says) for message, says in said.values() if message is not None]
    named = sum(says in message for message, says in rejected)
    misleading = sum("This looks as if" in message and says not in message for message, says in rejected)
    return [len(library), len(rejected), named, misleading, len(right), len(right) - len(refused)], seconds


def of_list(some: independent.AnswerList, exercise: Exercise):
    """Counts of an independent list."""
    started = time.perf_counter()
    wrong, right = some.wrong.get(exercise.name, {}), some.right.get(exercise.name, {})
    said = {name: checks.verdict(exercise, independent.build(exercise, code)) for name, (_, code) in wrong.items()}
    messages = [message for message in said.values() if message is not None]
    accepted = [checks.verdict(exercise, independent.build(exercise, code)) is None for code in right.values()]
    for name, message in said.items():
        if message is None:
            print(f"  accepted: {exercise.name}, {name}: {wrong[name][0]}")
    for name, passed in zip(right, accepted, strict=True):
        if not passed:
            print(f"  refused: {exercise.name}, {name}")
    named = sum("This looks as if" in message for message in messages)
    return [len(wrong), len(messages), named, 0, len(right), sum(accepted)], time.perf_counter() - started


def main() -> int:
    references = [checks.verdict(one, answers.load_reference(one)) is None for one in exercises().values()]
    wrong, rejected, named, misleading, right, accepted = table("the known answers", known)
    for title, some in independent.LISTS.items():
        if {*some.wrong, *some.right} & {exercise.name for exercise in exercises_named(sys.argv[1:])}:
            table(title, partial(of_list, some))
    stale = [name for name in exercises() if evidence.read(name) is None]
    if stale:
        some = " ".join(stale)
        print(f"\nHow wrong answers of {some} fail is not kept: run `python tests/dev/report_mistakes.py --write {some}`.")
    good = (
        not stale and all(references) and rejected == wrong and named >= 0.95 * wrong and not misleading and accepted == right
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(write(sys.argv[2:]) if sys.argv[1:2] == ["--write"] else main())
