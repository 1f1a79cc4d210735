"""The cards of the agents that come with the course: what each plays, how well, and how it was trained."""

import json

from utils.paths import AGENTS


def read_cards() -> dict[str, dict]:
    """Return every card, by the name of its agent. `python -m solutions.saving.make_card` makes them."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(AGENTS.glob("*.json"))}
