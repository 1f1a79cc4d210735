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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import missing_package

try:
    import numpy as np
    import pygame
    import tyro
except ImportError as error:
    sys.exit(missing_package.advice(error))

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


def check_view(speed: float, zoom: float | None = None) -> None:
    """Raise ValueError if a speed or a zoom makes no sense."""
    if not SPEEDS[0] <= speed <= SPEEDS[-1]:
        raise ValueError(f"speed must lie between {SPEEDS[0]} and {SPEEDS[-1]}; you gave {speed}.")
    if zoom is not None and not 0.1 <= zoom <= 10:
        raise ValueError(f"zoom must lie between 0.1 and 10; you gave {zoom}.")


class OwnGame(Game):
    """A game that the player plays alone, whose score is kept."""

    agent_plays = values = None
    done = False

    def finish(self, fps: float) -> str:
        """Keep the score of a game that is over, and was played at this speed or faster; returns a line about it."""
        return scores.finish_game(self.env_id, round(fps), self.score)

    def rivals(self, fps: float) -> str:
        """Return the scores to beat: the best so far at this speed, and the agent's."""
        agent = scores.agent_score(self.env_id)
        try:
            best = scores.best_score(self.env_id, round(fps))
        except ValueError:  # `finish` says so
            best = None
        known = {"best": best, "agent": agent and agent[0]}
        return ", ".join(f"{who} {score:.0f}" for who, score in known.items() if score is not None)


def status(game: "OwnGame | AgentGame") -> str:
    """Say in a few words how a game stands."""
    words = [f"score {game.score:.0f}"]
    words += [f"lives {game.lives}"] if game.lives else []
    words += [f"game {game.game} of {game.episodes}"] if getattr(game, "episodes", None) else []
    return ", ".join(words)


def value_of(game: "OwnGame | AgentGame") -> str:
    """Say what the critic expects, if there is a critic."""
    return f"V {game.values[-1]:.1f}" if game.values else ""


def surface_of(picture: np.ndarray) -> pygame.Surface:
    """Turn a picture (height, width, 3) into a pygame surface."""
    return pygame.surfarray.make_surface(picture.swapaxes(0, 1))


def wants_to_quit(event: pygame.event.Event) -> bool:
    """Tell whether an event closes the window: its button, Q or Escape."""
    return event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key in (pygame.K_q, pygame.K_ESCAPE))


class Stage:
    """A window in which a game is played, with a strip of text under it. Dragging its border makes it larger or smaller."""

    def __init__(
        self, game: "OwnGame | AgentGame", zoom: float | None, speed: float, fps: float, sound: bool = False, intro: str = ""
    ):
        """Prepare a window; it opens with the first picture.

        Args:
            game: an `OwnGame` or an `agent_game.AgentGame`.
            zoom: how many times larger than the game's picture it is shown; by default it becomes 400 to 630 pixels high.
            speed: how many times as fast as usual.
            fps: the usual pictures in a second.
            sound: Atari only: whether to let it be heard.
            intro: printed before the list of keys.

        Raises:
            ValueError: there is no sound here.
        """
        self.speaker = None
        if sound:
            from sound import Microphone, Speaker  # not at the top: pygame calls its way to sound an experiment

            self.speaker = Speaker()
            game.env = self.microphone = Microphone(game.env)
        self.game, self.zoom, self.usual_fps = game, zoom, fps
        self.may_change_hands = game.agent_plays is not None and bool(game.controls)
        self.keys = [(KEYS[control], does) for control, does in game.controls.items()]
        self.keys += [(key, does) for key, does in COMMANDS.items() if key != "P" or self.may_change_hands]
        self.intro = intro
        self.paused, self.keys_shown, self.news = False, not game.started, ""
        self.tapped: set[int] = set()  # pressed since the last step, and perhaps let go again already
        self.pictures: deque[np.ndarray] = deque()
        self.content = None
        self._set_speed(speed)

    def perform(self, stopped: threading.Event) -> Iterator[np.ndarray]:
        """Play until the games are done, the window is closed or `stopped` is set. Yields each new picture once it was shown."""
        print(self.intro + "".join(f"  {key:<13}{does}\n" for key, does in self.keys), end="", flush=True)
        self._begin()
        picture = self.pictures.popleft()
        self._open(picture)
        clock, is_new = pygame.time.Clock(), True
        while not stopped.is_set():
            self._show(picture)
            clock.tick(self.fps)
            if is_new:
                yield picture
            if self.game.done and not self.pictures:
                return
            for event in pygame.event.get():
                if wants_to_quit(event):
                    return
                if event.type == pygame.KEYDOWN:
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
        self.pictures += self.game.step(
            frozenset(name for name in self.game.controls if {PYGAME_KEYS[name]} & self.tapped or down[PYGAME_KEYS[name]])
        )
        if self.speaker is not None:
            self.speaker.play(self.microphone.take())
        self.tapped.clear()
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
        self.speed, self.fps = speed, speed * self.usual_fps
        self.rivals = self.game.rivals(self.fps)

    def _strip(self, width: int) -> np.ndarray:
        if self.paused:
            message = "paused, Enter: go on"
        elif self.game.over and self.news:
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
        content = width, lines, self.game.values and tuple(self.game.values[-width:])
        if content != self.content:  # drawing letters takes longer than the rest of a picture
            self.content, self.strip = content, draw_strip(width, lines, self.game.values)
        return self.strip

    def _open(self, picture: np.ndarray) -> None:
        height, width, _ = picture.shape
        zoom = max(1, 630 // height) if self.zoom is None else self.zoom
        width = round(width * zoom)
        pygame.display.set_mode((width, round(height * zoom) + len(self._strip(width))), pygame.RESIZABLE)

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


def film(pictures: Iterator[np.ndarray], game: "OwnGame | AgentGame", path: Path, fps: float) -> None:
    """Write pictures of a game into a film, each with the score under it. Raises ValueError if that cannot be."""

    def with_score(picture: np.ndarray) -> np.ndarray:
        who = ", you play" if game.agent_plays is False else ""
        zoom = max(1, 420 // len(picture))
        picture = picture.repeat(zoom, axis=0).repeat(zoom, axis=1)
        strip = draw_strip(picture.shape[1], [(f"score {game.score:.0f}{who}", value_of(game))], game.values)
        return np.vstack([picture, strip])

    try:
        write_video(path, map(with_score, pictures), fps=max(1, round(fps)))
    except (OSError, RuntimeError) as error:
        raise ValueError(f"The film could not be written ({error}): give --record another place.") from None
    print(f"The film is in {path}.", flush=True)


def stop_at_ctrl_c() -> threading.Event:
    """Let Ctrl-C set an event instead of ending the program, so that a film is kept; returns the event."""
    stopped = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    return stopped


def perform(
    game: "OwnGame | AgentGame", stopped: threading.Event, record: Path | None, *, speed: float, fps: float, **options
) -> None:
    """Let a game be played in a window, see `Stage`, and film it if `record` says where to.

    A film that fails on the way ends with a sentence, and the game goes on. Raises ValueError if it cannot even begin.
    """
    pictures = Stage(game, speed=speed, fps=fps, **options).perform(stopped)
    if record is not None:
        try:
            film(pictures, game, record, fps * speed)
        except ValueError as error:
            if inspect.getgeneratorstate(pictures) == inspect.GEN_CREATED:
                raise
            print(error, file=sys.stderr, flush=True)
            deque(pictures, maxlen=0)
            sys.exit(1)
    deque(pictures, maxlen=0)


def play(env_id: str, *, zoom: float | None, speed: float, agent: str | None, record: Path | None, sound: bool = False):
    """Play an environment in a window until the player quits.

    Args:
        env_id: what to play.
        zoom, speed: see `Stage`.
        agent: the agent that plays until the player takes over, see `agent_game.find_agent`; None for none.
        record: where to write a film of it, if anywhere.
        sound: see `Stage`.

    Raises:
        ValueError: one of these makes no sense, or there is no screen or no sound.
    """
    check_view(speed, zoom)
    if sound and agent is not None:
        raise ValueError("Only the games that you play alone have sound: leave out --sound or --agent.")
    display = "play on a computer with a screen, or in a notebook with utils.notebook_play.play_here."
    if agent is None:
        require_display(display)
        game, intro = OwnGame(env_id), f"{env_id} starts with your first key:\n"
        fps = game.fps
    else:
        from agent_game import AgentGame, find_agent  # not at the top: torch takes seconds to load

        actor, _, args, path = find_agent(agent)
        if args.env_id != env_id:
            raise ValueError(f"{path} plays {args.env_id}, not {env_id}: choose an agent of this game.")
        require_display(display)
        game, intro = AgentGame(actor, args), f"{path} plays {env_id} until you take over:\n"
        fps = min(game.fps, FPS.get(env_id, ATARI_FPS))  # CartPole's agent would be too fast for people
    stopped = stop_at_ctrl_c()
    perform(game, stopped, record, zoom=zoom, speed=speed, fps=fps, sound=sound, intro=intro)
    if stopped.is_set():
        sys.exit(130)
