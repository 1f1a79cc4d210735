"""Answers on record: what each check in a notebook leaves in `.answers/`, also where the notebook is not saved."""

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path

from utils import paths
from utils.course.exercises import Exercise
from utils.course.programs import AnswerError
from utils.files import write_whole


def write(exercise: Exercise, source: str, passed: bool, said: str = "", cell: str = "") -> None:
    """Keep an answer that was checked, with what it needs of the cells before it, and a digest of the notebook on disk.

    Args:
        exercise: what it answers.
        source: the answer as a program of its own.
        passed: the verdict.
        said: why the answer could not even be run, if so.
        cell: the text of the answer's cell.

    Raises:
        OSError: the record cannot be written.
    """
    digests = {"tests": digest_of_tests(exercise.name), "notebook": digest_of_notebook(exercise)}
    entry = {"source": source, "cell": cell, "passed": passed, "said": said} | digests
    write_whole(_path(exercise), json.dumps(entry, indent=1).encode())


def read(exercise: Exercise) -> dict | None:
    """Return what `write` wrote, or None if the exercise was never checked. Raises AnswerError if it cannot be read."""
    path = _path(exercise)
    try:
        entry = {"cell": "", "said": "", "tests": "", "notebook": ""} | json.loads(path.read_text("utf-8"))
        for field, kind in {"source": str, "cell": str, "passed": bool, "said": str, "tests": str, "notebook": str}.items():
            if not isinstance(entry[field], kind):
                raise TypeError(f"{field} is {entry[field]!r:.40}")
        return entry
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnswerError(
            f"The record {path} cannot be read ({type(error).__name__}: {error}): check {exercise.name} in its notebook again, which "
            "writes it anew, or delete it."
        ) from None


def verdict(exercise: Exercise, source: str) -> bool | None:
    """Return whether an answer passed when it was last checked; None if that was another answer, or with other tests."""
    with suppress(AnswerError):
        entry = read(exercise) or {}
        if entry.get("source", "").strip() == source.strip() and entry.get("tests") == digest_of_tests(exercise.name):
            return entry["passed"]
    return None


def digest_of_notebook(exercise: Exercise) -> str:
    """Return a digest of the learner's notebook on disk; empty if there is none."""
    return hashlib.sha1(exercise.notebook.read_bytes()).hexdigest() if exercise.notebook.exists() else ""


@cache
def digest_of_tests(name: str) -> str:
    """Return a digest of what decides the verdict on an exercise: the module of its test, and what all tests are made of."""
    folder = paths.ROOT / "tests"
    (home,) = [path for path in folder.glob("test_*.py") if f"\ndef test_{name}(" in path.read_text("utf-8")]
    parts = [home, *(folder / f"{part}.py" for part in ("checks", "shapes", "scripted_envs", "devices", "watched_calls"))]
    return hashlib.sha1("".join(part.read_text("utf-8") for part in parts).encode()).hexdigest()  # whatever its line ends


def _path(exercise: Exercise) -> Path:
    return paths.RECORDS / f"{exercise.name}.json"
