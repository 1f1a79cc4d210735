"""play_here: its answers to a browser that is only a list here, and then a real browser with a real JupyterLab.

The second part needs chromium (Debian's package of that name, or Chrome) and playwright.
"""

import base64
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from utils import answers, notebook_play, scores
from utils.games import KEYS, Game

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds, for a machine that has little time for us; on an idle one each wait is short


@pytest.fixture(autouse=True)
def records_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "RECORDS", tmp_path / "answers")
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
    for number, (env_id, mean) in enumerate([("CartPole-v1", 480.2), ("CartPole-v1", 499.6), ("ALE/Pong-v5", 21)]):
        card = {"env_id": env_id, "greedy": {"mean": mean, "episodes": 30}, "sampled": {"mean": 20, "episodes": 30}}
        (tmp_path / f"{number}.json").write_text(json.dumps(card))
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
    path = answers.RECORDS / "scores.json"
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


# With a browser


def until(condition, what):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < end, f"waited {PATIENCE} s in vain for: {what}"
        time.sleep(0.05)
    return result


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab of its own, without a token, whose only notebook plays CartPole; its address."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom utils.notebook_play import play_here\nplay_here('CartPole-v1')"
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell("1")], metadata={"kernelspec": kernelspec}
    )
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "game.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = tmp_path / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_DATA_DIR": "data",
        "IPYTHONDIR": "ipython",
    }
    options = [
        f"--port={address.rsplit(':', 1)[1]}",
        "--ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
        "--ServerApp.port_retries=0",
    ]
    options += [
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={tmp_path / 'notebooks'}",
        "--LabApp.extension_manager=readonly",
    ]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={**os.environ, **{name: str(tmp_path / folder) for name, folder in folders.items()}},
            stdout=log,
            stderr=log,
        )

    def answers_us():
        assert server.poll() is None, (tmp_path / "log").read_text()
        try:
            return urllib.request.urlopen(f"{address}/api")
        except OSError:
            return False

    try:
        until(answers_us, "JupyterLab")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:  # it has been seen to wait for ever for a kernel; kernels end when it is gone
            server.kill()
            server.wait()


@pytest.fixture
def page():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playing in a browser needs playwright: pip install playwright"
    )
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("playing in a browser needs one: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(1000 * PATIENCE)
        yield page
        browser.close()


def test_in_jupyterlab(page, lab):
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda message: complaints.append(f"{message.text} {message.location}") if message.type == "error" else None
    )
    page.goto(f"{lab}/lab/tree/game.ipynb?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    game = page.locator(".play-here")
    canvas = page.locator(".play-here-canvas")

    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    game.wait_for()
    data = lambda: game.evaluate("element => ({...element.dataset})")
    until(lambda: canvas.evaluate("canvas => canvas.width") == 600, "the first picture")
    assert game.get_attribute("aria-label").startswith("CartPole-v1, a game")
    assert not page.get_by_text("This is a still picture").is_visible()

    def cart():
        """Where the middle of the cart is, in pixels from the left."""
        row = canvas.evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 308, canvas.width, 1).data]")
        return np.median(np.flatnonzero((np.reshape(row, (-1, 4))[:, :3] == 0).all(axis=1)))

    assert data()["state"] == "paused"
    assert "Click here to play" in game.inner_text()
    page.keyboard.press("ArrowRight")  # not for the game, which has no focus
    canvas.click()
    until(lambda: data()["state"] == "ready", "the keyboard's being the game's")
    assert data()["steps"] == "0"

    scrolled = page.locator(".jp-WindowedPanel-outer").first
    place = scrolled.evaluate("element => element.scrollTop")
    for hold, let_go, sign in (
        (lambda: page.keyboard.down("ArrowRight"), lambda: page.keyboard.up("ArrowRight"), 1),
        (lambda: page.keyboard.down("ArrowLeft"), lambda: page.keyboard.up("ArrowLeft"), -1),
        (lambda: (page.locator("[data-control=RIGHT]").hover(), page.mouse.down()), page.mouse.up, 1),
    ):
        start = cart()
        hold()
        until(lambda: data()["state"] == "over", "the pole to fall")
        let_go()
        until(lambda start=start, sign=sign: sign * (cart() - start) > 8, f"the cart to go {sign:+}")
        score = int(data()["score"])
        assert 8 <= score <= 12
        assert f"Game over: you {score}, agent 500" in game.inner_text()
        page.keyboard.press("r")
        until(lambda: data()["state"] == "ready", "a new game")

    for key in ("d", "d", "Shift+Enter", "Space", "ArrowDown"):  # JupyterLab would delete the cell, run it, scroll
        page.keyboard.press(key)
    assert page.locator(".jp-CodeCell").count() == 2
    assert scrolled.evaluate("element => element.scrollTop") == place

    page.keyboard.press("ArrowLeft")
    until(lambda: data()["state"] == "playing", "the game to go on after a key is let go")
    page.keyboard.press("Escape")
    until(lambda: data()["state"] == "paused", "a pause")
    still = data()
    time.sleep(0.5)
    assert int(data()["steps"]) <= int(still["steps"]) + 4  # the answers that were on their way
    assert not complaints

    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.locator(".jp-Dialog").wait_for(state="detached")
    page.locator(".play-here button", has_text="New game").click()
    until(lambda: data()["state"] == "silent", "the game to notice that its kernel is gone")
    assert "run this cell again" in game.inner_text()
