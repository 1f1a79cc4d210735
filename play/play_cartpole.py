"""Balance CartPole's pole with the keyboard: `python play/play_cartpole.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

from keyboard import play, run


def main(agent: str | None = None, zoom: float = 1.0, speed: float = 1.0, record: Path | None = None):
    """Balance CartPole's pole with the keyboard, in slow motion. H shows the keys.

    Args:
        agent: let this agent play until you press P: the name of one of the course's own, or a .safetensors.
        zoom: how many times larger than 600 x 400 pixels the game is shown; you can also drag the window's border.
        speed: how many times as fast as 15 steps in a second. Real time would be 3.3, and too fast for people.
        record: also write a film, an .mp4 or a .gif.
    """
    play("CartPole-v1", zoom=zoom, speed=speed, agent=agent, record=record)


if __name__ == "__main__":
    run(main)
