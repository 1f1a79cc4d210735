"""Run each exercise's test twice, on the reference and on the learner's answer, and sum up the progress."""

import sys

import pytest
import torch

from solutions import networks
from tests import checks, judging
from utils import answers, progress
from utils.course import notebooks
from utils.course.exercises import Exercise, exercises
from utils.course.programs import AnswerError

PHASES = ["rollout_phase", "learning_phase"]
"""The exercises that make a whole trainer, which the tests with the argument `trainer_class` ask for."""


def exercise_of(function_name: str) -> Exercise | None:
    return exercises().get(function_name.removeprefix("test_"))


def pytest_addoption(parser):
    parser.addini("answer_time_limit", "seconds that an answer may take in its test", default=str(checks.TIME_LIMIT))


def pytest_generate_tests(metafunc):
    if "trainer_class" in metafunc.fixturenames:
        metafunc.parametrize("trainer_class", ["reference", "yours"])
    elif exercise_of(metafunc.function.__name__) is not None and metafunc.fixturenames:
        metafunc.parametrize(metafunc.fixturenames[0], ["reference", "yours"])


@pytest.fixture
def get_actor_and_critic():
    """Return the reference's dispatcher: it is no exercise, and a learner's is tested in its notebook only."""
    return networks.get_actor_and_critic


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Put the reference in the place of the word "reference"; where it says "yours", judge the learner's answer instead."""
    test = pyfuncitem.function.__name__
    whole_agent = "trainer_class" in pyfuncitem.funcargs
    exercise = exercises()["learning_phase"] if whole_agent else exercise_of(test)
    if exercise is None:
        return None
    (name,) = pyfuncitem._fixtureinfo.argnames
    if pyfuncitem.funcargs[name] == "reference":
        pyfuncitem.funcargs[name] = answers.load_reference(exercise)
        return None
    seconds = float(pyfuncitem.config.getini("answer_time_limit")) * (5 if whole_agent else 1)  # it trains several agents
    try:
        read = [notebooks.read_answer(exercises()[phase]) for phase in (PHASES if whole_agent else [exercise.name])]
        if None in [source for source, _ in read]:
            pytest.skip("not attempted yet")
        source, where = read[-1]
        pyfuncitem.add_report_section("call", "answer", f"The answer is from {where}.")
        judging.judge_apart(exercise, source, seconds, test)
    except AnswerError as error:
        raise checks.WrongAnswer(f"✗ {test.removeprefix('test_')}\n{error}") from None
    return True  # so that pytest does not call the test


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if call.excinfo is not None and call.excinfo.errisinstance(checks.Verdict):
        report.longrepr = str(call.excinfo.value)  # the message that the notebook shows, and nothing else
        report.sections = [(title, shortened(text)) for title, text in report.sections]


def shortened(printed: str, limit: int = 20) -> str:
    """Return the last lines of what an answer printed."""
    lines = [line if len(line) <= 200 else line[:200] + " ..." for line in printed.splitlines()]
    return "\n".join([f"({len(lines) - limit} lines more before these)"] * (len(lines) > limit) + lines[-limit:])


def pytest_configure(config):
    torch.set_num_threads(1)  # the networks are small, and threads that wait for each other are slow on a busy machine
    sys.__stdout__.reconfigure(errors="replace")  # for a console that lacks a character pytest escapes the whole text


def pytest_terminal_summary(terminalreporter):
    found = {}
    for outcome, state in [
        ("passed", progress.SOLVED),
        ("failed", progress.WRONG),
        ("error", progress.WRONG),
        ("skipped", progress.OPEN),
    ]:
        for report in terminalreporter.stats.get(outcome, []):
            test = report.nodeid.split("::")[-1]
            exercise = exercise_of(test.removesuffix("[yours]")) if test.endswith("[yours]") else None
            if exercise is not None:
                found[exercise.name] = state
    if found:
        terminalreporter.write_sep("=", "your progress")
        terminalreporter.write_line(str(progress.Progress({name: found[name] for name in exercises() if name in found})))
        terminalreporter.write_line(
            "Each exercise is tested twice: on the course's own solution [reference] and on your answer [yours]. Skipped is what "
            "you have not attempted yet."
        )
