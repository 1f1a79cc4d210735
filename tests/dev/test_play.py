"""The games of play/, played: on a screen that exists only in memory (Xvfb), with keys pressed by xdotool.

Needs the Debian packages xvfb and xdotool.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

PLAY = Path(__file__).resolve().parents[2] / "play"
PATIENCE = 60  # seconds, for a machine that has little time for us; on an idle one each wait is short


def until(condition, what):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {PATIENCE} s in vain for: {what}"
        time.sleep(0.02)
    return result


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

    def __init__(self, screen: Screen, folder: Path, script: str, *options):
        self.screen, self.out, self.err = screen, folder / "out", folder / "err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, PLAY / script, *options], cwd=folder, env=screen.env, stdout=out, stderr=err
            )

    def open(self):
        """Wait for the window, and give it the keyboard."""
        self.window = until(self.find_window, "the window")
        self.screen.xdotool("windowfocus", "--sync", self.window)
        geometry = self.screen.xdotool("getwindowgeometry", "--shell", self.window)
        x, y, width, height = (int(re.search(rf"^{key}=(\d+)", geometry, re.M)[1]) for key in ("X", "Y", "WIDTH", "HEIGHT"))
        self.place = slice(y, y + height), slice(x, x + width)
        until(lambda: self.picture().any(), "a picture that is not all black")

    def find_window(self):
        assert self.process.poll() is None, f"the game has ended: {self.err.read_text()}"
        windows = self.screen.xdotool("search", "--onlyvisible", "--pid", self.process.pid).split()
        return next((w for w in windows if ": score " in self.screen.xdotool("getwindowname", w)), None)

    def picture(self):
        return self.screen.picture()[self.place]

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

    def start(*command):
        games.append(Game(screen, tmp_path, *command))
        games[-1].open()
        return games[-1]

    yield start
    screen.xdotool("keyup", "Left", "Right", "space")
    for game in games:
        if game.process.poll() is None:
            game.process.kill()
            game.process.wait()


def test_breakout(start):
    game = start("play_breakout.py")
    is_red = lambda rows: (game.picture()[1::3, 1::3][rows, 8:152] == (200, 72, 72)).all(axis=2)  # between the walls
    paddle = lambda: np.median(np.flatnonzero(is_red(slice(190, 191))))
    ball = lambda: np.argwhere(is_red(slice(95, 185))).tolist()  # below the bricks, above the paddle

    assert game.picture().shape == (630, 480, 3)
    assert game.title == "ALE/Breakout-v5: score 0, lives 5"
    printed = game.out.read_text()
    assert re.search("left arrow.*right arrow.*space.*R .*Q or Escape", printed, re.S) and "up arrow" not in printed
    first_paddle = paddle()
    assert not ball()

    game.hold("Right")
    until(lambda: paddle() > 125, "the paddle at the right")
    assert not ball()  # FIRE was not pressed
    game.release("Right")
    game.hold("space", "Left")  # LEFTFIRE, which only the full action space has
    until(lambda: paddle() < 20, "the paddle at the left")
    first_ball = until(ball, "the ball after FIRE")
    until(lambda: ball() and ball() != first_ball, "the ball to move")
    game.release("space")
    until(lambda: game.title.endswith("lives 4"), "a lost ball")
    game.release("Left")

    game.press("r")
    until(lambda: game.title == "ALE/Breakout-v5: score 0, lives 5", "a new game")
    until(lambda: paddle() == first_paddle and not ball(), "its paddle where it was at first")
    game.end(lambda: game.press("q"))


def test_another_atari_game(start):
    game = start("play_breakout.py", "--env-id", "ALE/SpaceInvaders-v5", "--zoom", "1.5", "--fps", "120")
    assert game.picture().shape == (315, 240, 3)
    still = game.picture()
    assert game.title == "ALE/SpaceInvaders-v5: score 0, lives 3"
    game.press("space")
    until(lambda: (game.picture() != still).any(), "the picture to move")
    game.end(lambda: game.press("Escape"))


def test_cartpole(start):
    game = start("play_cartpole.py")
    cart = lambda: np.median(np.flatnonzero((game.picture()[308] == 0).all(axis=1)))
    score = lambda: int(re.search(r"score (\d+)", game.title)[1])
    assert re.search("left arrow.*right arrow.*R .*Q or Escape", game.out.read_text(), re.S)

    for key, sign in (("Right", 1), ("Left", -1)):
        until(lambda: abs(cart() - 300) < 10, "the cart near the middle")  # as a new game begins
        first_cart = cart()
        time.sleep(0.3)
        assert game.title == "CartPole-v1: score 0"  # and waits
        game.hold(key)
        until(lambda: "game over" in game.title, "the pole to fall")
        until(lambda first_cart=first_cart, sign=sign: sign * (cart() - first_cart) > 8, f"the cart to go {key}")
        game.release(key)
        assert game.out.read_text().endswith(f"Game over: score {score()}\n")
        assert score() < 12  # pushed in one direction only
        game.press("r")
        until(lambda: game.title == "CartPole-v1: score 0", "a new game")

    still = game.picture()
    game.hold("--delay", "0", "Left", "Right")  # they cancel out, and the pushes alternate
    until(lambda: (game.picture() != still).any(), "the picture to move")
    until(lambda: score() >= 12 or "game over" in game.title, "the game to go on")
    assert score() >= 12
    game.end(game.process.terminate)  # SDL makes of SIGTERM what closing the window is, too


def test_mountaincar(start):
    game = start("play_mountaincar.py")
    car = lambda: np.median(np.flatnonzero((game.picture() == 128).all(axis=2).any(axis=0)))  # its wheels are grey
    score = lambda: int(re.search(r"score (-?\d+)", game.title)[1])

    until(lambda: 195 < car() < 272, "the car in the valley")
    game.hold("Left")
    until(lambda: car() < 175, "the car to drive left")  # rolling freely it stays within 184 ... 267
    game.release("Left")
    passed = score()
    until(lambda: score() < passed, "time to pass without a key")
    game.press("r")
    until(lambda: game.title == "MountainCar-v0: score 0", "a new game")
    assert 195 < car() < 272
    game.hold("Right")
    until(lambda: car() > 271, "the car to drive right")
    game.release("Right")
    game.end(lambda: game.process.send_signal(signal.SIGINT), code=130)  # Ctrl-C


def says_one_sentence(folder, env, script, *options):
    """Run a script that must not open a window, and return its complaint."""
    drop = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "XDG_RUNTIME_DIR")
    env = {**{name: value for name, value in os.environ.items() if name not in drop}, **env}
    command = [sys.executable, PLAY / script, *options]
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert "Traceback" not in result.stderr
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"[^\n]+[.?]\n", result.stderr), result.stderr
    return result.stderr


@pytest.mark.parametrize("script", ["play_breakout.py", "play_cartpole.py", "play_mountaincar.py"])
def test_without_display(tmp_path, script):
    assert "no display" in says_one_sentence(tmp_path, {}, script)


def test_with_a_display_that_nobody_sees(screen, tmp_path):
    env = {"DISPLAY": screen.env["DISPLAY"], "SDL_VIDEODRIVER": "dummy"}
    assert "no display" in says_one_sentence(tmp_path, env, "play_cartpole.py")
    assert "no display" in says_one_sentence(tmp_path, {"DISPLAY": ":987"}, "play_mountaincar.py")


def test_wrong_ids(tmp_path):
    said = says_one_sentence(tmp_path, {}, "play_breakout.py", "--env-id", "ALE/Brekout-v5")
    assert "no environment 'ALE/Brekout-v5'" in said
    said = says_one_sentence(tmp_path, {}, "play_breakout.py", "--env-id", "CartPole-v1")
    assert "not an Atari game" in said


def test_without_pygame(tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError")
    said = says_one_sentence(tmp_path, {"PYTHONPATH": str(tmp_path)}, "play_mountaincar.py")
    assert "pip install pygame" in said
