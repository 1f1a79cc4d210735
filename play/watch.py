"""Watch a trained agent play: `python play/watch.py pong-ram`, or `python play/watch.py runs/FOLDER/curve.safetensors`."""

import os
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import numpy as np
import tyro
from agent_game import AgentGame, find_agent, list_agents
from keyboard import Stage, check_view, film, require_display, run, stop_at_ctrl_c, stopped

from solutions.args import require_counts
from utils.envs import import_module_of
from utils.playing import cards


def main(
    agent: tyro.conf.Positional[str | None] = None,
    greedy: tyro.conf.FlagCreatePairsOff[bool] = False,
    sampled: tyro.conf.FlagCreatePairsOff[bool] = False,
    value: tyro.conf.FlagCreatePairsOff[bool] = False,
    episodes: int = 3,
    max_steps: int = 5_000,
    seed: int | None = None,
    sticky_actions: Literal["as-trained", "yes", "no"] = "as-trained",
    record: Path | None = None,
    zoom: float | None = None,
    speed: float = 1.0,
    module: str | None = None,
):
    """Watch a trained agent play whole games, in a window or in a film. In the window, P takes over from it, and H shows the
    other keys.

    Args:
        agent: the name of one of the course's own agents, or the file of any agent that a training wrote. Without it, the
            names are listed.
        greedy: take the most probable action. A greedy Breakout agent may wait for ever instead of pressing FIRE.
        sampled: draw the actions from the policy, as in training: the default.
        value: show what the agent's critic expects, and how it went so far.
        episodes: how many games.
        max_steps: a game is cut short after so many steps, and counts with the score it has.
        seed: of the first game and of the actions; the next games have the seeds that follow. By default another each time.
        sticky_actions: whether an Atari console repeats the previous action with probability 0.25.
        record: write a film, an .mp4 or a .gif, instead of opening a window.
        zoom: how many times larger than its picture the game is shown; by default it becomes 400 to 630 pixels high.
        speed: how many times as fast as the real game.
        module: a module of yours that registers the agent's environment, such as my_games for my_games:Catch-v0. It is
            imported, and its code runs.
    """
    if module is not None:
        import_module_of(f"{module}:")
    if agent is None:
        print(list_agents())
        print(
            "Watch one with `python play/watch.py NAME`, or an agent of your own with `python play/watch.py FILE.safetensors`."
        )
        return
    require_counts(episodes=episodes, max_steps=max_steps)
    if seed is not None and seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0; you gave {seed}.")
    check_view(speed, zoom)
    if greedy and sampled:
        raise ValueError("The actions are either greedy or sampled: choose one of --greedy and --sampled.")
    actor, critic, args, path = find_agent(agent)
    if sticky_actions != "as-trained":
        args = replace(args, sticky_actions=sticky_actions == "yes")
    if record is None:
        require_display("to write a film instead, add --record film.mp4.")
    else:
        os.environ["SDL_VIDEODRIVER"] = "dummy"  # `keyboard` has asked for a screen, which CartPole would then draw on

    game = AgentGame(
        actor,
        args,
        critic=critic if value else None,
        greedy=greedy,
        episodes=episodes,
        max_steps=max_steps,
        seed=seed,
    )
    print(f"{path} plays {args.env_id}: {game.protocol}, seed {game.seed}, at most {max_steps:,} steps a game.", flush=True)
    print(read_card(path, "greedy" if greedy else "sampled"), end="", flush=True)

    stop_at_ctrl_c()
    try:
        if record is None:
            deque(Stage(game, zoom, speed).perform(), maxlen=0)
        else:
            film(play_alone(game), game, record, speed)
    finally:
        if game.scores:
            print(
                f"mean {np.mean(game.scores):.1f}, standard deviation {np.std(game.scores):.1f} over {len(game.scores)} "
                f"{'games' if len(game.scores) > 1 else 'game'} of {args.env_id}: {game.protocol}.",
                flush=True,
            )


def read_card(path: Path, way: str) -> str:
    """Return a line with the score on the card beside an agent, played greedy or sampled; empty if no card lies there."""
    try:
        card = cards.read_card(path.with_suffix(".json"))
    except ValueError:
        return ""
    return f"Its card: mean {card[way]['mean']:.1f}, standard deviation {card[way]['std']:.1f}: {way}, {card['protocol']}.\n"


def play_alone(game: AgentGame) -> Iterator[np.ndarray]:
    """Let the agent play without a window, until its games are done or `stopped` is set. Yields the pictures."""
    while not game.done:
        yield from game.step()
        if stopped.is_set():
            print(f"Game {game.game} was stopped at score {game.score:g}, after {game.steps:,} steps.", flush=True)
            return
        if game.over:
            print(game.finish(), flush=True)


if __name__ == "__main__":
    run(main)
