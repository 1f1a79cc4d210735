"""The first cell, and a chapter after it, in an environment of Colab's published versions, as far as this Python can.

What Colab has in a version that does not matter here (PyTorch above all, which is large) is linked from where these tests run.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chapters import build
from utils import colab, progress

PUBLISHED = ["gymnasium==1.3.0", "ale-py==0.12.1", "ipython==7.34.0", "matplotlib==3.10.*", "numpy==2.1.*", "pytest==8.4.*"]
PUBLISHED += ["ipykernel==6.17.1"]
WIDGETS = ["ipywidgets==7.7.1", "ipython-genutils"]  # without what they depend on, which is all of JupyterLab
LINKED = ["torch", "einops", "opencv-python-headless", "pygame", "safetensors", "tqdm", "tyro"]
ADDRESS = "https://github.com/some-body/ppo-course"
LACKING = ["jaxtyping", "imageio-ffmpeg", "anywidget"]


def pip(folder, *arguments):
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-q", *arguments], check=True, capture_output=True)


def versions(folder):
    code = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()), sep='\\n')"
    return set(subprocess.run([folder / "bin" / "python", "-c", code], capture_output=True, text=True).stdout.split())


def link(name: str, site: Path, seen: set) -> None:
    """Link an installed package, and what it depends on, into another environment where it is missing."""
    name = canonicalize_name(name)
    if name in seen:
        return
    seen.add(name)
    try:
        found = distribution(name)
    except PackageNotFoundError:  # needed on some other machine
        return
    for top in {file.parts[0] for file in found.files} - {"..", "__pycache__"}:
        if not (site / top).exists():
            (site / top).symlink_to(found.locate_file(top))
    for needed in map(Requirement, found.requires or []):
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            link(needed.name, site, seen)


@pytest.fixture
def content(tmp_path_factory, monkeypatch, course):
    """An empty folder in the place of /content, and the course where git thinks that its repository is."""
    who = ["-c", "user.name=author", "-c", "user.email=author@example.com"]
    (course / "requirements.txt").write_bytes(colab.REQUIREMENTS.read_bytes())
    for command in (["init", "-q", "."], ["add", "-A", "chapters", "solutions", "utils", "tests"], ["add", "*.*"]):
        subprocess.run(["git", *who, "-C", course, *command], check=True)
    subprocess.run(["git", *who, "-C", course, "commit", "-qm", "one"], check=True)
    subprocess.run(["git", "-C", course, "tag", f"v{progress.project()['version']}"], check=True)
    (course / "README.md").write_text("tomorrow's course")  # later than the release that the notebook names
    subprocess.run(["git", *who, "-C", course, "commit", "-qam", "two"], check=True)
    monkeypatch.setattr(progress, "repository", lambda: ADDRESS)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{course}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", ADDRESS)
    return tmp_path_factory.mktemp("content")  # not in the folder of the course, where it would be found without a clone


def kernel(folder: Path, monkeypatch, python) -> None:
    """A kernel by the name of colab, in which `google.colab` is imported."""
    (folder / "fake" / "google" / "colab").mkdir(parents=True)
    (folder / "fake" / "google" / "colab" / "__init__.py").touch()
    (folder / "fake" / "google" / "colab" / "drive.py").write_text("def mount(path):\n    print(f'Mounted at {path}')")
    (folder / "fake" / "sitecustomize.py").write_text("import google.colab")
    (folder / "kernels" / "colab").mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Colab", "language": "python", "env": {"PYTHONPATH": str(folder / "fake")}}
    (folder / "kernels" / "colab" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    monkeypatch.setenv("PPO_COURSE_ANSWERS", str(folder / "answers"))
    monkeypatch.setenv("PPO_COURSE_ITERATIONS", "2")


def execute(notebook, content: Path):
    """Run a notebook in Colab's folder; returns its outputs."""
    for cell in notebook.cells:
        cell.source = cell.source.replace("/content", str(content))
    client = NotebookClient(notebook, timeout=300, kernel_name="colab", resources={"metadata": {"path": str(content)}})
    client.allow_errors = True
    client.execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def first_cell(stem: str):
    (cell,) = [cell for cell in build.unfold(stem, build.read_sources()).cells if cell.metadata.get("setup")]
    return nbformat.v4.new_notebook(cells=[cell])


def printed(outputs) -> str:
    return "".join(output.text for output in outputs if output.output_type == "stream")


AFTERWARDS = """\
import numpy as np
from solutions.args import PRESETS
from solutions.trainer import PPOTrainer
from utils.display import display_frames
from utils.notebook_play import play_here
print("the course is", course)
trainer = PPOTrainer(PRESETS["cartpole"])
log = trainer.train()
display_frames(np.zeros((5, 64, 64, 3), np.uint8))"""


def test_the_first_cell_and_a_chapter_run_on_the_published_versions(content, tmp_path, monkeypatch):
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", env], check=True)
    pip(env, *PUBLISHED)
    pip(env, "--no-deps", *WIDGETS)
    (site,) = env.glob("lib/python*/site-packages")
    seen = {canonicalize_name(line.split("==")[0]) for line in versions(env)}
    for name in LINKED:
        link(name, site, seen)
    before = versions(env)
    assert not any(line.startswith(name) for line in before for name in LACKING)

    kernel(tmp_path, monkeypatch, env / "bin" / "python")
    notebook = build.unfold("02_actor_critic", build.read_sources(), solved=True)
    notebook.cells.append(nbformat.v4.new_code_cell(AFTERWARDS))
    outputs = execute(notebook, content)
    assert [output.evalue for output in outputs if output.output_type == "error"] == []
    assert "Warning" not in printed(outputs) and "restart" not in printed(outputs)
    assert printed(outputs).count("✓") >= 2
    assert f"the course is {content / 'ppo-course'}\n" in printed(outputs)
    assert "tomorrow" not in (content / "ppo-course" / "README.md").read_text("utf-8")  # of the release, not of today
    *_, figure, film = [output.data for output in outputs if "data" in output]
    assert "data:image/png;base64" in figure["text/html"] and "data:video/mp4;base64" in film["text/html"]
    after = versions(env)
    assert before <= after  # nothing was replaced
    assert all(any(line.startswith(name.replace("-", "_")) or line.startswith(name) for line in after) for name in LACKING)

    outputs = execute(first_cell("09_breakout_shared_cnn"), content)
    assert printed(outputs).count("no GPU") == 1
    assert "no GPU" not in printed(execute(first_cell("08_atari_frames"), content))
    assert versions(env) == after


@pytest.mark.parametrize("fails", ["no network", "another repository"])
def test_a_clone_that_fails_is_one_sentence_and_can_be_tried_again(content, tmp_path, monkeypatch, fails):
    kernel(tmp_path, monkeypatch, sys.executable)
    place = os.environ["GIT_CONFIG_KEY_0"]
    elsewhere = tmp_path / "elsewhere"
    if fails == "another repository":
        subprocess.run(["git", "init", "-q", elsewhere], check=True)
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{elsewhere}.insteadOf")
    (error,) = [output for output in execute(first_cell("02_actor_critic"), content) if output.output_type == "error"]
    assert error.evalue.startswith("The course is not here. In Colab, check the network")
    assert error.evalue.count("\n") == 0
    monkeypatch.setenv("GIT_CONFIG_KEY_0", place)
    if fails == "no network":
        assert [o for o in execute(first_cell("02_actor_critic"), content) if o.output_type == "error"] == []


WHERE = nbformat.v4.new_code_cell('print("the course is", course)')


@pytest.mark.parametrize("how", ["a folder", "a zip", "neither", "a zip of something else"])
def test_without_an_address_the_course_is_looked_for_in_drive(course, tmp_path, tmp_path_factory, monkeypatch, how):
    monkeypatch.setattr(progress, "repository", lambda: None)
    kernel(tmp_path, monkeypatch, sys.executable)
    content = tmp_path_factory.mktemp("content")
    drive = content / "drive" / "MyDrive"
    (drive / "ppo-course-answers").mkdir(parents=True)
    shutil.copy(colab.REQUIREMENTS, course)
    if how == "a folder":
        shutil.copytree(course, drive / "ppo-course")
        place = drive / "ppo-course"
    elif how == "a zip":  # as GitHub packs it: everything in one folder
        whole = shutil.copytree(course, tmp_path / "packed" / "ppo-course-main")
        shutil.make_archive(str(drive / "ppo-course-main"), "zip", whole.parent)
        place = content / "unpacked" / "ppo-course-main"
    elif how == "a zip of something else":
        (tmp_path / "packed").mkdir()
        (tmp_path / "packed" / "a file").touch()
        shutil.make_archive(str(drive / "ppo-course"), "zip", tmp_path / "packed")
    for _ in range(2):  # a cell may be run again
        notebook = first_cell("02_actor_critic")
        notebook.cells.append(WHERE)
        outputs = execute(notebook, content)
        errors = [output for output in outputs if output.output_type == "error"]
        if how in ("a folder", "a zip"):
            assert errors == []
            assert f"the course is {place}\n" in printed(outputs)
        else:
            assert errors[0].evalue.startswith(
                "The course is not here. In Colab, put its folder, or the zip of its repository, into your Drive"
            )
            assert errors[0].evalue.count("\n") == 0


@pytest.fixture
def in_colab(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())


def test_elsewhere_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(colab, "missing", lambda _: pytest.fail("not in Colab"))
    colab.prepare(gpu=True)


def test_what_would_need_a_restart_is_never_installed(monkeypatch):
    monkeypatch.setattr(colab.importlib.util, "find_spec", lambda name: None)
    needed = colab.missing(colab.REQUIREMENTS.read_text("utf-8"))
    names = {Requirement(line).name for line in needed}
    assert {"jaxtyping", "gymnasium", "opencv-python-headless"} <= names
    assert not names & {"torch", "numpy", "ipywidgets", "jupyterlab"}


def test_pip_that_fails_is_one_sentence(in_colab, monkeypatch, tmp_path):
    monkeypatch.setattr(colab, "missing", lambda _: ["no-such-package-of-this-course>=1"])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(colab.SetupError) as error:
        colab.prepare()
    said = error.value._render_traceback_()
    assert len(said) == 1 and "\n" not in said[0]
    assert "no-such-package-of-this-course" in said[0] and "run this cell again" in said[0]


def test_pip_may_not_change_what_is_kept(in_colab, monkeypatch):
    monkeypatch.setattr(colab, "missing", lambda _: ["numpy<1"])
    with pytest.raises(colab.SetupError, match="pip could not install numpy<1"):
        colab.prepare()
