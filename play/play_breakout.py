"""Play Breakout, or another Atari game, with the keyboard: `python play/play_breakout.py --env-id ALE/Pong-v5`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import tyro
from keyboard import play, run

from utils.envs import is_atari


def main(
    env_id: str = "ALE/Breakout-v5",
    agent: str | None = None,
    zoom: float = 3.0,
    speed: float = 1.0,
    record: Path | None = None,
    sound: tyro.conf.FlagCreatePairsOff[bool] = False,
):
    """Play an Atari game with the keyboard, as on the console: every frame, without sticky actions. H shows the keys.

    Args:
        env_id: the game's Gymnasium id, for example ALE/Pong-v5.
        agent: let this agent play until you press P: the name of one of the course's own, or a .safetensors.
        zoom: how many times larger than 160 x 210 pixels the game is shown; you can also drag the window's border.
        speed: how many times as fast as the console, which shows 60 frames in a second.
        record: also write a film, an .mp4 or a .gif, without sound.
        sound: let the game be heard.
    """
    if not is_atari(env_id):
        raise ValueError(f"{env_id} is not an Atari game: choose an id such as ALE/Breakout-v5 or ALE/Pong-v5.")
    play(env_id, zoom=zoom, speed=speed, agent=agent, record=record, sound=sound)


if __name__ == "__main__":
    run(main)
