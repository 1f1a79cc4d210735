"""Update the course, and keep your work: python -m utils.update [--from FOLDER]

`git pull` refuses where a chapter that you worked in has changed. This fetches the newest version and puts what you wrote into
the new chapters, cell by cell, in a folder aside; then it moves the files into their places one by one, each whole. Wherever it
is stopped, your work is in the notebooks, and the next update completes it. A copy of every notebook as it was goes to
`.answers/kept/` first.

With --from it fetches nothing, and brings over what you wrote in another copy of the course, such as one that came from a zip.
"""

import argparse
import copy
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from utils.files import new_folder, settle, write_whole
from utils.paths import RECORDS, ROOT

CHAPTER = re.compile(r"chapters/[^/]+\.ipynb")
CHANGELOG = "chapters/CHANGELOG.md"
MOST_NEWS = 12


def digest(text: str) -> str:
    """Return what a cell's id says about the source that the cell was built with."""
    return hashlib.sha1(text.encode()).hexdigest()[:10]


def merge(built: nbformat.NotebookNode, existing: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Carry what a learner wrote in an existing notebook over to a newly built one; returns that one.

    Answers go to their exercises, edited and added cells stay after the cell that they followed, and outputs stay with
    the cells that have not changed. What was merged before stays as it is, and nothing is put over work that is there.
    """
    by_id = {cell.id: cell for cell in built.cells}
    taken = {old.get("id") for old in existing.cells}  # an exercise goes to its own cell rather than to a copy of that
    by_exercise = {cell.metadata.exercise: cell for cell in built.cells if "exercise" in cell.metadata and cell.id not in taken}
    place = 0  # where in the new notebook the next cell of the learner's belongs
    for old in existing.cells:
        pristine = digest(old.source) == old.get("id", "").split("-")[0]
        new = by_id.pop(old.get("id", digest(old.source)), None) or by_exercise.pop(old.metadata.get("exercise"), None)
        if pristine and (new is None or _is_worked_in(new)):
            continue
        if new is None or _is_worked_in(new):
            if any(cell.source == old.source for cell in built.cells):
                continue
            new = old if new is None else new_code_cell(old.source, metadata=old.metadata)
            new.setdefault("id", uuid.uuid4().hex[:8])  # other tools may leave it out
            built.cells.insert(place, new)
        elif not pristine:
            new.source = old.source
        place = built.cells.index(new) + 1
        if new.cell_type == old.cell_type == "code" and new.source == old.source:
            new.outputs, new.execution_count = old.outputs, old.execution_count
    return built


def _is_worked_in(cell: nbformat.NotebookNode) -> bool:
    return digest(cell.source) != cell.get("id", "").split("-")[0]


def successor(name: str, chapters: dict[str, str]) -> str | None:
    """Return what a notebook is called in a version with these chapters: numbers may have changed. None if it has none."""
    renumbered = [new for new in chapters if new.split("_", 1)[-1] == name.split("_", 1)[-1]]
    return name if name in chapters else renumbered[0] if len(renumbered) == 1 else None


def git(root: Path, *arguments: str, advice: str = "", stdin: str = "", index: Path | None = None) -> str:
    """Run git in a folder; returns what it printed.

    Args:
        root: the folder.
        arguments: git's own.
        advice: what to do if it fails.
        stdin: what it reads.
        index: the file that it takes for its index.

    Raises:
        SystemExit: it failed; with its own words and the advice.
    """
    env = {**os.environ, "LC_ALL": "C"} | ({"GIT_INDEX_FILE": str(index)} if index else {})
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, input=stdin.encode(errors="surrogateescape"), env=env
        )
    except FileNotFoundError:
        raise SystemExit(f"Updating needs git, which is not here: install it. Or: {get_anew(root)}") from None
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
        if lock := re.search(r"'([^']+\.lock)': File exists", words):
            raise SystemExit(
                f"A git is at work here, or was killed: when none runs any more, delete {lock[1]} and update again."
            )
        raise SystemExit(f"git {arguments[0]} says: {words or f'code {done.returncode}'}. {advice}".strip())
    return done.stdout.decode(errors="surrogateescape")


def get_anew(root: Path) -> str:
    """Return what to do with a folder that cannot be updated."""
    return (
        f"Get the newest course into another folder (`git clone` it, or unpack its zip), and run there `python -m utils.update --from "
        f'"{root}"`, which brings your work over.'
    )


def news_since(root: Path, head: str, target: str) -> list[str]:
    """Return the lines of the changelog that one commit does not have and another has, the newest first."""

    def lines(commit: str) -> list[str]:
        there = git(root, "ls-tree", "--name-only", commit, CHANGELOG).strip()
        text = git(root, "show", f"{commit}:{CHANGELOG}") if there else ""
        return [line for line in text.splitlines() if line.startswith("- ")]

    known = lines(head)
    new = [line for line in lines(target) if line not in known]
    return new[:MOST_NEWS] + ([f"- and more: {CHANGELOG}"] if len(new) > MOST_NEWS else [])


def versions(root: Path) -> tuple[str, str]:
    """Fetch; returns the commit that the folder holds and the one that it should hold.

    Raises:
        SystemExit: the folder does not follow the course, the course cannot be fetched, or there are commits of the learner's.
    """
    anew = get_anew(root)
    if not any((folder / ".git").exists() for folder in [root.resolve(), *root.resolve().parents]):
        raise SystemExit(f"{root} was not cloned by git, as when it comes from a zip. {anew}")
    if git(root, "rev-parse", "--show-prefix", advice=anew).strip():
        raise SystemExit(f"{root} is a part of another git repository. {anew}")
    follow = "Run `git switch main` and `git branch --set-upstream-to origin/main`, then update again."
    upstream = git(root, "rev-parse", "--symbolic-full-name", "@{upstream}", advice=follow).strip()
    git(root, "fetch", "--quiet", advice="Check the network, then update again; nothing is changed.")
    head, target = git(root, "rev-parse", "HEAD", upstream, advice=follow).split()
    base = git(root, "merge-base", head, target, advice=f"The course's history has changed. {anew}").strip()
    if base not in (head, target):
        raise SystemExit(
            f"You have commits that the course does not have: `git reset {base[:10]}` takes them back and leaves your files as "
            "they are; then update again."
        )
    return head, target if base == head else head


def entries(listing: str) -> dict[str, list[str]]:
    """Read what git prints with `--raw -z`; returns by path: both modes, both objects, and the letter of the change."""
    fields = listing.split("\0")[:-1]
    return {path: words.split() for words, path in zip(fields[::2], fields[1::2], strict=True)}


def on_disk(root: Path, paths: list[str]) -> dict[str, str]:
    """Return the object that git would make of each file that exists, whatever its line ends, by path."""
    files = [path for path in paths if (root / path).is_file()]
    return dict(zip(files, git(root, "hash-object", "--stdin-paths", stdin="\n".join(files)).split(), strict=True))


def refuse_staged(root: Path, head: str, known: set[str]) -> None:
    """Raise SystemExit if a version is staged that is neither in its file nor one of the course's: the update would drop it."""
    staged = {path: entry[3] for path, entry in entries(git(root, "diff-index", "--cached", "-z", head)).items()}
    files = on_disk(root, [path for path, content in staged.items() if content not in known and int(content, 16)])
    if lost := [path for path, content in files.items() if content != staged[path]]:
        raise SystemExit(
            f"You staged {', '.join(lost)} and went on changing it: run `git reset`, which forgets what is staged and leaves your files as "
            "they are, then update again."
        )


def carry_over(root: Path, moves: dict[str, str], news: Path, kept: Path) -> list[str]:
    """Merge notebooks of the learner's into the new ones in a folder, and copy those that change; returns a line for each.

    An answer whose exercise is in another chapter now goes there.

    Args:
        root: the course's folder.
        moves: the notebooks, as paths in it, and what they are called in the new version.
        news: where the new ones lie, all of them. They are written anew there.
        kept: where the copies go.
    """
    lines, folder = [], None
    new = {path.relative_to(news).as_posix(): nbformat.read(path, as_version=4) for path in news.glob("chapters/*.ipynb")}
    home = {cell.metadata.exercise: name for name, one in new.items() for cell in one.cells if "exercise" in cell.metadata}
    for name, goes_to in sorted(moves.items(), key=lambda move: move[0] != move[1]):  # renumbered ones last: they are older
        mine, problem = (root / name).read_bytes(), None
        try:
            existing = nbformat.reads(mine.decode(), as_version=4)
            parts: dict[str, list] = {goes_to: []}
            for cell in existing.cells:
                parts.setdefault(home.get(cell.metadata.get("exercise"), goes_to), []).append(cell)
            merged = {}
            for chapter, cells in parts.items():
                cells = cells if chapter == goes_to else [cell for cell in cells if _is_worked_in(cell)]
                merged[chapter] = merge(copy.deepcopy(new[chapter]), nbformat.NotebookNode({**existing, "cells": cells}))
            new |= merged
        except Exception as error:
            problem = str(error).strip().split("\n")[0]
        content = (nbformat.writes(new[goes_to]) + "\n").encode()
        if content != mine or name != goes_to:
            folder = folder or new_folder(kept / time.strftime("chapters-%Y%m%d-%H%M%S"))
            write_whole(folder / Path(name).name, mine)
        if problem is None:
            where = "" if name == goes_to else f", which is {goes_to} now"
            lines.append(f"{name}: your work is in the new version{where}.")
        else:
            lines.append(f"{name}: your version could not be carried over ({problem}); it is {folder / Path(name).name}.")
    for name, notebook in new.items():
        (news / name).write_text(nbformat.writes(notebook) + "\n", "utf-8", newline="\n")
    return lines


def update(root: Path, kept: Path) -> list[str]:
    """Update the course, and carry the learner's work over; prints and returns a line for each chapter that holds any.

    A notebook that is missing arrives again. One that has another number now is carried over too. One that the course has no
    more is removed, but stays if it was worked in.

    Args:
        root: the course's folder.
        kept: where copies of the notebooks go first.

    Raises:
        SystemExit: the update cannot be made; every file is as it was, or what was written is completed by the next update.
        OSError: a file cannot be written; likewise.
    """
    head, target = versions(root)
    changes = entries(git(root, "diff-tree", "-r", "-z", head, target))
    listed = [entry.split("\t") for entry in git(root, "ls-tree", "-z", target, "chapters/").split("\0")[:-1]]
    chapters = {path: words.split()[2] for words, path in listed if CHAPTER.fullmatch(path)}
    # Every version of a file since `head` is the course's: an update to one that is no longer the newest may have been stopped
    since = {line.split()[0] for line in git(root, "rev-list", "--objects", f"{head}..{target}").splitlines()}
    known = since.union(chapters.values(), *(entry[2:4] for entry in changes.values()))
    present = [path.relative_to(root).as_posix() for path in root.glob("chapters/*.ipynb")]
    renumbered = [path for path in present if path not in chapters and successor(path, chapters)]
    files = on_disk(root, [*{*changes, *chapters, *renumbered}])
    mine = sorted(path for path, content in files.items() if content not in known)
    gone = {path for path, entry in changes.items() if entry[4] == "D"}
    if in_the_way := [path for path in mine if not CHAPTER.fullmatch(path)]:
        raise SystemExit(
            f"The update would overwrite your changes in {', '.join(in_the_way)}: move your version elsewhere, then update again; "
            "nothing is changed."
        )
    if head != target:
        refuse_staged(root, head, known)

    for unfinished in root.glob("update-*.unfinished"):  # what an update that was killed has left
        shutil.rmtree(unfinished, ignore_errors=True)
    for unfinished in kept.rglob("*.unfinished"):
        unfinished.unlink(missing_ok=True)
    aside = Path(tempfile.mkdtemp(".unfinished", "update-", root))
    try:
        index, news = aside / "index", aside / "new"
        news.mkdir()
        arriving = {*changes, *chapters} - gone
        git(root, "read-tree", target, index=index)
        git(root, "checkout-index", "-z", "--stdin", f"--prefix={aside.name}/new/", stdin="\0".join(arriving), index=index)
        moves = {path: new for path in mine if (new := successor(path, chapters)) is not None}
        built = {path.relative_to(news).as_posix(): path.read_bytes() for path in news.glob("chapters/*.ipynb")}
        lines = carry_over(root, moves, news, kept)
        lines += [
            f"{path}: the course has this chapter no more; yours stays where it is." for path in mine if path not in moves
        ]
        for path in built.keys() & files.keys():
            content = (news / path).read_bytes()
            is_old = path not in {*mine, *changes} and content == built[path]  # on disk too, maybe with other line ends
            if is_old or content == (root / path).read_bytes():
                (news / path).unlink()
        if on_disk(root, [*files]) != files:
            raise SystemExit("A file was saved just now: update again; nothing is changed.")
        new_to_them = news_since(root, head, target)
        for line in [
            *lines,
            *(["What is new:"] if new_to_them else []),
            *new_to_them,
        ]:  # before the first file changes, so that it is said also where that is the end
            print(line, flush=True)
        for path in gone.difference(mine):
            (root / path).unlink(missing_ok=True)
            with suppress(OSError):
                os.removedirs((root / path).parent)  # those that it leaves empty
        for new in [path for path in news.rglob("*") if path.is_file()]:
            path = root / new.relative_to(news)
            path.parent.mkdir(parents=True, exist_ok=True)
            settle(new)
            new.replace(path)
        for path in moves:
            if moves[path] != path:
                (root / path).unlink()
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    if head != target:
        git(root, "reset", "--quiet", target)
    return lines


def bring(old: Path, root: Path, kept: Path) -> list[str]:
    """Bring the work in another copy of the course over to this one; prints and returns a line for each file that holds any.

    What was written in this copy stays. The other one is left as it is.

    Args:
        old: the other copy's folder.
        root: this copy's.
        kept: where copies of the notebooks go first; records of answers go into the folder around it.

    Raises:
        SystemExit: `old` is no other copy of the course.
        OSError: a file cannot be read or written.
    """
    found = sorted(old.glob("chapters/*.ipynb"))
    if not found:
        raise SystemExit(f"{old} has no chapters/*.ipynb: --from takes the folder of a course that you worked in.")
    if old.resolve() == root.resolve():
        raise SystemExit("--from takes the folder of another copy of the course; this one has your work already.")
    aside = Path(tempfile.mkdtemp(".unfinished", "update-", root))
    try:
        news = aside / "new"
        shutil.copytree(
            root / "chapters", news / "chapters", ignore=lambda _, names: [n for n in names if not n.endswith(".ipynb")]
        )
        chapters = {path.relative_to(news).as_posix(): "" for path in news.glob("chapters/*.ipynb")}
        worked_in = [path.relative_to(old).as_posix() for path in found if holds_work(path)]
        moves = {name: successor(name, chapters) for name in worked_in}
        lines = carry_over(old, {name: new for name, new in moves.items() if new is not None}, news, kept)
        for path in [
            path for path in news.rglob("*.ipynb") if path.read_bytes() != (root / path.relative_to(news)).read_bytes()
        ]:
            settle(path)
            path.replace(root / path.relative_to(news))
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    here = {path.name for path in root.glob("chapters/*")}
    own = [old / name for name in worked_in if moves[name] is None]
    own += [
        path for path in sorted(old.glob("chapters/*.py")) if path.name not in here
    ]  # a module of theirs, or one that is gone
    for path in own:
        write_whole(root / "chapters" / path.name, path.read_bytes())
        lines.append(f"chapters/{path.name}: the course has no such file; yours is copied.")
    for path in (old / ".answers").glob("*.json"):
        if not (kept.parent / path.name).exists():
            write_whole(kept.parent / path.name, path.read_bytes())
    lines += [f"Trainings of yours stay in {runs}." for runs in (old / "runs", old / "chapters" / "runs") if runs.is_dir()]
    print("\n".join(lines or [f"Nothing was written in the chapters of {old}."]))
    return lines


def holds_work(path: Path) -> bool:
    """Tell whether anything was written in a notebook since it was built; also if it cannot be read."""
    try:
        return any(map(_is_worked_in, nbformat.read(path, as_version=4).cells))
    except Exception:
        return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m utils.update", description=__doc__.split("\n\n")[1])
    parser.add_argument(
        "--from", dest="old", type=Path, metavar="FOLDER", help="another copy of the course, with your work in it"
    )
    old = parser.parse_args().old
    for name in ("SIGTERM", "SIGHUP"):  # treated like Ctrl-C
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        if old is None:
            update(ROOT, RECORDS / "kept")
        else:
            bring(old, ROOT, RECORDS / "kept")
    except KeyboardInterrupt:
        sys.exit("Stopped. Your work is in your notebooks; the next update goes on from here.")
    except OSError as error:
        sys.exit(f"The update cannot go on ({error}). Your work is in your notebooks; set this right, then update again.")
    state = "The course is up to date" if old is None else "Your work is here now"
    print(f"{state}. Reload the chapters that are open in JupyterLab (File, Reload Notebook from Disk).")


if __name__ == "__main__":
    main()
