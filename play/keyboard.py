"""What the scripts of this folder share: a window, a keyboard, and a loop that steps a game many times per second."""

import inspect
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if sys.platform.startswith("linux"):  # without a screen SDL would fall back on drawing where nobody sees it
    os.environ.setdefault("SDL_VIDEODRIVER", "x11,wayland" if "WAYLAND_DISPLAY" in os.environ else "x11")

import numpy as np
import pygame
import tyro

from utils.display import draw_strip, write_video
from utils.playing import scores
from utils.playing.games import ATARI_FPS, FPS, KEYS, Game

if TYPE_CHECKING:
    from agent_game import AgentGame

PYGAME_KEYS = {
    "LEFT": pygame.K_LEFT,
    "RIGHT": pygame.K_RIGHT,
    "UP": pygame.K_UP,
    "DOWN": pygame.K_DOWN,
    "FIRE": pygame.K_SPACE,
}
"""pygame's names for the keys of `utils.playing.games.KEYS`."""

COMMANDS = {
    "P": "take over from the agent, and hand back",
    "Enter": "pause, and go on",
    "+ and -": "faster, slower",
    "R": "new game",
    "H": "show these keys, and hide them",
    "Q or Escape": "quit",
}
"""What every script of this folder does at a key that is not the game's; P only where there is an agent."""

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8, 16)

stopped = threading.Event()
"""Set by Ctrl-C, once `stop_at_ctrl_c` was called."""


def run(main: Callable):
    """Call `main` with the options of the command line; if Ctrl-C has stopped the game, the exit status is 130."""
    tyro.cli(main)
    if stopped.is_set():
        sys.exit(130)


def stop_at_ctrl_c() -> None:
    """Let Ctrl-C set `stopped` instead of ending the program, so that a film is kept."""
    signal.signal(signal.SIGINT, lambda *_: stopped.set())


def require_display(advice: str) -> None:
    """Raise ValueError, with some advice, if there is no screen to open a window on."""
    try:
        pygame.display.init()
        driver = pygame.display.get_driver()
        if driver in ("dummy", "offscreen"):
            raise pygame.error(f"SDL_VIDEODRIVER is {driver}")
    except pygame.error as error:
        raise ValueError(f"There is no display here to open a window on ({error}): {advice}") from None


def check_view(speed: float, zoom: float | None) -> None:
    """Raise ValueError if a speed or a zoom makes no sense."""
    if not SPEEDS[0] <= speed <= SPEEDS[-1]:
        raise ValueError(f"speed must lie between {SPEEDS[0]} and {SPEEDS[-1]}; you gave {speed}.")
    if zoom is not None and not 0.1 <= zoom <= 10:
        raise ValueError(f"zoom must lie between 0.1 and 10; you gave {zoom}.")


def scores_to_beat(game: "Game | AgentGame", fps: float) -> str:
    """Name the best score so far at this speed, and the course's agent's; nothing where an agent plays."""
    if game.agent_plays is not None:
        return ""
    agent = scores.agent_score(game.env_id)
    try:
        best = scores.best_score(game.env_id, round(fps))
    except ValueError:  # `Game.finish` says so
        best = None
    known = {"best": best, "agent": agent and agent[0]}
    return ", ".join(f"{who} {score:.0f}" for who, score in known.items() if score is not None)


def status(game: "Game | AgentGame") -> str:
    """Say in a few words how a game stands."""
    words = [f"score {game.score:.0f}"]
    words += [f"lives {game.lives}"] if game.lives else []
    words += [f"game {game.game} of {game.episodes}"] if game.episodes else []
    return ", ".join(words)


def value_of(game: "Game | AgentGame") -> str:
    """Say what the critic expects, if there is a critic."""
    return f"V {game.values[-1]:.1f}" if game.values else ""


def surface_of(picture: np.ndarray) -> pygame.Surface:
    """Turn a picture (height, width, 3) into a pygame surface."""
    return pygame.surfarray.make_surface(picture.swapaxes(0, 1))


class Stage:
    """A window in which a game is played, with a strip of text under it. Dragging its border makes it larger or smaller."""

    def __init__(self, game: "Game | AgentGame", zoom: float | None, speed: float, intro: str = ""):
        """Prepare a window; it opens with the first picture.

        Args:
            game: what is played, and heard if it keeps its sound.
            zoom: how many times larger than the game's picture it is shown; by default it becomes 400 to 630 pixels high.
            speed: how many times as fast as usual.
            intro: printed before the list of keys.

        Raises:
            ValueError: there is no sound here.
        """
        self.speaker = None
        if game.sound is not None:
            from sound import Speaker  # not at the top: pygame calls its way to sound an experiment

            self.speaker = Speaker()
        self.game, self.zoom, self.intro = game, zoom, intro
        self.may_change_hands = game.agent_plays is not None and bool(game.controls)
        self.keys = [(KEYS[control], does) for control, does in game.controls.items()]
        self.keys += [(key, does) for key, does in COMMANDS.items() if key != "P" or self.may_change_hands]
        self.paused, self.keys_shown, self.news = False, not game.started, ""
        self.tapped: set[int] = set()  # pressed since the last step, and perhaps let go again already
        self._set_speed(speed)

    def perform(self) -> Iterator[np.ndarray]:
        """Play until the games are done, the window is closed or `stopped` is set. Yields each new picture once it was shown."""
        print(self.intro + "".join(f"  {key:<13}{does}\n" for key, does in self.keys), end="", flush=True)
        self._begin()
        picture = self.pictures.popleft()
        height, width, _ = picture.shape
        zoom = max(1, 630 // height) if self.zoom is None else self.zoom
        width = round(width * zoom)
        pygame.display.set_mode((width, round(height * zoom) + len(self._strip(width))), pygame.RESIZABLE)
        clock, is_new = pygame.time.Clock(), True
        while not stopped.is_set():
            self._show(picture)
            clock.tick(self.fps)
            if is_new:
                yield picture
            if self.game.done and not self.pictures:
                return
            for event in pygame.event.get():
                if event.type == pygame.QUIT:
                    return
                if event.type == pygame.KEYDOWN:
                    if event.key in (pygame.K_q, pygame.K_ESCAPE):
                        return
                    self._obey(event)
            if self.paused or self.keys_shown:
                self.tapped.clear()
            elif not self.pictures:
                self._step()
            if is_new := bool(self.pictures) and not (self.paused or self.keys_shown):
                picture = self.pictures.popleft()

    def _begin(self) -> None:
        self.pictures = deque(self.game.new())
        self.slowest = np.inf

    def _step(self) -> None:
        down = pygame.key.get_pressed()
        was_over = self.game.over
        held = [name for name in self.game.controls if down[PYGAME_KEYS[name]] or PYGAME_KEYS[name] in self.tapped]
        self.tapped.clear()
        pictures = self.game.step(frozenset(held))
        self.pictures += pictures
        if pictures and self.speaker is not None:
            self.speaker.play(self.game.sound)
        self.slowest = min(self.slowest, self.fps)
        if self.game.over and not was_over:
            self.news = self.game.finish(self.slowest)
            self._set_speed(self.speed)
            print(self.news, flush=True)

    def _obey(self, event: pygame.event.Event) -> None:
        self.tapped.add(event.key)
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            self.paused = not self.paused
        elif event.key == pygame.K_h:
            self.keys_shown = not self.keys_shown
        elif event.key == pygame.K_r:
            self._begin()
        elif event.key == pygame.K_p and self.may_change_hands:
            self.game.agent_plays = not self.game.agent_plays
        elif event.unicode in ("+", "="):
            self._set_speed(next((speed for speed in SPEEDS if speed > self.speed), self.speed))
        elif event.unicode == "-":
            self._set_speed(next((speed for speed in reversed(SPEEDS) if speed < self.speed), self.speed))
        elif event.key in map(PYGAME_KEYS.get, self.game.controls):
            self.keys_shown = False

    def _set_speed(self, speed: float) -> None:
        self.speed, self.fps = speed, speed * self.game.fps
        self.rivals = scores_to_beat(self.game, self.fps)

    def _strip(self, width: int) -> np.ndarray:
        if self.paused:
            message = "paused, Enter: go on"
        elif self.game.over:
            message = self.news + " R: new game" * (self.game.agent_plays is None)
        elif not self.game.started:
            message = "your first key starts the game"
        elif self.game.to_serve and not self.game.agent_plays:
            message = f"{KEYS['FIRE']}: serve the ball"
        elif self.may_change_hands:
            message = "the agent plays, P: take over" if self.game.agent_plays else "you play, P: hand back"
        else:
            message = ""
        lines = (
            (status(self.game), self.rivals or value_of(self.game)),
            (message, f"{f'speed {self.speed:g}, ' * (self.speed != 1)}H: keys"),
        )
        return draw_strip(width, lines, self.game.values)

    def _show(self, picture: np.ndarray) -> None:
        surface = pygame.display.get_surface()
        width, height = surface.get_size()
        strip = surface_of(self._strip(width))
        room = max(1, height - strip.get_height())
        zoom = min(width / picture.shape[1], room / picture.shape[0])
        game = pygame.transform.scale(surface_of(picture), [max(1, round(side * zoom)) for side in picture.shape[1::-1]])
        if self.keys_shown:
            game.fill((80, 80, 80), special_flags=pygame.BLEND_MULT)
            keys = surface_of(draw_strip(max(1, 9 * game.get_width() // 10), self.keys))
            game.blit(keys, keys.get_rect(center=game.get_rect().center))
        surface.fill("black")
        surface.blit(game, game.get_rect(center=(width // 2, room // 2)))
        surface.blit(strip, (0, room))
        pygame.display.flip()
        state = "paused, " * self.paused + "game over, " * self.game.over
        pygame.display.set_caption(f"{self.game.env_id}: {state}{status(self.game)}")


def film(pictures: Iterator[np.ndarray], game: "Game | AgentGame", path: Path, speed: float) -> None:
    """Film a game, at a multiple of its usual speed, with the score under each picture. Raises ValueError if that cannot be."""

    def with_score(picture: np.ndarray) -> np.ndarray:
        who = ", you play" if game.agent_plays is False else ""
        zoom = max(1, 420 // len(picture))
        picture = picture.repeat(zoom, axis=0).repeat(zoom, axis=1)
        strip = draw_strip(picture.shape[1], [(f"score {game.score:.0f}{who}", value_of(game))], game.values)
        return np.vstack([picture, strip])

    try:
        write_video(path, map(with_score, pictures), fps=max(1, round(game.fps * speed)))
    except (OSError, RuntimeError) as error:
        raise ValueError(f"The film could not be written ({error}): give --record another place.") from None
    print(f"The film is in {path}.", flush=True)


def play(env_id: str, *, zoom: float | None, speed: float, agent: str | None, record: Path | None, sound: bool = False):
    """Play an environment in a window until the player quits.

    Args:
        env_id: what to play.
        zoom, speed: see `Stage`.
        agent: the agent that plays until the player takes over, see `agent_game.find_agent`; None for none.
        record: where to write a film of it, if anywhere.
        sound: Atari only: whether to let the game be heard.

    Raises:
        ValueError: one of these makes no sense, or there is no screen or no sound.
    """
    check_view(speed, zoom)
    if not sound:
        os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # else Gymnasium's drawing may open the sound card
    if sound and agent is not None:
        raise ValueError("Only the games that you play alone have sound: leave out --sound or --agent.")
    display = "play on a computer with a screen, or in a notebook with utils.notebook_play.play_here."
    if agent is None:
        require_display(display)
        game, intro = Game(env_id, sound), f"{env_id} starts with your first key:\n"
    else:
        from agent_game import AgentGame, find_agent  # not at the top: torch takes seconds to load

        actor, _, args, path = find_agent(agent)
        if args.env_id != env_id:
            raise ValueError(f"{path} plays {args.env_id}, not {env_id}: choose an agent of this game.")
        require_display(display)
        game, intro = AgentGame(actor, args), f"{path} plays {env_id} until you take over:\n"
        game.fps = min(game.fps, FPS.get(env_id, ATARI_FPS))  # CartPole's agent would be too fast for people
    stop_at_ctrl_c()
    pictures = Stage(game, zoom, speed, intro).perform()
    if record is not None:
        try:
            film(pictures, game, record, speed)
        except ValueError as error:
            if inspect.getgeneratorstate(pictures) == inspect.GEN_CREATED:
                raise  # before the game has begun
            print(error, file=sys.stderr, flush=True)
            deque(pictures, maxlen=0)  # the game goes on
            sys.exit(1)
    deque(pictures, maxlen=0)
