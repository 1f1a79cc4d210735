"""The cards of the agents that come with the course: what each plays, how well, and how it was trained."""

import json

from utils import answers

AGENTS = answers.ROOT / "solutions" / "agents"
"""Where they lie: NAME.safetensors and its card, NAME.json, which `python -m solutions.card` makes."""


def read_cards() -> dict[str, dict]:
    """Every card, by the name of its agent."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(AGENTS.glob("*.json"))}
