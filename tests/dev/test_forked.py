"""A program that is a copy of another process behaves as one that Python has just begun."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.dev import forked
from tests.dev.screen import until

CODE = """
import os, sys
print(__name__, sys.argv, os.getcwd(), os.environ["COLOUR"], "PPO_COURSE_ITERATIONS" in os.environ, sys.path)
print({name.split(".")[0] for name in sys.modules} & {"solutions", "tests", "utils", "chapters", "IPython", "matplotlib", "pygame"})
print("and this to the other file", file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.parametrize("arguments", [["program.py", "--updates", "3"], ["-m", "program", "x y"]], ids=["script", "module"])
def test_it_is_given_what_a_program_is_given(tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("PPO_COURSE_ITERATIONS", "2")  # which the environment below does not have
    (tmp_path / "program.py").write_text(CODE)
    options = {"cwd": tmp_path, "env": {"COLOUR": "red", "PYTHONPATH": str(tmp_path / "more")}}
    real = subprocess.run([sys.executable, *arguments], **options, capture_output=True, text=True)
    copy = forked.run(*arguments, **options)
    assert (copy.returncode, copy.stdout, copy.stderr) == (real.returncode, real.stdout, real.stderr)
    assert "__main__" in copy.stdout and copy.returncode == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["play/watch.py"],
        ["play/play_cartpole.py"],
        ["-m", "utils.progress"],
        ["-m", "solutions.train", "cartpole", "--updates", "0"],
        ["-m", "pytest", "tests", "--collect-only", "-k", "layer_init", "-p", "no:cacheprovider"],
    ],
    ids=" ".join,
)
def test_the_course_s_programs_say_the_same_when_they_are_really_begun(arguments):
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    env = {name: value for name, value in os.environ.items() if name not in screens}
    real = subprocess.run([sys.executable, *arguments], cwd=forked.ROOT, env=env, capture_output=True, text=True)
    copy = forked.run(*arguments, env=env)
    without_time = lambda text: text.rpartition(" in ")[0] if "collected" in text else text
    assert without_time(copy.stdout) == without_time(real.stdout)
    assert (copy.returncode, copy.stderr) == (real.returncode, real.stderr)
    assert copy.stdout + copy.stderr and "Traceback" not in copy.stderr


def test_an_error_ends_it_with_a_traceback(tmp_path):
    (tmp_path / "program.py").write_text("print('before', flush=True)\n1 / 0")
    done = forked.run("program.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "before\n")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_reach_it(tmp_path, number):
    (tmp_path / "program.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)")
    program = forked.Program("program.py", cwd=tmp_path, stdout=tmp_path / "out", stderr=tmp_path / "err")
    until(lambda: (tmp_path / "out").read_text(), "the program")
    assert program.poll() is None
    program.send_signal(number)
    assert program.wait(30) == program.poll() == -number
    program.kill()  # it is gone: nothing happens


WAITS = """
import os, time
from pathlib import Path
Path("pid").write_text(str(os.getpid()))
time.sleep(600)
"""
BEGINS_AND_DIES = """
import os, sys
from pathlib import Path
from tests.dev import forked, screen
folder = Path(sys.argv[1])
forked.Program("program.py", cwd=folder)
screen.until(lambda: (folder / "pid").exists() and (folder / "pid").read_text(), "the program")
os.kill(os.getpid(), 9)
"""


def test_it_is_ended_when_it_takes_too_long(tmp_path):
    (tmp_path / "program.py").write_text(WAITS)
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run("program.py", cwd=tmp_path, timeout=3)
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_it_does_not_outlive_who_began_it(tmp_path):
    (tmp_path / "program.py").write_text(WAITS)
    assert subprocess.run([sys.executable, "-c", BEGINS_AND_DIES, tmp_path], cwd=forked.ROOT).returncode == -signal.SIGKILL
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not psutil.pid_exists(pid), "its end")
