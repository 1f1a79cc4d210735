"""Lay down a new exercise in all its places, to be filled in; chapters/AUTHORS.md goes through an example.

    python chapters/new_exercise.py NAME --chapter 04
    python chapters/new_exercise.py NAME --chapter 20_continuous_actions --title "Continuous actions"
                                      the same in a new chapter
    python chapters/new_exercise.py --check
                                      names what is left to do, in the order in which to do it; exits 1 if there is any

Each place holds a skeleton with TODOs that say what belongs there.
"""

import argparse
import ast
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that may fail

from utils.course import measured
from utils.course.exercises import exercises
from utils.files import write_whole
from utils.paths import ROOT

CHAPTER = """\
---
jupyter:
  jupytext:
    text_representation: {{extension: .md, format_name: markdown}}
  kernelspec: {{display_name: Python 3 (ipykernel), language: python, name: python3}}
---

# {title}

TODO: the question that this chapter answers, and why the reader will want to know.

**What you will be able to do**

- TODO: three to five lines, each beginning with a verb.

**Time** about 60 minutes. **Before** TODO: a link to the chapter before. **After** TODO: a link to the next, if there is one.

| symbol | in code | shape | meaning |
|---|---|---|---|
| TODO | | | |

```python
import torch
from jaxtyping import Float
from torch import Tensor
```


## What to take with you

- TODO: three to five sentences that stay true without the chapter.
"""

SECTION = """\
## Exercise: `{name}`

TODO: what to build and why, in sentences that a test can hold an answer to.

<details>
<summary>Hint 1: a nudge</summary>

TODO: a hint. Two more may follow.

</details>

```python exercise="{name}" difficulty="1" importance="3" minutes="10"
from solutions.{module} import {name}
```

<!-- #region solution="{name}" -->
TODO: why the solution is as it is; it stands below the folded code. Then set difficulty, importance (1 to 5) and minutes above.
<!-- #endregion -->

**Question.** TODO: something that the reader can answer now.

<details>
<summary>Answer</summary>

TODO: the answer.

</details>

"""

MODULE = '''\
"""TODO: what this module holds (chapter {number})."""

from jaxtyping import Float
from torch import Tensor
'''

REFERENCE = '''

def {name}(x):
    """TODO: a verb first. Annotate as the neighbours do, with shapes; the learner sees everything but the body.

    Args:
        x: TODO.

    Returns:
        TODO.

    Source: TODO: a paper and its equation, or the number of the detail; leave it out where there is none.
    """
    raise NotImplementedError()
'''

TESTS = '''\
"""Tests of the exercises of chapter {number}."""

import torch

from tests.checks import expect_close
'''

TEST = """

def test_{name}({name}):
    x = torch.tensor([1.0, 2.0])
    expected = torch.tensor([0.0, 0.0])  # TODO: replace these lines by known values, definitions and limiting cases
    expect_close({name}(x), expected, "{name}", f"x {{x.tolist()}}")
"""

MISTAKES = '''\
"""Known-wrong answers of chapter {number}; `tests/mistakes/__init__.py` says how an entry works."""

from tests.mistakes import mistake

MISTAKES = [
]
'''

FEWEST_MISTAKES = 5

MISTAKE = """\
    mistake("{name}", "TODO: a name, {count}", "TODO: what is wrong, after `This looks as if`.", ("TODO: a text of the reference", "TODO: what stands there instead")),
"""

ALTERNATIVE = """\
ALTERNATIVES["{name}"] = {{
    "TODO: what is different": \"\"\"
def {name}(x):
    raise NotImplementedError("TODO: a right answer that somebody else would write; two or three are good")
\"\"\",
}}
"""

DONE = "Nothing is left to fill in. `pytest tests/dev/test_chapters.py -k 04` runs chapter 04, solved and unsolved; .ci/run is the gate."


@dataclass(frozen=True)
class Place:
    """A skeleton, and the file that it goes into: before the last of some words, or at the end."""

    path: str
    skeleton: str
    says: str
    before: str = ""
    head: str = ""  # of the file, if it is new

    def added(self) -> str:
        """Return the whole file with the skeleton in it."""
        path = ROOT / self.path
        text = path.read_text("utf-8") if path.exists() else self.head
        start, found, end = text.rpartition(self.before) if self.before else (text, "", "")
        if self.before and not found:
            return f"{text.rstrip()}\n\n\n{self.skeleton}"
        return f"{start}{self.skeleton}{found}{end}"


def places(name: str, chapter: str, module: str | None = None, title: str | None = None) -> list[Place]:
    """Return where the parts of a new exercise go.

    Args:
        name: of the exercise, its function and, after `test_`, its test.
        chapter: how the chapter's file name begins; all of it, such as 20_continuous_actions, for a new chapter.
        module: of solutions/, for the reference; by default that of the chapter's last exercise.
        title: of a new chapter.

    Raises:
        ValueError: the name is taken or is no name, or there is no such chapter; the message says what to do.
    """
    stems = [path.stem for path in sources()]
    stem = new_stem(chapter, stems) if title else existing_stem(chapter, stems)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"An exercise is named as its function is, such as clipfrac; {name!r} cannot be a function's name.")
    if name in exercises():
        raise ValueError(f"The exercise {name} is in {exercises()[name].chapter} already: choose another name.")
    others = [one for one in exercises().values() if one.chapter == stem]
    module = module or (others[-1].module.removeprefix("solutions.") if others else stem[3:])
    if not module.isidentifier():
        raise ValueError(f"--module names a file of solutions/ without its ending, such as losses; you gave {module!r}.")
    reference = ROOT / "solutions" / f"{module}.py"
    defined = ast.parse(reference.read_text("utf-8")).body if reference.exists() else []
    if name in [getattr(node, "name", None) for node in defined]:
        raise ValueError(
            f"solutions/{module}.py defines {name} already: to make an exercise of it, choose another name here, then rename."
        )
    words_of = {"name": name, "module": module, "number": stem[:2], "title": title}
    return [
        Place(f"solutions/{module}.py", REFERENCE.format(**words_of), "the reference", head=MODULE.format(**words_of)),
        Place(
            f"chapters/source/{stem}.md",
            SECTION.format(**words_of) + "\n",
            "the text; move it to where it belongs in the chapter",
            before="## What to take with you",
            head=CHAPTER.format(**words_of) if title else "",
        ),
        Place(f"tests/test_{stem}.py", TEST.format(**words_of), "the test", head=TESTS.format(**words_of)),
        Place(
            f"tests/mistakes/{module_of_mistakes(others, stem)}.py",
            "".join(MISTAKE.format(count=1 + number, **words_of) for number in range(FEWEST_MISTAKES)),
            f"at least {FEWEST_MISTAKES} answers that somebody could write and believe, all wrong",
            before="]\n",
            head=MISTAKES.format(**words_of),
        ),
        Place("tests/alternatives/__init__.py", ALTERNATIVE.format(**words_of), "right answers, written differently"),
    ]


def sources() -> list[Path]:
    """Return the sources of the chapters, in their order."""
    return sorted((ROOT / "chapters" / "source").glob("*.md"))


def existing_stem(chapter: str, stems: list[str]) -> str:
    found = [stem for stem in stems if stem.startswith(chapter)]
    if len(found) != 1:
        raise ValueError(
            f"--chapter {chapter} is {'none' if not found else 'more than one'} of {', '.join(stems)}. A new chapter needs its whole name, "
            "such as 20_continuous_actions, and a --title."
        )
    return found[0]


def new_stem(chapter: str, stems: list[str]) -> str:
    if re.fullmatch(r"\d\d_[a-z0-9_]+", chapter) is None:
        raise ValueError(
            f"A new chapter is named as 20_continuous_actions is: two digits, _, small letters; you gave {chapter!r}."
        )
    if taken := [stem for stem in stems if stem[:2] == chapter[:2]]:
        raise ValueError(f"Number {chapter[:2]} is {taken[0]}: leave out --title to add to it, or choose another number.")
    return chapter


def module_of_mistakes(others: list, stem: str) -> str:
    """Return the module of tests/mistakes/ that holds those of a chapter's last exercise, or the one to be made."""
    for exercise in reversed(others):
        for path in sorted((ROOT / "tests" / "mistakes").glob("[a-z]*.py")):
            if f'"{exercise.name}"' in path.read_text("utf-8"):
                return path.stem
    return stem[3:]


def lay_down(some: list[Place]) -> None:
    """Write the skeletons, and say where they are."""
    texts = {place.path: place.added() for place in some}
    for path, text in texts.items():
        write_whole(ROOT / path, text.encode())
    print("Laid down, with TODOs that say what belongs there:")
    for place in some:
        line = texts[place.path].count("\n", 0, texts[place.path].index(place.skeleton.strip())) + 1
        print(f"  {f'{place.path}:{line}':44} {place.says}")
    print("`python chapters/new_exercise.py --check` names what is left to do; chapters/AUTHORS.md goes through an example.")


def left() -> Iterator[str]:
    """Yield what is left to do before the gate, in order."""
    some = [path for folder in ("chapters/source", "solutions", "tests") for path in sorted((ROOT / folder).rglob("*.*"))]
    todos = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in some
        if path.suffix in (".md", ".py") and "dev" not in path.relative_to(ROOT).parts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if "TODO" in line
    ]
    if todos:
        yield from todos
        return
    from tests import evidence, mistakes  # not at the top: they take seconds, and fail where a skeleton is half filled in
    from tests.dev import promises

    for arguments in (["check"], ["format", "--check"]):  # first: a test that is formatted afterwards is another test
        command = [sys.executable, "-m", "ruff", *arguments, "--quiet", "."]
        if subprocess.run(command, cwd=ROOT, capture_output=True).returncode:
            yield f"ruff finds something: `python -m ruff {arguments[0]} .`."
            return
    for name in exercises():
        if len(mistakes.of(name)) < FEWEST_MISTAKES:
            yield f"{name} has {len(mistakes.of(name))} known-wrong answers; {FEWEST_MISTAKES} are the least."
    if stale := " ".join(name for name in exercises() if evidence.read(name) is None):
        yield (
            f"How wrong answers of {stale} fail is not kept, or not of today: `python tests/dev/report_mistakes.py --write {stale}`, once the "
            "same without --write finds nothing."
        )
    for name, exercise in exercises().items():
        if promises.missing(exercise) or promises.gone(exercise):
            yield f"tests/dev/promises.json is not of today: `python -m tests.dev.promises --write {name}`, then fill in."
        for sentence, problem in promises.wrong_entries(exercise).items():
            yield f"tests/dev/promises.json, {name}, {sentence!r}: {problem}."
    yield from measured.stale()
    built = subprocess.run([sys.executable, "chapters/build.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    if built.stderr:
        yield built.stderr.strip()
    elif built.returncode:
        yield "The notebooks are not what their sources give: `python chapters/build.py`."
    for path, following in pairwise(sources()):
        if f"({following.stem}.ipynb)" not in path.read_text("utf-8").rpartition("\n## ")[2]:
            yield f"{path.relative_to(ROOT)} does not end with a link to the next chapter, {following.stem}.ipynb."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="of the exercise, which is its function's")
    parser.add_argument("--chapter", help="such as 04; for a new one its whole name, such as 20_continuous_actions")
    parser.add_argument("--title", help="of a new chapter")
    parser.add_argument(
        "--module",
        help="of solutions/, for the reference; by default that of the chapter's last exercise, or in a new chapter the chapter's name",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; name what is left to do, and exit 1 if there is any"
    )
    options = parser.parse_args()
    if options.check and (options.name or options.chapter):
        raise ValueError("--check changes nothing and looks at all exercises: leave out the rest, or --check.")
    if options.check:
        todo = list(left())
        print("\n".join([*todo, f"{len(todo)} left."]) if todo else DONE)
        return 1 if todo else 0
    if options.name is None or options.chapter is None:
        raise ValueError("Give the exercise's name and its --chapter, or --check; --help says more.")
    lay_down(places(options.name, options.chapter, options.module, options.title))
    return 0


if __name__ == "__main__":
    sys.exit(main())
