"""The builder: what is stale is named, and nothing that a learner wrote is lost."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import ScriptExporter

from tests.dev import commands

ROOT = Path(__file__).resolve().parents[2]


def build(course, *options):
    done = commands.run("chapters/build.py", *options, cwd=course)
    return done.returncode, done.stdout + done.stderr


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)
    return notebook


def exercise_cell(notebook, name):
    (cell,) = [cell for cell in notebook.cells if cell.metadata.get("exercise") == name]
    return cell


def test_committed_notebooks_are_what_their_sources_give(course):
    assert build(course, "--check") == (0, "")


def badges_of(text):
    return re.findall(r"\]\(https://colab\.research\.google\.com/github/([^/]+/[^/]+)/blob/([^/]+)/([^)]+)\)", text)


def text_of(path):
    """The Markdown of a file or a notebook, and the code of a notebook's first cell."""
    if path.suffix != ".ipynb":
        return path.read_text("utf-8"), ""
    cells = nbformat.read(path, as_version=4).cells
    setup = "".join(cell.source for cell in cells if cell.metadata.get("setup"))
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown"), setup


@pytest.mark.parametrize("path", [*sorted((ROOT / "chapters").glob("*.ipynb")), ROOT / "README.md"], ids=lambda path: path.stem)
def test_without_an_address_there_is_no_badge_and_pictures_show_everywhere(path):
    text, setup = text_of(path)
    assert "Repository" not in (ROOT / "pyproject.toml").read_text("utf-8")
    assert badges_of(text) == [] and "git clone" not in text + setup and "https://github" not in setup
    assert "ppo-course/ppo-course" not in text
    pictures = re.findall(r"!\[[^]]*\]\(([^) ]*)|<(?:img|video|source)[^>]* src=[\"']?([^\"' >]*)", text)
    for address in map("".join, pictures):
        assert address.startswith("https://") or (path.parent / address).is_file()


def test_the_address_is_set_in_one_place(course):
    before = {
        path: path.read_bytes()
        for path in [*(course / "chapters").glob("*.ipynb"), course / "README.md", course / "pyproject.toml"]
    }
    address = "https://github.com/some-body/ppo.course"
    assert build(course, "--repository", address)[0] == 0
    chapters = sorted((course / "chapters").glob("*.ipynb"))
    for path in [*chapters, course / "README.md"]:
        text, setup = text_of(path)
        expected = [path] if path in chapters else chapters
        assert badges_of(text) == [("some-body/ppo.course", "main", f"chapters/{chapter.name}") for chapter in expected]
        if path in chapters:
            assert f'!git clone --quiet --depth 1 --branch "v0.1.0" {address} /content/ppo-course' in setup
    assert build(course, "--check") == (0, "")
    assert build(course, "--repository", "https://github.com/another/name")[0] == 0
    assert "some-body" not in (course / "README.md").read_text("utf-8")
    assert build(course, "--repository", "none")[0] == 0
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.parametrize(
    "wrong",
    [
        "github.com/a/b", "http://github.com/a/b", "https://github.com/a", "https://github.com/a/b/", "https://github.com/a/b.git",
        "https://github.com/-a/b", "https://gitlab.com/a/b", "https://github.com/a/b c", "https://github.com/a/b;rm", "",
    ],
)  # fmt: skip
def test_an_address_of_another_form_is_refused(course, wrong):
    before = (course / "pyproject.toml").read_bytes()
    code, said = build(course, "--repository", wrong)
    assert code == 1
    assert "--repository must be https://github.com/NAME/REPOSITORY, or none; you gave" in said
    assert (course / "pyproject.toml").read_bytes() == before


def test_a_workflow_in_another_repository_says_so(course, monkeypatch):
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "fork/course")
    assert build(course, "--check") == (0, "")  # no address, nothing to compare
    build(course, "--repository", "https://github.com/some-body/course")
    code, said = build(course, "--check")
    assert code == 0
    assert "::warning::The course names https://github.com/some-body/course, and this is https://github.com/fork/course" in said
    monkeypatch.setenv("GITHUB_REPOSITORY", "some-body/course")
    assert build(course, "--check") == (0, "")


@pytest.mark.parametrize(
    ("path", "old", "new", "stale"),
    [
        ("chapters/source/03_rollouts.md", "rollout", "rolIout", "chapters/03_rollouts.ipynb"),
        (
            "solutions/advantages.py",
            "next_advantage = advantages[t]",
            "next_advantage  = advantages[t]",
            "chapters/03_rollouts.ipynb",
        ),
        ("chapters/source/03_rollouts.md", "# ", "# A ", "README.md"),
    ],
)
def test_one_byte_makes_it_stale(course, path, old, new, stale):
    text = (course / path).read_text()
    assert old in text
    (course / path).write_text(text.replace(old, new, 1) if old != "# " else text.replace("\n# ", "\n# A ", 1))
    code, said = build(course, "--check")
    assert code == 1
    assert stale in said


def test_build_is_repeatable_and_has_no_outputs(course):
    before = {path.name: path.read_bytes() for path in (course / "chapters").glob("*.ipynb")}
    for path in (course / "chapters").glob("*.ipynb"):
        path.unlink()
    assert build(course)[0] == 0
    assert before == {path.name: path.read_bytes() for path in (course / "chapters").glob("*.ipynb")}
    for name in before:
        notebook = nbformat.read(course / "chapters" / name, as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        assert not any(cell.get("outputs") for cell in notebook.cells)


def test_a_notebook_becomes_a_python_script():
    """By `jupyter nbconvert --to script`."""
    for path in (ROOT / "chapters").glob("*.ipynb"):
        script, resources = ScriptExporter().from_filename(str(path))
        assert resources["output_extension"] == ".py"
        ast.parse(script)
        assert "version" not in nbformat.read(path, as_version=4).metadata.language_info


def test_a_learners_work_survives_a_build(course):
    path = course / "chapters" / "03_rollouts.ipynb"
    answer = "def compute_advantages(*everything):\n    return 'mine'"

    def work(notebook):
        exercise_cell(notebook, "compute_advantages").source = answer
        notebook.cells.insert(5, nbformat.v4.new_code_cell("my_own = 1"))
        plain = next(cell for cell in notebook.cells if cell.cell_type == "code" and not cell.metadata)
        plain.source += "\n# my remark"
        checks = next(cell for cell in notebook.cells if "checks" in cell.metadata)
        checks.outputs = [nbformat.v4.new_output("stream", text="✓")]

    edit(path, work)
    source = course / "chapters/source/03_rollouts.md"
    source.write_text(source.read_text() + "\n\nA new last line.\n")
    assert build(course)[0] == 0
    built = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in built.cells]
    assert exercise_cell(built, "compute_advantages").source == answer
    assert sources.index("my_own = 1") == 5
    assert any(text.endswith("# my remark") for text in sources)
    assert any("A new last line." in text for text in sources)
    assert any(cell.get("outputs") for cell in built.cells)
    assert build(course)[1] == ""  # and a second build changes nothing


def test_an_answer_whose_docstring_changed_upstream_survives_and_an_old_stub_does_not(course):
    path = course / "chapters" / "03_rollouts.ipynb"
    solution = course / "solutions" / "advantages.py"
    solution.write_text(solution.read_text().replace("generalised advantage estimates. Row t", "GAE. Row t"))
    assert build(course)[0] == 0
    assert "GAE. Row t" in exercise_cell(nbformat.read(path, as_version=4), "compute_advantages").source


def test_an_unreadable_notebook_is_left_alone(course):
    path = course / "chapters" / "03_rollouts.ipynb"
    path.write_text("<<<<<<< HEAD\n" + path.read_text())
    before = path.read_bytes()
    code, said = build(course)
    assert code == 1
    assert "03_rollouts.ipynb cannot be read" in said
    assert path.read_bytes() == before


def solve(course, chapter, name, source):
    edit(course / "chapters" / f"{chapter}.ipynb", lambda notebook: setattr(exercise_cell(notebook, name), "source", source))


def run_pytest(course, which, *options):
    done = commands.run("-m", "pytest", "tests", "-k", which, "-p", "no:cacheprovider", *options, cwd=course)
    return done.returncode, done.stdout


def reference(name):
    from utils.course.exercises import exercises

    return exercises()[name].reference_source()


def test_right_and_wrong_answers_in_a_notebook_reach_pytest(course):
    code, said = run_pytest(course, "discounted_returns or reinforce_loss")
    assert code == 0
    assert "0 of 2 exercises solved." in said
    assert "Next: discounted_returns in chapters/00_start_here.ipynb" in said

    solve(course, "00_start_here", "discounted_returns", reference("discounted_returns"))
    code, said = run_pytest(course, "discounted_returns or reinforce_loss")
    assert code == 0
    assert "1 of 2 exercises solved." in said
    assert "Next: reinforce_loss" in said

    wrong = reference("discounted_returns").replace("gamma * future", "future")
    solve(course, "00_start_here", "discounted_returns", wrong)
    code, said = run_pytest(course, "discounted_returns")
    assert code == 1
    assert "as if gamma were forgotten" in said
    assert "Traceback" not in said


def test_an_answer_may_use_helpers_of_its_notebook(course):
    def work(notebook):
        cell = exercise_cell(notebook, "discounted_returns")
        cell.source = "def discounted_returns(rewards, gamma):\n    return summed(rewards, gamma)"
        helper = "import numpy as np\nZERO = 0.0\ndef summed(rewards, gamma):\n    out = torch.zeros_like(rewards); f = ZERO\n"
        helper += "    for t in reversed(range(len(rewards))):\n        f = rewards[t] + gamma * f\n        out[t] = f\n    return out"
        notebook.cells.insert(notebook.cells.index(cell), nbformat.v4.new_code_cell("import torch"))
        notebook.cells.insert(notebook.cells.index(cell), nbformat.v4.new_code_cell(helper))

    edit(course / "chapters" / "00_start_here.ipynb", work)
    code, said = run_pytest(course, "discounted_returns")
    assert code == 0, said
    assert "1 of 1 exercises solved." in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def discounted_returns(rewards, gamma:\n    return", "not Python yet"),
        ("def returns(rewards, gamma):\n    return rewards", "does not define `discounted_returns`"),
        ("def discounted_returns(rewards, gamma):\n    return whatever", "NameError"),
        ("", "does not define"),
    ],
)
def test_broken_cells_get_a_sentence(course, source, said):
    solve(course, "00_start_here", "discounted_returns", source)
    code, printed = run_pytest(course, "discounted_returns")
    assert code == 1
    assert said in printed


def test_a_checked_but_unsaved_cell_counts(course):
    """What a check in a notebook leaves is read by pytest, although the notebook on disk is still unsolved."""
    from tests.dev.test_chapters import execute

    notebook = nbformat.read(course / "chapters" / "00_start_here.ipynb", as_version=4)
    exercise_cell(notebook, "discounted_returns").source = reference("discounted_returns")
    wanted = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [
        c for c in wanted if {"setup", "exercise", "checks"} & {*c.metadata} or c.source.startswith(("import", "from"))
    ]
    execute(notebook, course)
    assert json.loads((course / ".answers" / "discounted_returns.json").read_text())["passed"]
    code, said = run_pytest(course, "discounted_returns")
    assert code == 0
    assert "1 of 1 exercises solved." in said


def test_a_broken_notebook_gets_a_sentence_and_the_others_are_still_checked(course):
    path = course / "chapters" / "00_start_here.ipynb"
    path.write_text(path.read_text()[:-100])
    code, said = run_pytest(course, "discounted_returns or reinforce_loss")
    assert code == 1
    assert "00_start_here.ipynb cannot be read as a notebook" in said
    assert "0 of 2 exercises solved." in said
