"""Programs and processes that start in a moment: copies of one that has imported PyTorch and the like already.

A test that runs `python -m solutions.train ...` would otherwise wait for seconds until PyTorch is there, and there are
about a hundred. Run as a script, this file is the process that is copied: it has imported nothing of the course.
"""

import gc
import json
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["torch._dynamo", "gymnasium.wrappers", "ale_py", "cv2", "einops", "ipykernel.ipkernel", "ipykernel.kernelapp"]
PACKAGES += ["jaxtyping", "jupytext", "nbformat", "pytest", "safetensors.torch", "tqdm", "tyro"]

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["torch._dynamo", "solutions.train"])


class Program:
    """`python ARGUMENTS`, where these begin with a script or with `-m` and a module; otherwise like subprocess.Popen."""

    def __init__(self, *arguments, stdout: Path, stderr: Path, cwd: Path = ROOT, env: dict[str, str] | None = None):
        files = [str(stdout), str(stderr)]
        for file in files:
            Path(file).touch()
        wanted = {"arguments": list(map(str, arguments)), "cwd": str(cwd), "files": files}
        wanted["env"] = dict(os.environ) if env is None else env
        self.pid, self.returncode = _ask(wanted), None
        self.stdin = self.stdout = self.stderr = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = _ask({"poll": self.pid})
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
        return subprocess.CompletedProcess(arguments, program.returncode, out.read_text(), err.read_text())


def launch_kernel(command, env, cwd=None, **options):
    """In the place of jupyter_client's function of that name."""
    silent = {"stdout": Path(os.devnull), "stderr": Path(os.devnull)}
    env = {**env, "JPY_PARENT_PID": str(_server().pid)}  # it ends when that process does
    return Program(*command[1:], cwd=cwd or Path.cwd(), env=env, **silent)


@cache
def _server() -> subprocess.Popen:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, __file__], env=env, text=True, start_new_session=True, **pipes)


def _ask(question):
    server = _server()
    print(json.dumps(question), file=server.stdin, flush=True)
    return json.loads(server.stdout.readline())


def _serve() -> None:
    """Answer questions: start a program, or tell the exit status of one."""
    for package in PACKAGES:
        import_module(package)
    gc.freeze()  # or every copy would look at all of it again at its end
    for line in sys.stdin:
        question = json.loads(line)
        if "poll" in question:
            ended, status = os.waitpid(question["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        else:
            answer = os.fork()
            if not answer:
                return _become(**question)
            os.setpgid(answer, answer)
        print(json.dumps(answer), flush=True)


def _become(arguments: list[str], cwd: str, env: dict[str, str], files: list[str]) -> None:
    """Go on as `python ARGUMENTS`."""
    os.setpgid(0, 0)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, file in enumerate([os.devnull, *files]):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    as_module = arguments[0] == "-m"
    sys.argv = arguments[as_module:]
    folders = [cwd if as_module else str(Path(cwd, sys.argv[0]).parent), *env.get("PYTHONPATH", "").split(os.pathsep)]
    sys.path[:1] = [folder for folder in folders if folder]
    if as_module:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    _serve()
