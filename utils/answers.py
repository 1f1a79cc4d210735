"""A learner's own answers in the place of the reference's parts, from one chapter to the next."""

import os
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch

from utils import paths
from utils.course import records
from utils.course.exercises import Exercise, exercises
from utils.course.notebooks import read_answer
from utils.course.programs import AnswerError

_adopted: list[Any] = []
"""What puts each of the learner's parts in the place of the reference's, and the reference's back."""


def load_reference(exercise: Exercise) -> Any:
    """Return the reference solution itself, also where the learner's function has taken its place."""
    with reference_parts():
        return getattr(import_module(exercise.module), exercise.object_name)


def adopt(before: str | None = None) -> str:
    """Put the learner's own answers in the place of the reference's parts, where they pass.

    The code of the course calls its parts through their modules, so from now on it calls the learner's. Of a class, the
    learner's methods take the place; whatever the class was given with stays the reference's.

    Args:
        before: a chapter; only answers to exercises of earlier chapters count. All do if it is None.

    Returns:
        Lines that say which parts are the learner's, and why the others are not.
    """
    yours, others, problems, attempted = [], [], [], {}
    put_back()
    for exercise in _first_of_each_part():
        if before is not None and exercise.chapter >= before:
            continue
        try:
            source, _ = read_answer(exercise)
        except AnswerError as error:
            problems.append(_not_used(exercise, str(error)))
            continue
        if source is None:
            others.append(exercise.name)
        else:
            attempted[exercise] = source
    _have_judged(attempted)
    for exercise, source in attempted.items():
        passed = records.verdict(exercise, source)
        if passed:
            _take_place(exercise, exercise.load(source))
            yours.append(exercise.name)
        elif passed is None:
            reason = f"Its check did not finish, or its verdict cannot be kept in {paths.RECORDS}: make that folder writable."
            problems.append(_not_used(exercise, reason))
        else:
            problems.append(_not_used(exercise, records.read(exercise).get("said")))
    if not yours and not problems:
        return "The parts from earlier exercises are the course's own: you have not attempted any yet."
    parts = {"Yours, and used from here on": yours, "Not attempted yet, so the course's own": others}
    lines = [f"{which}: {', '.join(names)}." for which, names in parts.items() if names] + problems
    return "\n".join(textwrap.fill(line, 100, subsequent_indent="  ", break_long_words=False) for line in lines)


def _first_of_each_part() -> list[Exercise]:
    """Return the exercises without those that ask once more for a part that an earlier one asked for."""
    by_part: dict[tuple, Exercise] = {}
    for exercise in exercises().values():
        by_part.setdefault((exercise.module, exercise.object_name, exercise.to_write), exercise)
    return list(by_part.values())


def _not_used(exercise: Exercise, said: str | None) -> str:
    if said:
        return f"{exercise.name}: yours cannot be used, so the course's own is. {said}"
    return f"{exercise.name}: yours fails its test, so the course's own is used."


def _have_judged(answers: dict[Exercise, str]) -> None:
    """Let `python -m tests` judge the answers that have no verdict yet; it puts the verdicts on record."""
    waiting = [exercise for exercise, source in answers.items() if records.verdict(exercise, source) is None]
    if waiting:
        names = ", ".join(exercise.name for exercise in waiting)
        print(f"Checking what has changed since its last check, or whose test has: {names} ...", flush=True)
        command = [sys.executable, "-m", "tests", *(exercise.name for exercise in waiting)]
        env = {**os.environ, "PPO_COURSE_ANSWERS": str(paths.RECORDS)}
        subprocess.run(command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, env=env)


def put_back() -> None:
    """Put the reference's parts back into their places."""
    while _adopted:
        _adopted.pop().stop()


@contextmanager
def reference_parts():
    """Put the reference's parts into their places within the block, so that one answer is judged at a time."""
    adopted = list(_adopted)
    put_back()
    try:
        yield
    finally:
        for part in adopted:
            part.start()
        _adopted.extend(adopted)


def places(exercise: Exercise, answer: Any) -> tuple[Any, dict[str, Any]]:
    """Return whose attributes an answer can take the place of, a module's or a class's, and what would stand under which name."""
    owner = import_module(exercise.module)
    if not exercise.methods:
        return owner, {exercise.object_name: answer}
    owner = getattr(owner, exercise.object_name)
    with reference_parts():
        given = set(vars(owner))
    parts = {name: getattr(answer, name) for name in exercise.to_write}
    return owner, parts | {name: helper for name, helper in vars(answer).items() if name not in given}


def _take_place(exercise: Exercise, answer: Any) -> None:
    owner, parts = places(exercise, answer)
    for name, part in parts.items():
        _adopted.append(patch.object(owner, name, part, create=True))
        _adopted[-1].start()
