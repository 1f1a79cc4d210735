"""The course's programs, begun as a user begins them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments, stdout: Path, stderr: Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.Popen:
    """Begin `python ARGUMENTS`, which says what it says into two files, or into one if they are the same."""
    with stdout.open("w") as out, stderr.open("w") if stderr != stdout else stdout.open("a") as err:
        return subprocess.Popen([sys.executable, *map(str, arguments)], stdout=out, stderr=err, cwd=cwd, env=env)


def run(*arguments, cwd: Path = ROOT, env: dict[str, str] | None = None, timeout: float = 600) -> subprocess.CompletedProcess:
    """Run `python ARGUMENTS` to its end."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env or os.environ, timeout=timeout, capture_output=True, text=True)
