"""Play in a notebook, where there is no window: `play_here("CartPole-v1")`.

The browser is the clock. It asks for every picture, with the keys that are held down, and the kernel answers: so nothing
runs in the kernel that could be left behind, and the game stands still while nobody looks or another cell is running. A loop
in the kernel would not do: Google Colab does not deliver what a widget sends of its own accord once its cell has ended
(https://github.com/googlecolab/colabtools/issues/3373).
"""

import base64
from html import escape
from io import BytesIO
from math import ceil
from pathlib import Path
from uuid import uuid4

import numpy as np
import traitlets
from IPython.display import HTML, display
from PIL import Image

from utils import jupyter
from utils.envs import draw_into_pictures
from utils.playing import scores
from utils.playing.games import KEYS, Game

try:
    from anywidget import AnyWidget
except ImportError:  # play_here says what to do
    AnyWidget = None

MAX_PICTURES_PER_SECOND = 30
BROWSER_KEYS = {"LEFT": "ArrowLeft", "RIGHT": "ArrowRight", "UP": "ArrowUp", "DOWN": "ArrowDown", "FIRE": " "}
"""A browser's names (`KeyboardEvent.key`) for the keys of `utils.playing.games.KEYS`."""

_latest = None  # one game at a time in a notebook


def play_here(env_id: str = "ALE/Breakout-v5", fps: int | None = None) -> None:
    """Play a game in the output of this cell, with the keyboard or with buttons. The cell itself ends at once.

    Args:
        env_id: CartPole-v1, MountainCar-v0, or an Atari game such as ALE/Breakout-v5.
        fps: steps in a second; by default the game's usual speed.

    Raises:
        ValueError: no such environment, no keys for it, or an fps that makes no sense.
    """
    global _latest
    if AnyWidget is None:
        print("To play in a notebook, run `pip install anywidget`, then close JupyterLab and start it again.")
        return
    if not jupyter.in_notebook():
        print("This is no notebook: to play in a window, run `python play/play_cartpole.py` or `python play/play_breakout.py`.")
        return
    if fps is not None and not 1 <= fps <= 240:
        raise ValueError(f"fps must lie between 1 and 240; you gave {fps}.")
    draw_into_pictures()
    player = Player(Game(env_id), fps)
    if _latest is not None:
        _latest.close()
        _latest.game.env.close()
    _latest = player
    display(player, HTML(player.still))


class Player(AnyWidget or object):
    """A game on the page. It does nothing but answer. The browser sends dictionaries with one of three `kind`s:

    - "look": the answer shows how things stand;
    - "new": a new game;
    - "step": the steps of one picture, with the keys `held`. `view` and `number` come back in the answer.

    Attributes:
        still: HTML with a picture and a sentence, for where no widget is shown; where one is, it hides them.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")
    setup = traitlets.Dict().tag(sync=True)

    def __init__(self, game: Game, fps: int | None = None):
        self.game = game
        self.fps = fps or game.fps
        self.steps_per_picture = ceil(self.fps / MAX_PICTURES_PER_SECOND)
        self.agent = scores.agent_score(game.env_id)
        self.best, self.note = None, ""
        self._read_best()
        state = self._state(game.picture())
        still = f"play-here-{uuid4().hex}"
        name = escape(game.env_id)
        self.still = (
            f'<div id="{still}"><img alt="{name}, a still picture" src="{state["picture"]}" style="max-width: 320px">'
            f"<p>This is a still picture of {name}. To play, run this cell again. If no game appears then, this program shows no "
            "notebook widgets: open the notebook in JupyterLab or in Google Colab, or play in a window (folder "
            "<code>play/</code>).</p></div>"
        )
        setup = {
            "env_id": game.env_id,
            "pictures_per_second": self.fps / self.steps_per_picture,
            "controls": [[key, BROWSER_KEYS[key], KEYS[key], meaning] for key, meaning in game.controls.items()],
            "still": still,
            "state": state,
        }
        super().__init__(setup=setup)
        self.on_msg(self._answer)

    def _answer(self, _, message: dict, buffers) -> None:
        frames = []
        if message["kind"] == "new":
            self.game.new()
            self.note = ""
        elif message["kind"] == "step":
            held = frozenset(message["held"]) & frozenset(self.game.controls)
            for _ in range(self.steps_per_picture):
                frames += self.game.step(held)
            if frames and self.game.over:
                self.note = self.game.finish(self.fps)
                self._read_best()
        # An Atari game draws some things in every other frame only: show whatever was lit in one of them.
        picture = np.max(frames, axis=0) if frames and self.game.is_atari else self.game.picture()
        self.send(self._state(picture) | {name: message.get(name) for name in ("view", "number")})

    def _read_best(self) -> None:
        try:
            self.best = scores.best_score(self.game.env_id, self.fps)
        except ValueError as error:
            self.note = self.note or str(error)

    def _state(self, picture: np.ndarray) -> dict:
        file = BytesIO()
        Image.fromarray(picture).save(file, "png", compress_level=1)
        return {
            # text, because Colab may lose binary buffers: https://github.com/googlecolab/colab-cdn-widget-manager/issues/33
            "picture": f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}",
            "score": self.game.score,
            "steps": self.game.steps,
            "lives": self.game.lives,
            "started": self.game.started,
            "over": self.game.over,
            "best": self.best,
            "agent": self.agent and self.agent[0],
            "note": self.note,
        }

    def __repr__(self):
        return f"{self.game.env_id}: there are no notebook widgets here; open the notebook in JupyterLab or Google Colab."
