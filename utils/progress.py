"""How far a learner is, and the way back: `show_progress()` and `reset("compute_advantages")`.

Progress is not kept anywhere: it follows from the notebooks and the records in `.answers/`. From a shell:

    python -m utils.progress                            shows it
    python -m utils.progress reset compute_advantages   puts an exercise back to its stub
"""

import argparse
import difflib
import html
import json
import re
import sys
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from utils import jupyter, paths
from utils.course import notebooks, records
from utils.course.exercises import Exercise, empty_bodies, exercises, is_attempted
from utils.course.programs import AnswerError
from utils.files import write_whole

SOLVED, WRONG, UNCHECKED, OPEN = "✓", "✗", "·", "○"
MEANINGS = {
    SOLVED: "solved",
    WRONG: "checked, and not right yet",
    UNCHECKED: "changed since its last check, or its test has",
    OPEN: "open",
}


@dataclass(frozen=True)
class Progress:
    """Which exercises are solved. It shows itself in a notebook and in a terminal.

    Attributes:
        states: by the name of the exercise: SOLVED, WRONG, UNCHECKED or OPEN.
        notes: sentences about answers that cannot be read.
        chapter: where the learner is, such as 03_rollouts: what comes next is counted from that chapter's last exercise.
    """

    states: dict[str, str]
    notes: tuple[str, ...] = ()
    chapter: str = ""

    @property
    def solved(self) -> int:
        """How many exercises are solved."""
        return list(self.states.values()).count(SOLVED)

    def next_after(self, name: str | None = None) -> Exercise | None:
        """Return the first exercise that is not solved, after a place in their order; after the last comes the first again.

        Args:
            name: the exercise that it comes after; by default, the last of `chapter` (or of those before it, if it has none).

        Returns:
            The exercise; None if all are solved.
        """
        names = list(self.states)
        before = [other for other in names if exercises()[other].chapter <= self.chapter]
        start = names.index(name) + 1 if name in names else len(before)
        unsolved = [other for other in names[start:] + names[:start] if self.states[other] != SOLVED]
        return exercises()[unsolved[0]] if unsolved else None

    def line(self, name: str) -> str:
        """Return a few words for the moment in which an exercise is solved."""
        following = self.next_after(name)
        rest = f"; next: {following.name} in {following.chapter[:2]}." if following else "."
        return f"{self.solved} of {len(self.states)} solved{rest}"

    def by_chapter(self) -> dict[str, dict[str, str]]:
        """Return the states of the exercises, chapter by chapter."""
        chapters: dict[str, dict[str, str]] = {}
        for name, state in self.states.items():
            chapters.setdefault(exercises()[name].chapter, {})[name] = state
        return chapters

    def __str__(self) -> str:
        chapters = self.by_chapter()
        titles = {chapter: f"{chapter[:2]} {title(chapter)}" for chapter in chapters}
        width = max(map(len, titles.values()), default=0)
        lines = [
            f"{titles[chapter]:{width}}  " + "  ".join(f"{state} {name}" for name, state in states.items())
            for chapter, states in chapters.items()
        ]
        following = self.next_after()
        rest = f" Next: {following.name} in chapters/{following.chapter}.ipynb" if following else ""
        return "\n".join([*lines, f"{self.solved} of {len(self.states)} exercises solved.{rest}", self._legend(), *self.notes])

    __repr__ = __str__

    def _legend(self) -> str:
        return "   ".join(f"{mark} {meaning}" for mark, meaning in MEANINGS.items() if mark in self.states.values())

    def _repr_html_(self) -> str:
        """Return plain HTML, with no colours of its own: so it is readable on a light and on a dark page."""
        rows = []
        for chapter, states in self.by_chapter().items():
            marks = " &ensp; ".join(f"{state}&nbsp;<code>{name}</code>" for name, state in states.items())
            how_many = f"{list(states.values()).count(SOLVED)} of {len(states)}"
            rows.append(
                f'<tr><td style="text-align: left; white-space: nowrap">{_link(chapter, f"{chapter[:2]} {title(chapter)}")}</td>'
                f'<td style="text-align: left">{marks}</td><td style="white-space: nowrap">{how_many}</td></tr>'
            )
        following = self.next_after()
        rest = f" Next: {_link(following.chapter, following.name)} in {following.chapter[:2]}." if following else ""
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f'<p><progress value="{self.solved}" max="{len(self.states)}" style="width: 16em" aria-label="exercises solved"></progress>'
            f" <b>{self.solved} of {len(self.states)}</b> exercises solved.{rest}</p>"
            f"<table><tbody>{''.join(rows)}</tbody></table><p>{html.escape(self._legend()).replace('   ', ' &ensp; ')}</p>{notes}"
        )


@cache
def title(chapter: str) -> str:
    """Return the title of a chapter, from its source. Raises ValueError if it has none."""
    text = (paths.ROOT / "chapters" / "source" / f"{chapter}.md").read_text("utf-8")
    found = re.search(r"^# (.*)$", text, re.MULTILINE)
    if found is None:
        raise ValueError(
            f"chapters/source/{chapter}.md has no title: give it a first line `# TITLE`, and an introduction below it."
        )
    return found[1]


@cache
def project() -> dict:
    """Return what pyproject.toml says of the course: its version, and its address if it has one."""
    return tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def repository() -> str | None:
    """Return the address of the course; None until whoever publishes it has set one (`python chapters/build.py --repository`)."""
    return project().get("urls", {}).get("Repository")


def colab_url(chapter: str) -> str | None:
    """Return the address at which Colab opens a chapter; None if the course has none."""
    if repository() is None:
        return None
    return f"https://colab.research.google.com/github/{repository().removeprefix('https://github.com/')}/blob/main/chapters/{chapter}.ipynb"


def _link(chapter: str, text: str) -> str:
    address = colab_url(chapter) if "google.colab" in sys.modules else f"{chapter}.ipynb"
    if address is None:
        return html.escape(text)
    return f'<a href="{address}">{html.escape(text)}</a>'


def show_progress(chapter: str = "") -> Progress:
    """Find out how far the learner is, by the notebooks on disk and the records of checks: make it the last line of a cell.

    Args:
        chapter: the chapter that it stands in, such as 03_rollouts. What comes next is then the first unsolved exercise after
            that chapter, as the test of its last exercise has said; otherwise the first of all.
    """
    states, notes = {}, {}
    for exercise in exercises().values():
        try:
            source, _ = notebooks.read_answer(exercise)
        except AnswerError as error:
            states[exercise.name] = UNCHECKED
            notes[str(error)] = None
            continue
        passed = None if source is None else records.verdict(exercise, source)
        states[exercise.name] = OPEN if source is None else {True: SOLVED, False: WRONG, None: UNCHECKED}[passed]
    return Progress(states, tuple(notes), chapter)


def reset(name: str) -> None:
    """Put an exercise back to its stub. The answer is kept aside, in `.answers/kept/`.

    In a notebook, call it in the exercise's own cell, which then becomes the stub. (The file is left to the program that
    shows it.) From a shell, the notebook on disk is changed.

    Raises:
        AnswerError: there is no such exercise, or its answer cannot be read or kept aside: then nothing is changed.
    """
    name = getattr(name, "__name__", name)  # the function itself will do
    if name not in exercises():
        close = difflib.get_close_matches(str(name), exercises(), n=3)
        command = "python -m utils.progress" if jupyter.shell() is None else "show_progress()"
        advice = f"did you mean {' or '.join(close)}?" if close else f"`{command}` names them all."
        raise AnswerError(f"There is no exercise {name!r}: {advice}")
    exercise, shell = exercises()[name], jupyter.shell()
    print(_reset_on_disk(exercise) if shell is None else _reset_in_notebook(exercise, shell))


def _reset_on_disk(exercise: Exercise) -> str:
    notebook = notebooks.read_notebook(exercise)
    written = []
    for cell in notebooks.cells_of(exercise, notebook["cells"]):
        source = notebooks.cell_source(cell)
        if is_attempted(source, exercise):
            written.append(source)
            cell |= {"source": _stub(exercise, source).splitlines(keepends=True), "outputs": [], "execution_count": None}
    kept = _keep_aside(exercise, written)
    if kept is None:
        return f"{exercise.name} is not attempted: it is its stub already."
    if written:
        write_whole(exercise.notebook, (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode())
    return (
        f"{exercise.name} is its stub again in {exercise.notebook.name}; your answer is kept in {kept}. If the notebook is open, reload it "
        "from disk before you go on."
    )


def _reset_in_notebook(exercise: Exercise, shell) -> str:
    cells = [cell for cell in shell.user_ns["In"] if notebooks.defines(exercise, cell)]
    this_cell = shell.user_ns["In"][-1]
    written = [source for cell in cells[-1:] if is_attempted(source := _without_call(cell), exercise)]
    kept = _keep_aside(exercise, written)
    becomes_stub = not _without_call(this_cell) or this_cell in cells
    shell.set_next_input(_stub(exercise, "".join(written)), replace=becomes_stub)
    shell.user_ns.pop(exercise.object_name, None)
    where = "this cell" if becomes_stub else "the new cell below: move it to the place of your answer"
    said = f"{exercise.name} is back to its stub, in {where}."
    return f"{said} Your answer is kept in {kept}." if kept else said


def _without_call(cell: str) -> str:
    """Return a cell without its call of `reset`."""
    return re.sub(r"^(progress\.)?reset\(.*$", "", cell, flags=re.MULTILINE).strip()


def _stub(exercise: Exercise, source: str) -> str:
    """Return the stub of one exercise; others of the same cell stay as they are."""
    if set(exercise.to_write) >= set(exercise.methods):
        return exercise.stub()
    try:
        return empty_bodies(source, exercise.to_write)
    except (SyntaxError, KeyError):
        return exercise.stub()


def _keep_aside(exercise: Exercise, written: list[str]) -> Path | None:
    """Keep what the learner wrote, and what is on record, in a new file, and put the stub on record.

    Returns:
        Where it is kept; None if there is nothing to keep.
    """
    versions = list(written)
    with suppress(AnswerError):
        entry = records.read(exercise)
        is_known = entry is None or any(text.strip() in entry["source"] for text in written)
        if not is_known and is_attempted(entry["source"], exercise):
            versions.append(entry["source"])
    if not versions:
        return None
    stem = f"{exercise.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder = paths.RECORDS / "kept"
    kept = next(path for number in count(1) if not (path := folder / f"{stem}{f'-{number}' * (number > 1)}.py").exists())
    try:
        write_whole(kept, ("\n\n\n# Another version:\n\n".join(text.strip() for text in versions) + "\n").encode())
    except OSError as error:
        raise AnswerError(
            f"Your answer to {exercise.name} cannot be kept aside in {folder} ({error.strerror or error}), so nothing is changed."
        ) from None
    records.write(exercise, exercise.stub(), passed=False)
    return kept.relative_to(paths.ROOT) if kept.is_relative_to(paths.ROOT) else kept


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m utils.progress", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", metavar="[reset NAME ...]")
    commands.add_parser("reset").add_argument("names", nargs="+", metavar="NAME")
    arguments = parser.parse_args()
    if arguments.command:
        for name in arguments.names:
            reset(name)
    else:
        print(show_progress())


if __name__ == "__main__":
    main()
