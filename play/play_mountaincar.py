"""Drive MountainCar with the keyboard: `python play/play_mountaincar.py`."""

from keyboard import make, play, run


def main(zoom: float = 1.0, fps: int = 30):
    """Drive MountainCar up to its flag with the keyboard. The game is over after 200 steps.

    Args:
        zoom: how many times larger than 600 x 400 pixels the window is.
        fps: steps in a second.
    """
    play(
        make("MountainCar-v0"),
        {"LEFT": "drive left", "RIGHT": "drive right"},
        lambda held: 0 if "LEFT" in held else 2 if "RIGHT" in held else 1,
        zoom=zoom,
        fps=fps,
    )


if __name__ == "__main__":
    run(main)
