"""Balance CartPole's pole with the keyboard: `python play/play_cartpole.py`."""

from keyboard import play, run

from utils.games import CARTPOLE_FPS


def main(zoom: float = 1.0, fps: int = CARTPOLE_FPS):
    """Balance CartPole's pole with the keyboard, in slow motion.

    Args:
        zoom: how many times larger than 600 x 400 pixels the window is.
        fps: steps in a second; 50 is real time, and too fast for people.
    """
    play("CartPole-v1", zoom=zoom, fps=fps)


if __name__ == "__main__":
    run(main)
