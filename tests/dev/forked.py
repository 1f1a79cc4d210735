"""Programs and processes that start in a moment: copies of one that has imported PyTorch and the like already.

A test that runs `python -m solutions.train ...` would otherwise wait for seconds until PyTorch is there, and about a
hundred do.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["torch._dynamo", "solutions.train"])


class Program:
    """`python ARGUMENTS`, where these begin with a script or with `-m` and a module.

    It has the attributes and methods of subprocess.Popen that are used here, but no pipes: it writes to files, or else to
    the standard error of the tests. What Python reads at its start, such as PYTHONHASHSEED, is what it was for the first.
    """

    stdin = stdout = stderr = None  # no pipes, says this to jupyter_client

    def __init__(self, *arguments, stdout: Path | None = None, stderr: Path | None = None, cwd: Path = ROOT, env=None):
        for file in filter(None, (stdout, stderr)):
            file.write_text("")
        files = {name: file and str(file.resolve()) for name, file in (("stdout", stdout), ("stderr", stderr))}
        env = dict(os.environ if env is None else env)
        self.pid = _ask(start={"arguments": list(map(str, arguments)), "cwd": str(cwd), "env": env, **files})
        self.returncode = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = _ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float = 600) -> int:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(*arguments, timeout: float = 600, **options) -> subprocess.CompletedProcess:
    """Run a Program to its end; returns its exit status and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        program = Program(*arguments, stdout=out, stderr=err, **options)
        try:
            program.wait(timeout)
        finally:
            program.kill()
            program.wait()
        return subprocess.CompletedProcess(arguments, program.returncode, out.read_text(), err.read_text())


def launch_kernel(command: list[str], env: dict[str, str], cwd=None, **options) -> Program:
    """In the place of jupyter_client's function of that name."""
    assert command[:2] == [sys.executable, "-m"], command
    env = {**env, "JPY_PARENT_PID": str(_forker().pid)}  # it ends when that process does
    return Program(*command[1:], cwd=cwd or Path.cwd(), env=env)


@cache
def _forker() -> subprocess.Popen:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, Path(__file__).with_name("forker.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, env=env, text=True, start_new_session=True, **pipes)


def _ask(**question):
    forker = _forker()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # or the answer would be left for the next question
    try:
        print(json.dumps(question), file=forker.stdin, flush=True)
        answer = forker.stdout.readline()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if not answer:
        raise RuntimeError("tests/dev/forker.py has ended; its standard error says why.")
    return json.loads(answer)
