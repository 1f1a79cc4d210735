"""The true score of a game, counted before anything is clipped (chapter 08)."""

import numpy as np
from jaxtyping import Bool, Float


class TrueScore:
    """The scores of N games that are played side by side: the sum of a whole game's rewards, as the game gives them."""

    def __init__(self, num_envs: int):
        """Begin N games, none of which has a point yet.

        Args:
            num_envs: N.
        """
        self.points = np.zeros(num_envs)

    def update(self, rewards: Float[np.ndarray, "N"], game_over: Bool[np.ndarray, "N"]) -> Float[np.ndarray, "N"]:
        """Count one step, and report the games that it ended.

        Where a game has ended, the next one begins without points, in that environment alone.

        Args:
            rewards: what each environment gave in this step, unclipped. They may be negative.
            game_over: whether a whole game has ended in this step. A lost life does not end one.

        Returns:
            The score of each game that has ended, its last reward included; NaN where none has. A new array: nothing that
            is done to it, to `rewards` or to `game_over` changes a later score.
        """
        self.points += rewards
        scores = np.where(game_over, self.points, np.nan)
        self.points[game_over] = 0
        return scores
