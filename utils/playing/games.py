"""Games for people: what each key does, and a game from its first key to its end.

play/ draws it in a window, utils/notebook_play.py in a notebook.
"""

from collections.abc import Callable, Sequence
from itertools import cycle

import gymnasium as gym
import numpy as np

from utils.envs import is_atari
from utils.playing import scores

KEYS = {"LEFT": "left arrow", "RIGHT": "right arrow", "UP": "up arrow", "DOWN": "down arrow", "FIRE": "space"}
"""The keys that a game may use, by the names of the five things that an Atari joystick can do."""

CONTROLS = {
    "CartPole-v1": {"LEFT": "push left", "RIGHT": "push right; hold neither: left and right in turn"},
    "MountainCar-v0": {"LEFT": "drive left", "RIGHT": "drive right"},
}
"""What the keys do in games that are not Atari's."""

SERVED = ("ALE/Breakout-v5",)
"""Games whose ball comes into play only at FIRE, after each lost life anew."""

ATARI_FPS, FPS = 60, {"CartPole-v1": 15, "MountainCar-v0": 30}
"""Steps in a second: the console's own 60; CartPole's real time would be 50, which is too fast for people."""


def controls_of(env_id: str, actions: Sequence[str]) -> dict[str, str]:
    """Return the names in `KEYS` that a game listens to, and what each one does, for the player to read; empty if it has no keys.

    Args:
        env_id: its Gymnasium id.
        actions: the names of an Atari game's own actions, such as RIGHTFIRE, which say what keys it knows; else empty.
    """
    does = {"FIRE": "FIRE: serves the ball"} if env_id in SERVED else {}
    return CONTROLS.get(env_id) or {key: does.get(key, key) for key in KEYS if any(key in action for action in actions)}


def must_serve(env_id: str, had_to: bool, fired: bool, lost_life: bool) -> bool:
    """Tell whether a game waits for FIRE after a step, given whether it did before, and what happened in the step."""
    return env_id in SERVED and (lost_life or (had_to and not fired))


def action_chooser(env_id: str, actions: Sequence[str]) -> Callable[[frozenset[str]], int]:
    """Return a function from the keys held down to an action. Opposite arrows cancel out.

    Args:
        env_id: the Gymnasium id of a game that `controls_of` has keys for.
        actions: the names of an Atari environment's actions, in their order; else empty. Where none does all that is held,
            one that does as much as possible is taken, FIRE first.
    """
    if env_id == "CartPole-v1":
        idle = cycle([0, 1])  # it has no action that does nothing
        choose = lambda held: 0 if "LEFT" in held else 1 if "RIGHT" in held else next(idle)
    elif env_id == "MountainCar-v0":
        choose = lambda held: 0 if "LEFT" in held else 2 if "RIGHT" in held else 1
    else:
        keys = [frozenset(key for key in KEYS if key in action) for action in actions]
        does = lambda action, held: (keys[action] <= held, len(keys[action]), "FIRE" in keys[action])
        choose = lambda held: max(range(len(keys)), key=lambda action: does(action, held))

    def choose_action(held: frozenset[str]) -> int:
        for opposites in ({"LEFT", "RIGHT"}, {"UP", "DOWN"}):
            held -= opposites if held >= opposites else set()
        return choose(held)

    return choose_action


class Game:
    """An environment that a person plays alone, game after game. Each game stands still until its first key is pressed.

    Attributes:
        env_id: its Gymnasium id.
        is_atari: whether it is an Atari game.
        fps: steps in a second at the usual speed.
        controls: see `controls_of`.
        score, steps: of this game so far.
        lives: those left, 0 where a game has none.
        to_serve: whether the ball waits for FIRE.
        started, over: whether the first key was pressed, and whether the game has ended.
        sound: of the last step, a byte for each sample; None unless it was asked for.
        agent_plays, values, episodes, done: what `agent_game.AgentGame` has; here they say that there is no agent, and no end.
    """

    agent_plays = values = episodes = None
    done = False

    def __init__(self, env_id: str, sound: bool = False):
        """Make the environment.

        Args:
            env_id: what to play.
            sound: Atari only: whether to keep the sound of each step.

        Raises:
            ValueError: there is no such environment, or no keys for it.
        """
        self.env_id = env_id
        self.is_atari = is_atari(env_id)
        if self.is_atari:  # as on the console: every frame, and every action obeyed
            options = {"frameskip": 1, "repeat_action_probability": 0.0, "full_action_space": True, "sound_obs": sound}
        elif env_id in CONTROLS:
            options = {}
        else:
            raise ValueError(
                f"There are no keys for {env_id}: play CartPole-v1, MountainCar-v0 or an Atari game such as ALE/Breakout-v5."
            )
        self.env = gym.make(env_id, render_mode="rgb_array", **options)
        self.fps = FPS.get(env_id, ATARI_FPS)
        self.sound = b"" if sound else None
        own_actions = [action.name for action in self.env.unwrapped.ale.getMinimalActionSet()] if self.is_atari else ()
        self.controls = controls_of(env_id, own_actions)
        # The full action space has all combinations of keys, also those that are not among the game's own actions.
        self._choose_action = action_chooser(env_id, self.env.unwrapped.get_action_meanings() if self.is_atari else ())
        self.new()

    def new(self) -> list[np.ndarray]:
        """Begin a new game; returns its first picture."""
        _, info = self.env.reset()
        self.score, self.steps, self.started, self.over = 0.0, 0, False, False
        self.lives, self.to_serve = info.get("lives", 0), self.env_id in SERVED
        return [self.picture()]

    def step(self, held: frozenset[str]) -> list[np.ndarray]:
        """Play one step, unless the game is over, or waits for its first key and none is held.

        Args:
            held: names of the keys held down, none or more of `controls`. Opposite arrows cancel out.

        Returns:
            The new picture, if there is one.
        """
        self.started = self.started or bool(held)
        if not self.started or self.over:
            return []
        obs, reward, terminated, truncated, info = self.env.step(self._choose_action(held))
        if self.sound is not None:
            self.sound = obs["sound"].tobytes()
        self.score += float(reward)
        self.steps += 1
        lives, self.lives = self.lives, info.get("lives", 0)
        self.to_serve = must_serve(self.env_id, self.to_serve, "FIRE" in held, lost_life=self.lives < lives)
        self.over = terminated or truncated
        return [self.picture()]

    def picture(self) -> np.ndarray:
        """Return what the player sees now: (height, width, 3), uint8."""
        return self.env.render()

    def finish(self, fps: float) -> str:
        """Keep the score of a game that is over, and was played at this speed or faster.

        Returns:
            The player's news: "Game over: you 12, agent 380 (mean of 100 games).", and a sentence more if the score could not
            be kept.
        """
        agent = scores.agent_score(self.env_id)
        rival = f", agent {agent[0]:.0f} (mean of {agent[1]} games)" if agent else ""
        news = f"Game over: you {self.score:.0f}{rival}."
        try:
            scores.keep_score(self.env_id, round(fps), self.score)
        except ValueError as error:
            news += f" {error}"
        except OSError as error:
            news += f" The score could not be kept ({error}): make room, or make the folder writable."
        return news
