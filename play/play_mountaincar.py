"""Drive MountainCar with the keyboard: `python play/play_mountaincar.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

from keyboard import play, run


def main(agent: str | None = None, zoom: float = 1.0, speed: float = 1.0, record: Path | None = None):
    """Drive MountainCar up to its flag with the keyboard. The game is over after 200 steps. H shows the keys.

    Args:
        agent: let this agent play until you press P: the .safetensors of one that you trained.
        zoom: how many times larger than 600 x 400 pixels the game is shown; you can also drag the window's border.
        speed: how many times as fast as 30 steps in a second.
        record: also write a film, an .mp4 or a .gif.
    """
    play("MountainCar-v0", zoom=zoom, speed=speed, agent=agent, record=record)


if __name__ == "__main__":
    run(main)
