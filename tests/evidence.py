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
from utils.course import records
from utils.course.exercises import Exercise
from utils.files import write_whole

FILE = Path(__file__).parent / "mistakes" / "evidence.json"


@cache
def read(name: str) -> dict[str, dict] | None:
    """Return, by the names of an exercise's mistakes, the message and the evidence of each; None if the file is not of today."""
    entry = _whole().get(name, {})
    return entry["failures"] if entry.get("digest") == _digest(name) else None


def entry_of(exercise: Exercise, failures: dict[str, Exception | None]) -> dict:
    """Return what is kept of an exercise: how its mistakes fail."""
    kept = {name: {"message": str(error), "evidence": _plain(error.evidence)} for name, error in failures.items() if error}
    return {"digest": _digest(exercise.name), "failures": kept}


def write(entries: dict[str, dict]) -> None:
    """Keep the entries of some exercises, in the place of those there were."""
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted((_whole() | entries).items())]
    write_whole(FILE, ("{\n" + ",\n".join(lines) + "\n}\n").encode())  # a line for each exercise


@cache
def _whole() -> dict[str, dict]:
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def _plain(evidence):
    return {"numbers": evidence.double().round(decimals=6).tolist()} if isinstance(evidence, Tensor) else evidence


def evidence_of(failure: dict) -> object:
    """Return the evidence as it was: a tensor, or text."""
    kept = failure["evidence"]
    return torch.tensor(kept["numbers"], dtype=torch.float64) if isinstance(kept, dict) else kept


def _digest(name: str) -> str:
    sources = [one.name + one.source() for one in mistakes.of(name)]
    return hashlib.sha1("".join([records.digest_of_tests(name), *sources]).encode()).hexdigest()
