"""What the scripts of this folder share: a window, a keyboard, and a loop that steps an environment many times per second."""

import os
import sys
from collections.abc import Callable

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if sys.platform.startswith("linux"):  # without a screen SDL would fall back on drawing where nobody sees it
    os.environ.setdefault("SDL_VIDEODRIVER", "x11,wayland" if "WAYLAND_DISPLAY" in os.environ else "x11")

import gymnasium as gym
import numpy as np
import tyro

try:
    import pygame
except ImportError:
    sys.exit("The games are drawn by pygame, which is not installed here: install it with `pip install pygame`.")

GAME_KEYS = {
    "LEFT": (pygame.K_LEFT, "left arrow"),
    "RIGHT": (pygame.K_RIGHT, "right arrow"),
    "UP": (pygame.K_UP, "up arrow"),
    "DOWN": (pygame.K_DOWN, "down arrow"),
    "FIRE": (pygame.K_SPACE, "space"),
}
"""The keys that a game may use, by the names of the five things that an Atari joystick can do."""


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


def make(env_id: str, **kwargs) -> gym.Env:
    """`gym.make`, for an environment to `play`. Raises ValueError if there is no screen to open a window on."""
    require_display("play on a computer with a screen, not over SSH, in a container or in a hosted notebook.")
    return gym.make(env_id, render_mode="rgb_array", **kwargs)


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


def play(env: gym.Env, controls: dict[str, str], choose_action: Callable[[frozenset[str]], int], *, zoom: float, fps: int):
    """Play an environment in a window until the player quits. Each game stands still until its first key is pressed.

    Args:
        env: an environment from `make`.
        controls: the names in `GAME_KEYS` that this game listens to, and what each one does, for the player to read.
        choose_action: from the names of the keys held down, none or more of `controls`, to the action. Opposite arrows
            cancel out, and are not among them.
        zoom: how many times larger than the environment's picture the window is.
        fps: steps, and pictures, in a second.

    Raises:
        ValueError: zoom or fps makes no sense.
    """
    env.reset()
    window = Window(env.render(), zoom, fps)
    name = env.spec.id

    print(f"{name} starts with your first key:")
    for control, meaning in controls.items():
        print(f"  {GAME_KEYS[control][1]:<13}{meaning}")
    print("  R            new game\n  Q or Escape  quit", flush=True)

    new_game = True
    while True:
        tapped = set()  # pressed since the last step, and perhaps released again already
        for event in pygame.event.get():
            if wants_to_quit(event):
                return
            if event.type == pygame.KEYDOWN:
                new_game |= event.key == pygame.K_r
                tapped.add(event.key)
        if new_game:
            _, info = env.reset()
            score, started, game_over, new_game = 0, False, False, False

        down = pygame.key.get_pressed()
        held = frozenset(control for control in controls if down[GAME_KEYS[control][0]] or GAME_KEYS[control][0] in tapped)
        started = started or bool(held)
        if started and not game_over:
            for opposites in ({"LEFT", "RIGHT"}, {"UP", "DOWN"}):
                held -= opposites if held >= opposites else set()
            _, reward, terminated, truncated, info = env.step(choose_action(held))
            score += reward
            game_over = terminated or truncated
            if game_over:
                print(f"Game over: score {score:.0f}", flush=True)

        lives = f", lives {info['lives']}" if info.get("lives") else ""
        window.show(
            env.render(),
            f"{name}: game over, score {score:.0f} (R: new game)" if game_over else f"{name}: score {score:.0f}{lives}",
        )
