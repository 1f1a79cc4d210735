"""Every chapter is executed from a clean kernel: solved, unsolved, and with a wrong answer in each exercise."""

import os
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest
from nbclient import NotebookClient

from chapters import build
from tests import mistakes
from utils.course.exercises import exercises

ROOT = Path(__file__).resolve().parents[2]
SOURCES = build.read_sources()
CHAPTERS = list(SOURCES)


def execute(notebook, root=ROOT, allow_errors=False):
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(root / "chapters")}},
    )
    with patch.dict(os.environ, {"PPO_COURSE_ITERATIONS": "2"}):  # cuts every training short, see utils/watching/log.py
        client.execute()
    return notebook


def errors(notebook):
    """The failed cells, each with its error's name and message."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield cell, output.ename, output.evalue


@pytest.fixture(autouse=True)
def records_elsewhere(tmp_path, monkeypatch):
    """Checks in a notebook leave records; these are not a learner's."""
    monkeypatch.setenv("PPO_COURSE_ANSWERS", str(tmp_path))


@pytest.mark.parametrize("stem", CHAPTERS)
def test_solved(stem):
    notebook = execute(build.unfold(stem, SOURCES, solved=True))
    text = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "stream")
    assert "Warning" not in text
    for cell in notebook.cells:
        if "checks" in cell.metadata:
            for name in cell.metadata.checks.split():
                assert f"✓ {name} passes." in "".join(o.get("text", "") for o in cell.outputs)
    assert len(nbformat.writes(notebook)) < 5_000_000


@pytest.mark.parametrize("stem", CHAPTERS)
def test_unsolved(stem):
    notebook = execute(build.unfold(stem, SOURCES), allow_errors=True)
    failed = list(errors(notebook))
    for cell, name, message in failed:
        assert name in ("NotAttempted", "NotImplementedError"), f"{name}: {message}\nin the cell\n{cell.source}"
    checks = [cell for cell in notebook.cells if "checks" in cell.metadata]
    not_attempted = [cell for cell, name, _ in failed if name == "NotAttempted" and "checks" in cell.metadata]
    assert not_attempted == checks


@pytest.mark.parametrize("stem", CHAPTERS)
def test_wrong(stem):
    """With a wrong answer in each exercise, the cell below it fails with a message, and not with a traceback."""
    notebook = build.unfold(stem, SOURCES)
    kept = []
    for cell in notebook.cells:
        if "exercise" in cell.metadata:
            wrong = [mistakes.of(name)[0] for name in cell.metadata.exercise.split()]
            cell.source = wrong[0].source()
            for other in wrong[1:]:
                for old, new in other.changes:
                    cell.source = cell.source.replace(old, new)
        is_import = cell.cell_type == "code" and cell.source.startswith(("import ", "from "))
        if cell.metadata.get("setup") or "exercise" in cell.metadata or "checks" in cell.metadata or is_import:
            kept.append(cell)
        if "checks" in cell.metadata and len(cell.metadata.checks.split()) > 1:  # each test in a cell of its own
            calls = cell.source.splitlines()
            cell.source = calls[0]
            kept += [nbformat.v4.new_code_cell(call, metadata={"checks": cell.metadata.checks}) for call in calls[1:]]
        if "checks" in cell.metadata:  # the right answer again, for the exercises that build on it
            exercise = exercises()[cell.metadata.checks.split()[0]]
            kept.append(nbformat.v4.new_code_cell(f"from {exercise.module} import {exercise.object_name}"))
    notebook.cells = kept
    execute(notebook, allow_errors=True)
    for cell in notebook.cells:
        if "checks" in cell.metadata:
            (error,) = [output for output in cell.outputs if output.output_type == "error"]
            assert error.ename == "WrongAnswer"
            assert "This looks as if" in error.evalue
            assert "Traceback" not in "\n".join(error.traceback)
