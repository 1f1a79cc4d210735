"""What a learner has written: a cell of the notebook on disk, or the record of its last check, whichever is newer."""

import json
import re
from typing import Any

from utils import paths
from utils.course import records
from utils.course.exercises import Exercise, is_attempted
from utils.course.programs import AnswerError, with_definitions


def read_answer(exercise: Exercise) -> tuple[str | None, str]:
    """Return the learner's latest answer as a program of its own, or None if the exercise is not attempted; and where it is from.

    It is a cell of the notebook on disk, or a check's record where that is newer or the cell is still its stub; else a cell of
    another notebook in `chapters`, such as one from a version in which the exercise was there.

    Raises:
        AnswerError: the notebook or the record cannot be read, or the notebook has lost the exercise.
    """
    cells = read_notebook(exercise)["cells"] if exercise.notebook.exists() else []
    holding = cells_of(exercise, cells)
    attempted = [cell for cell in holding if is_attempted(cell_source(cell), exercise)]
    entry = records.read(exercise)
    # A record is newer if the notebook is still what it was at the check: clocks, and the times of files, may be wrong
    if entry is not None and (not attempted or entry["notebook"] == records.digest_of_notebook(exercise)):
        source = entry["source"] if is_attempted(entry["source"], exercise) else None
        return source, f"your last check in {exercise.notebook.name}, which is newer than the saved notebook"
    if not holding and exercise.notebook.exists():
        raise AnswerError(
            f'{exercise.notebook.name} has no cell for {exercise.name} any more: run `reset("{exercise.name}")` in an empty cell there, '
            "and that cell becomes its stub."
        )
    where = str(exercise.notebook.relative_to(paths.ROOT))
    if not attempted:
        return _read_elsewhere(exercise) or (None, where)
    return _last_of(attempted, cells, exercise, where)


def _read_elsewhere(exercise: Exercise) -> tuple[str, str] | None:
    """Return an answer from a cell that is marked as the exercise's, in a notebook of another name; None if there is none."""
    for path in sorted(exercise.notebook.parent.glob("*.ipynb")):
        if path == exercise.notebook or f'"{exercise.cell}"' not in (text := path.read_text("utf-8", "replace")):
            continue
        try:
            cells = json.loads(text)["cells"]
            marked = [
                cell for cell in cells if cell["cell_type"] == "code" and cell["metadata"].get("exercise") == exercise.cell
            ]
            attempted = [cell for cell in marked if is_attempted(cell_source(cell), exercise)]
        except (ValueError, KeyError, TypeError, AttributeError):  # its own exercises will say so
            continue
        if attempted:
            return _last_of(attempted, cells, exercise, str(path.relative_to(paths.ROOT)))
    return None


def _last_of(attempted: list[dict], cells: list[dict], exercise: Exercise, where: str) -> tuple[str, str]:
    """Return the last attempt, with what it needs from the other cells, and where it is."""
    defining = [cell for cell in attempted if defines(exercise, cell_source(cell))] or attempted
    if len(defining) > 1:
        where += f", the last of the {len(defining)} cells there that define it"
    place = next(i for i, cell in enumerate(cells) if cell is defining[-1])
    before, after = (
        [cell_source(cell) for cell in some if cell["cell_type"] == "code"] for some in (cells[:place], cells[place + 1 :])
    )
    answer = cell_source(defining[-1])
    program, missing = with_definitions(answer, before, after)
    entry = records.read(exercise) or {}
    if missing and entry.get("cell", "").strip() == answer.strip():  # its check took them from the running notebook
        program = entry["source"]
    return program, where


def read_notebook(exercise: Exercise) -> dict[str, Any]:
    """Return the learner's notebook on disk. Raises AnswerError if it is none."""
    text = ""
    try:
        text = exercise.notebook.read_text("utf-8")
        notebook = json.loads(text)
        for cell in notebook["cells"]:
            cell["cell_type"], cell_source(cell), cell.get("metadata", {}).get("exercise")
        return notebook
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        marks = re.search(r"^(<{7}|>{7}) ", text, re.MULTILINE)
        reason = "it holds the marks of a merge conflict" if marks else f"{type(error).__name__}: {error}"
        reason = "it is empty" if isinstance(error, ValueError) and not text.strip() else reason
        raise AnswerError(
            f"{exercise.notebook.name} cannot be read as a notebook ({reason}): repair it in an editor, or move it away and get a fresh "
            f"one with `git checkout chapters/{exercise.notebook.name}`; nothing in it was changed."
        ) from None


def cell_source(cell: dict[str, Any]) -> str:
    """Return the text of a notebook's cell."""
    return "".join(cell["source"])


def cells_of(exercise: Exercise, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the code cells that hold an exercise.

    They are marked with its name, or, since marks may get lost and cells copied, they define it.
    """
    return [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and (cell.get("metadata", {}).get("exercise") == exercise.cell or defines(exercise, cell_source(cell)))
    ]


def defines(exercise: Exercise, source: str) -> bool:
    """Tell whether the text of a cell defines the function or class of an exercise."""
    return re.search(rf"^(def|class) {exercise.object_name}\b", source, re.MULTILINE) is not None
