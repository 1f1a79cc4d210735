"""The process that `forked.py` has copied: it has imported some large packages, and nothing of the course.

Each line of its standard input is a question, and gets an answer in a line: {"start": {...}} the pid of a new copy,
{"poll": pid} the exit status of one, or null while it runs.
"""

import gc
import json
import os
import runpy
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PACKAGES = ["torch._dynamo", "gymnasium.wrappers", "ale_py", "cv2", "einops", "nbformat", "pytest"]
PACKAGES += ["safetensors.torch", "tqdm"]


def serve() -> dict | None:
    """Answer questions until nobody asks any more, and end the copies that still run. In a copy, return what it shall become."""
    statuses = {}
    for line in sys.stdin:
        question = json.loads(line)
        if "start" in question:
            answer = os.fork()
            if not answer:
                return question["start"]
            os.setpgid(answer, answer)  # it does so itself, but perhaps later than somebody signals the group
            statuses[answer] = None
        else:
            pid = question["poll"]
            if statuses[pid] is None and (ended := os.waitpid(pid, os.WNOHANG))[0]:
                statuses[pid] = os.waitstatus_to_exitcode(ended[1])
            answer = statuses[pid]
        print(json.dumps(answer), flush=True)
    for pid, status in statuses.items():
        if status is None:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    return None


def become(arguments: list[str], cwd: str, env: dict[str, str], stdout: str | None, stderr: str | None) -> None:
    """Go on as `python ARGUMENTS`."""
    os.setpgid(0, 0)
    for number, file in enumerate([os.devnull, stdout, stderr]):
        opened = os.open(file, os.O_RDWR | os.O_APPEND) if file else os.dup(2)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    as_module = arguments[0] == "-m"
    sys.argv = arguments[as_module:]
    folders = [cwd if as_module else str(Path(cwd, sys.argv[0]).parent), *env.get("PYTHONPATH", "").split(os.pathsep)]
    sys.path[:0] = [folder for folder in folders if folder]
    if as_module:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    del sys.path[0]  # this folder: its jupyterlab.py is not JupyterLab
    for package in PACKAGES:
        import_module(package)
    gc.freeze()  # or every copy would look at all of it again at its end
    if (wanted := serve()) is not None:
        become(**wanted)
