"""Put a trained agent among the course's own, with its card: python -m solutions.saving.make_card PATH --name breakout

The card says how good the agent is and by which protocol, and how to train it again.
"""

import json
import platform
import re
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from solutions.evaluate import Evaluator
from solutions.saving.checkpoint import beside, load_agent, read_trained, save_agent
from solutions.train import command_of
from utils import words
from utils.files import write_whole
from utils.paths import AGENTS


@dataclass(frozen=True)
class Card:
    """What goes into a card besides what the file of the agent says."""

    path: Annotated[Path, tyro.conf.Positional]
    """The agent, or the checkpoint of a run."""
    name: str
    """What the course calls it: its files become solutions/agents/NAME.safetensors and NAME.json."""
    episodes: int = 100
    """How many whole games are played greedy, and as many sampled."""
    max_steps: int = 27_000
    """A game is cut short after so many steps, and counts with the score it has."""
    machine: str = platform.processor() or platform.machine()
    """Where it was trained."""
    note: str = ""
    """Anything else a reader should know, such as that the run was resumed."""
    replace: bool = False
    """Whether to put it in the place of an agent of that name."""

    def __post_init__(self):
        if not re.fullmatch(r"[\w-]+", self.name):
            raise ValueError(f"--name becomes a file's name: use letters, digits, - and _ only; you gave {self.name!r}.")


def summary(scores: np.ndarray) -> dict:
    """Return mean, standard deviation, minimum and maximum of some scores, and how many there are."""
    figures = {"mean": scores.mean(), "std": scores.std(), "min": scores.min(), "max": scores.max()}
    return {name: round(float(figure), 2) for name, figure in figures.items()} | {"episodes": len(scores)}


def curve_beside(path: Path, points: int = 100) -> dict | None:
    """Return the mean return over the steps of a run, thinned out, from the curve beside its agent; None if there is none."""
    try:
        rows = json.loads(beside(path, ".json").read_text("utf-8"))["rows"]
    except (OSError, ValueError, KeyError):
        return None
    rows = [row for row in rows if row["episodic_return"] is not None]
    kept = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, points).round().astype(int))] if rows else []
    return {
        "global_step": [row["global_step"] for row in kept],
        "episodic_return": [round(row["episodic_return"], 2) for row in kept],
    }


def make_card(card: Card, folder: Path = AGENTS) -> Path:
    """Play with the agent in half precision, then write it and its card; returns the card's path.

    Raises:
        ValueError: the agent cannot be read, or there is one of that name, and it is not to be replaced.
        OSError: a file cannot be written.
    """
    path = folder / f"{card.name}.json"
    if not card.replace and (path.exists() or path.with_suffix(".safetensors").exists()):
        raise ValueError(f"There is an agent {card.name} in {folder}: choose another --name, or add --replace.")
    trained = read_trained(card.path)
    actor, critic, args = load_agent(card.path)
    evaluator = Evaluator(args, 1, card.episodes, card.max_steps)
    with tempfile.TemporaryDirectory() as scratch:  # the course's own agent stays until the games are played
        written = save_agent(Path(scratch) / "agent.safetensors", actor, critic, args, trained, half=True)
        actor, _, _ = load_agent(written)
        weights = written.read_bytes()
    sticky = "sticky actions (0.25)" if args.sticky_actions else "no sticky actions"
    content = {
        "env_id": args.env_id,
        "mode": args.mode,
        "protocol": f"{card.episodes} whole games, {sticky if args.mode != 'classic-control' else 'as the environment is'}, "
        f"rewards unclipped, a game cut short after {card.max_steps:,} steps",
        "max_steps": card.max_steps,
        "greedy": summary(evaluator.report(actor, greedy=True)),
        "sampled": summary(evaluator.report(actor, greedy=False)),
        "command": command_of(args),
        "seed": args.seed,
        "steps": trained.get("global_step"),
        "seconds": trained.get("seconds"),
        "machine": card.machine,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("torch", "gymnasium", "ale-py")},
    }
    content |= {"note": card.note} if card.note else {}
    content |= {"curve": curve} if (curve := curve_beside(card.path)) else {}
    write_whole(path.with_suffix(".safetensors"), weights)
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())
    return path


if __name__ == "__main__":
    path = make_card(words.parsed(tyro.cli, Card, prog="python -m solutions.saving.make_card"))
    print(path.read_text("utf-8"))
