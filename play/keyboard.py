"""What the scripts of this folder share: a window, a keyboard, and a loop that steps an environment many times per second."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if sys.platform.startswith("linux"):  # without a screen SDL would fall back on drawing where nobody sees it
    os.environ.setdefault("SDL_VIDEODRIVER", "x11,wayland" if "WAYLAND_DISPLAY" in os.environ else "x11")

import numpy as np
import tyro

try:
    import pygame
except ImportError:
    sys.exit("The games are drawn by pygame, which is not installed here: install it with `pip install pygame`.")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils.games import KEYS, Game

PYGAME_KEYS = {
    "LEFT": pygame.K_LEFT,
    "RIGHT": pygame.K_RIGHT,
    "UP": pygame.K_UP,
    "DOWN": pygame.K_DOWN,
    "FIRE": pygame.K_SPACE,
}
"""pygame's names for the keys of `utils.games.KEYS`."""


def run(main: Callable):
    """Call `main` with the options of the command line. A ValueError is one sentence for the player; Ctrl-C just ends."""
    try:
        tyro.cli(main)
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def require_display(advice: str) -> None:
    """Raise ValueError, with some advice, if there is no screen to open a window on."""
    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
        if driver in ("dummy", "offscreen"):
            raise pygame.error(f"SDL_VIDEODRIVER is {driver}")
    except pygame.error as error:
        raise ValueError(f"There is no display here to open a window on ({error}): {advice}") from None


class Window:
    """A window that shows an environment's pictures."""

    def __init__(self, picture: np.ndarray, zoom: float, fps: float):
        """Open it.

        Args:
            picture: (height, width, 3), uint8; one like those to be shown.
            zoom: how many times larger than the picture the window is.
            fps: pictures in a second.

        Raises:
            ValueError: zoom or fps makes no sense.
        """
        if not 0.1 <= zoom <= 10:
            raise ValueError(f"zoom must lie between 0.1 and 10; you gave {zoom}.")
        if not 1 <= fps <= 1000:
            raise ValueError(f"fps must lie between 1 and 1000; you gave {fps}.")
        height, width, _ = picture.shape
        self.surface = pygame.display.set_mode((round(width * zoom), round(height * zoom)))
        self.clock = pygame.time.Clock()
        self.fps = fps

    def show(self, picture: np.ndarray, caption: str) -> None:
        """Show a picture under a caption, and wait until it is time for the next."""
        picture = pygame.surfarray.make_surface(picture.swapaxes(0, 1))
        self.surface.blit(pygame.transform.scale(picture, self.surface.get_size()), (0, 0))
        pygame.display.flip()
        pygame.display.set_caption(caption)
        self.clock.tick(self.fps)


def wants_to_quit(event: pygame.event.Event) -> bool:
    """Whether an event closes the window: its button, Q or Escape."""
    return event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key in (pygame.K_q, pygame.K_ESCAPE))


def play(env_id: str, *, zoom: float, fps: int):
    """Play an environment in a window until the player quits.

    Args:
        env_id: what to play.
        zoom: how many times larger than the game's picture the window is.
        fps: steps, and pictures, in a second.

    Raises:
        ValueError: zoom or fps makes no sense, there is no screen, or no such game.
    """
    require_display("play on a computer with a screen, or in a notebook with utils.notebook_play.play_here.")
    game = Game(env_id)
    window = Window(game.picture(), zoom, fps)

    print(f"{env_id} starts with your first key:")
    for control, meaning in game.controls.items():
        print(f"  {KEYS[control]:<13}{meaning}")
    print("  R            new game\n  Q or Escape  quit", flush=True)

    while True:
        tapped = set()  # pressed since the last step, and perhaps released again already
        for event in pygame.event.get():
            if wants_to_quit(event):
                return
            if event.type == pygame.KEYDOWN:
                tapped.add(event.key)
        if pygame.K_r in tapped:
            game.new()

        down, was_over = pygame.key.get_pressed(), game.over
        game.step(frozenset(name for name in game.controls if down[PYGAME_KEYS[name]] or PYGAME_KEYS[name] in tapped))
        if game.over and not was_over:
            print(f"Game over: score {game.score:.0f}", flush=True)

        lives = f", lives {game.lives}" if game.lives else ""
        window.show(
            game.picture(),
            f"{env_id}: game over, score {game.score:.0f} (R: new game)"
            if game.over
            else f"{env_id}: score {game.score:.0f}{lives}",
        )
