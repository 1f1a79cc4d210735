"""How each known mistake fails its test, kept in a file: to run them all again would take a learner's time.

`python tests/dev/report_mistakes.py --write` writes it. Where a test or a mistake has changed since, its mistakes are run.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from tests import mistakes
from tests.checks import WrongAnswer, in_short
from utils.course import records
from utils.course.exercises import Exercise, exercises
from utils.files import write_whole

FILE = Path(__file__).parent / "mistakes" / "evidence.json"


@cache
def read(name: str) -> dict[str, list[WrongAnswer]] | None:
    """Return, by the names of an exercise's mistakes, how each fails its test; None if the file is not of today."""
    entry = _whole().get(name, {})
    if entry.get("digest") != _digest(name):
        return None
    return {
        mistake: [WrongAnswer(message, _as_it_was(seen)) for message, seen in failures]
        for mistake, failures in entry["failures"].items()
    }


def entry_of(exercise: Exercise, failures: dict[str, list[WrongAnswer]]) -> dict:
    """Return what is kept of an exercise: how its mistakes fail."""
    kept = {name: [(_first_line(error), _plain(error.evidence)) for error in errors] for name, errors in failures.items()}
    return {"digest": _digest(exercise.name), "failures": kept}


def write(entries: dict[str, dict]) -> None:
    """Keep the entries of some exercises, in the place of those there were, and drop those of exercises that are gone."""
    kept = {name: entry for name, entry in sorted((_whole() | entries).items()) if name in exercises()}
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in kept.items()]
    write_whole(FILE, ("{\n" + ",\n".join(lines) + "\n}\n").encode())  # a line for each exercise


@cache
def _whole() -> dict[str, dict]:
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def _first_line(error: WrongAnswer) -> str:
    return str(error) if error.evidence is None else str(error).splitlines()[0]


def _plain(seen):
    if isinstance(seen, Tensor):
        short = in_short(seen)
        return {"numbers": [float(f"{number:.7g}") for number in short.flatten().tolist()], "shape": list(short.shape)}
    return seen


def _as_it_was(seen):
    """Return the evidence as it was: a tensor, or text."""
    return torch.tensor(seen["numbers"], dtype=torch.float64).reshape(seen["shape"]) if isinstance(seen, dict) else seen


def _digest(name: str) -> str:
    sources = [one.name + one.source() for one in mistakes.of(name)]
    return hashlib.sha1("".join([records.digest_of_tests(name), *sources]).encode()).hexdigest()
