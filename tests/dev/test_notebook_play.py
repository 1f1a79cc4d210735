"""play_here: its answers to a browser that is only a list here. (A real one plays it in test_browser.py.)"""

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from utils import notebook_play, paths
from utils.playing import scores
from utils.playing.games import KEYS, Game

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds, for a machine that has little time for us; on an idle one each wait is short


@pytest.fixture(autouse=True)
def records_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RECORDS", tmp_path / "answers")
    monkeypatch.setenv("PPO_COURSE_ANSWERS", str(tmp_path / "answers"))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


class Browser:
    """Asks as the browser does, and keeps the answers."""

    def __init__(self, env_id, fps=None):
        self.player = notebook_play.Player(Game(env_id), fps)
        self.player.send = lambda message: self.answers.append(json.loads(json.dumps(message)))  # as text, as on the wire
        self.answers = []
        self.number = 0

    def ask(self, kind, **rest):
        self.number += 1
        self.player._handle_custom_msg({"kind": kind, "view": "v", "number": self.number, **rest}, [])
        assert len(self.answers) == self.number  # one answer for each question
        assert (self.answers[-1]["view"], self.answers[-1]["number"]) == ("v", self.number)
        return self.answers[-1]

    def step(self, *held):
        return self.ask("step", held=list(held))


def pixels(state):
    head, data = state["picture"].split(",")
    assert head == "data:image/png;base64"
    return np.array(Image.open(io.BytesIO(base64.b64decode(data))))


def test_cartpole_obeys_the_keys():
    browser = Browser("CartPole-v1")
    cart = lambda: browser.player.game.env.unwrapped.state[:2]
    start = cart()
    assert browser.step()["steps"] == 0  # until the first key
    assert not browser.answers[-1]["started"]
    assert (cart() == start).all()

    push = 0.195  # of velocity: 10 newtons on 1.1 kilograms for a fiftieth of a second, and a little from the pole
    for key, sign in (("RIGHT", 1), ("LEFT", -1)):
        before = cart()[1]
        state = browser.step(key, "no such key")
        assert cart()[1] - before == pytest.approx(sign * push, abs=0.02)
    assert (state["score"], state["steps"], state["lives"], state["started"]) == (2, 2, 0, True)
    before = cart()[1]
    for _ in range(2):  # without a key, and with opposite ones, the pushes alternate
        browser.step()
        browser.step("LEFT", "RIGHT")
    assert cart()[1] == pytest.approx(before, abs=0.05)
    assert (pixels(browser.answers[-1]) == browser.player.game.picture()).all()
    passed = browser.answers[-1]["steps"]
    assert browser.ask("look")["steps"] == passed


def test_breakout_obeys_the_keys():
    browser = Browser("ALE/Breakout-v5")
    setup = browser.player.setup
    assert [control[:3] for control in setup["controls"]] == [
        ["LEFT", "ArrowLeft", "left arrow"],
        ["RIGHT", "ArrowRight", "right arrow"],
        ["FIRE", " ", "space"],
    ]
    assert setup["pictures_per_second"] == 30
    is_red = lambda rows: (pixels(browser.answers[-1])[rows, 8:152] == (200, 72, 72)).all(axis=2)
    paddle = lambda: np.median(np.flatnonzero(is_red(slice(190, 191))))
    ball = lambda: is_red(slice(95, 185)).any()
    assert browser.step("no such key")["lives"] == 5
    assert not browser.answers[-1]["started"]
    for _ in range(30):
        state = browser.step("RIGHT")
    assert state["steps"] == 60  # two steps a picture
    assert paddle() > 125
    assert not ball()  # FIRE was not pressed
    seen = False
    for _ in range(60):
        browser.step("LEFT", "FIRE")
        seen = seen or ball()
    assert paddle() < 20
    assert seen
    for _ in range(60 * 30):
        if browser.step("LEFT", "FIRE")["over"]:
            break
    assert state["over"] is False
    assert browser.answers[-1]["over"]
    assert browser.answers[-1]["note"].startswith(f"Game over: you {browser.answers[-1]['score']:.0f}")


def test_a_picture_shows_what_flickers(monkeypatch):
    browser = Browser("ALE/Breakout-v5")
    frames = [np.zeros((210, 160, 3), np.uint8) for _ in range(2)]
    frames[0][5, 7], frames[1][9, 3] = 255, 100
    monkeypatch.setattr(browser.player.game, "picture", lambda: frames.pop(0))
    shown = pixels(browser.step("LEFT"))
    assert (shown[5, 7] == 255).all()
    assert (shown[9, 3] == 100).all()


def test_every_key_has_its_name_in_the_browser():
    assert set(notebook_play.BROWSER_KEYS) == set(KEYS)
    assert len(set(notebook_play.BROWSER_KEYS.values())) == len(KEYS)


@pytest.mark.parametrize(("fps", "steps", "pictures"), [(15, 1, 15), (30, 1, 30), (31, 2, 15.5), (100, 4, 25)])
def test_the_speed_is_steps_times_pictures(fps, steps, pictures):
    browser = Browser("CartPole-v1", fps)
    assert browser.player.setup["pictures_per_second"] == pictures
    assert browser.step("LEFT")["steps"] == steps


def play_to_the_end(browser):
    while not browser.answers or not browser.answers[-1]["over"]:
        browser.step("LEFT")
    return browser.answers[-1]


def test_scores_are_kept_and_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(scores.cards, "AGENTS", tmp_path)
    card = scores.cards.read_card(paths.AGENTS / "cartpole.json")
    for number, (env_id, mean) in enumerate([("CartPole-v1", 480.2), ("CartPole-v1", 499.6), ("ALE/Pong-v5", 21)]):
        ways = {way: card[way] | {"mean": m, "episodes": 30} for way, m in [("greedy", mean), ("sampled", 20)]}
        (tmp_path / f"{number}.json").write_text(json.dumps(card | {"env_id": env_id} | ways))
    scores.keep_score("CartPole-v1", 50, 400)  # at another speed, which is another game
    scores.keep_score("ALE/Pong-v5", 15, 300)

    browser = Browser("CartPole-v1")
    assert (browser.ask("look")["best"], browser.answers[-1]["agent"]) == (None, 499.6)
    browser.answers, browser.number = [], 0
    end = play_to_the_end(browser)
    assert 8 <= end["score"] <= 11  # pushed in one direction only
    assert end["note"] == f"Game over: you {end['score']:.0f}, agent 500 (mean of 30 games)."
    assert end["best"] == end["score"]
    after = browser.step("LEFT")
    assert (after["steps"], after["note"]) == (end["steps"], end["note"])
    new = browser.ask("new")
    assert (new["score"], new["steps"], new["started"], new["over"], new["note"]) == (0, 0, False, False, "")
    assert new["best"] == end["score"]
    kept = scores.read_scores()
    assert kept["CartPole-v1"] == [{"score": 400, "fps": 50}, {"score": end["score"], "fps": 15}]
    assert kept["ALE/Pong-v5"] == [{"score": 300, "fps": 15}]


def test_without_an_agent():
    assert scores.agent_score("ALE/Tennis-v5") is None
    assert scores.agent_score("CartPole-v1") == (500, 100)  # by the course's own card


@pytest.mark.parametrize("content", ["{", "[]", '{"CartPole-v1": [{"score": "a"}]}', '{"CartPole-v1": 3}'])
def test_scores_that_cannot_be_read_stay(content):
    path = paths.RECORDS / "scores.json"
    path.parent.mkdir()
    path.write_text(content)
    end = play_to_the_end(Browser("CartPole-v1"))
    assert "Game over: you" in end["note"]
    assert f"cannot be read from {path}" in end["note"]
    assert path.read_text() == content


def test_games_without_keys():
    with pytest.raises(ValueError, match="no keys for Acrobot-v1"):
        Game("Acrobot-v1")
    with pytest.raises(ValueError, match="no environment 'ALE/Brekout-v5'"):
        Game("ALE/Brekout-v5")


def test_a_cell_ends_at_once_and_leaves_nothing_behind():
    """Executed without a browser, as when the chapters are checked."""
    cells = [
        "import time, sys\nsys.path.insert(0, '..')\nfrom utils import notebook_play\nfrom utils.notebook_play import play_here",
        "start = time.perf_counter()\nplay_here('CartPole-v1')\nassert time.perf_counter() - start < 5",
        "first = notebook_play._latest\nassert first.comm is not None",
        "play_here(fps=30)",
        "assert first.comm is None and not first.game.env.unwrapped.isopen\n"
        "print(notebook_play._latest.game.env_id, notebook_play._latest.fps)",
        "play_here('CartPole-v1', fps=0)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT / "chapters")}},
        allow_errors=True,
    ).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert outputs[0] == outputs[2] == []
    for shown, name in ((outputs[1], "CartPole-v1"), (outputs[3], "ALE/Breakout-v5")):
        widget, still = (output.data for output in shown)
        assert "application/vnd.jupyter.widget-view+json" in widget
        assert "no notebook widgets" in widget["text/plain"]
        assert f"still picture of {name}. To play, run this cell again." in still["text/html"]
        assert "data:image/png;base64" in still["text/html"]
    assert [output.get("text") for output in outputs[4]] == ["ALE/Breakout-v5 30\n"]
    assert [output.evalue for output in outputs[5]] == ["fps must lie between 1 and 240; you gave 0."]


@pytest.mark.parametrize(
    ("before", "sentence"), [("", "This is no notebook"), ("sys.modules['anywidget'] = None; ", "pip install anywidget")]
)
def test_where_it_cannot_be_played(before, sentence):
    code = f"import sys; {before}from utils.notebook_play import play_here; play_here()"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert sentence in result.stdout
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
