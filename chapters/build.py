"""Unfold chapters/source/*.md into the notebooks that learners open.

    python chapters/build.py          builds every chapter; whatever a learner has written stays where it is
    python chapters/build.py --repository https://github.com/NAME/REPOSITORY
                                      sets the address of the course, which badges and Colab's first cell name, and builds;
                                      `--repository none` takes it away
    python chapters/build.py --check  exits 1 and names the notebooks that are not what their sources give; it also says which
                                      of the figures in the text are older than the code that they were measured with

An exercise cell of a source imports the thing to be written. Here it becomes its stub, a cell that checks it, and its
solution, folded. The solution's text comes from solutions/, the why below it from the region marked `solution="NAME"`. A cell
whose fence says `fold=true` only draws: its code is hidden until the learner opens it. One whose fence says
`before_test="NAME"`, below an exercise's, comes between its stub and its test: it looks at an answer that is half written.
"""

import argparse
import ast
import builtins
import os
import re
import sys
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that may fail

try:
    import jupytext
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell
except ImportError as error:
    sys.exit(f"Building the chapters needs the development extras ({error}): run `pip install -e '.[dev]'`.")

from utils import progress
from utils.course import measured
from utils.course.exercises import exercises
from utils.course.programs import names_used, without_magics
from utils.files import write_whole
from utils.paths import ROOT
from utils.update import digest, merge

ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9](?:-?[A-Za-z0-9])*)/([A-Za-z0-9_][\w.-]*)")

SETUP = """\
# Run this cell first. It finds the course; in Colab it fetches what is missing.
import sys
from pathlib import Path

places = [*Path("chapters").resolve().parents, Path("/content/ppo-course")]
if "google.colab" in sys.modules and not (places[-1] / "chapters").exists():
    FETCH
course = next((place for place in places if (place / "chapters" / "source").is_dir()), None)
if course is None:
    raise FileNotFoundError(
        "The course is not here. In Colab, ADVICE, then run this cell again; "
        "elsewhere, open the notebook that lies in the course's own folder."
    )
sys.path.insert(0, str(course))

from utils import colab

colab.prepare(COLAB_OPTIONS)
import tests
from utils.progress import reset, show_progress"""

CLONE = '!git clone --quiet --depth 1 --branch "v{version}" {repository} /content/ppo-course'
"""The release for which the notebook was built: another one may know other exercises."""

FROM_DRIVE = """\
from google.colab import drive

    drive.mount("/content/drive")
    home, unpacked = Path("/content/drive/MyDrive"), Path("/content/unpacked")
    for packed in sorted(home.glob("ppo-course*.zip"))[:1]:
        !unzip -q -o "{packed}" -d {unpacked}
    places += [*sorted(home.glob("ppo-course*")), *sorted(unpacked.glob("*"))]"""
"""Where a learner has put the course, as long as it has no address: its folder, or the zip of its repository."""


def setup_cell(options: str) -> str:
    """Return the first cell of a chapter, with what it is to tell `colab.prepare`."""
    repository = progress.repository()
    if repository is None:
        fetch = FROM_DRIVE
        advice = (
            'put its folder, or the zip of its repository, into your Drive, with a name "\n        "that begins with ppo-course'
        )
    else:
        fetch = CLONE.format(version=progress.project()["version"], repository=repository)
        advice = "check the network"
    return SETUP.replace("FETCH", fetch).replace("ADVICE", advice).replace("COLAB_OPTIONS", options)


ADOPT = """
# Your own answers to earlier exercises go on working here, where they pass; this says which.
from utils import answers

print(answers.adopt(before="{stem}"))"""
"""From the second chapter on, the learner's own answers go on working."""

PROGRESS = """\
# How far you are, and what comes next.
show_progress("{stem}")"""

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
"""What Jupyter writes into a notebook that it saves, except Python's version."""

FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
"""How JupyterLab, and Colab, are told to hide the code of a cell, and to show only what it prints and draws."""


def read_sources() -> dict[str, nbformat.NotebookNode]:
    """Read every chapter's source as a notebook that runs as it stands, by stem, with its title in the metadata.

    Raises:
        ValueError: one cannot be read, or does not begin with its title and an introduction.
    """
    chapters = {}
    for path in sorted((ROOT / "chapters" / "source").glob("*.md")):
        try:
            notebook = jupytext.reads(path.read_text("utf-8"), "md")
        except Exception as error:  # the parsers of YAML and of Markdown raise errors of their own
            raise ValueError(
                f"{path.relative_to(ROOT)} cannot be read ({type(error).__name__}: {error}): it must be text in UTF-8 that begins with "
                "its title, or with a head in YAML."
            ) from None
        notebook.metadata["title"] = progress.title(path.stem)
        if not re.match(r"# .*\n", notebook.cells[0].source):
            raise ValueError(
                f"{path.relative_to(ROOT)} must begin with its title, `# TITLE`, and an introduction in the lines below."
            )
        chapters[path.stem] = notebook
    return chapters


def dots(count: int) -> str:
    return "●" * count + "○" * (5 - count)


def unfold(stem: str, sources: dict, solved: bool = False, measuring: bool = False) -> nbformat.NotebookNode:
    """Build one chapter.

    Args:
        stem: such as 03_rollouts.
        sources: see `read_sources`.
        solved: leave the reference's import in each exercise cell; for checking that a chapter runs.
        measuring: leave the names of measured figures in the text; otherwise the figures stand there.

    Raises:
        ValueError: an exercise and its cells do not fit together, or a figure was never measured.
    """
    source = sources[stem]
    filled = lambda text: text if measuring else measured.fill_in(text, stem)
    whys = {cell.metadata["solution"]: filled(cell.source) for cell in source.cells if "solution" in cell.metadata}
    cells_of_exercises = {cell.metadata["exercise"] for cell in source.cells if "exercise" in cell.metadata}
    if unknown := set(whys) - cells_of_exercises:
        raise ValueError(f"chapters/source/{stem}.md explains {', '.join(map(repr, unknown))}, but has no such exercise.")
    heading, introduction = source.cells[0].source.split("\n", 1)
    setup = setup_cell("gpu=True" if source.metadata.get("gpu") else "")
    setup += "" if stem == min(sources) else ADOPT.format(stem=stem)
    cells = [
        new_markdown_cell(
            "\n\n".join(filter(None, [heading, badge(stem), f"{chapter_map(stem, sources)}\n{filled(introduction)}".rstrip()]))
        ),
        new_code_cell(setup, metadata={"setup": True}),
    ]
    for cell in source.cells[1:]:
        if "exercise" in cell.metadata:
            cells += exercise_cells(stem, cell, whys, solved)
        elif "before_test" in cell.metadata:
            test = next(i for i, one in enumerate(cells) if one.metadata.get("checks") == cell.metadata["before_test"])
            cells.insert(test, new_code_cell(cell.source))
        elif "solution" not in cell.metadata:
            if cell.cell_type == "code":
                cells.append(new_code_cell(cell.source, metadata=FOLDED if cell.metadata.get("fold") else {}))
            else:
                cells.append(new_markdown_cell(filled(cell.source)))
    cells.append(new_code_cell(PROGRESS.format(stem=stem), metadata={"progress": True}))
    require_names(stem, cells)
    seen: dict[str, int] = {}
    for cell in cells:  # an id says what the cell held when it was built: so a learner's edit shows
        name = digest(cell.source)
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def require_names(stem: str, cells: list) -> None:
    """Raise ValueError if an exercise's solution uses a name that no cell above it binds: its stub would fail there, or an answer."""
    bound = {*dir(builtins)}
    for cell in [cell for cell in cells if cell.cell_type == "code"]:
        for exercise in [
            one for one in exercises().values() if (one.chapter, one.cell) == (stem, cell.metadata.get("exercise"))
        ]:
            bound.add(exercise.object_name)
            if unknown := [name for name in names_used(exercise.reference_source()) if name not in bound]:
                raise ValueError(
                    f"chapters/source/{stem}.md: the solution of {exercise.name} uses {', '.join(unknown)}, which no cell above it imports or "
                    "defines: import it in the chapter's first cell."
                )
        for node in ast.walk(ast.parse(without_magics(cell.source))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                bound.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.add(node.id)


def exercise_cells(stem: str, cell: nbformat.NotebookNode, whys: dict[str, str], solved: bool) -> list:
    of_cell = [one for one in exercises().values() if (one.chapter, one.cell) == (stem, cell.metadata["exercise"])]
    if not of_cell:
        raise ValueError(
            f'chapters/source/{stem}.md: give the fence of the exercise {cell.metadata["exercise"]!r} exercise="NAMES".'
        )
    first = of_cell[0]
    if first.cell not in whys:
        raise ValueError(
            f'chapters/source/{stem}.md: the exercise {first.cell!r} has no region marked solution="{first.cell}" that says why.'
        )
    info = f"**Difficulty** {dots(first.difficulty)} · **Importance** {dots(first.importance)} · **Time** about {first.minutes} minutes"
    solution = f"```python\n{first.reference_source()}\n```\n\n{whys[first.cell]}"
    folded = f"<details>\n<summary>Solution</summary>\n\n{solution.strip()}\n\n</details>"
    return [
        new_markdown_cell(info),
        new_code_cell(cell.source if solved else first.stub(), metadata={"exercise": first.cell}),
        new_code_cell("\n".join(exercise.call for exercise in of_cell), metadata={"checks": first.cell}),
        new_markdown_cell(folded),
    ]


def badge(stem: str) -> str:
    """Return a chapter's badge, which opens it in Colab; empty if the course has no address."""
    address = progress.colab_url(stem)
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({address})" if address else ""


def chapter_map(stem: str, sources: dict) -> str:
    """Return the line that shows where the chapter stands among the others."""
    entries = [
        f"**{other[:2]} {notebook.metadata['title']}**"
        if other == stem
        else f'[{other[:2]}]({other}.ipynb "{notebook.metadata["title"]}")'
        for other, notebook in sources.items()
    ]
    return "Chapters: " + " → ".join(entries)


def in_short(names: list[str]) -> str:
    """Return a list of names in which `part_1`, `part_2` and so on are one: `part_1` to `part_9`."""
    groups = [list(group) for _, group in groupby(names, key=lambda name: name.rstrip("0123456789"))]
    return ", ".join(f"`{group[0]}`" + f" to `{group[-1]}`" * (len(group) > 1) for group in groups)


def readme_table(sources: dict) -> str:
    """Return the table of the chapters, and how long the course takes: all of it, and without the less important exercises."""
    with_badges = progress.repository() is not None
    rows, minutes = [["chapter", "what you build", "minutes"] + [""] * with_badges, ["---"] * (3 + with_badges)], {}
    for stem, notebook in sources.items():
        built = in_short([exercise.name for exercise in exercises().values() if exercise.chapter == stem])
        said = re.search(r"\*\*Time\*\* about (\d+) minutes", measured.fill_in(notebook.cells[0].source, stem))
        if said is None:
            raise ValueError(
                f"chapters/source/{stem}.md does not say in its introduction how long it takes: `**Time** about 60 minutes`."
            )
        link = f"[{stem[:2]} {notebook.metadata['title']}](chapters/{stem}.ipynb)"
        rows.append([link, built, said[1]] + [badge(stem)] * with_badges)
        minutes[stem] = int(said[1])
    short = [exercise for exercise in exercises().values() if exercise.importance >= 4]
    on_the_way = {exercise.chapter for exercise in short}
    others = {one.cell: one.minutes for one in exercises().values() if one.chapter in on_the_way and one not in short}
    shorter = sum(minutes[stem] for stem in on_the_way) - sum(others.values())
    left_out = [stem[:2] for stem in sources if stem not in on_the_way]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + (
        f"\n\nThe whole course is {len(exercises())} exercises and takes about {sum(minutes.values()) / 60:.0f} hours, trainings not counted. **The "
        f"short path** is the {len(short)} exercises of importance 4 and 5 (each says its own), about {shorter / 60:.0f} hours: leave out chapters "
        f"{', '.join(left_out[:-1])} and {left_out[-1]}, and in the others open the folded solution of the less important ones, and go on."
    )


def set_repository(address: str) -> None:
    """Write the address of the course into pyproject.toml, or take it away. Raises ValueError for another form."""
    if address != "none" and (ADDRESS.fullmatch(address) is None or address.endswith(".git")):
        raise ValueError(f"--repository must be https://github.com/NAME/REPOSITORY, or none; you gave {address!r}.")
    path = ROOT / "pyproject.toml"
    text = re.sub(r'\n\[project\.urls\]\nRepository = ".*"\n', "", path.read_text("utf-8"))
    if address != "none":
        text = text.replace(
            "\n[project.optional-dependencies]",
            f'\n[project.urls]\nRepository = "{address}"\n\n[project.optional-dependencies]',
            1,
        )
    write_whole(path, text.encode())
    progress.project.cache_clear()


def other_repository() -> str:
    """Return a sentence if a workflow of GitHub runs this in another repository than the course names; empty if not."""
    here = os.environ.get("GITHUB_REPOSITORY")
    address = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{here}"
    if here is None or progress.repository() in (None, address):
        return ""
    return (
        f"::warning::The course names {progress.repository()}, and this is {address}: badges and Colab's first cell lead there. If you publish "
        f"your own, run `python chapters/build.py --repository {address}`."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 and name what is stale")
    parser.add_argument("--repository", metavar="ADDRESS", help="https://github.com/NAME/REPOSITORY, or none; then build")
    options = parser.parse_args()
    check = options.check
    if check and options.repository is not None:
        raise ValueError("--check changes nothing: leave out --repository, or --check.")
    if options.repository is not None:
        set_repository(options.repository)
    if warning := other_repository():
        print(warning, file=sys.stderr)

    sources = read_sources()
    expected = {}
    for stem in sources:
        path = ROOT / "chapters" / f"{stem}.ipynb"
        notebook = unfold(stem, sources)
        if path.exists() and not check:
            try:
                notebook = merge(notebook, nbformat.read(path, as_version=4))
            except Exception as error:
                print(
                    f"chapters/{path.name} cannot be read ({error}), so it is left as it is: repair it, or move it away and build again."
                )
                return 1
        expected[path] = nbformat.writes(notebook) + "\n"
    readme = ROOT / "README.md"
    table = f"<!-- chapters: made by chapters/build.py -->\n{readme_table(sources)}\n<!-- end -->"
    expected[readme] = re.sub(r"<!-- chapters.*?<!-- end -->", lambda _: table, readme.read_text("utf-8"), flags=re.DOTALL)

    stale = [path for path, text in expected.items() if not path.exists() or path.read_text("utf-8") != text]
    stale += [path for path in (ROOT / "chapters").glob("*.ipynb") if path not in expected]
    for path in stale:
        name = path.relative_to(ROOT)
        if path not in expected:
            print(f"{name} has no source in chapters/source/: remove one, or write the other.")
        elif check:
            print(f"{name} is not what its source gives: run `python chapters/build.py`, unless it holds your own answers.")
        else:
            write_whole(path, expected[path].encode())
            print(f"built {name}")
    for line in measured.stale() if check else []:
        print(line)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
