"""Games for people: what each key does, and a game from its first key to its end. play/ draws it in a window,
utils/notebook_play.py in a notebook."""

from itertools import cycle

import ale_py
import gymnasium as gym
import numpy as np

from utils.envs import find_spec

KEYS = {"LEFT": "left arrow", "RIGHT": "right arrow", "UP": "up arrow", "DOWN": "down arrow", "FIRE": "space"}
"""The keys that a game may use, by the names of the five things that an Atari joystick can do."""

ATARI_FPS, CARTPOLE_FPS, MOUNTAINCAR_FPS = 60, 15, 30
"""Steps in a second: the console's own 60; CartPole's real time would be 50, which is too fast for people."""


class Game:
    """An environment that a person plays, game after game. Each game stands still until its first key is pressed.

    Attributes:
        env_id: its Gymnasium id.
        is_atari: whether it is an Atari game.
        fps: steps in a second at the usual speed.
        controls: the names in `KEYS` that the game listens to, and what each one does, for the player to read.
        score, steps: of this game so far.
        lives: those left, 0 where a game has none.
        started, over: whether the first key was pressed, and whether the game has ended.
    """

    def __init__(self, env_id: str):
        """Make the environment.

        Raises:
            ValueError: there is no such environment, or no keys for it.
        """
        self.env_id = env_id
        self.is_atari = is_atari(env_id)
        if self.is_atari:  # as on the console: every frame, and every action obeyed
            ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)  # the emulator keeps its greeting to itself
            options = {"frameskip": 1, "repeat_action_probability": 0.0, "full_action_space": True}
        elif env_id in ("CartPole-v1", "MountainCar-v0"):
            options = {}
        else:
            raise ValueError(
                f"There are no keys for {env_id}: play CartPole-v1, MountainCar-v0 or an Atari game such as ALE/Breakout-v5."
            )
        self.env = gym.make(env_id, render_mode="rgb_array", **options)
        if env_id == "CartPole-v1":
            self.fps = CARTPOLE_FPS
            self.controls = {"LEFT": "push left", "RIGHT": "push right (with no key, left and right in turn)"}
            idle = cycle([0, 1])  # CartPole has no action that does nothing
            self._choose_action = lambda held: 0 if "LEFT" in held else 1 if "RIGHT" in held else next(idle)
        elif env_id == "MountainCar-v0":
            self.fps = MOUNTAINCAR_FPS
            self.controls = {"LEFT": "drive left", "RIGHT": "drive right"}
            self._choose_action = lambda held: 0 if "LEFT" in held else 2 if "RIGHT" in held else 1
        else:
            self.fps = ATARI_FPS
            # A game's own actions, such as RIGHTFIRE, say which keys it knows; the full action space has all combinations.
            own_actions = [action.name for action in self.env.unwrapped.ale.getMinimalActionSet()]
            self.controls = {key: key for key in KEYS if any(key in action for action in own_actions)}
            actions = {
                frozenset(key for key in KEYS if key in meaning): action
                for action, meaning in enumerate(self.env.unwrapped.get_action_meanings())
            }
            self._choose_action = lambda held: actions[held]
        self.new()

    def new(self):
        """Begin a new game."""
        _, info = self.env.reset()
        self.score, self.steps, self.started, self.over = 0.0, 0, False, False
        self.lives = info.get("lives", 0)

    def step(self, held: frozenset[str]):
        """Play one step, unless the game is over, or waits for its first key and none is held.

        Args:
            held: names of the keys held down, none or more of `controls`. Opposite arrows cancel out.
        """
        self.started = self.started or bool(held)
        if not self.started or self.over:
            return
        for opposites in ({"LEFT", "RIGHT"}, {"UP", "DOWN"}):
            held -= opposites if held >= opposites else set()
        _, reward, terminated, truncated, info = self.env.step(self._choose_action(held))
        self.score += float(reward)
        self.steps += 1
        self.lives = info.get("lives", 0)
        self.over = terminated or truncated

    def picture(self) -> np.ndarray:
        """What the player sees now: (height, width, 3), uint8."""
        return self.env.render()


def is_atari(env_id: str) -> bool:
    """Whether a Gymnasium id is an Atari game's. Raises ValueError if there is no such environment."""
    return str(find_spec(env_id).entry_point).startswith("ale_py")
