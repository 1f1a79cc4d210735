"""A library of known-wrong answers. Each must be rejected by its exercise's test, and names itself in the message."""

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from utils import answers


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
        """The wrong answer's code."""
        code = answers.exercises()[self.exercise].reference_source()
        for old, new in self.changes:
            if old not in code:
                raise ValueError(f"{self.exercise}, {self.name!r}: the reference does not contain {old!r} any more.")
            code = code.replace(old, new)
        return code

    def build(self) -> Any:
        """The wrong function or class, run among the names of the reference's module."""
        exercise = answers.exercises()[self.exercise]
        namespace = {**vars(importlib.import_module(exercise.module)), "__name__": "mistake"}
        exec(compile(self.source(), f"<mistake: {self.name}>", "exec"), namespace)
        return namespace[exercise.object_name]


def mistake(exercise: str, name: str, says: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(exercise, name, says, changes)


@cache
def library() -> tuple[Mistake, ...]:
    """Every known-wrong answer."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    return tuple(one for stem in modules for one in importlib.import_module(f"tests.mistakes.{stem}").MISTAKES)


def of(exercise: str) -> list[Mistake]:
    """The known-wrong answers of one exercise."""
    return [one for one in library() if one.exercise == exercise]
