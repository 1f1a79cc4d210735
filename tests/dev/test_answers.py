"""Whatever a learner hands in, and whatever became of a notebook: one sentence, the rest goes on, nothing is lost."""

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

import nbformat
import numpy as np
import psutil
import pytest
import torch

import tests
from solutions.frame_stack import FrameStack
from tests import checks, mistakes
from tests.dev import commands
from tests.dev.test_build import edit, exercise_cell, reference, run_pytest, solve
from tests.dev.test_chapters import execute
from utils import answers, jupyter, progress
from utils.course import notebooks, programs, records
from utils.course.exercises import exercises
from utils.course.programs import AnswerError

EXERCISES = exercises()
ODD = {
    "None": "return None",
    "a tuple": "return ()",
    "a NumPy array": "import numpy; return numpy.zeros(3)",
    "a Python float": "return 1.5",
    "a word": "return 'nonsense'",
    "a tensor elsewhere": "import torch; return torch.zeros(3, device='meta')",
    "a scalar elsewhere": "import torch; return torch.zeros((), device='meta')",
    "raises": "raise KeyError('oh')",
    "exits": "import sys; sys.exit(0)",
    "asks": "return input('how?')",
    "recurses": "return (lambda f: f(f))(lambda f: f(f))",
    "prints": "print('x' * 100_000); return None",
}


def odd_answer(exercise, body):
    """The exercise's function or class, with each of its bodies replaced."""
    lines = exercise.stub().replace("raise NotImplementedError()", body)
    namespace = dict(vars(__import__(exercise.module, fromlist=["_"])))
    exec(compile(lines, "<odd>", "exec"), namespace)
    return namespace[exercise.object_name]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", EXERCISES)
def test_an_odd_answer_gets_a_sentence(name, odd, monkeypatch):
    monkeypatch.setattr(checks, "diagnosis", lambda *_: "")
    exercise = EXERCISES[name]
    message = checks.verdict(exercise, odd_answer(exercise, ODD[odd]))
    assert message is not None
    assert message.startswith(f"✗ {name}\n")
    assert "Traceback" not in message
    assert len(message) < 2_500
    said = {"raises": "KeyError", "exits": "ends the whole program", "asks": "`input()`", "recurses": "again and again"}
    assert said.get(odd, "") in message


def interrupted(rewards, gamma):
    raise KeyboardInterrupt


def test_an_interrupt_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        checks.verdict(EXERCISES["discounted_returns"], interrupted)


NOISY = {
    "torch": "return rewards + torch.randn(len(rewards))",
    "numpy": "import numpy; return rewards + torch.tensor(numpy.random.normal(size=len(rewards))).float()",
    "random": "import random; return rewards + random.random()",
}


@pytest.mark.parametrize("noise", NOISY)
def test_a_stochastic_wrong_answer_gets_the_same_verdict_twice(noise):
    exercise = EXERCISES["discounted_returns"]
    answer = odd_answer(exercise, NOISY[noise])
    first = checks.verdict(exercise, answer)
    assert "the recursion gives" in first
    assert first == checks.verdict(exercise, answer)


@pytest.mark.parametrize("name", EXERCISES)
def test_each_test_gives_the_same_verdict_twice(name, monkeypatch):
    monkeypatch.setattr(checks, "diagnosis", lambda *_: "")
    exercise = EXERCISES[name]
    for answer in [answers.load_reference(exercise), *(mistake.build() for mistake in mistakes.of(name)[:4])]:
        assert checks.verdict(exercise, answer) == checks.verdict(exercise, answer)


def test_a_test_leaves_the_random_numbers_and_the_settings_alone():
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    expected = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    body = "torch.set_grad_enabled(False); torch.set_default_dtype(torch.float64); return rewards"
    assert checks.verdict(EXERCISES["discounted_returns"], odd_answer(EXERCISES["discounted_returns"], body)) is not None
    assert torch.equal(torch.random.get_rng_state(), expected[0])
    assert np.random.get_state()[1].tolist() == expected[1]
    assert random.getstate() == expected[2]
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def with_body(name, body):
    return EXERCISES[name].stub().replace("raise NotImplementedError()", body)


def test_a_crash_says_what_the_answer_was_called_with():
    exercise = EXERCISES["sample_actions"]
    body = """probs = logits.softmax(-1)
    actions = torch.multinomial(probs, 1).squeeze()
    return actions, probs[torch.arange(len(actions)), actions].log()"""
    said = checks.verdict(exercise, odd_answer(exercise, body))
    assert "It raises TypeError: len() of a 0-d tensor" in said
    assert re.search(r"with the shapes  logits \(1, \d+\)$", said, re.M)


def test_a_python_without_the_packages_gets_a_sentence(course, tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no torch')")
    command = [sys.executable, "-m", "pytest", "tests"]
    done = subprocess.run(command, cwd=course, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "E   ImportError: This Python lacks a package of the course (no torch). Activate the environment" in done.stderr
    assert len(done.stderr.splitlines()) < 8


def test_an_answer_that_never_ends_is_stopped_and_the_others_go_on(course):
    solve(course, "00_start_here", "discounted_returns", with_body("discounted_returns", "while True: gamma += 1"))
    solve(course, "01_policy_gradient", "sample_actions", "while True: __import__('time').sleep(1)")
    solve(course, "01_policy_gradient", "reinforce_loss", with_body("reinforce_loss", "import sys; sys.exit()"))
    solve(course, "02_actor_critic", "layer_init", "name = input('who?')\n" + reference("layer_init"))
    talking = "print('a line\\n' * 1000); return rewards"
    solve(course, "03_rollouts", "compute_advantages", with_body("compute_advantages", talking))
    solve(course, "03_rollouts", "get_minibatch_indices", reference("get_minibatch_indices"))
    which = (
        "discounted_returns or sample_actions or reinforce_loss or layer_init or compute_advantages or get_minibatch_indices"
    )
    code, said = run_pytest(course, which, "-o", "answer_time_limit=2")
    assert code == 1
    stopped = r"✗ discounted_returns\nIt was stopped after \d+ s: does a loop in it never end\?\n  in your line  while True: gamma \+= 1"
    assert re.search(stopped, said)
    assert "✗ sample_actions\nIt was stopped after" in said
    assert "✗ reinforce_loss\nIt ends the whole program, with `exit` or `sys.exit`" in said
    assert "✗ layer_init\nIt calls `input()`" in said
    assert said.count("a line\n") <= 20
    assert "1 of 6 exercises solved." in said
    assert "Traceback" not in said


RUNAWAYS = {
    "discounted_returns": ("import os; os._exit(0)", "Its code ended the process (exit code 0)"),
    "sample_actions": ("raise KeyboardInterrupt", "It raises KeyboardInterrupt"),
    "reinforce_loss": ("import itertools; max(itertools.repeat(1))", "It was stopped after"),
    "layer_init": (
        "import time\n    while True:\n        try: time.sleep(9)\n        except BaseException: pass",
        "It was stopped after",
    ),
    "get_actor_and_critic_classic": (
        "import torch; eaten = []\n    while True: eaten.append(torch.empty(1 << 26))",
        "allocate memory",
    ),
    "compute_advantages": ("import threading, time; threading.Thread(target=time.sleep, args=(999,)).start()", "is None"),
    "get_minibatch_indices": ("import ctypes; ctypes.string_at(0)", "Its code ended the process (signal SIGSEGV)"),
    "play_step": ("import re; re.match('(a+)+$', 'a' * 40 + 'b')", "It was stopped after"),
    "policy_loss": ("import torch; torch.Tensor.mean = torch.Tensor.sum; return torch.zeros(())", "policy_loss is not right"),
    "entropy_bonus": ("import sys; sys.exit(0)", "It ends the whole program"),
    "make_optimizer": ("import os, time; os.fork() or time.sleep(999); return None", "make_optimizer returns NoneType"),
    "approx_kl": ("import os; os.close(1); os.close(2); print('no more'); return None", "is None"),
    "clipfrac": ("while True: print('a line')", "It was stopped after"),
    "explained_variance": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "(signal SIGKILL)"),
    "evaluate": (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass",
        "It was stopped after",
    ),
    "check_transition": (
        "import os, sys; print('✓ check_transition passes.'); [os.write(n, b'right') for n in (1, 2)]; os._exit(0)",
        "Its code ended the process (exit code 0)",
    ),
    "scale_bytes": ("import os; os.chdir('/'); return None", "is None"),
    "ram_features": ("import sys; sys.modules.clear(); return None", ""),
    "get_actor_and_critic_ram": (
        "import sys; sys.setrecursionlimit(10**9); return (lambda f: f(f))(lambda f: f(f))",
        "",
    ),
    "get_actor_and_critic_atari": (
        "import atexit, time; atexit.register(time.sleep, 999); return None",
        "The function returns None",
    ),
}
"""Answers that would end, hang or change the whole session, and what each is told."""
UNHARMED = ["value_loss", "PPOScheduler"]


def left_running(records_folder, seconds: float = 0):
    """Return the processes that still judge answers of a copied course after some seconds."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PPO_COURSE_ANSWERS") == str(records_folder):
                found.append(process)
    return psutil.wait_procs(found, timeout=seconds)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork, signals and limits of memory")
def test_no_answer_takes_the_session_or_another_verdict_down(course, monkeypatch):
    monkeypatch.setenv("PPO_COURSE_ANSWERS", str(course / ".answers"))
    for name, (body, _) in RUNAWAYS.items():
        put(course, name, with_body(name, body))
    for name in UNHARMED:
        put(course, name, reference(name))
    code, said = run_pytest(course, "yours", "-o", "answer_time_limit=1")
    assert code == 1
    sections = re.split(r"^_+ test_(\w+)\[yours\] _+$", said, flags=re.M)[1:]
    verdicts = dict(zip(sections[::2], sections[1::2], strict=True))
    assert set(verdicts) == set(RUNAWAYS)
    assert {
        name: said for name, said in verdicts.items() if not re.match(rf"\n✗ {name}\n.*{re.escape(RUNAWAYS[name][1])}", said)
    } == {}
    assert all(f"✓ {name}" in said for name in UNHARMED)
    assert f"{len(UNHARMED)} of {len(EXERCISES)} exercises solved." in said
    assert "Traceback" not in said
    assert left_running(course / ".answers", seconds=20) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_an_answer_ends_with_the_pytest_that_judges_it(course, monkeypatch):
    monkeypatch.setenv("PPO_COURSE_ANSWERS", str(course / ".answers"))
    begun = course / "begun"
    body, _ = RUNAWAYS["layer_init"]
    put(course, "layer_init", with_body("layer_init", f"open({str(begun)!r}, 'w').close()\n    {body}"))
    output = course / "output"
    pytest_alone = commands.start(
        "-m", "pytest", "tests", "-k", "layer_init and yours", stdout=output, stderr=output, cwd=course
    )
    while not begun.exists():
        assert pytest_alone.poll() is None, output.read_text()
        time.sleep(0.05)
    assert left_running(course / ".answers")
    pytest_alone.kill()
    pytest_alone.wait()
    assert left_running(course / ".answers", seconds=20) == []


def spoiled_contract(contract, transition):
    contract.rules.pop("rewards", None)
    return transition


class SpoilsGames(FrameStack):
    """Writes into the frames of the games of Breakout, and of no others."""

    def update(self, frames, masks):
        stacks = super().update(frames, masks)
        if frames.shape[-1] == 36:
            frames.zero_()
        return stacks


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("check_transition", spoiled_contract, "check_transition changes the contract"),
        ("FrameStack", SpoilsGames, "changes its input `frames`"),
    ],
)
def test_an_answer_cannot_spoil_what_the_next_one_is_tested_with(name, answer, said):
    assert said in checks.verdict(EXERCISES[name], answer)
    assert checks.verdict(EXERCISES[name], answers.load_reference(EXERCISES[name])) is None


def cells_of(course, chapter):
    return json.loads((course / "chapters" / f"{chapter}.ipynb").read_text("utf-8"))


def test_notebooks_in_every_state_get_a_sentence_and_stay_as_they_are(course):
    folder = course / "chapters"
    (folder / "00_start_here.ipynb").write_text("")
    conflict = (folder / "01_policy_gradient.ipynb").read_text("utf-8")
    (folder / "01_policy_gradient.ipynb").write_text("<<<<<<< HEAD\n" + conflict, "utf-8")
    solve(course, "02_actor_critic", "layer_init", reference("layer_init"))
    without_marks = cells_of(course, "02_actor_critic")  # as another tool might save it
    for cell in without_marks["cells"]:
        del cell["metadata"]
    (folder / "02_actor_critic.ipynb").write_text(json.dumps(without_marks), "utf-8")

    def lose_and_double(notebook):
        notebook.cells.remove(exercise_cell(notebook, "compute_advantages"))
        cell = exercise_cell(notebook, "get_minibatch_indices")
        cell.source = reference("get_minibatch_indices").replace("rng.permutation", "np.arange")
        twice = nbformat.v4.new_code_cell(reference("get_minibatch_indices"), metadata=cell.metadata)
        notebook.cells.insert(notebook.cells.index(cell) + 1, twice)

    edit(folder / "03_rollouts.ipynb", lose_and_double)
    solve(course, "04_ppo_losses", "value_loss", "%%time\n%matplotlib inline\n!ls\nF.mse_loss?\n" + reference("value_loss"))
    (course / ".answers").mkdir()
    (course / ".answers" / "policy_loss.json").write_text('{"source": "def pol')
    before = {path: path.read_bytes() for path in [*folder.glob("*.ipynb"), *(course / ".answers").iterdir()]}

    which = "discounted_returns or reinforce_loss or layer_init or compute_advantages or get_minibatch_indices or policy_loss or value_loss"
    code, said = run_pytest(course, which)
    assert code == 1
    assert "00_start_here.ipynb cannot be read as a notebook (it is empty)" in said
    assert "01_policy_gradient.ipynb cannot be read as a notebook (it holds the marks of a merge conflict)" in said
    assert "03_rollouts.ipynb has no cell for compute_advantages any more" in said
    assert "policy_loss.json cannot be read" in said
    assert "Traceback" not in said
    assert "✓ layer_init" in said
    assert "✓ get_minibatch_indices" in said  # of two cells that define it, the last counts
    assert "✓ value_loss" in said
    assert "3 of 7 exercises solved." in said
    assert before == {path: path.read_bytes() for path in before}


def test_which_of_two_cells_counts_is_said(here):
    def twice(notebook):
        cell = exercise_cell(notebook, "discounted_returns")
        cell.source = reference("discounted_returns")
        notebook.cells.append(nbformat.v4.new_code_cell(with_body("discounted_returns", "return 1"), metadata=cell.metadata))

    edit(here / "chapters" / "00_start_here.ipynb", twice)
    source, where = notebooks.read_answer(EXERCISES["discounted_returns"])
    assert source.endswith("return 1")
    assert where.endswith("the last of the 2 cells there that define it")


def test_python_is_left_alone_where_it_looks_like_a_magic():
    source = "index = (7\n    % 4)"
    assert programs.without_magics(source) == source
    assert programs.without_magics("%time\nfiles = !ls\nx = 1\n?x") == (
        "get_ipython().run_line_magic('time', '')\nfiles = get_ipython().getoutput('ls')\nx = 1\nget_ipython().run_line_magic('pinfo', 'x')\n"
    )


# Progress, and the way back.


def put(course, name, source):
    solve(course, EXERCISES[name].chapter, EXERCISES[name].cell, source)


def test_progress_follows_from_notebooks_and_records(here):
    assert progress.show_progress().solved == 0
    assert progress.show_progress().next_after().name == "discounted_returns"
    for name, passed in [("discounted_returns", True), ("sample_actions", False), ("layer_init", True)]:
        records.write(EXERCISES[name], reference(name), passed)
    now = progress.show_progress()
    assert now.states["discounted_returns"] == now.states["layer_init"] == progress.SOLVED
    assert now.states["sample_actions"] == progress.WRONG
    assert now.line("layer_init") == f"2 of {len(EXERCISES)} solved; next: get_actor_and_critic_classic in 02."
    assert now.line(list(EXERCISES)[-1]) == f"2 of {len(EXERCISES)} solved; next: sample_actions in 01."
    assert f"2 of {len(EXERCISES)} exercises solved. Next: sample_actions in chapters/01_policy_gradient.ipynb" in str(now)

    later = time.time() + 60
    put(here, "discounted_returns", reference("discounted_returns"))  # checked, and then saved
    os.utime(EXERCISES["discounted_returns"].notebook, (later, later))
    records.write(
        EXERCISES["discounted_returns"], notebooks.read_answer(EXERCISES["discounted_returns"])[0] + "\n", passed=True
    )
    put(here, "layer_init", reference("layer_init").replace("std)", "1)"))  # changed after its check
    for chapter in ["00_start_here", "02_actor_critic"]:
        os.utime(here / "chapters" / f"{chapter}.ipynb", (later, later))
    assert progress.show_progress().states["layer_init"] == progress.UNCHECKED
    assert progress.show_progress().states["discounted_returns"] == progress.SOLVED

    for name in EXERCISES:
        records.write(EXERCISES[name], reference(name), passed=True)
        os.utime(EXERCISES[name].notebook, (0, 0))
    assert progress.show_progress().line("layer_init") == f"{len(EXERCISES)} of {len(EXERCISES)} solved."


@pytest.mark.parametrize("chapter", dict.fromkeys(exercise.chapter for exercise in EXERCISES.values()))
def test_the_end_of_a_chapter_names_the_same_next_exercise_as_its_last_test(here, chapter):
    names = list(EXERCISES)
    of_chapter = [name for name in names if EXERCISES[name].chapter == chapter]
    for name in of_chapter[1:]:
        records.write(EXERCISES[name], reference(name), passed=True)
    now, last = progress.show_progress(chapter), of_chapter[-1]
    following = (names + names)[names.index(last) + 1]
    assert now.next_after() == now.next_after(last) == EXERCISES[following]
    assert now.line(last).endswith(f"next: {following} in {EXERCISES[following].chapter[:2]}.")
    assert f"Next: {following} in chapters/{EXERCISES[following].chapter}.ipynb" in str(now)
    assert f">{following}</a> in {EXERCISES[following].chapter[:2]}." in now._repr_html_()
    assert progress.show_progress().next_after().name == next(name for name in names if name not in of_chapter[1:])


@pytest.mark.parametrize("hours", [-24, 24])
def test_what_was_saved_or_checked_last_counts_whatever_the_clock_said(here, hours, monkeypatch):
    exercise = EXERCISES["discounted_returns"]

    def wrong_clock():
        when = time.time() + 3600 * hours
        os.utime(exercise.notebook, (when, when))

    put(here, exercise.name, with_body(exercise.name, "return 1"))
    wrong_clock()
    at_the_check = time.time() - 3600 * hours
    with monkeypatch.context() as context:
        context.setattr(time, "time", lambda: at_the_check)
        records.write(exercise, reference(exercise.name), passed=True)
    assert notebooks.read_answer(exercise)[0] == reference(exercise.name)
    put(here, exercise.name, with_body(exercise.name, "return 2"))
    wrong_clock()
    assert notebooks.read_answer(exercise)[0].endswith("return 2")
    assert progress.show_progress().states[exercise.name] == progress.UNCHECKED


@pytest.mark.parametrize("wrong", ['{"passed": "no"}', '{"source": ["def f(): pass"]}', '{"tests": null}', "[]", "NaN", ""])
def test_a_record_with_fields_of_the_wrong_kind_gets_a_sentence(here, wrong):
    exercise = EXERCISES["discounted_returns"]
    records.write(exercise, reference(exercise.name), passed=True)
    path = here / ".answers" / f"{exercise.name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | json.loads(wrong)) if wrong.startswith("{") else wrong)
    with pytest.raises(AnswerError, match=r"discounted_returns\.json cannot be read .*: check discounted_returns"):
        notebooks.read_answer(exercise)
    assert records.verdict(exercise, reference(exercise.name)) is None


def test_a_record_of_an_earlier_version_counts_where_the_notebook_holds_no_answer(here):
    exercise = EXERCISES["discounted_returns"]
    path = here / ".answers" / f"{exercise.name}.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"source": reference(exercise.name), "passed": True, "time": 4e9}))
    assert notebooks.read_answer(exercise)[0] == reference(exercise.name)
    put(here, exercise.name, with_body(exercise.name, "return 1"))
    assert notebooks.read_answer(exercise)[0].endswith("return 1")


def test_an_answer_in_the_chapter_that_had_the_exercise_before_counts(here):
    put(here, "discounted_returns", with_body("discounted_returns", "return 1"))
    start = here / "chapters" / "00_start_here.ipynb"
    shutil.copy(start, here / "chapters" / "05_of_an_earlier_version.ipynb")
    put(here, "discounted_returns", EXERCISES["discounted_returns"].stub())
    source, where = notebooks.read_answer(EXERCISES["discounted_returns"])
    assert source.endswith("return 1")
    assert where == "chapters/05_of_an_earlier_version.ipynb"
    put(here, "discounted_returns", with_body("discounted_returns", "return 2"))
    assert notebooks.read_answer(EXERCISES["discounted_returns"])[0].endswith("return 2")


def test_a_notebook_that_cannot_be_read_is_noted_in_the_panel(here):
    (here / "chapters" / "00_start_here.ipynb").write_text("{")
    assert "00_start_here.ipynb cannot be read" in str(progress.show_progress())
    assert "00_start_here.ipynb cannot be read" in progress.show_progress()._repr_html_()


def test_the_panel_is_plain_html(here, monkeypatch):
    page = progress.show_progress()._repr_html_()
    assert 'href="00_start_here.ipynb"' in page
    assert not re.search(r"<(svg|script|iframe|style)|color", page)
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    assert "href=" not in progress.show_progress()._repr_html_()  # the course has no address yet
    monkeypatch.setattr(progress, "repository", lambda: "https://github.com/some/body")
    assert 'href="https://colab.research.google.com/github/' in progress.show_progress()._repr_html_()


def test_reset_on_disk_changes_one_cell_and_keeps_the_answer(here, capsys):
    put(here, "get_minibatch_indices", reference("get_minibatch_indices"))
    stub = nbformat.read(here / "chapters" / "03_rollouts.ipynb", as_version=4)
    put(here, "compute_advantages", "# mine: é\n" + reference("compute_advantages"))
    records.write(EXERCISES["compute_advantages"], "an older one", passed=True)
    progress.reset("compute_advantages")
    exercise_cell(stub, "compute_advantages").source = EXERCISES["compute_advantages"].stub()
    assert nbformat.read(here / "chapters" / "03_rollouts.ipynb", as_version=4) == stub
    (kept,) = (here / ".answers" / "kept").iterdir()
    assert "# mine: é" in kept.read_text("utf-8")
    assert "an older one" in kept.read_text("utf-8")
    assert str(kept.relative_to(here)) in capsys.readouterr().out
    assert notebooks.read_answer(EXERCISES["compute_advantages"])[0] is None

    put(here, "compute_advantages", reference("compute_advantages"))
    progress.reset("compute_advantages")  # within the same second
    assert len(list((here / ".answers" / "kept").iterdir())) == 2
    progress.reset("compute_advantages")
    assert "it is its stub already" in capsys.readouterr().out


def test_reset_leaves_the_other_exercise_of_a_cell(here):
    put(here, "rollout_phase", reference("rollout_phase"))
    progress.reset("rollout_phase")
    assert notebooks.read_answer(EXERCISES["rollout_phase"])[0] is None
    assert notebooks.read_answer(EXERCISES["learning_phase"])[0] is not None


def test_reset_takes_a_body_that_is_nothing_but_its_docstring(here):
    put(here, "rollout_phase", EXERCISES["rollout_phase"].stub().replace("        raise NotImplementedError()\n", "", 1))
    progress.reset("rollout_phase")
    assert notebooks.read_answer(EXERCISES["rollout_phase"])[0] is None


class Shell:
    """What `reset` uses of IPython."""

    def __init__(self, *cells):
        self.user_ns = {"In": ["", *cells], "discounted_returns": "the old function"}

    def set_next_input(self, text, replace=False):
        self.text, self.replaced = text, replace


ANSWER = EXERCISES["discounted_returns"].stub().replace("raise NotImplementedError()", "return rewards")


@pytest.mark.parametrize(
    ("cells", "replaced"),
    [
        ([ANSWER, 'reset("discounted_returns")'], True),
        ([ANSWER + '\n\nreset("discounted_returns")'], True),
        ([ANSWER, 'envs.reset()\nreset("discounted_returns")'], False),
    ],
)
def test_reset_in_a_notebook_gives_the_stub_and_leaves_the_file(here, cells, replaced, monkeypatch, capsys):
    before = (here / "chapters" / "00_start_here.ipynb").read_bytes()
    shell = Shell(*cells)
    monkeypatch.setattr(jupyter, "shell", lambda: shell)
    progress.reset("discounted_returns")
    assert shell.text == EXERCISES["discounted_returns"].stub()
    assert shell.replaced == replaced
    assert "discounted_returns" not in shell.user_ns
    (kept,) = (here / ".answers" / "kept").iterdir()
    assert kept.name in capsys.readouterr().out
    assert kept.read_text("utf-8").strip() == ANSWER
    assert (here / "chapters" / "00_start_here.ipynb").read_bytes() == before


def test_reset_brings_a_lost_cell_back(here, monkeypatch):
    edit(here / "chapters" / "00_start_here.ipynb", lambda nb: nb.cells.remove(exercise_cell(nb, "discounted_returns")))
    shell = Shell('reset("discounted_returns")')
    monkeypatch.setattr(jupyter, "shell", lambda: shell)
    progress.reset("discounted_returns")
    assert shell.replaced
    assert shell.text == EXERCISES["discounted_returns"].stub()


def test_reset_of_an_unknown_name_and_without_room_says_so_in_a_sentence(here):
    with pytest.raises(AnswerError, match="did you mean compute_advantages"):
        progress.reset("compute_advantage")
    with pytest.raises(AnswerError, match="names them all"):
        progress.reset("xyz")
    put(here, "discounted_returns", ANSWER)
    before = (here / "chapters" / "00_start_here.ipynb").read_bytes()
    (here / ".answers").write_text("a file where the folder should be")
    with pytest.raises(AnswerError, match=r"cannot be kept aside .* so nothing is changed"):
        progress.reset("discounted_returns")
    assert (here / "chapters" / "00_start_here.ipynb").read_bytes() == before


def test_the_command_says_what_it_did(course):
    solve(course, "00_start_here", "discounted_returns", reference("discounted_returns"))
    command = ["-m", "utils.progress"]
    done = commands.run(*command, "reset", "discounted_returns", cwd=course)
    assert done.returncode == 0, done.stderr
    assert "discounted_returns is its stub again in 00_start_here.ipynb" in done.stdout
    done = commands.run(*command, "reset", "nothing_like_it", cwd=course)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"0 of {len(EXERCISES)} exercises solved." in commands.run(*command, cwd=course).stdout


def test_a_verdict_is_shown_also_where_it_cannot_be_recorded(monkeypatch, capsys):
    source = "import torch\n" + reference("discounted_returns").replace('Float[Tensor, "T"]', "torch.Tensor")
    answer = EXERCISES["discounted_returns"].load(source)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(records, "write_whole", full)
    tests.test_discounted_returns(answer)
    assert "cannot be recorded in" in (said := capsys.readouterr().out)
    assert "No space left on device" in said
    assert "✓ discounted_returns passes." in said


def test_the_whole_way_in_a_notebook(course, monkeypatch):
    """Checked in a kernel: the line after the ✓, the panel; then reset, and the exercise is open again."""
    monkeypatch.delenv("PPO_COURSE_ANSWERS", raising=False)
    notebook = nbformat.read(course / "chapters" / "00_start_here.ipynb", as_version=4)
    exercise_cell(notebook, "discounted_returns").source = reference("discounted_returns")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    drawn = [cell for cell in code if "cellView" in cell.metadata]  # folded: they draw what other cells have played
    notebook.cells = [c for c in code if c not in drawn and (c.metadata or c.source.startswith(("import", "from")))]
    execute(notebook, course)
    (checked,) = [cell for cell in notebook.cells if "checks" in cell.metadata]
    assert (
        checked.outputs[0].text == f"✓ discounted_returns passes. 1 of {len(EXERCISES)} solved; next: sample_actions in 01.\n"
    )
    assert f"<b>1 of {len(EXERCISES)}</b> exercises solved." in notebook.cells[-1].outputs[0].data["text/html"]

    solve(course, "00_start_here", "discounted_returns", reference("discounted_returns"))  # it is saved: still solved
    notebook.cells = [
        notebook.cells[0],
        notebook.cells[-1],
        nbformat.v4.new_code_cell('reset("discounted_returns")'),
        notebook.cells[-1],
    ]
    notebook.cells[-1] = nbformat.from_dict(notebook.cells[-1] | {"id": "again"})
    execute(notebook, course)
    assert f"<b>1 of {len(EXERCISES)}</b> exercises solved." in notebook.cells[1].outputs[0].data["text/html"]
    assert "is back to its stub, in this cell. Your answer is kept in .answers" in notebook.cells[2].outputs[0].text
    assert f"<b>0 of {len(EXERCISES)}</b> exercises solved." in notebook.cells[3].outputs[0].data["text/html"]
