"""Measure the figures that a chapter's text names: python chapters/measure.py CHAPTER ... (such as 00 01)

Runs the solved chapter from its source, in a kernel of its own, evaluates every `{{ expression : format }}` of its text where it
stands, and writes what came out into chapters/measured.json, with the command, the versions, the machine and the commit.
PPO_COURSE_ITERATIONS=2 before the command cuts every training short, for a chapter whose figures do not come from one.

`python chapters/measure.py --curves NAME ...` measures what to expect of a training, over several seeds, and writes it into
chapters/curves.json. The names are those of CURVES.
"""

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that may fail

import nbclient
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

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


SEEDS = range(10)

CURVES = {
    "reinforce_cartpole": ("01_policy_gradient", "def train(", "range(1, 26), train(seed, baseline=False)[1]"),
    "cartpole_preset": (
        "06_train_cartpole",
        "from solutions.trainer import PPOTrainer",
        "(lambda rows: (rows.column('global_step')[::3], rows.column('episodic_return')[::3]))"
        "(PPOTrainer(replace(PRESETS['cartpole'], seed=seed)).train().rows)",
    ),
}
"""For each curve: a chapter, of which the cells up to the one with these words are run, and what gives steps and scores for a `seed`."""


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
    facts = run(stem, cells, f"python chapters/measure.py {stem[:2]}")
    return facts | {
        "figures": {expression: figure(cells[place], cells[late[expression]]) for expression, place in places.items()}
    }


def measure_curve(name: str, sources: dict) -> dict:
    """Run as much of a chapter as a curve needs, then its training with every seed, and return the curve's entry of the file."""
    stem, words_of_last, expression = CURVES[name]
    cells = build.unfold(stem, sources, solved=True, measuring=True).cells
    last = next(number for number, cell in enumerate(cells) if cell.cell_type == "code" and words_of_last in cell.source)
    cells = cells[: last + 1]
    pair = f"import json as _json\nprint(_json.dumps([[*map(float, _part)] for _part in ({expression})]))"
    cells += [new_code_cell(f"seed = {seed}\n{pair}") for seed in SEEDS]
    facts = run(stem, cells, f"python chapters/measure.py --curves {name}")
    runs = [json.loads(printed(cell)) for cell in cells[last + 1 : last + 1 + len(SEEDS)]]
    (steps,) = {tuple(steps) for steps, _ in runs}
    by_step = list(zip(*(scores for _, scores in runs), strict=True))
    return facts | {
        "seeds": list(SEEDS),
        "steps": [int(step) for step in steps],
        "low": [round(min(scores), 3) for scores in by_step],
        "mean": [round(sum(scores) / len(scores), 3) for scores in by_step],
        "high": [round(max(scores), 3) for scores in by_step],
    }


def run(stem: str, cells: list, command: str) -> dict:
    """Run cells of a chapter, and return how, where and from what is measured with them."""
    cells += [new_markdown_cell("the files"), new_code_cell(LOADED)]
    notebook = new_notebook(cells=cells, metadata=build.METADATA)
    started = time.time()
    nbclient.NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(ROOT / "chapters")}}).execute()
    loaded = json.loads(printed(cells[-1]))
    code = [path for path in loaded if path in PLAYED or (path.startswith("solutions/") and "/saving/" not in path)]
    return facts(short_run() + command, started) | {
        "code": {path: measured.digests_of(path) for path in [f"chapters/source/{stem}.md", *code]}
    }


def facts(command: str, started: float) -> dict:
    """Return how, where and when something was measured that began at `time.time() == started`."""
    return {
        "command": command,
        "commit": git("rev-parse", "--short", "HEAD")
        + (" and changes" if git("status", "--porcelain", "solutions", "utils") else ""),
        "date": time.strftime("%Y-%m-%d"),
        "seconds": round(time.time() - started),
        "machine": f"{platform.system()}, {platform.machine()}, {processor()}",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy", "gymnasium", "ale-py")},
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


def side_by_side(function: Callable, tasks: Iterable[tuple], processes: int, on_result: Callable) -> None:
    """Call a function with the arguments of each task, in processes with a core each, and `on_result` with whatever is done.

    If a call fails, or `on_result` does, the tasks that have not begun are given up, and the exception is raised.
    """
    with ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            for ended in as_completed([pool.submit(function, *task) for task in tasks]):
                on_result(ended.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)  # otherwise it would first do all that is left
            raise


def write(path: Path, entries: dict) -> None:
    text = json.dumps(entries, indent=1, sort_keys=True)
    text = re.sub(r"\[\n[^\[\]{}]*\]", lambda some: " ".join(some[0].split()), text)  # a list is one line
    write_whole(path, (text + "\n").encode())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="*", help="such as 00 or 00_start_here")
    parser.add_argument("--curves", nargs="+", choices=CURVES, default=[])
    arguments = parser.parse_args()
    wanted = arguments.chapters
    sources = build.read_sources()
    unknown = [name for name in wanted if not any(stem.startswith(name) for stem in sources)]
    if unknown:
        raise ValueError(f"There is no chapter {', '.join(unknown)}: the chapters are {', '.join(sources)}.")
    for stem in [stem for stem in sources if stem.startswith(tuple(wanted))]:
        entry = measure(stem, sources)
        write(measured.FILE, measured.read() | {stem: entry})
        measured.read.cache_clear()
        print(f"{stem}: {len(entry['figures'])} figures in {entry['seconds']} s")
    for name in arguments.curves:
        entry = measure_curve(name, sources)
        write(measured.CURVES, measured.read_curves() | {name: entry})
        measured.read_curves.cache_clear()
        print(f"{name}: {len(entry['seeds'])} runs in {entry['seconds']} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
