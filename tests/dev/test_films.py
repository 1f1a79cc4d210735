"""Films of games: small, whole or not at all, and never the end of a run."""

import importlib
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from solutions.args import PPOArgs
from solutions.trainer import PPOTrainer
from utils import display
from utils.envs import make_envs
from utils.watching import log

ROOT = Path(__file__).resolve().parents[2]
ARGS = PPOArgs(num_envs=2, num_steps=16, num_minibatches=2, update_epochs=2, total_timesteps=2 * 16 * 3, device="cpu")
ARGS = replace(ARGS, video_log_freq=1)


def nothing():
    raise RuntimeError("No ffmpeg exe could be found.")


@contextmanager
def small_disk(size: int):
    """No file grows beyond some bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_thousand_frames_of_breakout_are_small(tmp_path):
    envs, rng = make_envs("ALE/Breakout-v5", 1, "atari", render=True), np.random.default_rng(0)
    envs.reset(seed=0)
    frames, returns = [], []
    for _ in range(1000):
        frames.append(envs.render()[0])
        returns.append(envs.step(rng.integers(4, size=1))[4]["episodic_return"][0])
    film = display.caption_frames(frames, rng.normal(size=1000).cumsum(), returns)
    assert display.write_video(tmp_path / "film.mp4", film, fps=15).stat().st_size < 200_000


@pytest.mark.parametrize("lacking", [None, SimpleNamespace(get_ffmpeg_exe=nothing)], ids=["the package", "the program"])
def test_without_ffmpeg_a_film_is_a_gif(tmp_path, monkeypatch, lacking):
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "imageio_ffmpeg", lacking)
        importlib.reload(display)
    try:
        assert "data:image/gif;base64" in display.display_frames(np.zeros((3, 8, 8), np.uint8)).data
        films = PPOTrainer(ARGS).train().videos
        assert films and all(path.read_bytes()[:3] == b"GIF" for path in films)
        with pytest.raises(ValueError, match="pip install --force-reinstall imageio-ffmpeg"):
            display.write_video("film.mp4", np.zeros((3, 8, 8), np.uint8))
    finally:
        importlib.reload(display)


def test_a_full_disk_costs_a_line_and_not_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    trainer = PPOTrainer(ARGS)
    with small_disk(1000):
        trainer.train()
    assert len(trainer.log.rows) == 3 and trainer.log.videos == []
    lines = [line for line in capsys.readouterr().out.splitlines() if "film" in line]
    assert lines and all(line.startswith("Could not keep the film of step ") and "the run goes on" in line for line in lines)
    assert [path for path in Path("runs").rglob("*") if path.is_file()] == []
    assert trainer.film() is None and len(trainer.log.videos) == 1  # once there is room


def test_a_folder_that_cannot_be_written_costs_a_line_and_not_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("runs").write_text("in the place of the folder")
    assert len(PPOTrainer(ARGS).train().rows) == 3
    assert "Could not keep the film of step " in capsys.readouterr().out


def test_runs_of_one_second_do_not_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(log.time, "strftime", lambda _: "20260101-000000")
    films = [path for _ in range(2) for path in PPOTrainer(ARGS).train().videos]
    assert len(films) == len(set(films)) >= 2
    assert len({path.parent for path in films}) == 2 and all(path.stat().st_size for path in films)
    assert len({log.new_run_folder(ARGS) for _ in range(3)}) == 3


def test_no_display_is_needed(tmp_path):
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    env = {name: value for name, value in os.environ.items() if name not in screens}
    code = "from utils.envs import make_envs; envs = make_envs('CartPole-v1', 1, render=True); envs.reset(); print(envs.render()[0].shape)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "(400, 600, 3)", done.stderr


def test_the_picture_in_the_readme_moves_and_is_small():
    picture = ROOT / "play" / "breakout.gif"
    readme = (ROOT / "README.md").read_text("utf-8")
    assert '<img src="play/breakout.gif"' in readme and "--record play/breakout.gif" in readme
    assert picture.stat().st_size < 1_500_000
    with Image.open(picture) as film:
        assert film.n_frames > 100
