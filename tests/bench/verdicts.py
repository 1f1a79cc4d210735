"""How long a learner waits for the first verdict: python tests/bench/verdicts.py [exercise ...]

For each exercise a fresh kernel runs the chapter's imports, and five seconds later an answer and then its test, which is what
is timed: the reference, the first known mistake, and both again beside a program that keeps one core busy. (In these seconds
`tests` imports in the background what PyTorch's first optimizer needs.)
"""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

from jupyter_client.manager import start_new_kernel

from tests import mistakes
from tests.dev.independent import imports_of_chapter
from utils.course.exercises import Exercise, exercises
from utils.paths import ROOT

TIMED = """
import time as _time
_started = _time.perf_counter()
try:
    {call}
except Exception as _error:
    _said = type(_error).__name__
print(f"took {{_time.perf_counter() - _started:.2f}}")
"""


def seconds_of(exercise: Exercise, answer: str) -> float:
    """Return how long the first test takes in a fresh kernel."""
    manager, client = start_new_kernel(cwd=str(ROOT / "chapters"))
    try:
        setup = f"import sys; sys.path.insert(0, '..')\nimport tests\n{imports_of_chapter(exercise.chapter)}"
        names = f"from {exercise.module} import *"
        printed = ""

        def note(message) -> None:
            nonlocal printed
            printed += message["content"].get("text", "")

        for cell in (setup, names, answer, TIMED.format(call=exercise.call)):
            client.execute_interactive(cell, timeout=300, output_hook=note)
            if cell is setup:
                time.sleep(5)
        return float(printed.rsplit("took ", 1)[1].split()[0])  # a warning of the answer may follow
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main() -> None:
    names = sys.argv[1:] or list(exercises())
    print(f"{'seconds':32}{'right':>8}{'wrong':>8}{'busy: right':>14}{'wrong':>8}", flush=True)
    for name in names:
        exercise, mistake = exercises()[name], mistakes.of(name)[0]
        answers = exercise.reference_source(), mistake.source()
        idle = [seconds_of(exercise, answer) for answer in answers]
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            beside = [seconds_of(exercise, answer) for answer in answers]
        finally:
            busy.kill()
        print(f"{name:32}{idle[0]:8.2f}{idle[1]:8.2f}{beside[0]:14.2f}{beside[1]:8.2f}", flush=True)


if __name__ == "__main__":
    main()
