"""Check jaxtyping's annotations of the reference while the course tests itself; a copy of the course for tests that spoil it."""

import os
import shutil
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

from tests.dev.browser import chromium, lab, open_notebook, page, shoot  # noqa: F401  # fixtures
from tests.dev.screen import screen, start  # noqa: F401
from utils import paths

ROOT = Path(__file__).resolve().parents[2]

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # before a script of play/ that a test imports asks for a screen
install_import_hook("solutions", "beartype.beartype")


@pytest.fixture
def course(tmp_path):
    """A copy of the course, to be spoiled."""
    for folder in ["chapters", "solutions", "utils", "tests"]:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "agents"))
    for name in ["README.md", "pyproject.toml"]:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def here(course, monkeypatch):
    """The copy of the course, as if this were its process."""
    monkeypatch.setattr(paths, "ROOT", course)
    monkeypatch.setattr(paths, "RECORDS", course / ".answers")
    return course
