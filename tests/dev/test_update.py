"""Updating the course keeps what a learner wrote, wherever it is stopped."""

import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import nbformat
import pytest

from utils import update

ROOT = Path(__file__).resolve().parents[2]
NAME, OTHER = "chapters/00_start_here.ipynb", "chapters/01_policy_gradient.ipynb"


def git(folder, *arguments):
    who = ["-c", "user.name=author", "-c", "user.email=author@example.com"]
    return subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout


def commit(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "another version")


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


@pytest.fixture
def course(tmp_path):
    """A course in git, and a learner's clone of it."""
    upstream = tmp_path / "upstream"
    (upstream / "chapters").mkdir(parents=True)
    shutil.copy(ROOT / NAME, upstream / NAME)
    (upstream / "README.md").write_text("one")
    git(tmp_path, "init", "-q", "-b", "main", str(upstream))
    commit(upstream)
    git(tmp_path, "clone", "-q", str(upstream), str(tmp_path / "mine"))
    return upstream, tmp_path / "mine", tmp_path / "kept"


def solve(notebook):
    (cell,) = [cell for cell in notebook.cells if "exercise" in cell.metadata]
    cell.source = cell.source.replace("raise NotImplementedError()", "return my_answer")
    notebook.cells.insert(3, nbformat.v4.new_markdown_cell("my own note"))


def new_chapter(notebook):
    notebook.cells[0].source += "\n\nNew words of the authors."
    notebook.cells[0].id = update.digest(notebook.cells[0].source)


def test_work_and_news_come_together(course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    before = (mine / NAME).read_bytes()
    edit(upstream / NAME, new_chapter)
    commit(upstream)
    (line,) = update.update(mine, kept)
    assert line == f"{NAME}: your work is in the new version."
    text = "\n".join(sources(mine / NAME))
    assert "New words of the authors." in text
    assert "return my_answer" in text
    assert "my own note" in text
    assert [path.read_bytes() for path in kept.rglob("*.ipynb")] == [before]

    merged = (mine / NAME).stat().st_mtime_ns, (mine / NAME).read_bytes()
    update.update(mine, kept)  # nothing is new: nothing is written
    assert merged == ((mine / NAME).stat().st_mtime_ns, (mine / NAME).read_bytes())
    assert len([*kept.rglob("*.ipynb")]) == 1


def test_a_notebook_that_is_broken_is_kept_aside(course):
    _, mine, kept = course
    (mine / NAME).write_text("<<<<<<< HEAD")
    (line,) = update.update(mine, kept)
    assert "could not be carried over" in line
    assert next(kept.rglob("*.ipynb")).read_text() == "<<<<<<< HEAD"
    nbformat.read(mine / NAME, as_version=4)


def test_a_folder_without_git_gets_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"was not cloned by git, as when it comes from a zip\. Get the newest .* --from"):
        update.update(tmp_path, tmp_path / "kept")


def state_of(folder):
    """The files, what git thinks of them, and the commit."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    files = {path: (folder / path).read_bytes() for path in paths if path.parts[0] != ".git"}
    return files, git(folder, "status", "--porcelain"), git(folder, "rev-parse", "HEAD")


# What the merge keeps


def cell(notebook):
    (found,) = [cell for cell in notebook.cells if cell.metadata.get("exercise")]
    return found


def copy_below(notebook):
    notebook.cells.insert(
        notebook.cells.index(cell(notebook)) + 1, nbformat.v4.new_code_cell("# spare", metadata=cell(notebook).metadata)
    )


def copy_above(notebook):
    notebook.cells.insert(
        notebook.cells.index(cell(notebook)), nbformat.v4.new_code_cell("# draft", metadata=cell(notebook).metadata)
    )


def without_ids(notebook):
    notebook.nbformat_minor = 4
    for one in notebook.cells:
        del one["id"]


def new_stub(notebook):
    cell(notebook).source = cell(notebook).source.replace("gamma", "discount")
    cell(notebook).id = update.digest(cell(notebook).source)


WORK = {
    "solved": [solve],
    "a copy below": [solve, copy_below],
    "a copy above": [solve, copy_above],
    "no ids": [solve, without_ids],
}


@pytest.mark.parametrize("news", [new_chapter, new_stub])
@pytest.mark.parametrize("work", WORK)
def test_a_merge_keeps_every_cell_of_the_learners_and_a_second_changes_nothing(work, news, tmp_path):
    for name in ["mine", "built"]:
        shutil.copy(ROOT / NAME, tmp_path / name)
    edit(tmp_path / "built", news)
    built = sources(tmp_path / "built")
    pristine = sources(tmp_path / "mine")
    for change in WORK[work]:
        edit(tmp_path / "mine", change)
    written = [source for source in sources(tmp_path / "mine") if source not in pristine]

    def merged(name):
        mine = nbformat.read(tmp_path / name, as_version=4)
        (tmp_path / "once").write_text(
            nbformat.writes(update.merge(nbformat.read(tmp_path / "built", as_version=4), mine)), "utf-8"
        )
        return sources(tmp_path / "once")

    once = merged("mine")
    assert [source for source in once if source in written] == written
    assert merged("once") == once
    assert len(once) == len(built) + len(written) - 1 + (work == "no ids" and news is new_chapter)


# Chapters that are renumbered, and exercises that move to another chapter


def chapter(*exercises):
    """A notebook with a title and the stubs of some exercises."""
    stubs = {name: f"def {name}():\n    raise NotImplementedError()" for name in exercises}
    cells = [nbformat.v4.new_markdown_cell(f"# With {', '.join(exercises)}")]
    cells += [nbformat.v4.new_code_cell(stub, metadata={"exercise": name}) for name, stub in stubs.items()]
    for one in cells:
        one.id = update.digest(one.source)
    return nbformat.v4.new_notebook(cells=cells)


def write(path, notebook):
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")


def answer(path, name, written):
    def change(notebook):
        (stub,) = [one for one in notebook.cells if one.metadata.get("exercise") == name]
        stub.source = stub.source.replace("raise NotImplementedError()", written)

    edit(path, change)


def attempted(folder):
    """The answers in a folder, by the notebook that holds them."""
    return {
        path.name: [one.source.split()[-1] for one in nbformat.read(path, as_version=4).cells if "return" in one.source]
        for path in sorted((folder / "chapters").glob("*.ipynb"))
    }


@pytest.fixture
def renumbered(course):
    """A course whose chapter 01 has become two, so that what was 02 is 03; the learner had answered everything."""
    upstream, mine, kept = course
    (upstream / NAME).unlink()
    write(upstream / "chapters/01_losses.ipynb", chapter("loss", "optimizer"))
    write(upstream / "chapters/02_train.ipynb", chapter("train"))
    commit(upstream)
    update.update(mine, kept)
    for name, exercise in [("01_losses", "loss"), ("01_losses", "optimizer"), ("02_train", "train")]:
        answer(mine / f"chapters/{name}.ipynb", exercise, f"return my_{exercise}")
    write(upstream / "chapters/01_losses.ipynb", chapter("loss"))
    write(upstream / "chapters/02_instruments.ipynb", chapter("optimizer"))
    (upstream / "chapters/02_train.ipynb").rename(upstream / "chapters/03_train.ipynb")
    commit(upstream)
    return upstream, mine, kept


EVERYTHING = {"01_losses.ipynb": ["my_loss"], "02_instruments.ipynb": ["my_optimizer"], "03_train.ipynb": ["my_train"]}


def test_answers_go_to_the_chapters_that_have_their_exercises_now(renumbered):
    _, mine, kept = renumbered
    assert update.update(mine, kept) == [
        "chapters/01_losses.ipynb: your work is in the new version.",
        "chapters/02_train.ipynb: your work is in the new version, which is chapters/03_train.ipynb now.",
    ]
    assert attempted(mine) == EVERYTHING
    assert {path.name for path in kept.rglob("*.ipynb")} == {"01_losses.ipynb", "02_train.ipynb"}
    update.update(mine, kept)
    assert attempted(mine) == EVERYTHING


def test_a_notebook_under_its_old_number_is_carried_over_without_harm_to_newer_work(renumbered):
    """Earlier versions of the updater left such a notebook where it was."""
    _, mine, kept = renumbered
    old = (mine / "chapters/02_train.ipynb").read_bytes()
    update.update(mine, kept)
    (mine / "chapters/02_train.ipynb").write_bytes(old)
    edit(mine / "chapters/03_train.ipynb", lambda notebook: notebook.cells[1].update(source="def train():\n    return newer"))
    update.update(mine, kept)
    assert attempted(mine) == EVERYTHING | {"03_train.ipynb": ["my_train", "newer"]}  # the last one counts
    update.update(mine, kept)
    assert attempted(mine) == EVERYTHING | {"03_train.ipynb": ["my_train", "newer"]}  # the last one counts


# What an update does with the other files, and where it refuses


def test_files_arrive_and_leave_as_with_git(course, capsys):
    upstream, mine, kept = course
    for name in ["old/gone.py", "worked.ipynb", "untouched.ipynb"]:
        path = upstream / ("chapters" if name.endswith("ipynb") else ".") / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / NAME, path)
    commit(upstream)
    update.update(mine, kept)
    edit(mine / "chapters/worked.ipynb", solve)
    worked = (mine / "chapters/worked.ipynb").read_bytes()
    (mine / "my_notes.txt").write_text("mine")
    (mine / NAME).unlink()
    for name in ["old/gone.py", "chapters/worked.ipynb", "chapters/untouched.ipynb"]:
        (upstream / name).unlink()
    shutil.copy(ROOT / OTHER, upstream / OTHER)
    (upstream / "run").write_text("echo é\n", "utf-8")
    (upstream / "run").chmod(0o755)
    commit(upstream)
    capsys.readouterr()
    lines = update.update(mine, kept)
    assert lines == ["chapters/worked.ipynb: the course has this chapter no more; yours stays where it is."]
    assert capsys.readouterr().out.splitlines() == lines
    assert git(mine, "status", "--porcelain").splitlines() == ["?? chapters/worked.ipynb", "?? my_notes.txt"]
    assert git(mine, "rev-parse", "HEAD") == git(upstream, "rev-parse", "HEAD")
    assert not (mine / "old").exists()
    assert (mine / "chapters/worked.ipynb").read_bytes() == worked
    assert update.update(mine, kept) == []


@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_line_ends_are_not_taken_for_work(course, setting):
    upstream, mine, kept = course
    git(mine, "config", "core.autocrlf", setting)
    for path in [mine / NAME, mine / "README.md"] if setting != "false" else []:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    edit(upstream / NAME, new_chapter)
    (upstream / "README.md").write_text("two\n")
    commit(upstream)
    assert update.update(mine, kept) == []
    assert git(mine, "status", "--porcelain") == ""
    assert b"New words" in (mine / NAME).read_bytes()
    assert (b"\r\n" in (mine / "README.md").read_bytes()) == (setting == "true")


def change_readme(upstream, mine):
    (mine / "README.md").write_text("mine")


def untracked_in_the_way(upstream, mine):
    (upstream / "new.py").write_text("theirs")
    commit(upstream)
    (mine / "new.py").write_text("mine")


def staged_and_changed(upstream, mine):
    for text in ["staged", "changed"]:
        (mine / NAME).write_text(text)
        if text == "staged":
            git(mine, "add", NAME)


def committed(upstream, mine):
    git(mine, "commit", "-qam", "my answer")


def own_notebook_committed(upstream, mine):
    shutil.copy(mine / NAME, mine / "chapters" / "my_notes.ipynb")
    commit(mine)


def offline(upstream, mine):
    git(mine, "remote", "set-url", "origin", str(upstream.parent / "nowhere"))


def follows_nothing(upstream, mine):
    git(mine, "branch", "--unset-upstream")


def detached(upstream, mine):
    git(mine, "checkout", "-q", "--detach")


def other_history(upstream, mine):
    git(upstream, "checkout", "-q", "--orphan", "anew")
    commit(upstream)
    git(upstream, "branch", "-M", "anew", "main")


REFUSALS = [
    (change_readme, r"would overwrite your changes in README\.md: move"),
    (untracked_in_the_way, r"would overwrite your changes in new\.py: move"),
    (staged_and_changed, rf"You staged {NAME} and went on changing it: run `git reset`"),
    (committed, r"You have commits .* `git reset \w{10}` takes them back"),
    (offline, r"git fetch says: .*nowhere.* Check the network"),
    (follows_nothing, r"no upstream configured for branch 'main'\. Run `git switch main`"),
    (detached, r"HEAD does not point to a branch\. Run `git switch main`"),
    (other_history, r"history has changed\. Get the newest course into another folder"),
    (own_notebook_committed, r"You have commits .* `git reset \w{10}` takes them back"),
]


@pytest.mark.parametrize(("state", "said"), REFUSALS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_cannot_be_updated_gets_a_sentence_and_keeps_the_work(state, said, course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    edit(upstream / NAME, new_chapter)
    (upstream / "README.md").write_text("two")
    commit(upstream)
    state(upstream, mine)
    before = state_of(mine), git(mine, "diff", "--cached")
    with pytest.raises(SystemExit, match=said) as refusal:
        update.update(mine, kept)
    assert "\n" not in str(refusal.value)
    assert before == (state_of(mine), git(mine, "diff", "--cached"))


def test_a_lock_that_a_killed_git_has_left_gets_a_sentence(course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    edit(upstream / NAME, new_chapter)
    commit(upstream)
    lock = mine / ".git/index.lock"
    lock.touch()
    with pytest.raises(SystemExit, match=r"when none runs any more, delete .*index\.lock and update again\.$"):
        update.update(mine, kept)
    assert "return my_answer" in "\n".join(sources(mine / NAME))
    lock.unlink()
    assert update.update(mine, kept) == [f"{NAME}: your work is in the new version."]
    assert state_of(mine)[1:] == (f" M {NAME}\n", git(upstream, "rev-parse", "HEAD"))


@pytest.mark.parametrize("what", [committed, own_notebook_committed])
def test_the_commits_of_a_learner_can_be_taken_back_as_the_sentence_says(what, course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    what(upstream, mine)
    assert update.update(mine, kept) == []  # nothing is new, so there is nothing to refuse
    edit(upstream / NAME, new_chapter)
    commit(upstream)
    with pytest.raises(SystemExit) as refusal:
        update.update(mine, kept)
    git(mine, *str(refusal.value).split("`")[1].split()[1:])
    assert update.update(mine, kept) == [f"{NAME}: your work is in the new version."]
    assert "return my_answer" in "\n".join(sources(mine / NAME))


def test_the_repository_around_the_course_is_left_alone(course):
    upstream, mine, kept = course
    shutil.copytree(upstream / "chapters", mine / "course" / "chapters")
    with pytest.raises(SystemExit, match=r"part of another git repository\. Get the newest .* --from"):
        update.update(mine / "course", kept)


def test_what_is_new_is_said_in_the_words_of_the_changelog(course, capsys):
    upstream, mine, kept = course
    assert update.update(mine, kept) == []
    assert capsys.readouterr().out == ""  # the course has no changelog yet
    changelog = upstream / update.CHANGELOG
    changelog.write_text("# What is new\n\n## 1\n\n- 00: one.\n")
    commit(upstream)
    update.update(mine, kept)
    assert capsys.readouterr().out == "What is new:\n- 00: one.\n"
    changelog.write_text("# What is new\n\n## 2\n\n- 01: three.\n- 00: two.\n\n## 1\n\n- 00: one.\n")
    commit(upstream)
    update.update(mine, kept)
    assert capsys.readouterr().out == "What is new:\n- 01: three.\n- 00: two.\n"
    update.update(mine, kept)
    assert capsys.readouterr().out == ""
    changelog.write_text("\n".join(f"- {number}." for number in range(20)))
    commit(upstream)
    update.update(mine, kept)
    assert len(capsys.readouterr().out.splitlines()) == 2 + update.MOST_NEWS


# From another copy of the course, such as one that came from a zip


@pytest.fixture
def copies(course):
    """An old copy without git, in which a learner has worked, and a new one."""
    upstream, new, _ = course
    old = new.parent / "old"
    shutil.copytree(upstream, old, ignore=shutil.ignore_patterns(".git"))
    edit(new / NAME, new_chapter)
    edit(old / NAME, solve)
    return old, new, new / ".answers" / "kept"


def test_work_comes_over_from_another_copy(copies):
    old, new, kept = copies
    (old / "chapters" / "helpers.py").write_text("mine = 1")
    notes = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("my notes")])
    (old / "chapters" / "notes.ipynb").write_text(nbformat.writes(notes) + "\n")
    (old / ".answers").mkdir()
    (old / ".answers" / "discounted_returns.json").write_text("{}")
    (old / "runs").mkdir()
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    assert update.bring(old, new, kept) == [
        f"{NAME}: your work is in the new version.",
        "chapters/notes.ipynb: the course has no such file; yours is copied.",
        "chapters/helpers.py: the course has no such file; yours is copied.",
        f"Trainings of yours stay in {old / 'runs'}.",
    ]
    text = "\n".join(sources(new / NAME))
    assert "New words of the authors." in text and "return my_answer" in text and "my own note" in text
    assert sources(new / "chapters" / "notes.ipynb") == ["my notes"]
    assert (new / "chapters" / "helpers.py").read_text() == "mine = 1"
    assert (new / ".answers" / "discounted_returns.json").read_text() == "{}"
    assert before == {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    assert not [*new.glob("update-*")]

    merged = {path: path.read_bytes() for path in new.rglob("*") if path.is_file() and "kept" not in path.parts}
    update.bring(old, new, kept)  # a second time changes nothing
    assert merged == {path: path.read_bytes() for path in new.rglob("*") if path.is_file() and "kept" not in path.parts}


def test_newer_work_in_the_new_copy_stays(copies):
    old, new, kept = copies
    edit(new / NAME, lambda notebook: setattr(cell(notebook), "source", "newer = 1"))
    update.bring(old, new, kept)
    text = "\n".join(sources(new / NAME))
    assert "newer = 1" in text and "return my_answer" in text


def test_a_copy_without_work_changes_nothing(copies, capsys):
    _, new, kept = copies
    fresh = new.parent / "upstream"
    before = (new / NAME).read_bytes()
    assert update.bring(fresh, new, kept) == []
    assert "Nothing was written in the chapters" in capsys.readouterr().out
    assert before == (new / NAME).read_bytes()


def test_what_is_no_other_copy_gets_a_sentence(copies):
    old, new, kept = copies
    for folder, said in [
        (old / "runs", "has no chapters"),
        (new, "another copy of the course"),
        (old / "chapters", "has no chapters"),
    ]:
        with pytest.raises(SystemExit, match=said):
            update.bring(folder, new, kept)


def test_staged_work_is_carried_over(course):
    upstream, mine, kept = course
    edit(mine / NAME, solve)
    git(mine, "add", "-A")
    edit(upstream / NAME, new_chapter)
    commit(upstream)
    assert update.update(mine, kept) == [f"{NAME}: your work is in the new version."]


def test_a_notebook_that_is_saved_meanwhile_is_not_overwritten(course, monkeypatch):
    _, mine, kept = course
    edit(mine / NAME, solve)
    merge = update.merge
    monkeypatch.setattr(update, "merge", lambda *notebooks: (mine / NAME).write_text("newer") and merge(*notebooks))
    with pytest.raises(SystemExit, match="saved just now: update again"):
        update.update(mine, kept)
    assert (mine / NAME).read_text() == "newer"


# Stopped anywhere


@pytest.fixture
def big_update(course):
    """An update that changes, brings and removes notebooks and other files, some with work of the learner's."""
    upstream, mine, kept = course
    for name in [OTHER, "old/gone.py", "chapters/away.ipynb"]:
        (upstream / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / OTHER, upstream / name)
    commit(upstream)
    update.update(mine, kept)
    for name in [NAME, "chapters/away.ipynb"]:
        edit(mine / name, lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell("my work")))
    for name in [NAME, OTHER]:
        edit(upstream / name, new_chapter)
    shutil.rmtree(upstream / "old")
    (upstream / "chapters/away.ipynb").unlink()
    (upstream / "README.md").write_text("two")
    shutil.copy(ROOT / NAME, upstream / "chapters/new.ipynb")
    commit(upstream)
    return upstream, mine, kept


def update_until(step, signal_number, folder, kept):
    """Update in a process that gets a signal before the nth time that it renames or removes a file, or moves HEAD.

    Returns its exit code, and the last line that it said.
    """
    said = folder.parent / "said"
    steps = count(1)

    def hook(event, arguments):
        changes = event in ("os.rename", "os.remove") or (event == "subprocess.Popen" and "reset" in arguments[1])
        if changes and next(steps) == step:
            os.kill(os.getpid(), signal_number)

    if (child := os.fork()) == 0:
        try:
            os.dup2(os.open(said, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), 2)
            update.ROOT, update.RECORDS = folder, kept.parent
            sys.addaudithook(hook)
            update.main()
            os._exit(0)
        except SystemExit as end:
            print(end, file=sys.__stderr__, flush=True)
            os._exit(1)
        finally:  # with any other exception
            os._exit(99)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, said.read_text("utf-8").strip()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@needs_fork
@pytest.mark.parametrize(("name", "steps"), [("SIGKILL", range(1, 99)), ("SIGTERM", [5]), ("SIGHUP", [6]), ("SIGINT", [7])])
def test_an_update_may_be_stopped_anywhere(name, steps, big_update):
    _, mine, kept = big_update
    before = shutil.copytree(mine, mine.with_name("before"))
    update.update(mine, kept)
    expected = state_of(mine)
    for step in steps:
        shutil.rmtree(mine)
        shutil.copytree(before, mine)
        code, said = update_until(step, getattr(signal, name), mine, kept)
        if code == 0:
            break
        stopped = (1, "Stopped. Your work is in your notebooks; the next update goes on from here.")
        assert (code, said) == ((-signal.SIGKILL, "") if name == "SIGKILL" else stopped)
        for notebook in [NAME, "chapters/away.ipynb"]:
            assert "my work" in sources(mine / notebook)
        update.update(mine, kept)
        assert state_of(mine) == expected
        assert not [*mine.parent.rglob("*.unfinished")]
    assert (code == 0 and step > 9) == (name == "SIGKILL")  # all steps were tried


@needs_fork
@pytest.mark.parametrize("step", [5, 9])
def test_an_update_that_was_stopped_goes_on_to_a_version_that_is_newer_still(step, big_update):
    upstream, mine, kept = big_update
    assert update_until(step, signal.SIGKILL, mine, kept)[0] == -signal.SIGKILL
    (upstream / "README.md").write_text("three")
    for name in [NAME, "chapters/new.ipynb"]:
        edit(upstream / name, lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell("newer still")))
    commit(upstream)
    update.update(mine, kept)
    assert {"my work", "newer still"} <= set(sources(mine / NAME))
    assert state_of(mine)[1:] == (f" M {NAME}\n?? chapters/away.ipynb\n", git(upstream, "rev-parse", "HEAD"))
