"""Tests of the exercises of chapter 08."""

import copy
from functools import cache

import ale_py
import gymnasium as gym
import numpy as np
import torch
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

from tests.checks import expect_tensor, require, unmodified

gym.register_envs(ale_py)


class FramesByHand:
    """Games of small random frames, and what has to be on each stack: the last frames of the game, and black before it."""

    def __init__(self, num_envs=3, num_updates=14, height=2, width=3):
        torch.manual_seed(0)
        self.frames = torch.randint(1, 256, (num_updates, num_envs, height, width), dtype=torch.uint8)
        self.masks = torch.ones(num_updates, num_envs, dtype=torch.bool)
        for update, env in [(0, 1), (3, 2), (6, 0), (9, 1), (10, 1), (11, 0), (11, 1), (11, 2)]:
            self.masks[update, env] = False

    def expected(self, update: int, env: int, num_frames: int) -> list[int | None]:
        """The numbers of the updates whose frames are on the stack, oldest first; None is a black frame."""
        first = max((u for u in range(update + 1) if not self.masks[u, env]), default=0)
        return [u if u >= first else None for u in range(update - num_frames + 1, update + 1)]

    def name(self, picture, env: int) -> str:
        """A frame of a stack in words."""
        if not picture.any():
            return "black"
        for value, what in {7: "a frame overwritten by its owner", 9: "a stack overwritten by its owner"}.items():
            if (picture == value).all():
                return what
        found = (self.frames == picture).flatten(2).all(dim=-1).nonzero().tolist()
        if not found:
            return "something else"
        update, owner = found[0]
        return f"frame {update}" if owner == env else f"frame {update} of environment {owner}"

    def compare(self, seen, update: int, num_frames: int, because: str):
        """Require that `seen` is the right stack after an update."""
        num_envs, height, width = self.frames.shape[1:]
        call = f"FrameStack({num_envs}, {num_frames}).update"
        dtype = seen.dtype if isinstance(seen, torch.Tensor) else torch.uint8
        require(
            dtype == torch.uint8,
            f"The answer of {call} has dtype {dtype}; expected torch.uint8, as the frames have it: they are scaled later.",
            str(dtype),
        )
        expect_tensor(seen, (num_envs, num_frames, height, width), f"The answer of {call}", floating=False)
        for env in range(num_envs):
            right = [
                torch.zeros(height, width) if u is None else self.frames[u, env] for u in self.expected(update, env, num_frames)
            ]
            if not torch.equal(seen[env], torch.stack(right).to(torch.uint8)):
                shown, wanted = (", ".join(self.name(picture, env) for picture in pictures) for pictures in (seen[env], right))
                require(
                    False,
                    f"The stack is not right: {because}.\n  after update {update}, environment {env}, from the oldest to the newest:"
                    f"\n  seen     {shown}\n  expected {wanted}",
                    f"{update} {env} {shown}",
                )
                return


def test_FrameStack(FrameStack):
    games = FramesByHand()
    for num_frames in (4, 2, 1):
        stack, other = FrameStack(3, num_frames), FrameStack(3, num_frames)
        for update, (frames, masks) in enumerate(zip(games.frames, games.masks, strict=True)):
            begins = [env for env in range(3) if not masks[env]]
            because = (
                "the first update ever has nothing before it"
                if update == 0
                else f"a new game begins in environment {', '.join(map(str, begins))}, so what was before it there must be black"
                if begins
                else "every game goes on"
            )
            frames, masks = frames.clone(), masks.clone()
            with unmodified(frames=frames, masks=masks):
                seen = stack.update(frames, masks)
            games.compare(seen, update, num_frames, because)
        games.compare(other.update(games.frames[0], games.masks[0]), 0, num_frames, "each FrameStack has a history of its own")

    for dtype in (torch.int64, torch.uint8, torch.float32):
        stack = FrameStack(3, 4)
        for update, (frames, masks) in enumerate(zip(games.frames, games.masks, strict=True)):
            seen = stack.update(frames.clone(), masks.to(dtype))
            games.compare(seen, update, 4, f"masks are numbers, 0 and 1, of the type {dtype}")

    stack = FrameStack(3, 4)
    latest = before = None
    for update in range(len(games.frames)):
        frames = games.frames[update].clone()
        seen = stack.update(frames, games.masks[update].clone())
        require(
            latest is None or torch.equal(latest, before),
            "A stack that was handed out changes with the next update: hand out a copy, or the rows of a rollout change after the fact.",
            "handed out",
        )
        games.compare(
            seen,
            update,
            4,
            "whoever gave the frames, or got the stack, may write into them afterwards; the history must not change by it",
        )
        if update % 2:
            seen.fill_(9)
        frames.fill_(7)  # as environments do that return the same array at every step
        latest, before = seen, seen.clone()

    stack = FrameStack(2, 4)
    for step, (frames, masks, by_gymnasium) in enumerate(games_of_breakout()):
        frames, masks = frames.clone(), masks.clone()  # the next answer is shown the same games
        with unmodified(frames=frames, masks=masks):
            seen = stack.update(frames, masks)
        require(
            torch.equal(seen, by_gymnasium),
            f"In two games of Breakout the stack differs at step {step} from that of Gymnasium's FrameStackObservation with "
            'padding_type="zero".',
            "gymnasium",
        )


@cache
def games_of_breakout() -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """The newest frames, the masks and Gymnasium's stacks of two environments, through lost lives and ends of games."""
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    envs, resets = [], [0, 0]
    for _ in range(2):
        env = gym.make("ALE/Breakout-v5", frameskip=1, repeat_action_probability=0.0)
        env = AtariPreprocessing(env, noop_max=0, frame_skip=4, screen_size=36)
        envs.append(FrameStackObservation(env, stack_size=4, padding_type="zero"))
    rng = np.random.default_rng(0)
    stacks = [env.reset(seed=0)[0] for env in envs]
    rows, masks = [], [False, False]
    while min(resets) < 1:
        obs = torch.as_tensor(np.array(stacks))
        rows.append((obs[:, -1].clone(), torch.tensor(masks), obs))
        for n, env in enumerate(envs):
            stacks[n], _, terminated, truncated, _ = env.step(int(rng.integers(4)))
            masks[n] = not (terminated or truncated)
            if not masks[n]:
                stacks[n], _ = env.reset()
                resets[n] += 1
    return rows


class PointsByHand:
    """Steps of three games side by side, and the score of each game where it ends."""

    def __init__(self):
        rewards = [  # environments 0, 1 and 2
            (1, 0, -2),  # 2: a game of one step
            (0, 0, 4),
            (7, 0, 0),  # 0: the last step brings points
            (4, 0, 0.5),  # 0: a game of one step
            (0, 0, 400),  # 1: a game without a point
            (-1, 1, 0),
            (0, 4, 0),
            (-1, 0, 7),
            (0.5, 7, 0),  # all: 2 without points in its last step
            (1, 0, 1),
            (0, -4, 4),
            (7, 1, 0),  # 1: a negative score
            (0, 1, 0),
            (4, 0, 0),  # 0: the only one that ends
        ]
        self.rewards = np.array(rewards, dtype=np.float64)
        self.game_over = np.zeros(self.rewards.shape, dtype=bool)
        for step, env in [(0, 2), (2, 0), (3, 0), (4, 1), (8, 0), (8, 1), (8, 2), (11, 1), (13, 0)]:
            self.game_over[step, env] = True

    def rewards_of(self, step: int, env: int) -> np.ndarray:
        """The rewards so far of the game that an environment plays in a step."""
        ended = np.flatnonzero(self.game_over[:step, env])
        return self.rewards[ended[-1] + 1 if len(ended) else 0 : step + 1, env]

    def compare(self, seen: list, envs: list[int], what: str):
        """Require that what the updates returned are the scores of some of the environments."""
        for step, scores in enumerate(seen):
            where = f"what `update` returned {what}, after step {step},"
            require(scores is not None, f"{where.capitalize()} is None. Does your method `return` it?")
            require(
                isinstance(scores, np.ndarray),
                f"{where.capitalize()} has the type {type(scores).__name__}; expected a NumPy array.",
                type(scores).__name__,
            )
            shape = getattr(scores, "shape", None)
            require(shape == (len(envs),), f"{where.capitalize()} has shape {shape}; expected ({len(envs)},).", str(shape))
            dtype = getattr(scores, "dtype", None)
            floating = isinstance(scores, np.ndarray) and np.issubdtype(dtype, np.floating)
            require(floating, f"{where.capitalize()} has dtype {dtype}; expected floats, which can be NaN.", str(dtype))
            if shape != (len(envs),) or not floating:
                return
        found = np.array(seen, dtype=np.float64)
        sums = [[self.rewards_of(step, env).sum() for env in envs] for step in range(len(seen))]
        expected = np.where(self.game_over[:, envs], sums, np.nan)
        wrong = np.argwhere(~np.isclose(found, expected, atol=1e-4, equal_nan=True))
        if len(wrong):
            step, column = wrong[0]
            env = envs[column]
            rewards = ", ".join(f"{reward:g}" for reward in self.rewards_of(step, env))
            ended = "This step ends it." if self.game_over[step, env] else "It goes on."
            require(
                False,
                f"A score is not right, {what}.\n  after step {step}, environment {column}: seen {found[step, column]:g}, expected "
                f"{expected[step, column]:g}\n  the rewards of this game so far: {rewards}. {ended}",
                torch.tensor(np.nan_to_num(found, nan=-99.5)),  # NaN would hide the numbers beside it
            )


def test_TrueScore(TrueScore):
    games = PointsByHand()
    steps = range(len(games.rewards))
    for envs, dtype in ([0, 1, 2], np.float64), ([1], np.float64), ([2, 0], np.float32):
        score, seen = TrueScore(len(envs)), []
        for step in steps:
            rewards, game_over = games.rewards[step, envs].astype(dtype), games.game_over[step, envs]
            given = {"rewards": rewards, "game_over": game_over}
            before = {name: array.copy() for name, array in given.items()}
            seen.append(score.update(rewards, game_over))
            for name, array in given.items():
                require(
                    np.array_equal(array, before[name]),
                    f"Your code changes its input `{name}`. Work on a new array, or on your own.",
                    f"changes {name}",
                )
            seen[-1] = copy.deepcopy(seen[-1])
        what = {3: "with three environments", 2: "with rewards of the type float32", 1: "with one environment"}[len(envs)]
        games.compare(seen, envs, what)

    both, seen = [TrueScore(3), TrueScore(3)], ([], [])
    for step in steps:
        for score, some, late in zip(both, seen, (0, 3), strict=True):
            if step >= late:  # the second begins its games three steps after the first
                some.append(copy.deepcopy(score.update(games.rewards[step - late].copy(), games.game_over[step - late].copy())))
    games.compare(seen[0], [0, 1, 2], "with a second TrueScore beside this one")

    score, seen = TrueScore(3), []
    rewards, game_over = np.zeros(3), np.zeros(3, dtype=bool)
    for step in steps:
        rewards[:], game_over[:] = games.rewards[step], games.game_over[step]
        seen.append(copy.deepcopy(score.update(rewards, game_over)))
    games.compare(seen, [0, 1, 2], "where the environments write every step into the same two arrays")

    score, seen, latest = TrueScore(3), [], None
    for step in steps:
        returned = score.update(games.rewards[step].copy(), games.game_over[step].copy())
        require(
            not isinstance(latest, np.ndarray) or np.array_equal(latest, seen[-1], equal_nan=True),
            "What `update` returned changes with the next update: return a new array each time, or a list of scores changes after the fact.",
            "handed out",
        )
        seen.append(copy.deepcopy(returned))
        latest = returned
        if step % 2 and isinstance(returned, np.ndarray) and returned.flags.writeable:
            returned[:] = 9
            latest = None
    games.compare(seen, [0, 1, 2], "where somebody writes into what `update` has returned")
