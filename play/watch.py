"""Watch a trained agent play: `python play/watch.py pong-ram`, or `python play/watch.py runs/FOLDER/curve.safetensors`."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import gymnasium as gym
import numpy as np
import torch
import tyro
from gymnasium.wrappers import AtariPreprocessing
from keyboard import Window, pygame, require_display, run, wants_to_quit
from torch import nn

from solutions.args import PRESETS, PPOArgs
from solutions.checkpoint import load_agent
from solutions.evaluate import choose_actions
from utils.cards import AGENTS
from utils.display import write_video
from utils.envs import GameRecorder, make_envs


def main(
    agent: tyro.conf.Positional[str],
    weights: Path | None = None,
    greedy: tyro.conf.FlagCreatePairsOff[bool] = False,
    sampled: tyro.conf.FlagCreatePairsOff[bool] = False,
    episodes: int = 3,
    max_steps: int = 5_000,
    seed: int | None = None,
    sticky_actions: Literal["as-trained", "yes", "no"] = "as-trained",
    record: Path | None = None,
    zoom: float | None = None,
    speed: float = 1.0,
):
    """Watch a trained agent play whole games, in a window or in a film. Q or Escape closes the window.

    Args:
        agent: a game (cartpole, pong-ram, breakout, space-invaders), for the agent that comes with the course; or the file of any agent
            that a training wrote.
        weights: the file of the agent to watch instead of the course's own.
        greedy: take the most probable action. A greedy Breakout agent may wait for ever instead of pressing FIRE.
        sampled: draw the actions from the policy, as in training: the default.
        episodes: how many games.
        max_steps: a game is cut short after so many steps, and counts with the score it has.
        seed: of the first game and of the actions; the next games have the seeds that follow. By default another each time.
        sticky_actions: whether an Atari console repeats the previous action with probability 0.25.
        record: write a film, an .mp4 or a .gif, instead of opening a window.
        zoom: how many times larger than the game's picture the window is; by default it becomes 400 to 630 pixels high.
        speed: how many times as fast as the real game.
    """
    for name, count in {"episodes": episodes, "max_steps": max_steps}.items():
        if count < 1:
            raise ValueError(f"{name} must be a whole number of at least 1; you gave {count}.")
    if seed is not None and seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0; you gave {seed}.")
    if not 0.1 <= speed <= 16:
        raise ValueError(f"speed must lie between 0.1 and 16; you gave {speed}.")
    if greedy and sampled:
        raise ValueError("The actions are either greedy or sampled: choose one of --greedy and --sampled.")
    actor, args, path = find_agent(agent, weights)
    if record is None:
        require_display("to write a film instead, add --record film.mp4.")
    else:
        os.environ["SDL_VIDEODRIVER"] = "dummy"  # `keyboard` has asked for a screen, which CartPole would then draw on

    sticky = args.sticky_actions if sticky_actions == "as-trained" else sticky_actions == "yes"
    envs = make_envs(args.env_id, 1, args.mode, sticky_actions=sticky, render=True)
    look, fps = camera(envs, args)
    seed = int(np.random.default_rng().integers(1_000_000)) if seed is None else seed
    torch.manual_seed(seed)
    protocol = "greedy" if greedy else "sampled"
    if args.mode != "classic-control":
        protocol += ", sticky actions" if sticky else ", no sticky actions"
    print(f"{path} plays {args.env_id}: {protocol}, seed {seed}, at most {max_steps:,} steps a game.", flush=True)
    print(read_card(path, "greedy" if greedy else "sampled"), end="", flush=True)

    stopped = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stopped.set())  # so that Ctrl-C keeps the film, too
    scores: list[float] = []
    pictures = play_games(actor, envs, look, greedy, episodes, max_steps, seed, scores, stopped)
    if record is None:
        show(pictures, args.env_id, zoom, fps * speed)
    else:
        film(pictures, record, fps * speed)
    if scores:
        print(
            f"mean {np.mean(scores):.1f}, standard deviation {np.std(scores):.1f} over {len(scores)} "
            f"{'games' if len(scores) > 1 else 'game'} of {args.env_id}: {protocol}."
        )
    if stopped.is_set():
        sys.exit(130)


def find_agent(agent: str, weights: Path | None) -> tuple[nn.Module, PPOArgs, Path]:
    """The actor that the command line asks for, its settings and its file. Raises ValueError if there is none."""
    preset = PRESETS.get(agent)
    if preset is None and Path(agent).suffix != ".safetensors":
        raise ValueError(f"{agent!r} is neither a game ({', '.join(PRESETS)}) nor the .safetensors of an agent.")
    if preset is None and weights is not None:
        raise ValueError(f"Which agent, {agent} or {weights}? Before --weights comes the name of a game: {', '.join(PRESETS)}.")
    path = Path(agent) if preset is None else weights or AGENTS / f"{agent}.safetensors"
    if path.parent == AGENTS and not path.exists():
        raise ValueError(
            f"The course has no agent for {agent}: train one with `python -m solutions.train {agent}`, and give its file with "
            "--weights."
        )
    actor, _, args = load_agent(path)
    if preset is not None and (args.env_id, args.mode) != (preset.env_id, preset.mode):
        raise ValueError(
            f"{path} plays {args.env_id} ({args.mode}), but {agent} is {preset.env_id} ({preset.mode}): give the file alone, "
            "without a game."
        )
    return actor, args, path


def read_card(path: Path, way: str) -> str:
    """A line with the score on the card that lies beside an agent, played greedy or sampled; empty if there is no card."""
    try:
        card = json.loads(path.with_suffix(".json").read_text("utf-8"))
        return (
            f"Its card: mean {card[way]['mean']:.1f}, standard deviation {card[way]['std']:.1f}: {way}, {card['protocol']}.\n"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ""


class EveryFrame(gym.Wrapper):
    """Keeps the pictures of all frames, also of those that a frame skip passes over.

    A console does not draw everything in each of them: of the missiles of Space Invaders, every other frame shows only half.
    """

    def __init__(self, env: gym.Env):
        super().__init__(env)
        self.pictures: list[np.ndarray] = []
        self.before_reset: list[np.ndarray] = []

    def step(self, action):
        result = self.env.step(action)
        self.pictures.append(self.env.render())
        return result

    def reset(self, *, seed=None, options=None):
        result = self.env.reset(seed=seed, options=options)
        self.before_reset, self.pictures = self.pictures, [self.env.render()]
        return result

    def look(self, game_over: bool) -> list[np.ndarray]:
        """The pictures since the last look; if the game is over, without those of the next one, which has begun already."""
        pictures, self.pictures = self.before_reset if game_over else self.pictures, []
        return pictures


def camera(envs: GameRecorder, args: PPOArgs) -> tuple[Callable[[bool], list[np.ndarray]], float]:
    """A function that returns the new pictures after a step, given whether the game is over; and their number in a second."""
    if args.mode == "atari":
        env = envs.env.envs[0]
        while not isinstance(env, AtariPreprocessing):
            env = env.env
        env.env = EveryFrame(env.env)
        return env.env.look, 60
    fps = 15 if args.mode == "ram" else envs.metadata["render_fps"]
    return lambda game_over: [] if game_over else [envs.render()[0]], fps


def play_games(
    actor: nn.Module,
    envs: GameRecorder,
    look: Callable[[bool], list[np.ndarray]],
    greedy: bool,
    episodes: int,
    max_steps: int,
    seed: int,
    scores: list[float],
    stopped: threading.Event,
) -> Iterator[tuple[np.ndarray, str]]:
    """Play games without gradients, and yield each picture with a caption. Finished games are printed and go to `scores`."""
    for game in range(episodes):
        obs, _ = envs.reset(seed=seed + game)
        score, game_over, steps = 0.0, False, 0
        while True:
            for picture in look(game_over):
                yield picture, f"score {score:g}, game {game + 1} of {episodes}"
                if stopped.is_set():
                    print(f"Game {game + 1} was stopped at score {score:g}, after {steps:,} steps.", flush=True)
                    return
            if game_over or steps == max_steps:
                break
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            score, game_over, steps = float(infos["episodic_return"][0]), bool(infos["game_over"][0]), steps + 1
        scores.append(score)
        cut_short = "" if game_over else ": cut short" + greedy * ", perhaps because the greedy agent waits for a key"
        print(f"Game {game + 1}: score {score:g} in {steps:,} steps{cut_short}.", flush=True)


def show(pictures: Iterator[tuple[np.ndarray, str]], name: str, zoom: float | None, fps: float) -> None:
    """Show pictures in a window, until they end or the window is closed."""
    picture, caption = next(pictures)
    window = Window(picture, max(1, 630 // len(picture)) if zoom is None else zoom, fps)
    while not any(map(wants_to_quit, pygame.event.get())):
        window.show(picture, f"{name}: {caption}")
        picture, caption = next(pictures, (None, None))
        if picture is None:
            break


def film(pictures: Iterator[tuple[np.ndarray, str]], path: Path, fps: float) -> None:
    """Write pictures into a film. Raises ValueError if that cannot be."""
    try:
        write_video(path, (picture for picture, _ in pictures), fps=round(fps))
    except (OSError, RuntimeError) as error:
        raise ValueError(f"The film could not be written ({error}): give --record another place.") from None
    print(f"The film is in {path}.", flush=True)


if __name__ == "__main__":
    run(main)
