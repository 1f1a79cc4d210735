"""The cards of the agents that come with the course: what each plays, how well, and how it was trained."""

import json
from pathlib import Path

from utils.paths import AGENTS


def read_cards() -> dict[str, dict]:
    """Return every card, by the name of its agent. `python -m solutions.saving.make_card` makes them.

    Raises:
        ValueError: one cannot be read.
    """
    return {path.stem: _read_card(path) for path in sorted(AGENTS.glob("*.json"))}


def _read_card(path: Path) -> dict:
    try:
        card = json.loads(path.read_text("utf-8"))
        card["env_id"], card["steps"], [card[way]["mean"] for way in ("greedy", "sampled")]
        return card
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"The card {path} cannot be read ({type(error).__name__}: {error}): get it back with `git checkout {path}`, or remove it."
        ) from None
