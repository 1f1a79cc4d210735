"""Every command answers what goes wrong with a sentence in the place of a traceback."""

import os
import runpy
import signal
import subprocess
import sys
from unittest.mock import patch

import pytest

from tests.dev import commands
from tests.dev.screen import PATIENCE, PLAY, until
from utils import paths, progress, words
from utils.course.exercises import exercises
from utils.watching.log import shortened

sys.path.insert(0, str(PLAY))  # as it is for a script of that folder

ROOT = commands.ROOT
STARTS = {
    "train": ["-m", "solutions.train", "cartpole"],
    "card": ["-m", "solutions.saving.make_card", "agent.safetensors", "--name", "x"],
    "tests": ["-m", "tests", "discounted_returns"],
    "update": ["-m", "utils.update"],
    "build": ["chapters/build.py", "--check"],
    "mistakes": ["tests/dev/report_mistakes.py"],
    **{path.stem: [path] for path in PLAY.glob("*.py") if "__main__" in path.read_text("utf-8")},
    **{f"bench {path.stem}": [path] for path in (ROOT / "tests" / "bench").glob("*.py")},
}
"""Every command of the course that imports a package, by a name for its test."""


def spoiled(folder, code):
    """Return an environment in which the packages that take long to import run some code instead."""
    for package in ["numpy", "torch", "jupytext", "nbformat", "tyro", "matplotlib"]:
        (folder / f"{package}.py").write_text(code)
    return {**os.environ, "PYTHONPATH": str(folder)}


def complaint(done, status=1):
    """Return what a command said on standard error, which must be short and no traceback."""
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert 1 <= len(done.stderr.strip().splitlines()) <= 3, done.stderr
    return done.stderr


def here(capsys, monkeypatch, module, *arguments):
    """Run a command within this process, in which everything is imported already; returns what it said on standard error."""
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    run = runpy.run_path if module.endswith(".py") else runpy.run_module
    capsys.readouterr()
    try:
        with patch.dict(sys.modules):
            sys.modules.pop(module, None)  # runpy warns of a module that is there already
            run(module, run_name="__main__")
        status = 0
    except SystemExit as ending:
        status = ending.code
    except BaseException as error:
        words._say(type(error), error, None)
        status = 1
    return complaint(subprocess.CompletedProcess([], status, *capsys.readouterr()))


@pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
def test_ctrl_c_while_packages_are_imported(tmp_path, command):
    env = spoiled(tmp_path, "import time\nprint('importing', flush=True)\ntime.sleep(600)")
    out, err = tmp_path / "out", tmp_path / "err"
    process = commands.start(*command, stdout=out, stderr=err, env=env)
    try:
        until(lambda: "importing" in out.read_text(), "the first import")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    finally:
        process.kill()
    assert err.read_text() == "\nStopped by Ctrl-C.\n"


@pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
def test_a_missing_package_is_named_with_what_to_install(tmp_path, command):
    env = spoiled(tmp_path, "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)")
    said = complaint(commands.run(*command, env=env))
    assert "No module named '" in said and "pip install" in said


def test_an_error_that_nobody_expects_names_its_type_and_its_traceback_can_be_seen(tmp_path):
    env = spoiled(tmp_path, "raise TypeError('neither fish\\nnor flesh.')")
    said = complaint(commands.run(*STARTS["train"], env=env))
    assert said == "error: TypeError: neither fish nor flesh; run it again with --traceback to see where.\n"
    done = commands.run(*STARTS["train"], "--traceback", env=env)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback") and "numpy.py" in done.stderr


def test_traceback_is_no_option_of_the_command_itself():
    done = commands.run("-m", "utils.progress", "--traceback", "reset", "nosuch")
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "There is no exercise 'nosuch'" in done.stderr


@pytest.mark.parametrize(
    ("module", "options", "said"),
    [
        ("solutions.train", ["cartpole", "--gamma", "7"], "error: gamma must lie between 0 and 1; you gave 7.0."),
        ("solutions.train", ["cartpole", "--num-envs", "0"], "error: num_envs must be a whole number of at least 1"),
        ("solutions.train", ["cartpole", "--seed", "1" * 23], "error: seed must be a whole number"),
        ("solutions.train", ["cartpole", "--env-id", "x" * 300], "env_id must have 1 to 100 characters"),
        ("solutions.train", ["cartpole", "--resume", "."], ". does not hold a whole agent"),
        ("solutions.train", ["cartpole", "--env-id", "phys2d/CartPole-v1"], "a package that is not installed: install it"),
        ("solutions.saving.make_card", ["folder", "--name", "x"], "folder does not hold a whole agent"),
        ("solutions.saving.make_card", ["nosuch", "--name", "x"], "There is no file nosuch"),
        ("tests.__main__", ["NOSUCH"], "NOSUCH are not all exercises"),
        ("tests.__main__", [], "`pytest tests` tests them all"),
        (str(PLAY / "watch.py"), ["nosuch"], "The course has no agent 'nosuch': choose"),
        (str(PLAY / "watch.py"), ["empty.safetensors"], "empty.safetensors does not hold a whole agent"),
        (str(PLAY / "watch.py"), ["folder.safetensors"], "folder.safetensors does not hold a whole agent"),
        (str(PLAY / "watch.py"), ["cartpole", "--speed", "0"], "speed must lie between"),
        (str(PLAY / "play_breakout.py"), ["--env-id", "nosuch"], "There is no environment 'nosuch'"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path, capsys, monkeypatch, module, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "empty.safetensors").touch()
    assert said in here(capsys, monkeypatch, module, *options)


@pytest.mark.parametrize("value", ["abc", "-1", "0", "1.5", ""])
def test_the_length_of_a_short_run_is_a_count(monkeypatch, value):
    monkeypatch.setenv("PPO_COURSE_ITERATIONS", value)
    with pytest.raises(ValueError, match="PPO_COURSE_ITERATIONS must be a whole number of at least 1"):
        shortened(7)
    monkeypatch.setenv("PPO_COURSE_ITERATIONS", "2")
    assert (shortened(7), shortened(1)) == (2, 1)


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        (["-m", "utils.progress", "reset", "x", "y"], 1, "There is no exercise 'x': `python -m utils.progress` names them all"),
        (["-m", "utils.progress", "nosuch"], 2, "invalid choice: 'nosuch'"),
        (
            ["-m", "utils.update"],
            1,
            "was not cloned by git, as when it comes from a zip. Get the newest course into another folder",
        ),
    ],
)
def test_a_copy_without_git_and_names_that_are_not_there(course, command, status, said):
    assert said in complaint(commands.run(*command, cwd=course), status)


@pytest.fixture
def builder(course, capsys, monkeypatch):
    """A function that checks the copy of the course with its builder, and returns what that complains of."""

    def forget():
        exercises.cache_clear()
        progress.title.cache_clear()

    def check():
        forget()
        return here(capsys, monkeypatch, str(ROOT / "chapters" / "build.py"), "--check")

    with patch.object(paths, "ROOT", course):
        yield check
    forget()


FENCE = '```python exercise="compute_advantages" difficulty="4" importance="5" minutes="25"\n'
LINE = (ROOT / "chapters/source/03_rollouts.md").read_text("utf-8").partition(FENCE)[0].count("\n") + 1
CELL = f"{FENCE}from solutions.advantages import compute_advantages\n```"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "", "03_rollouts.md has no title"),
        (lambda text: "# Rollouts", "03_rollouts.md must begin with its title"),
        (lambda text: f"---\na: [1\n---\n{text}", "03_rollouts.md cannot be read (ParserError"),
        (lambda text: text.encode("utf-16"), "03_rollouts.md cannot be read (UnicodeDecodeError"),
        (lambda text: text.replace(' minutes="25"', ""), "must be exercise="),
        (lambda text: text.replace('"25"', '"soon"'), f"03_rollouts.md, line {LINE}: the options"),
        (lambda text: text.replace('"25"', '"25'), f"line {LINE}: the options of an exercise's fence"),
        (lambda text: text.replace("from solutions.advantages", "from solutions.nosuch", 1), "imports compute_advantages"),
        (lambda text: text.replace("import compute_advantages\n```", "import nosuch\n```"), "imports nosuch"),
        (
            lambda text: text.replace("\n```", '\n```\n\n```python exercise="x"\n1\n```', 1),
            "line 36: an exercise cell must be",
        ),
        (lambda text: f"{text}\n{CELL}\n", "the exercise compute_advantages is in chapters/source/03_rollouts.md already"),
        (lambda text: text.replace('solution="compute_advantages"', 'solution="nosuch"'), "explains 'nosuch', but has no such"),
        (lambda text: text.replace('solution="compute_advantages"', ""), "has no region marked"),
    ],
)
def test_the_builder_names_the_source_that_is_broken(builder, course, change, said):
    source = course / "chapters/source/03_rollouts.md"
    before = source.read_text("utf-8")
    after = change(before)
    assert after != before
    source.write_bytes(after if isinstance(after, bytes) else after.encode())
    assert said in builder()


def test_the_builder_names_a_reference_that_is_not_python(builder, course):
    (course / "solutions/advantages.py").write_text("def f(:")
    said = builder()
    assert "solutions/advantages.py cannot be read as Python" in said and "line 1" in said


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_output_that_cannot_be_written(unbuffered):
    def progress(stdout, encoding="utf-8"):
        env = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONIOENCODING": encoding}
        command = [sys.executable, "-m", "utils.progress"]
        return subprocess.run(command, cwd=ROOT, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)

    plain = progress(subprocess.PIPE, "ascii")
    assert (plain.returncode, plain.stderr) == (0, "") and "exercises solved" in plain.stdout
    ours, theirs = os.pipe()
    os.close(ours)  # a reader that has gone, such as `head`
    assert (progress(theirs).returncode, progress(theirs).stderr) == (1, "")
    os.close(theirs)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            done = progress(full)
        assert done.returncode == 1
        assert (
            done.stderr.startswith("error: ") and "(No space left on device): " in done.stderr and done.stderr.count("\n") == 1
        )


def test_pytest_on_a_console_that_lacks_a_character():
    env = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "pytest", "tests", "-k", "discounted_returns", "-p", "no:cacheprovider"]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="cp1252", timeout=PATIENCE).stdout
    assert "00 Start here  ? discounted_returns\n0 of 1 exercises solved." in said


def test_which_errors_are_sentences_already():
    def error_of(act):
        with pytest.raises(Exception) as caught:
            act()
        return words.sentence(caught.value)

    assert (
        error_of(lambda: shortened(0))
        == "The environment variable PPO_COURSE_ITERATIONS must be a whole number of at least 1; it is '0'."
    )
    assert (
        error_of(lambda: int("x"))
        == "ValueError: invalid literal for int() with base 10: 'x'; run it again with --traceback to see where."
    )
    missing = error_of(lambda: os.stat("/nosuch/file"))
    assert missing.startswith("'/nosuch/file' cannot be used (No such file or directory): ")
    assert error_of(lambda: exec("from utils.words import nosuch")).startswith("ImportError: ")
    assert error_of(lambda: exec("import nosuch")).startswith("This Python lacks a package")
