"""The tests of the exercises: `import tests`, then `tests.test_compute_advantages(compute_advantages)`.

Each lives in a module beside this one, and pytest runs the same function on the reference and on the learner's answer.
Called from here, a test also says that it passed, and leaves a record of the answer in `.answers/`.
"""

import functools
import importlib
import reprlib
import threading
from pathlib import Path

from utils import jupyter, missing_package, paths
from utils.course import programs, records
from utils.course.exercises import exercises

try:
    from tests import checks
    from utils import progress
except ModuleNotFoundError as error:
    raise ImportError(missing_package.advice(error)) from None


def _for_notebook(test):
    exercise = exercises().get(test.__name__.removeprefix("test_"))

    @functools.wraps(test)
    def check(*given, **options) -> None:
        if len(given) != 1 or not callable(given[0]):
            call = exercise.call if exercise else f"tests.{test.__name__}(...)"
            shown = ", ".join(map(reprlib.repr, given)) or "nothing"
            raise programs.AnswerError(
                f"{test.__name__} takes the function or class itself, as in {call}; it was given {shown}."
            )
        (answer,) = given
        program, verdict = programs.program_of(answer, exercise.object_name) if exercise else None, None
        try:
            checks.judge(exercise, test, answer, **options)
        except checks.Verdict as raised:
            verdict = raised
        if program is not None and not isinstance(verdict, checks.NotAttempted):
            try:
                records.write(exercise, program.source, verdict is None, cell=program.cell)
            except OSError as error:
                print(f"Your answer cannot be recorded in {paths.RECORDS} ({error.strerror or error}); the verdict stands.")
        if verdict is not None:
            raise verdict
        how_far = f" {progress.show_progress().line(exercise.name)}" if program is not None else ""
        print(f"✓ {test.__name__.removeprefix('test_')} passes.{how_far}")

    return check


for _path in sorted(Path(__file__).parent.glob("test_*.py")):
    for _name, _test in vars(importlib.import_module(f"tests.{_path.stem}")).items():
        if _name.startswith("test_") and callable(_test):  # not a module of tests that it imports
            globals()[_name] = _for_notebook(_test)

if jupyter.in_notebook():  # the first optimizer imports it, for seconds: better while the learner reads than in a test
    threading.Thread(target=importlib.import_module, args=["torch._dynamo"], daemon=True).start()
