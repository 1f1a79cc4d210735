"""A screen that exists only in memory (Xvfb), with hands (xdotool), for whoever tests the scripts of play/.

Needs the Debian packages xvfb and xdotool.
"""

import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from tests.dev import commands
from utils.display import draw_strip

PLAY = Path(__file__).resolve().parents[2] / "play"
PATIENCE = 120  # seconds, for a machine that has little time for us; on an idle one each wait is short


def until(condition, what):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {PATIENCE} s in vain for: {what}"
        time.sleep(0.02)
    return result


def pictures_of(film):
    reader = imageio_ffmpeg.read_frames(str(film))
    width, height = next(reader)["size"]
    return np.array([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader])


class Screen:
    """An X server without hardware; its picture is a file."""

    def __init__(self, folder: Path):
        ours, theirs = os.pipe()
        self.picture_file = folder / "Xvfb_screen0"
        command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "800x700x24", "-fbdir", folder, "-noreset"]
        self.server = subprocess.Popen([*command, "-nolisten", "tcp"], pass_fds=[theirs], stderr=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours) as answer:
            assert select.select([answer], [], [], PATIENCE)[0], "Xvfb did not start"
            number = answer.readline().strip()  # the first display number that is free
        assert number, "Xvfb ended at once"
        self.env = {**os.environ, "DISPLAY": f":{number}", "SDL_AUDIODRIVER": "dummy"}
        for name in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY"):
            self.env.pop(name, None)

    def picture(self):
        """The whole screen in RGB, read from the file's xwd format."""
        data = self.picture_file.read_bytes()
        header = np.frombuffer(data, ">u4", 25)
        (start, width, height, row), colors = header[[0, 4, 5, 12]], header[19]
        pixels = np.frombuffer(data, np.uint8, row * height, start + 12 * colors)
        return pixels.reshape(height, -1, 4)[:, :width, 2::-1]

    def xdotool(self, *args):
        return subprocess.run(["xdotool", *map(str, args)], env=self.env, capture_output=True, text=True).stdout.strip()


class Game:
    """One of the scripts, running, with the hands and eyes of its player."""

    def __init__(self, screen: Screen, folder: Path, script: str, *options, **environment):
        self.screen, self.out, self.err = screen, folder / "out", folder / "err"
        env = {**screen.env, "PPO_COURSE_ANSWERS": str(folder / "answers"), **environment}
        self.process = commands.start(PLAY / script, *options, cwd=folder, env=env, stdout=self.out, stderr=self.err)

    def open(self):
        """Wait for the window, and give it the keyboard."""
        self.window = until(self.find_window, "the window")
        self.screen.xdotool("windowfocus", "--sync", self.window)
        self.find_place()
        until(lambda: self.picture().any(), "a picture that is not all black")

    def find_place(self):
        """See where the window is; returns its width and height."""
        geometry = self.screen.xdotool("getwindowgeometry", "--shell", self.window)
        x, y, width, height = (int(re.search(rf"^{key}=(\d+)", geometry, re.M)[1]) for key in ("X", "Y", "WIDTH", "HEIGHT"))
        self.place = slice(y, y + height), slice(x, x + width)
        return width, height

    def find_window(self):
        assert self.process.poll() is None, f"the game has ended: {self.err.read_text()}"
        windows = self.screen.xdotool("search", "--onlyvisible", "--pid", self.process.pid).split()
        return next((w for w in windows if ": score " in self.screen.xdotool("getwindowname", w)), None)

    def picture(self, lines=2):
        """What the window shows above its strip of so many lines."""
        shown = self.screen.picture()[self.place]
        return shown[: -len(draw_strip(shown.shape[1], [("", "")] * lines))]

    def says(self, *lines):
        """Whether the strip says just that: a text at the left and one at the right in each line."""
        shown = self.screen.picture()[self.place]
        strip = draw_strip(shown.shape[1], lines)
        return (shown[-len(strip) :] == strip).all()

    @property
    def title(self):
        return self.screen.xdotool("getwindowname", self.window)

    def press(self, *keys):
        self.screen.xdotool("key", *keys)

    def hold(self, *keys):
        self.screen.xdotool("keydown", *keys)

    def release(self, *keys):
        self.screen.xdotool("keyup", *keys)

    def end(self, how, code=0):
        assert self.process.poll() is None
        how()
        assert self.process.wait(PATIENCE) == code
        assert "Traceback" not in self.err.read_text()


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    missing = [package for package, program in (("xvfb", "Xvfb"), ("xdotool", "xdotool")) if not shutil.which(program)]
    if missing:
        pytest.skip(f"the games need a screen and hands: apt-get install {' '.join(missing)}")
    screen = Screen(tmp_path_factory.mktemp("screen"))
    yield screen
    screen.server.terminate()
    screen.server.wait()


@pytest.fixture
def start(screen, tmp_path):
    games = []

    def start(*command, **environment):
        games.append(Game(screen, tmp_path, *command, **environment))
        games[-1].open()
        return games[-1]

    yield start
    screen.xdotool("keyup", "Left", "Right", "space")
    for game in games:
        if game.process.poll() is None:
            game.process.kill()
            game.process.wait()


def says_one_sentence(folder, env, script, *options):
    """Run a script that must not open a window, and return its complaint."""
    drop = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "XDG_RUNTIME_DIR")
    env = {**{name: value for name, value in os.environ.items() if name not in drop}, **env}
    result = commands.run(PLAY / script, *options, cwd=folder, env=env, timeout=PATIENCE)
    assert "Traceback" not in result.stderr
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"[^\n]+[.?]\n", result.stderr), result.stderr
    return result.stderr
