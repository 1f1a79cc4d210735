"""The games of play/, played: on a screen that exists only in memory, with keys pressed by xdotool."""

import re
import signal
import sys
import time

import numpy as np
import pygame
import pytest

from tests.dev.screen import PLAY, pictures_of, says_one_sentence, until
from utils import paths
from utils.playing import cards, games, scores

sys.path.insert(0, str(PLAY))
import keyboard


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


def test_pause_speed_size_and_a_film(start, tmp_path):
    game = start("play_mountaincar.py", "--zoom", "0.5", "--record", "film.mp4")
    score = lambda: int(re.search(r"score (-?\d+)", game.title)[1])
    game.press("Left")  # which also takes away the list of keys
    until(lambda: score() < -2, "the game to start")
    game.press("Return")
    until(lambda: "paused" in game.title, "the pause")
    still, paused = game.picture(), game.title
    game.hold("Right")
    for key, speed in (("plus", "1.5"), ("minus", None), ("minus", "0.75")):
        game.press(key)
        right = f"speed {speed}, H: keys" if speed else "H: keys"
        lines = ((f"score {score()}", ""), ("paused, Enter: go on", right))
        until(lambda lines=lines: game.says(*lines), f"the strip after {key}")
    game.release("Right")
    assert game.title == paused and (game.picture() == still).all()

    game.screen.xdotool("windowsize", game.window, 450, 400)
    until(lambda: game.find_place() == (450, 400) and game.says(*lines), "a larger window")
    until(lambda: game.picture().any(axis=(1, 2)).sum() == 300, "the picture to keep its shape, 450 x 300")
    game.press("Return")
    until(lambda: game.title != paused, "the game to go on")
    game.end(lambda: game.process.send_signal(signal.SIGINT), code=130)
    steps = len(pictures_of(tmp_path / "film.mp4")) - 1
    assert steps >= -int(re.search(r"score (-\d+)", paused)[1])
    assert steps < 200  # not those of the pause
    assert "The film is in film.mp4.\n" in game.out.read_text()


def test_a_film_that_fails_on_the_way_costs_no_game(start, tmp_path):
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text("#!/bin/sh\nhead -c 3000000 > /dev/null\necho No space left >&2\nexit 1\n")
    ffmpeg.chmod(0o755)
    game = start("play_cartpole.py", "--record", "films/film.mp4", IMAGEIO_FFMPEG_EXE=str(ffmpeg))
    game.hold("Left")
    until(lambda: "game over" in game.title, "the end of the game")
    assert re.fullmatch(r"The film could not be written \(.*No space left\).*\.\n", game.err.read_text())
    assert "Game over: you" in game.out.read_text()
    assert list((tmp_path / "answers").iterdir())
    game.end(lambda: game.press("q"), code=1)
    assert not list((tmp_path / "films").iterdir())


def test_the_agent_plays_until_a_person_takes_over(start):
    game = start("play_cartpole.py", "--agent", "cartpole", "--speed", "4")
    score = lambda: int(re.search(r"score (\d+)", game.title)[1])
    until(lambda: score() > 40, "the agent to play well")
    game.hold("Left")  # says nothing yet
    game.press("h")  # stands still
    before = until(lambda: (game.picture() == 0).all(axis=2).mean() > 0.2 and score(), "the list of keys")
    assert game.says((f"score {before}", ""), ("the agent plays, P: take over", "speed 4, H: keys"))
    game.press("p", "h")
    until(lambda: "with your help" in game.out.read_text(), "the pole to fall")
    game.release("Left")
    game.press("Return")
    until(lambda: game.says((f"score {score()}", ""), ("paused, Enter: go on", "speed 4, H: keys")), "the pause")
    game.press("p", "r", "Return")
    until(lambda: score() > 40, "the agent to play well again")
    assert re.search(r"^Game 1: score \d+ in \d+ steps, with your help\.$", game.out.read_text(), re.M)
    game.end(lambda: game.press("q"))


def test_sound(start, tmp_path):
    heard = tmp_path / "heard"
    disk = {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(heard)}
    game = start("play_breakout.py", "--sound", **disk)
    game.hold("space")
    until(lambda: set(heard.read_bytes()) > {128}, "a sound other than silence")
    game.end(lambda: game.press("q"))
    heard.unlink()
    game = start("play_breakout.py", **disk)
    game.end(lambda: game.press("q"))
    assert not heard.exists()


def test_a_score_counts_at_the_slowest_speed_of_its_game(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RECORDS", tmp_path)
    stage = keyboard.Stage(games.Game("CartPole-v1"), zoom=0.1, speed=8)
    press = lambda key, text="": pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text))
    for number, _ in enumerate(stage.perform()):
        press(pygame.K_LEFT)
        press(*{2: (pygame.K_MINUS, "-"), 4: (pygame.K_PLUS, "+")}.get(number, (pygame.K_F1,)))
        if stage.game.over:
            break
    pygame.display.quit()
    assert stage.speed == 8
    assert [score["fps"] for score in scores.read_scores()["CartPole-v1"]] == [60]


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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"speed": 0}, "speed must lie between"),
        ({"zoom": 100}, "zoom must lie between"),
        ({"agent": "cartpole"}, "plays CartPole-v1, not ALE/Breakout-v5"),
        ({"agent": "cut-off.safetensors"}, "does not hold a whole agent"),
        ({"agent": "cartpole", "sound": True}, "leave out --sound or --agent"),
    ],
)
def test_options_that_make_no_sense(tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut-off.safetensors").write_bytes((cards.AGENTS / "cartpole.safetensors").read_bytes()[:1000])
    with pytest.raises(ValueError, match=said):
        keyboard.play("ALE/Breakout-v5", **{"zoom": 1, "speed": 1, "agent": None, "record": None} | options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--record", "out"], "neither"),
        (["--record", "/proc/film.mp4"], "could not be written"),
        (["--sound"], "no sound"),
    ],
)
def test_what_cannot_be_had_is_said_before_the_game(screen, tmp_path, options, said):
    env = {"DISPLAY": screen.env["DISPLAY"], "SDL_AUDIODRIVER": "none"}
    assert said in says_one_sentence(tmp_path, env, "play_breakout.py", *options)


def test_without_pygame(tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError('no pygame')")
    said = says_one_sentence(tmp_path, {"PYTHONPATH": str(tmp_path)}, "play_mountaincar.py")
    assert "lacks a package of the course (no pygame). Activate" in said and "pip install -r requirements.txt" in said


def test_who_has_to_serve():
    game = games.Game("ALE/Breakout-v5")
    assert game.to_serve
    game.step(frozenset({"LEFT"}))
    assert game.to_serve
    game.step(frozenset({"FIRE"}))
    assert not game.to_serve
    while game.lives == 5:
        assert not game.to_serve
        game.step(frozenset())
    assert game.to_serve
    game.new()
    assert game.to_serve
    game.env.close()


def test_nobody_has_to_serve_where_the_ball_comes_by_itself():
    game = games.Game("ALE/Pong-v5")
    game.step(frozenset({"LEFT"}))
    assert not game.to_serve
    game.env.close()
