"""Updating the course keeps what a learner wrote."""

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from utils import update

ROOT = Path(__file__).resolve().parents[2]
NAME = "chapters/00_start_here.ipynb"


def git(folder, *arguments):
    who = ["-c", "user.name=author", "-c", "user.email=author@example.com"]
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")


@pytest.fixture
def course(tmp_path):
    """A course in git, and a learner's clone of it."""
    upstream = tmp_path / "upstream"
    (upstream / "chapters").mkdir(parents=True)
    shutil.copy(ROOT / NAME, upstream / NAME)
    (upstream / "README.md").write_text("one")
    git(tmp_path, "init", "-q", str(upstream))
    git(upstream, "add", "-A")
    git(upstream, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", str(upstream), str(tmp_path / "mine"))
    return upstream, tmp_path / "mine", tmp_path / "kept"


def solve(notebook):
    (cell,) = [cell for cell in notebook.cells if "exercise" in cell.metadata]
    cell.source = cell.source.replace("raise NotImplementedError()", "return my_answer")
    notebook.cells.insert(3, nbformat.v4.new_markdown_cell("my own note"))


def new_chapter(notebook):
    notebook.cells[0].source += "\n\nNew words of the authors."
    notebook.cells[0].id = update.digest(notebook.cells[0].source)


def test_work_and_news_come_together(course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    before = (mine / NAME).read_bytes()
    edit(upstream / NAME, new_chapter)
    git(upstream, "commit", "-qam", "two")
    (line,) = update.update(mine, kept)
    assert line == f"{NAME}: your work is in the new version."
    text = "\n".join(cell.source for cell in nbformat.read(mine / NAME, as_version=4).cells)
    assert "New words of the authors." in text
    assert "return my_answer" in text
    assert "my own note" in text
    assert [path.read_bytes() for path in kept.rglob("*.ipynb")] == [before]


def test_a_notebook_that_is_broken_is_kept_aside(course):
    _, mine, kept = course
    (mine / NAME).write_text("<<<<<<< HEAD")
    (line,) = update.update(mine, kept)
    assert "could not be carried over" in line
    assert next(kept.rglob("*.ipynb")).read_text() == "<<<<<<< HEAD"
    nbformat.read(mine / NAME, as_version=4)


def test_where_git_cannot_pull_everything_stays(course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    before = (mine / NAME).read_bytes()
    (mine / "README.md").write_text("mine")
    (upstream / "README.md").write_text("two")
    git(upstream, "commit", "-qam", "two")
    with pytest.raises(SystemExit, match=r"would overwrite your changes in README\.md"):
        update.update(mine, kept)
    assert (mine / NAME).read_bytes() == before
    assert (mine / "README.md").read_text() == "mine"


def test_a_folder_without_git_gets_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="not a git repository"):
        update.update(tmp_path, tmp_path / "kept")
