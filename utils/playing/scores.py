"""The scores of the games that a person played, kept beside the answers, and the score of the course's own agent."""

import json

from utils import paths
from utils.files import write_whole
from utils.playing import cards


def read_scores() -> dict[str, list[dict]]:
    """Return every score kept: by environment, a list of {"score": ..., "fps": ...}, the oldest first.

    Raises:
        ValueError: the file cannot be read; its message says what to do.
    """
    path = paths.RECORDS / "scores.json"
    try:
        games = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return {
            env_id: [{"score": float(s["score"]), "fps": int(s["fps"])} for s in scores] for env_id, scores in games.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"Your scores cannot be read from {path} ({type(error).__name__}): move that file away to have scores kept again."
        ) from None


def keep_score(env_id: str, fps: int, score: float) -> None:
    """Add the score of a game that was played at `fps` steps in a second.

    Raises:
        ValueError: the scores kept so far cannot be read, and stay as they are.
        OSError: the file cannot be written.
    """
    scores = read_scores()
    scores.setdefault(env_id, []).append({"score": score, "fps": fps})
    write_whole(paths.RECORDS / "scores.json", json.dumps(scores, indent=1).encode())


def best_score(env_id: str, fps: int) -> float | None:
    """Return the best score kept of games at this speed, None if there is none. Raises ValueError as `read_scores` does."""
    return max((game["score"] for game in read_scores().get(env_id, []) if game["fps"] == fps), default=None)


def agent_score(env_id: str) -> tuple[float, int] | None:
    """Return the mean score of the course's best agent, and of how many games, by its card; None if the course has no agent."""
    ways = [card[way] for card in cards.read_cards().values() if card["env_id"] == env_id for way in ("greedy", "sampled")]
    return max(((way["mean"], way["episodes"]) for way in ways), default=None)
