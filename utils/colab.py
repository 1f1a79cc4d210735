"""What a chapter needs in Colab besides the course's own files. Elsewhere this does nothing."""

import importlib
import importlib.util
import re
import subprocess
import sys
from importlib.metadata import version

from utils.jupyter import PlainError
from utils.paths import ROOT

REQUIREMENTS = ROOT / "requirements.txt"
KEEP = ("torch", "numpy", "ipywidgets")
"""Colab's own, in whatever version: another one would need a restart."""
NOT_THERE = ("jupyterlab",)
"""What Colab has something of its own for."""
MODULES = {"opencv-python-headless": "cv2"}
"""The modules whose name is not the package's."""


class SetupError(PlainError):
    """The packages that a chapter needs could not be installed; the message is one sentence."""


def prepare(gpu: bool = False) -> None:
    """Install the packages that are missing, and say so if there is no GPU where one would help.

    Args:
        gpu: whether this chapter's training is slow without one.

    Raises:
        SetupError: pip could not install them.
    """
    if "google.colab" not in sys.modules:
        return
    if needed := missing(REQUIREMENTS.read_text("utf-8")):
        install(needed)
    if gpu and not importlib.import_module("torch").cuda.is_available():
        print("This runtime has no GPU, and training here is slow without one: choose one now (Runtime, Change runtime type).")


def missing(requirements: str) -> list[str]:
    """Return the lines of a requirements file whose packages cannot be imported here."""
    lines = [line.split("#")[0].strip() for line in requirements.splitlines()]
    names = {line: re.match(r"[\w-]+", line)[0] for line in lines if line}
    return [
        line
        for line, name in names.items()
        if name not in (*KEEP, *NOT_THERE) and importlib.util.find_spec(MODULES.get(name, name.replace("-", "_"))) is None
    ]


def install(packages: list[str]) -> None:
    """Let pip install packages, and refuse what would change one that is to be kept. Raises SetupError."""
    kept = "\n".join(f"{name}=={version(name)}" for name in KEEP if importlib.util.find_spec(name))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", "/dev/stdin", *packages]
    done = subprocess.run(command, input=kept, capture_output=True, text=True)
    if done.returncode:
        reason = ([line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["it did not say why"])[-1]
        raise SetupError(
            f"pip could not install {', '.join(packages)} ({reason}): check the network, then run this cell again."
        )
    importlib.invalidate_caches()
