"""Balance CartPole's pole with the keyboard: `python play/play_cartpole.py`."""

from itertools import cycle

from keyboard import make, play, run


def main(zoom: float = 1.0, fps: int = 15):
    """Balance CartPole's pole with the keyboard, in slow motion.

    Args:
        zoom: how many times larger than 600 x 400 pixels the window is.
        fps: steps in a second; 50 is real time, and too fast for people.
    """
    idle = cycle([0, 1])  # CartPole has no action that does nothing
    play(
        make("CartPole-v1"),
        {"LEFT": "push left", "RIGHT": "push right (with no key, left and right in turn)"},
        lambda held: 0 if "LEFT" in held else 1 if "RIGHT" in held else next(idle),
        zoom=zoom,
        fps=fps,
    )


if __name__ == "__main__":
    run(main)
