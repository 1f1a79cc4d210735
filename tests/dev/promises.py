"""What each exercise promises or asks, sentence by sentence, beside the known-wrong answers that break it.

`python -m tests.dev.promises [exercise ...]` prints the sentences that are not in promises.json yet, or have changed, as JSON
to be filled in; `--write [exercise ...]` puts them into the file instead, and takes out those that are gone. A sentence's entry
is the names of known mistakes that break it, or, where there are none, why: "explains" (it asks for nothing), or a reason in
words.
"""

import ast
import json
import re
import sys
from pathlib import Path

from tests import mistakes
from utils import paths
from utils.course.exercises import Exercise, exercises, exercises_named
from utils.files import write_whole

FILE = Path(__file__).parent / "promises.json"


def sentences_of(exercise: Exercise) -> list[str]:
    """Return the sentences of an exercise's section of its chapter, before the hints, and of its stub's docstrings."""
    text = (paths.ROOT / "chapters" / "source" / f"{exercise.chapter}.md").read_text("utf-8")
    before = text[: re.search(rf'^```python exercise="{exercise.cell}"', text, re.MULTILINE).start()]
    section = before[before.rindex("\n## ") :].split("\n", 2)[2].split("<details>")[0]
    nodes = [node for node in ast.walk(ast.parse(exercise.stub())) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    wanted = {exercise.object_name, *exercise.to_write}
    docstrings = [ast.get_docstring(node) or "" for node in nodes if node.name in wanted]
    blocks = re.split(r"\n\s*\n|\n(?=- )|\n(?=    \w+: )", "\n\n".join([section, *docstrings]))
    lines = [re.sub(r"^- ", "", " ".join(block.split())) for block in blocks if "```" not in block and "~~~" not in block]
    sentences = [sentence for line in lines for sentence in re.split(r"(?<=[.:;?!])\s+(?=[A-Z`$\[])", line)]
    return list(dict.fromkeys(sentence for sentence in sentences if len(sentence) > 12))


def kept() -> dict[str, dict[str, list[str] | str]]:
    """Return the file."""
    return json.loads(FILE.read_text("utf-8"))


def missing(exercise: Exercise) -> dict[str, str]:
    """Return the sentences of an exercise that have no entry, to be filled in."""
    return {sentence: "" for sentence in sentences_of(exercise) if sentence not in kept().get(exercise.name, {})}


def gone(exercise: Exercise) -> set[str]:
    """Return the sentences of the file that the exercise has no more."""
    return set(kept().get(exercise.name, {})) - set(sentences_of(exercise))


def wrong_entries(exercise: Exercise) -> dict[str, str]:
    """Return the sentences of an exercise beside which nothing stands, or the name of no known mistake, and what is wrong there."""
    known, wrong = {one.name for one in mistakes.of(exercise.name)}, {}
    for sentence, entry in kept().get(exercise.name, {}).items():
        unknown = [] if isinstance(entry, str) else [name for name in entry if name not in known]
        if unknown or not entry:
            wrong[sentence] = (
                f"no known mistake is named {', '.join(map(repr, unknown))}" if unknown else "nothing stands beside it"
            )
    return wrong


def write(some: list[Exercise]) -> None:
    """Put the sentences of some exercises into the file, those that are new with an empty entry, and take out those that are gone."""
    entries = kept()
    for exercise in some:
        before = entries.get(exercise.name, {})
        entries[exercise.name] = {sentence: before.get(sentence, "") for sentence in sentences_of(exercise)}
    in_order = {name: entries[name] for name in exercises() if name in entries}
    write_whole(FILE, json.dumps(in_order, indent=1, ensure_ascii=False).encode() + b"\n")


def main() -> int:
    writing = sys.argv[1:2] == ["--write"]
    some = exercises_named(sys.argv[1 + writing :])
    if writing:
        write(some)
        empty = sum(entry == "" for exercise in some for entry in kept()[exercise.name].values())
        print(f"{empty} sentences in {FILE.relative_to(paths.ROOT)} are to be filled in.")
    else:
        print(json.dumps({exercise.name: missing(exercise) for exercise in some}, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
