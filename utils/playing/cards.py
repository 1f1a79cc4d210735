"""The cards of the agents that come with the course: what each plays, how well, and how it was trained."""

import json
import math
import sys
from pathlib import Path

from tqdm import tqdm

from utils.paths import AGENTS

_named: set[Path] = set()
"""The broken cards that this process has told the user about."""


def read_cards() -> dict[str, dict]:
    """Return every card, by the name of its agent. `python -m solutions.saving.make_card` makes them.

    A broken card is left out, and named in a line on the screen, once in each process.
    """
    cards = {}
    for path in sorted(AGENTS.glob("*.json")):
        try:
            cards[path.stem] = read_card(path)
        except ValueError as error:
            if path not in _named:
                _named.add(path)
                tqdm.write(str(error), file=sys.stdout)
    return cards


def read_card(path: Path) -> dict:
    """Return the card in a file. Its steps and seconds are 0 where the file does not know them; it may lack a note and a curve.

    Raises:
        ValueError: the file cannot be read, or lacks something; the message says what to do.
    """
    try:
        card = json.loads(path.read_text("utf-8"))
        card |= {name: card[name] or 0 for name in ("steps", "seconds")}
        texts = [card[name] for name in ("env_id", "mode", "protocol", "machine")]
        curve = card.get("curve", {"global_step": [], "episodic_return": []})
        numbers = [card["steps"], card["seconds"]] + curve["global_step"] + curve["episodic_return"]
        numbers += [card[way][name] for way in ("greedy", "sampled") for name in ("mean", "std", "min", "max", "episodes")]
        is_whole = all(isinstance(text, str) for text in texts) and all(math.isfinite(number) for number in numbers)
        if not is_whole or len(curve["global_step"]) != len(curve["episodic_return"]):
            raise ValueError
    except Exception as error:  # a file may be wrong in any way
        raise ValueError(
            f"The card {path} is broken ({type(error).__name__}) and left out: remove it, or make it again with "
            "`python -m solutions.saving.make_card`."
        ) from None
    return card
