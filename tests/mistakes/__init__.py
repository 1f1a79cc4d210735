"""A library of known-wrong answers. Each must be rejected by its exercise's test, and names itself in the message.

An entry is the reference with some of its text replaced: `mistake(EXERCISE, NAME, SAYS, (OLD, NEW), ...)`. SAYS completes the
sentence "This looks as if ...", which a learner reads whose answer fails the test in the same way. When the reference is
reworded so that it no longer contains an OLD, building the entry raises ValueError and names it: copy the new wording into OLD,
so that the mistake stays the same. `python tests/dev/report_mistakes.py EXERCISE` says which are rejected and named.
"""

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from utils.course.exercises import exercises


@dataclass(frozen=True)
class Mistake:
    """An answer that somebody could write and believe, as changes to the reference solution.

    `says` completes the sentence "This looks as if ...". Each change replaces every occurrence of a text by another.
    """

    exercise: str
    name: str
    says: str
    changes: tuple[tuple[str, str], ...]

    def source(self) -> str:
        """Return the wrong answer's code. Raises ValueError if the reference no longer contains the text to be replaced."""
        try:
            return exercises()[self.exercise].changed_source(self.changes)
        except ValueError as error:
            raise ValueError(f"{self.exercise}, {self.name!r}: {error}") from None

    def build(self) -> Any:
        """Return the wrong function or class, run among the names of the reference's module."""
        exercise = exercises()[self.exercise]
        namespace = {**vars(importlib.import_module(exercise.module)), "__name__": "mistake"}
        exec(compile(self.source(), f"<mistake: {self.name}>", "exec"), namespace)
        return namespace[exercise.object_name]


def mistake(exercise: str, name: str, says: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(exercise, name, says, changes)


@cache
def library() -> tuple[Mistake, ...]:
    """Return every known-wrong answer."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    return tuple(one for stem in modules for one in importlib.import_module(f"tests.mistakes.{stem}").MISTAKES)


def of(exercise: str) -> list[Mistake]:
    """Return the known-wrong answers of one exercise."""
    return [one for one in library() if one.exercise == exercise]
