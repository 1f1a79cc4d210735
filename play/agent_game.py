"""What the scripts of this folder share when an agent plays: which agents there are, and a game that a person may take over."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from gymnasium.wrappers import AtariPreprocessing, RenderCollection
from torch import nn

from solutions.args import PRESETS, PPOArgs
from solutions.evaluate import choose_actions, on_device_of
from solutions.saving.checkpoint import load_agent
from utils.envs import GameRecorder, make_envs
from utils.playing import cards
from utils.playing.games import action_chooser, controls_of, must_serve


def find_agent(agent: str) -> tuple[nn.Module, nn.Module, PPOArgs, Path]:
    """Return an agent's actor, critic, settings and file.

    Args:
        agent: the name of one of the course's own, or the path of a .safetensors.

    Raises:
        ValueError: there is none, or its file is broken.
    """
    path = Path(agent) if Path(agent).suffix == ".safetensors" else cards.AGENTS / f"{agent}.safetensors"
    if path.parent == cards.AGENTS and not path.exists():
        train = f", or train one with `python -m solutions.train {agent}`" if agent in PRESETS else ""
        raise ValueError(
            f"The course has no agent {agent!r}: choose {', '.join(cards.read_cards())} or the .safetensors of another{train}."
        )
    return *load_agent(path), path


def list_agents() -> str:
    """List the course's own agents by their cards, a line each."""
    lines = [
        f"  {name:<16}{card['env_id']:<24}{card['steps']:>11,} steps    greedy {card['greedy']['mean']:.1f}, "
        f"sampled {card['sampled']['mean']:.1f}"
        for name, card in cards.read_cards().items()
    ]
    explanation = "(greedy: always the most probable action; sampled: drawn from the policy, as in training)"
    return "\n".join(["The course's own agents, and their mean scores", explanation + ":", *lines])


class EveryFrame(RenderCollection):
    """Keeps the pictures of all frames, also of those that a frame skip passes over.

    A console does not draw everything in each of them: of the missiles of Space Invaders, every other frame shows only half.
    """

    def reset(self, *, seed=None, options=None):
        self.before_reset = self.frame_list  # the new game begins another list
        return super().reset(seed=seed, options=options)

    def look(self, game_over: bool) -> list[np.ndarray]:
        """Return the pictures since the last look; if the game is over, without those of the next one, which has begun already."""
        pictures = self.render()
        return self.before_reset if game_over else pictures


def camera(envs: GameRecorder, args: PPOArgs) -> tuple[Callable[[bool], list[np.ndarray]], float]:
    """Return a function that gives the new pictures after a step, told whether the game is over; and their number in a second."""
    if args.mode == "atari":
        env = envs.env.envs[0]
        while not isinstance(env, AtariPreprocessing):
            env = env.env
        env.env = EveryFrame(env.env)
        return env.env.look, 60
    fps = 15 if args.mode == "ram" else envs.metadata["render_fps"]
    return lambda game_over: [] if game_over else [envs.render()[0]], fps


class AgentGame:
    """Games that an agent plays, one after the other, and that a person may take over and hand back.

    The person chooses among the agent's actions, once in each of its steps, so whatever the agent observes stays right.
    Whoever draws the game finds here what `utils.playing.games.Game` has, too.

    Attributes:
        agent_plays: whether the agent has the controls, rather than the person.
        helped: whether the person had them at any time in this game.
        scores: of the games that the agent finished alone.
        values: what the critic said at each step of this game; None without a critic.
        to_serve: whether the ball waits for FIRE.
        done: whether all games have been finished.
    """

    started = True
    sound = None

    def __init__(
        self,
        actor: nn.Module,
        args: PPOArgs,
        *,
        critic: nn.Module | None = None,
        greedy: bool = False,
        episodes: int | None = None,
        max_steps: int = 27_000,
        seed: int | None = None,
    ):
        """Make the environment. The first game begins with `new`, or the first `step`.

        Args:
            actor, args: the agent and its settings.
            critic: if given, its values are kept.
            greedy: whether the agent takes the most probable action rather than to sample.
            episodes: how many games; None for no end.
            max_steps: a game is cut short after so many.
            seed: of the first game and of the actions; the next games have the seeds that follow. None for any.
        """
        self.env_id, self.actor, self.critic, self.greedy = args.env_id, actor, critic, greedy
        self.episodes, self.max_steps = episodes, max_steps
        self.protocol = "greedy" if greedy else "sampled"
        self._meanings: list[str] = []  # of the actions, in an Atari game
        self.envs = make_envs(args.env_id, 1, args.mode, sticky_actions=args.sticky_actions, render=True)
        if args.mode != "classic-control":
            self.protocol += ", sticky actions" if args.sticky_actions else ", no sticky actions"
            self._meanings = self.envs.env.envs[0].unwrapped.get_action_meanings()
        self._look, self.fps = camera(self.envs, args)
        self.controls = controls_of(args.env_id, self._meanings)
        self._choose_action = action_chooser(args.env_id, self._meanings)
        self.seed = int(np.random.default_rng().integers(1_000_000)) if seed is None else seed
        torch.manual_seed(self.seed)
        self.agent_plays, self.scores, self.begun, self.finished, self.over = True, [], 0, 0, True

    @property
    def done(self) -> bool:
        return self.finished == self.episodes

    def new(self) -> list[np.ndarray]:
        """Begin a new game; returns its first pictures."""
        self.obs, infos = self.envs.reset(seed=self.seed + self.begun)
        self.begun, self.game = self.begun + 1, self.finished + 1
        self.score, self.steps, self.over, self.helped, self.to_serve = 0.0, 0, False, False, False
        self.values = None if self.critic is None else []
        self._note(infos)
        return self._look(False)

    def step(self, held: frozenset[str] = frozenset()) -> list[np.ndarray]:
        """Play one step of the agent, or begin the next game if the last one is over.

        Args:
            held: names of the keys that the person holds down; they count if the agent does not play.

        Returns:
            The new pictures.
        """
        if self.over:
            return [] if self.done else self.new()
        self.helped = self.helped or not self.agent_plays
        if self.agent_plays:
            actions = choose_actions(self.actor, self.obs, self.greedy)
        else:
            actions = np.array([self._choose_action(held)])
        lives = self.lives
        self.obs, _, _, _, infos = self.envs.step(actions)
        self.score, game_over = float(infos["episodic_return"][0]), bool(infos["game_over"][0])
        self.steps += 1
        self.over = game_over or self.steps == self.max_steps
        self.cut_short = not game_over
        if not game_over:  # otherwise what was observed is of the next game
            self._note(infos)
        fired = bool(self._meanings) and "FIRE" in self._meanings[actions[0]]
        self.to_serve = must_serve(self.env_id, self.to_serve, fired, lost_life=self.lives < lives)
        return self._look(game_over)

    @torch.no_grad()
    def _note(self, infos: dict) -> None:
        self.lives = int(infos["lives"][0]) if "lives" in infos else 0
        if self.critic is not None:
            self.values.append(self.critic(on_device_of(self.critic, self.obs)).item())

    def finish(self, fps: float = 0) -> str:
        """Keep the score of a game that is over, if the agent played it alone; returns a line about it."""
        self.finished += 1
        if not self.helped:
            self.scores.append(self.score)
        news = f"Game {self.game}: score {self.score:g} in {self.steps:,} steps"
        if self.cut_short:
            news += ": cut short" + self.greedy * ", perhaps because the greedy agent waits for a key"
        return f"{news}{self.helped * ', with your help'}."
