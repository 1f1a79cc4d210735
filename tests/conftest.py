"""Run each exercise's test twice, on the reference and on the learner's answer, and sum up the progress."""

import pytest

from solutions import networks, trainer
from tests import checks
from utils import answers, progress
from utils.course import notebooks
from utils.course.exercises import Exercise, exercises
from utils.course.programs import AnswerError


def exercise_of(function_name: str) -> Exercise | None:
    return exercises().get(function_name.removeprefix("test_"))


def pytest_addoption(parser):
    parser.addini("answer_time_limit", "seconds that an answer may take in its test", default=str(checks.TIME_LIMIT))


def pytest_generate_tests(metafunc):
    exercise = exercise_of(metafunc.function.__name__)
    if exercise is not None and metafunc.fixturenames:
        metafunc.parametrize(metafunc.fixturenames[0], ["reference", "yours"], indirect=False)


@pytest.fixture
def get_actor_and_critic():
    """Return the reference's dispatcher: it is no exercise, and a learner's is tested in its notebook only."""
    return networks.get_actor_and_critic


@pytest.fixture(params=["reference", "yours"])
def trainer_class(request):
    """Return the reference's trainer, and the learner's once both of its phases are attempted."""
    if request.param == "reference":
        return trainer.PPOTrainer
    seconds = time_limit(request.config)
    phases = [load_yours(exercises()[name], seconds) for name in ["rollout_phase", "learning_phase"]]
    return phases[-1][0]


def time_limit(config) -> float:
    return float(config.getini("answer_time_limit"))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Put the answer in the place of the word "reference" or "yours" just before the test runs."""
    exercise = exercise_of(pyfuncitem.function.__name__)
    if exercise is not None:
        (name,) = pyfuncitem._fixtureinfo.argnames
        whose = pyfuncitem.funcargs[name]
        if whose == "reference":
            pyfuncitem.funcargs[name] = answers.load_reference(exercise)
        else:
            seconds = time_limit(pyfuncitem.config)
            pyfuncitem.funcargs[name], where = load_yours(exercise, seconds)
            pyfuncitem.obj = judged_test(exercise, pyfuncitem.obj, seconds)
            pyfuncitem.add_report_section("call", "answer", f"The answer is from {where}.")
    elif pyfuncitem.funcargs.get("trainer_class", trainer.PPOTrainer) is not trainer.PPOTrainer:
        pyfuncitem.obj = judged_test(None, pyfuncitem.obj, 5 * time_limit(pyfuncitem.config))  # it trains several agents
    return (yield)


def load_yours(exercise: Exercise, seconds: float):
    try:
        source, where = notebooks.read_answer(exercise)
        if source is None:
            pytest.skip("not attempted yet")
        with checks.fenced(seconds):
            return exercise.load(source), where
    except (AnswerError, checks.WrongAnswer) as error:
        said = error.__cause__ if isinstance(error.__cause__, checks.Verdict) else error
        raise checks.WrongAnswer(f"✗ {exercise.name}\n{said}") from None


def judged_test(exercise, test, seconds: float):
    def run(**arguments):
        (answer,) = arguments.values()
        checks.judge(exercise, test, answer, seconds)

    return run


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
    import torch._dynamo  # the first optimizer imports it: not in the time of some test

    torch.set_num_threads(1)  # the networks are small, and threads that wait for each other are slow on a busy machine


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
