"""The games of play/, played: on a screen that exists only in memory, with keys pressed by xdotool."""

import re
import signal
import time

import numpy as np
import pytest

from tests.dev.screen import says_one_sentence, until


def test_breakout(start):
    game = start("play_breakout.py")
    is_red = lambda rows: (game.picture()[1::3, 1::3][rows, 8:152] == (200, 72, 72)).all(axis=2)  # between the walls
    paddle = lambda: np.median(np.flatnonzero(is_red(slice(190, 191))))
    ball = lambda: np.argwhere(is_red(slice(95, 185))).tolist()  # below the bricks, above the paddle

    assert game.picture().shape == (630, 480, 3)
    assert game.title == "ALE/Breakout-v5: score 0, lives 5"
    printed = game.out.read_text()
    dim = game.picture()
    game.press("h")  # the list of keys goes away, and the game still waits
    until(lambda: (game.picture() != dim).any(), "the bare picture")
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
    game = start("play_breakout.py", "--env-id", "ALE/SpaceInvaders-v5", "--zoom", "1.5", "--speed", "2")
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
    assert "take over" not in game.out.read_text()
    assert game.says(("score 0", "agent 500"), ("your first key starts the game", "H: keys"))
    assert (game.picture() == 0).all(axis=2).mean() > 0.2  # the list of keys lies over the game
    game.press("h")
    best = 0

    for key, sign in (("Right", 1), ("Left", -1)):
        until(lambda: abs(cart() - 300) < 10, "the cart near the middle")  # as a new game begins
        first_cart = cart()
        time.sleep(0.3)
        assert game.title == "CartPole-v1: score 0"  # and waits
        game.hold(key)
        until(lambda: "game over" in game.title, "the pole to fall")
        until(lambda first_cart=first_cart, sign=sign: sign * (cart() - first_cart) > 8, f"the cart to go {key}")
        game.release(key)
        news, best = f"Game over: you {score()}, agent 500 (mean of 100 games).", max(best, score())
        assert game.out.read_text().endswith(f"{news}\n")
        assert game.says((f"score {score()}", f"best {best}, agent 500"), (f"{news} R: new game", "H: keys"))
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

    game.press("h")
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
