"""Drive MountainCar with the keyboard: `python play/play_mountaincar.py`."""

from keyboard import play, run

from utils.games import MOUNTAINCAR_FPS


def main(zoom: float = 1.0, fps: int = MOUNTAINCAR_FPS):
    """Drive MountainCar up to its flag with the keyboard. The game is over after 200 steps.

    Args:
        zoom: how many times larger than 600 x 400 pixels the window is.
        fps: steps in a second.
    """
    play("MountainCar-v0", zoom=zoom, fps=fps)


if __name__ == "__main__":
    run(main)
