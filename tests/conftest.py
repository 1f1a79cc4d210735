"""Run each exercise's test twice, on the reference and on the learner's answer, and sum up the progress."""

import pytest

from solutions import networks, trainer
from tests import checks
from utils import answers


def exercise_of(function_name: str) -> answers.Exercise | None:
    return answers.exercises().get(function_name.removeprefix("test_"))


def pytest_generate_tests(metafunc):
    exercise = exercise_of(metafunc.function.__name__)
    if exercise is not None and metafunc.fixturenames:
        metafunc.parametrize(metafunc.fixturenames[0], ["reference", "yours"], indirect=False)


@pytest.fixture
def get_actor_and_critic():
    """The dispatcher is no exercise: under pytest only the reference's is tested."""
    return networks.get_actor_and_critic


@pytest.fixture(params=["reference", "yours"])
def trainer_class(request):
    """A whole agent is no exercise: the reference's is tested, and the learner's once both of its phases are attempted."""
    if request.param == "reference":
        return trainer.PPOTrainer
    phases = [load_yours(answers.exercises()[name]) for name in ["rollout_phase", "learning_phase"]]
    return phases[-1][0]


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
            pyfuncitem.funcargs[name], where = load_yours(exercise)
            pyfuncitem.obj = judged_test(exercise, pyfuncitem.obj)
            pyfuncitem.add_report_section("call", "answer", f"The answer is from {where}.")
    elif "trainer_class" in pyfuncitem.funcargs:
        pyfuncitem.obj = judged_test(None, pyfuncitem.obj)
    return (yield)


def load_yours(exercise: answers.Exercise):
    try:
        source, where = answers.read_answer(exercise)
        if source is None:
            pytest.skip("not attempted yet")
        return answers.load(source, exercise), where
    except answers.AnswerError as error:
        raise checks.WrongAnswer(f"✗ {exercise.name}\n{error}") from None


def judged_test(exercise, test):
    def run(**arguments):
        (answer,) = arguments.values()
        checks.judge(exercise, test, answer)

    return run


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if call.excinfo is not None and call.excinfo.errisinstance(checks.Verdict):
        report.longrepr = str(call.excinfo.value)  # the message that the notebook shows, and nothing else


def pytest_configure(config):
    import torch._dynamo  # noqa: F401  # the first optimizer imports it: not in the time of some test


def pytest_terminal_summary(terminalreporter):
    def yours(*outcomes: str) -> set[str]:
        reports = [report for outcome in outcomes for report in terminalreporter.stats.get(outcome, [])]
        tests = [report.nodeid.split("::")[-1] for report in reports if report.nodeid.endswith("[yours]")]
        return {exercise.name for test in tests if (exercise := exercise_of(test.removesuffix("[yours]")))}

    ran, solved = yours("passed", "failed", "skipped", "error"), yours("passed")
    if not ran:
        return
    terminalreporter.write_sep("=", "your progress")
    terminalreporter.write_line(f"{len(solved)} of {len(ran)} exercises solved.")
    left = [exercise for name, exercise in answers.exercises().items() if name in ran - solved]
    if left:
        terminalreporter.write_line(f"Next: {left[0].name} in chapters/{left[0].chapter}.ipynb")
