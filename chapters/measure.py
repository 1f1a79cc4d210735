"""Measure the figures that a chapter's text names: python chapters/measure.py CHAPTER ... (such as 00 01)

Runs the solved chapter from its source, in a kernel of its own, evaluates every `{{ expression : format }}` of its text where it
stands, and writes what came out into chapters/measured.json, with the command, the versions, the machine and the commit.
PPO_COURSE_ITERATIONS=2 before the command cuts every training short, for a chapter whose figures do not come from one.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that may fail

import nbclient
from nbformat.v4 import new_code_cell, new_markdown_cell

from chapters import build
from utils.course import measured
from utils.files import write_whole
from utils.paths import ROOT
from utils.watching.log import SHORT_RUN

PLAYED = {f"utils/{name}.py" for name in ("envs", "atari_wrappers", "transitions", "probes")}
"""Beside `solutions`, what a figure depends on; not how it is drawn, or how a course is run."""

LOADED = """\
import json as _json, sys as _sys
from pathlib import Path as _Path
_root = _Path("..").resolve()
_files = [_Path(_module.__file__).resolve() for _module in list(_sys.modules.values()) if getattr(_module, "__file__", None)]
print(_json.dumps(sorted(str(_file.relative_to(_root)) for _file in _files if _root in _file.parents)))"""


def measure(stem: str, sources: dict) -> dict:
    """Run a chapter, and return its entry of the file."""
    notebook = build.unfold(stem, sources, solved=True, measuring=True)
    cells, places = [], {}
    for cell in notebook.cells:
        cells.append(cell)
        for expression in measured.expressions(cell.source if cell.cell_type == "markdown" else ""):
            if expression in places:
                raise ValueError(
                    f"chapters/source/{stem}.md names the figure {expression} twice: give the value a name in the code."
                )
            if measured.is_by_hand(expression):
                continue
            places[expression] = len(cells)
            cells.append(new_code_cell(evaluation(expression)))
    late = {expression: len(cells) + number for number, expression in enumerate(places)}
    cells += [new_code_cell(evaluation(expression), metadata={"tags": ["raises-exception"]}) for expression in places]
    cells += [new_markdown_cell("the files"), new_code_cell(LOADED)]
    notebook.cells = cells
    started = time.time()
    nbclient.NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(ROOT / "chapters")}}).execute()
    loaded = json.loads(printed(cells[-1]))
    code = [path for path in loaded if path in PLAYED or (path.startswith("solutions/") and "/saving/" not in path)]
    return {
        "command": short_run() + f"python chapters/measure.py {stem[:2]}",
        "commit": git("rev-parse", "--short", "HEAD")
        + (" and changes" if git("status", "--porcelain", "solutions", "utils") else ""),
        "date": time.strftime("%Y-%m-%d"),
        "seconds": round(time.time() - started),
        "machine": f"{platform.system()}, {platform.machine()}, {processor()}",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy", "gymnasium", "ale-py")},
        "figures": {expression: figure(cells[place], cells[late[expression]]) for expression, place in places.items()},
        "code": {path: measured.digest_of(path) for path in [f"chapters/source/{stem}.md", *code]},
    }


def evaluation(expression: str) -> str:
    """Return a cell that prints a figure as JSON; null where its names are not there, which come further down."""
    return f"import json as _json\ntry:\n    print(_json.dumps(float({expression})))\nexcept NameError:\n    print('null')"


def figure(here, at_the_end) -> float:
    """Return a figure as it was at its place in the text, or, where it is the answer to a question, at the end."""
    value = json.loads(printed(here))
    value = json.loads(printed(at_the_end) or "null") if value is None else value
    if value is None or not math.isfinite(value):
        raise ValueError(f"This figure of the text is {value}, where it stands and at the end of the chapter:\n{here.source}")
    return int(value) if value == int(value) else value


def printed(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs).strip().rpartition("\n")[2]


def short_run() -> str:
    """Return what makes every training short, as it stands before a command; empty if nothing does."""
    return f"{SHORT_RUN}={os.environ[SHORT_RUN]} " if SHORT_RUN in os.environ else ""


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def processor() -> str:
    """Name the processor and how many cores there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of {names[0]}" if names else platform.processor()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="+", help="such as 00 or 00_start_here")
    wanted = parser.parse_args().chapters
    sources = build.read_sources()
    unknown = [name for name in wanted if not any(stem.startswith(name) for stem in sources)]
    if unknown:
        raise ValueError(f"There is no chapter {', '.join(unknown)}: the chapters are {', '.join(sources)}.")
    for stem in [stem for stem in sources if stem.startswith(tuple(wanted))]:
        entry = measure(stem, sources)
        write_whole(measured.FILE, (json.dumps(measured.read() | {stem: entry}, indent=1, sort_keys=True) + "\n").encode())
        measured.read.cache_clear()
        print(f"{stem}: {len(entry['figures'])} figures in {entry['seconds']} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
