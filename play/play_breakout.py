"""Play Breakout, or another Atari game, with the keyboard: `python play/play_breakout.py --env-id ALE/Pong-v5`."""

from keyboard import play, run

from utils.games import ATARI_FPS, is_atari


def main(env_id: str = "ALE/Breakout-v5", zoom: float = 3.0, fps: int = ATARI_FPS):
    """Play an Atari game with the keyboard, as on the console: every frame, without sticky actions.

    Args:
        env_id: the game's Gymnasium id, for example ALE/Pong-v5.
        zoom: how many times larger than the game's 160 x 210 pixels the window is.
        fps: frames in a second; the console shows 60.
    """
    if not is_atari(env_id):
        raise ValueError(f"{env_id} is not an Atari game: choose an id such as ALE/Breakout-v5 or ALE/Pong-v5.")
    play(env_id, zoom=zoom, fps=fps)


if __name__ == "__main__":
    run(main)
