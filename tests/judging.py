"""Judge a learner's answer in a process of its own, so that no answer can end, hang or change the process that asks."""

import json
import multiprocessing
import os
import secrets
import signal
import sys
import threading
import time
from contextlib import chdir, suppress
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch._dynamo  # the first optimizer imports it: not in the time of some test

from tests import checks
from utils import paths
from utils.course.exercises import Exercise, exercises
from utils.course.programs import AnswerError
from utils.files import write_whole

PATIENCE = 4
"""The process of an answer is killed after so many times the answer's seconds: some loops cannot be interrupted from within."""
MOST_BYTES = 4 << 30, 100 << 20
"""Memory that an answer may use, and what it may print or write to a file (not on Windows)."""


def judge_apart(exercise: Exercise, source: str, seconds: float = checks.TIME_LIMIT, test: str | None = None) -> None:
    """Run the test of an exercise on an answer, in a new process, and print what the answer printed.

    Args:
        exercise: what it answers.
        source: the answer as a program of its own.
        seconds: after which it is stopped.
        test: another test to run, by its name in `tests`, such as "test_probes".

    Raises:
        AnswerError: the answer cannot be run, or its test cannot be finished.
        checks.WrongAnswer: the test rejects the answer.
    """
    # A fork of this process could inherit a lock that some thread holds. The fork server has imported much, and run nothing.
    processes = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        processes.set_forkserver_preload(["__main__", __name__])
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        printed = Path(folder, "printed")
        verdict = Path(folder, secrets.token_hex())  # an answer that does not know this name cannot forge the verdict
        printed.touch()
        is_ready, ready = processes.Pipe(duplex=False)
        arguments = ready, printed, verdict, exercise.name, source, seconds, test or f"test_{exercise.name}"
        process = processes.Process(target=_judge, args=arguments)
        with chdir(paths.ROOT):  # where the fork server finds this module
            process.start()
        try:
            ready.close()
            wait([is_ready, process.sentinel], 120)  # until it closes its end: imports take long where they are not forked
            started = time.monotonic()
            process.join(PATIENCE * seconds)
            took = time.monotonic() - started
            stopped = process.is_alive()
        finally:
            _kill(process)
        with printed.open("rb") as file:
            file.seek(max(0, printed.stat().st_size - 100_000))
            print(file.read().decode("utf-8", "replace"), end="")
        kind, said = json.loads(verdict.read_text("utf-8")) if verdict.exists() else ("no verdict", "")
    if kind == "wrong":
        raise checks.WrongAnswer(said)
    if kind == "cannot be run":
        raise AnswerError(said)
    if kind == "no verdict" and stopped:
        raise AnswerError(f"It was stopped after {took:.0f} s: does a loop in it never end?")
    if kind == "no verdict":
        raise AnswerError(_ended(process.exitcode))


def _ended(code: int) -> str:
    """Say how a process ended that was to give a verdict."""
    if code < 0:
        name = signal.Signals(-code).name
        return (
            f"Its code ended the process (signal {name}): it crashes Python, needs too much memory, or kills its own process."
        )
    return f"Its code ended the process (exit code {code}) before its test was finished: `return` instead of `os._exit`."


def _kill(process) -> None:
    """End a process, and on POSIX all that it has started."""
    with suppress(OSError, AttributeError):  # no group is left; Windows has none
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _judge(ready, printed: Path, verdict: Path, name: str, source: str, seconds: float, test: str) -> None:
    """Write the verdict on an answer to a file. This is all that its process does."""
    _prepare(printed, seconds)
    ready.close()
    own = os.getpid()

    def tell(kind: str, said: object = "") -> None:
        if os.getpid() == own:  # not in a process that the answer has forked
            write_whole(verdict, json.dumps([kind, str(said)]).encode())

    exercise, function = exercises()[name], getattr(import_module("tests"), test).__wrapped__
    own_exercise = exercise if test == f"test_{name}" else None
    try:
        answer = _load(exercise, source, seconds)
        checks.run(own_exercise, function, answer, seconds)
        tell("right")
    except AnswerError as error:
        tell("cannot be run", error)
    except Exception as error:
        tell("wrong", checks.explained(None, function, answer, error))  # it stands if the known mistakes take too long
        tell("wrong", checks.explained(own_exercise, function, answer, error))
    except BaseException as error:  # such as KeyboardInterrupt: nobody interrupts this process, so the answer raises it
        tell("cannot be run", checks.crashed(error))
    finally:
        with suppress(OSError, ValueError):  # the answer may have closed it
            sys.stdout.flush()
        os._exit(0)  # threads that the answer has left, and what it wants to do at the end, are not waited for


def _prepare(printed: Path, seconds: float) -> None:
    """Keep what the answer prints, limit what it may use, and end with the parent, which may be killed."""
    torch.set_num_threads(1)
    sys.stdout = sys.stderr = printed.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)
    for standard in (1, 2):
        os.dup2(sys.stdout.fileno(), standard)
    if sys.platform != "win32":
        import resource

        os.setsid()  # a process group, which the parent can kill as a whole
        most = {"DATA": MOST_BYTES[0], "FSIZE": MOST_BYTES[1], "CPU": int(10 * PATIENCE * seconds) + 1, "CORE": 0}
        for what, soft in most.items():
            with suppress(ValueError, OSError):  # a lower limit is set already
                which = getattr(resource, f"RLIMIT_{what}")
                resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))

    def end_with_parent():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _load(exercise: Exercise, source: str, seconds: float):
    """Run an answer's cell; returns its function or class. Raises AnswerError, also where the cell asks for input or never ends."""
    try:
        with checks.fenced(seconds):
            return exercise.load(source)
    except (AnswerError, checks.WrongAnswer) as error:
        said = error.__cause__ if isinstance(error.__cause__, checks.Verdict) else error
        raise AnswerError(str(said)) from None
