"""An author adds an exercise, and a chapter, by the guide: what it shows is put into the skeletons of a copy of the course."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.dev import commands

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "chapters" / "AUTHORS.md").read_text("utf-8")
NAME = "normalize_advantages"
SHOWN = dict(re.findall(r"^\*\*`([\w/.]+)`\*\*: .*?^````\w*\n(.*?)^````$", GUIDE, re.MULTILINE | re.DOTALL))
PROMISES = json.loads("{" + re.search(r"^````json\n(.*?)^````$", GUIDE, re.MULTILINE | re.DOTALL)[1] + "}")


def command(course, *arguments):
    done = commands.run(*arguments, cwd=course)
    return done.returncode, done.stdout + done.stderr


def left(course):
    code, said = command(course, "chapters/new_exercise.py", "--check")
    assert code == (not said.startswith("Nothing is left to fill in."))
    return said.splitlines()[:-1]


def fill_in(course, path, old, new):
    text = (course / path).read_text("utf-8")
    assert re.search(old, text, re.MULTILINE | re.DOTALL), (path, old)
    (course / path).write_text(re.sub(old, lambda _: new, text, count=1, flags=re.MULTILINE | re.DOTALL), "utf-8")


def follow_the_guide(course, stem, mistakes):
    """Put what the guide shows in the place of the skeletons, and give the commands that are asked for."""
    names = dict(zip(["reference", "text", "test", "mistakes", "alternatives"], SHOWN.values(), strict=True))
    fill_in(course, "solutions/losses.py", rf"^def {NAME}\(.*\Z", names["reference"])
    fill_in(course, f"chapters/source/{stem}.md", rf"^## Exercise: `{NAME}`.*?(?=^## What to take)", names["text"] + "\n\n")
    fill_in(course, f"tests/test_{stem}.py", rf"^def test_{NAME}\(.*\Z", names["test"])
    fill_in(course, f"tests/mistakes/{mistakes}.py", rf'^    mistake\("{NAME}", .*^(?=\]$)', names["mistakes"])
    fill_in(course, "tests/alternatives/__init__.py", rf'^ALTERNATIVES\["{NAME}"\].*\Z', names["alternatives"])
    given = []
    while asked := left(course):
        assert not any("TODO" in line for line in asked), asked
        assert any("`python" in line for line in asked), asked
        wanted = [found[1].split() for line in asked if (found := re.search(r"`python (.*?)`", line))]
        assert not any(arguments in given for arguments in wanted), asked  # what was asked for has helped
        for arguments in wanted:
            code, said = command(course, *arguments)
            assert code == 0, said
            if "tests.dev.promises" in arguments:
                assert "9 sentences in tests/dev/promises.json are to be filled in." in said
                path = course / "tests/dev/promises.json"
                entries = json.loads(path.read_text("utf-8"))
                assert set(entries[NAME]) == set(PROMISES[NAME])
                path.write_text(json.dumps(entries | PROMISES, indent=1, ensure_ascii=False) + "\n", "utf-8")
        given += wanted
    return given


def judged(course):
    """What is asserted of an exercise that was added."""
    code, said = command(course, "tests/dev/report_mistakes.py", NAME)
    assert code == 0, said
    assert re.search(rf"^{NAME} +6 +6 +6 +0 +2 +2 ", said, re.MULTILINE), said
    code, said = command(course, "-m", "pytest", "tests", "-k", NAME, "-p", "no:cacheprovider")
    assert code == 0 and "1 passed, 1 skipped" in said, said
    code, said = command(course, "-m", "pytest", "tests/dev/test_promises.py", "-k", NAME, "-p", "no:cacheprovider")
    assert code == 0, said
    assert f"`{NAME}`" in (course / "README.md").read_text("utf-8")


@pytest.fixture
def whole_course(course):
    shutil.copytree(ROOT / "solutions" / "agents", course / "solutions" / "agents")
    return course


def test_the_guide_shows_every_place():
    assert len(SHOWN) == 5


def test_an_exercise_is_added_by_the_guide(whole_course):
    code, said = command(whole_course, "chapters/new_exercise.py", NAME, "--chapter", "04")
    assert code == 0, said
    for path in SHOWN:
        (line,) = re.findall(rf"^  {re.escape(path)}:(\d+) ", said, re.MULTILINE)
        assert NAME in (whole_course / path).read_text("utf-8").splitlines()[int(line) - 1] or path.startswith("chapters")
    assert len(left(whole_course)) == 17
    assert command(whole_course, "chapters/build.py")[0] == 0  # an author may look at it half done
    given = follow_the_guide(whole_course, "04_ppo_losses", "losses")
    assert [arguments[0] for arguments in given].count("chapters/measure.py") == 1  # no figures of other chapters are older now
    judged(whole_course)


def test_a_chapter_is_added(whole_course):
    last = max(path.stem for path in (whole_course / "chapters/source").glob("*.md"))
    number = int(last[:2]) + 1
    new = ["chapters/new_exercise.py", NAME, "--chapter", f"{number}_scales", "--title", "Scales", "--module", "losses"]
    code, said = command(whole_course, *new)
    assert code == 0, said
    source = f"chapters/source/{number}_scales.md"
    fill_in(whole_course, source, r"^TODO: the question.*?$", "How large is an advantage?")
    fill_in(whole_course, source, r"^- TODO: three to five lines.*?$", "- normalise advantages;")
    fill_in(whole_course, source, r" \*\*Before\*\* TODO.*?$", "")
    before = whole_course / f"chapters/source/{last}.md"
    with before.open("a", encoding="utf-8") as file:
        file.write(f"\nNext: [{number} Scales]({number}_scales.ipynb).\n")
    fill_in(whole_course, source, r"^\| TODO \| \| \| \|$", "| $A_t$ | `advantages` | `(B,)` | the advantages |")
    fill_in(whole_course, source, r"^- TODO: three to five sentences.*?$", "- One number for the whole minibatch.")
    imports = "from tests.checks import expect_close, expect_device_followed, unmodified"
    fill_in(whole_course, f"tests/test_{number}_scales.py", r"^from tests.checks import expect_close$", imports)
    follow_the_guide(whole_course, f"{number}_scales", "scales")
    judged(whole_course)
    assert f"[{number} Scales](chapters/{number}_scales.ipynb)" in (whole_course / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clipfrac", "--chapter", "04"], "The exercise clipfrac is in 05_instruments already"),
        (["2nd", "--chapter", "04"], "'2nd' cannot be a function's name"),
        (["for", "--chapter", "04"], "'for' cannot be a function's name"),
        (["new", "--chapter", "44"], "--chapter 44 is none of 00_start_here"),
        (["new", "--chapter", "0"], "--chapter 0 is more than one of 00_start_here"),
        (["new", "--chapter", "04", "--title", "New"], "A new chapter is named as 20_continuous_actions is"),
        (["new", "--chapter", "04_new", "--title", "New"], "Number 04 is 04_ppo_losses: leave out --title"),
        (["new", "--chapter", "04", "--module", "losses.py"], "--module names a file of solutions/ without its ending"),
        (["as_annotated", "--chapter", "04", "--module", "args"], "solutions/args.py defines as_annotated already"),
        (["new"], "Give the exercise's name and its --chapter, or --check"),
        (["--check", "new", "--chapter", "04"], "--check changes nothing"),
    ],
)
def test_what_cannot_be_laid_down_is_refused_with_a_sentence(course, arguments, said):
    before = {path: path.read_bytes() for path in course.rglob("*.*") if path.is_file() and path.suffix != ".pyc"}
    code, printed = command(course, "chapters/new_exercise.py", *arguments)
    assert code == 1 and said in printed and "Traceback" not in printed, printed
    assert before == {path: path.read_bytes() for path in course.rglob("*.*") if path.is_file() and path.suffix != ".pyc"}


def test_a_name_that_the_chapter_does_not_import_is_refused(course):
    path = course / "solutions" / "losses.py"
    text = path.read_text("utf-8").replace(
        "def value_loss(new_values: Float[Tensor", "def value_loss(new_values: Decimal[Tensor"
    )
    path.write_text("from decimal import Decimal\n" + text)
    code, said = command(course, "chapters/build.py", "--check")
    assert code == 1
    assert "chapters/source/04_ppo_losses.md: the solution of value_loss uses Decimal, which no cell above it imports" in said


def test_what_ends_without_a_link_and_what_is_not_formatted_is_found(course):
    path = course / "chapters" / "source" / "03_rollouts.md"
    path.write_text(path.read_text("utf-8").replace("(04_ppo_losses.ipynb)", "(04.ipynb)"))
    assert any("03_rollouts.md does not end with a link to the next chapter, 04_ppo_losses" in line for line in left(course))
    (course / "tests" / "new.py").write_text("x  =  1\n")
    assert left(course) == ["ruff finds something: `python -m ruff format .`."]


def test_nothing_is_left_to_fill_in_here():
    assert left(ROOT) == []
