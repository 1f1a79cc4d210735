"""Update the course, and keep your work: python -m utils.update

`git pull` refuses where a chapter that you worked in has changed. This pulls, and then puts what you wrote into the new
chapters, cell by cell. A copy of every notebook as it was stays in `.answers/kept/`.
"""

import hashlib
import subprocess
import time
from pathlib import Path

import nbformat

from utils.files import write_whole
from utils.paths import RECORDS, ROOT


def digest(text: str) -> str:
    """Return what a cell's id says about the source that the cell was built with."""
    return hashlib.sha1(text.encode()).hexdigest()[:10]


def merge(built: nbformat.NotebookNode, existing: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Carry what a learner wrote in an existing notebook over to a newly built one; returns that one.

    Answers go to their exercises, edited and added cells stay after the cell that they followed, and outputs stay with
    the cells that have not changed.
    """
    by_exercise = {cell.metadata.exercise: cell for cell in built.cells if "exercise" in cell.metadata}
    by_id = {cell.id: cell for cell in built.cells}
    place = 0  # where in the new notebook the next cell of the learner's belongs
    for old in existing.cells:
        pristine = digest(old.source) == old.get("id", "").split("-")[0]
        new = by_exercise.get(old.metadata.get("exercise")) or by_id.get(old.get("id"))
        if new is None and pristine:
            continue
        if new is None:
            new = old
            built.cells.insert(place, new)
        elif not pristine:
            new.source = old.source
        place = built.cells.index(new) + 1
        if new.cell_type == old.cell_type == "code" and new.source == old.source:
            new.outputs, new.execution_count = old.outputs, old.execution_count
    return built


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder; returns what it printed. Raises SystemExit with git's own words if it fails."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit("Updating needs git: install it, or download the course anew and copy your chapters over.") from None
    if done.returncode:
        raise SystemExit(f"git {arguments[0]} says: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def update(root: Path = ROOT, kept: Path = RECORDS / "kept") -> list[str]:
    """Pull, and carry the learner's work over; returns a line for each chapter that held any.

    Args:
        root: the course's folder.
        kept: where copies of the notebooks go first.

    Raises:
        SystemExit: git could not pull; the notebooks are as they were.
    """
    git(root, "rev-parse", "--git-dir")
    changed = git(root, "diff", "--name-only", "HEAD", "--", "chapters/*.ipynb").splitlines()
    before = {name: (root / name).read_bytes() for name in changed if (root / name).exists()}
    folder = kept / time.strftime("chapters-%Y%m%d-%H%M%S")
    for name, content in before.items():
        write_whole(folder / name.split("/")[-1], content)
    try:
        if changed:
            git(root, "checkout", "HEAD", "--", *changed)
        git(root, "pull", "--ff-only", "--quiet")
    except BaseException:
        for name, content in before.items():
            write_whole(root / name, content)
        raise
    lines = []
    for name, content in before.items():
        try:
            mine = nbformat.reads(content.decode(), as_version=4)
            if not (root / name).exists():
                raise ValueError("the course has this chapter no more")
            merged = merge(nbformat.read(root / name, as_version=4), mine)
            write_whole(root / name, (nbformat.writes(merged) + "\n").encode())
            lines.append(f"{name}: your work is in the new version.")
        except Exception as error:
            lines.append(f"{name}: your version could not be carried over ({error}); it is {folder / name.split('/')[-1]}.")
    return lines


if __name__ == "__main__":
    if not (ROOT / ".git").exists():
        raise ValueError(
            f"{ROOT} was not fetched by git: fetch the course anew, as the README says, and copy your chapters over."
        )
    for line in update():
        print(line)
    print("The course is up to date. Reload the chapters that are open in JupyterLab (File, Reload Notebook from Disk).")
