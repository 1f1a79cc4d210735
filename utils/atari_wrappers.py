"""Atari, made learnable: the classic preprocessing of frames, one readable wrapper at a time (chapter 08), and that of RAM (07)."""

import gymnasium as gym
import numpy as np
from ale_py import AtariEnv
from gymnasium.utils import RecordConstructorArgs
from gymnasium.wrappers import (
    AtariPreprocessing,
    FrameStackObservation,
    RecordEpisodeStatistics,
    TransformReward,
)


class AtariWrapper(gym.Wrapper, RecordConstructorArgs):
    """Base of the wrappers below: remembers its arguments, so that `gym.make(env.spec)` makes the same environment again."""

    def __init__(self, env: gym.Env, **arguments):
        RecordConstructorArgs.__init__(self, **arguments)
        gym.Wrapper.__init__(self, env)


class FireOnReset(AtariWrapper):
    """Press FIRE after a reset, for games that wait for it (detail 17 of "The 37 Implementation Details of PPO")."""

    def reset(self, *, seed=None, options=None):
        obs, info = self.env.reset(seed=seed, options=options)
        meanings = self.env.unwrapped.get_action_meanings()
        if "FIRE" in meanings:
            obs, _, terminated, truncated, info = self.env.step(meanings.index("FIRE"))
            if terminated or truncated:
                obs, info = self.env.reset(options=options)
        return obs, info


class LifeLossEndsReturn(AtariWrapper):
    """Report a lost life as the end of the return, and let the game go on (detail 16 of the 37).

    `step` says `terminated` when a life is lost. The `reset` that follows starts a new game only if the game is really
    over; otherwise it returns what is on the screen.
    """

    game_over = True

    def step(self, action):
        obs, reward, terminated, truncated, info = self.env.step(action)
        lives = self.env.unwrapped.ale.lives()
        self.game_over = terminated or truncated
        life_lost = lives < self.lives
        self.lives = lives
        self.latest = obs, info
        return obs, reward, terminated or life_lost, truncated, info

    def reset(self, *, seed=None, options=None):
        if self.game_over or seed is not None:
            self.latest = self.env.reset(seed=seed, options=options)
            self.lives = self.env.unwrapped.ale.lives()
            self.game_over = False
        obs, info = self.latest
        return obs.copy(), info.copy()  # after a lost life, `step` has returned the same: the caller may keep or change either


class NoopReset(AtariWrapper):
    """Begin each game with 1 to `noop_max` steps of doing nothing, so that no two games are alike (detail 14 of the 37)."""

    def __init__(self, env: gym.Env, noop_max: int = 30):
        super().__init__(env, noop_max=noop_max)
        self.noop_max = noop_max

    def reset(self, *, seed=None, options=None):
        obs, info = self.env.reset(seed=seed, options=options)
        for _ in range(self.unwrapped.np_random.integers(1, self.noop_max, endpoint=True)):
            obs, _, terminated, truncated, info = self.env.step(0)
            if terminated or truncated:
                obs, info = self.env.reset(options=options)
        return obs, info


class RamHistory(AtariWrapper):
    """Observe three snapshots of the memory: the game's first, that of the step before, and the newest: uint8 (3, 128)."""

    def __init__(self, env: gym.Env):
        super().__init__(env)
        space = env.observation_space
        self.observation_space = gym.spaces.Box(0, 255, (3, *space.shape), space.dtype)

    def reset(self, *, seed=None, options=None):
        ram, info = self.env.reset(seed=seed, options=options)
        self.first = self.latest = ram
        return np.stack([ram] * 3), info

    def step(self, action):
        ram, reward, terminated, truncated, info = self.env.step(action)
        obs = np.stack([self.first, self.latest, ram])
        self.latest = ram
        return obs, reward, terminated, truncated, info


def prepare_ram_env(env: gym.Env, *, noop_max: int = 30) -> gym.Env:
    """Wrap an Atari environment for learning from its memory (chapter 07).

    Args:
        env: `gym.make("ALE/Pong-v5", obs_type="ram")`, or another game; it already holds each action for 4 frames.
        noop_max: a game begins with 1 to this many steps of doing nothing, so that no two games are alike.

    Returns:
        An environment whose observations are three snapshots of the console's 128 bytes: uint8 (3, 128).

    Raises:
        ValueError: env is not an Atari game that shows its memory.
    """
    if not _is_atari(env, "ram"):
        raise ValueError(
            f'prepare_ram_env needs an Atari game that shows its memory, such as gym.make("ALE/Pong-v5", obs_type="ram"); {env} '
            "is not one."
        )
    return RamHistory(NoopReset(env, noop_max))


def prepare_atari_env(env: gym.Env, *, noop_max: int = 30, fire_on_reset: bool = True, clip_rewards: bool = True) -> gym.Env:
    """Wrap an Atari environment the way PPO is usually trained on it. Training itself runs on the native version of
    the same pipeline, see `utils.envs.make_envs`.

    Args:
        env: `gym.make("ALE/Breakout-v5", frameskip=1)`, or another game; frameskip=1 because a wrapper skips frames here.
        noop_max: a game begins with 1 to this many no-ops, so that no two games are alike; 0 for none.
        fire_on_reset: whether to press FIRE at the start of a game that has the button.
        clip_rewards: whether rewards become their sign: -1, 0 or 1.

    Returns:
        An environment whose observations are the last 4 frames, grey and 84 x 84: uint8 (4, 84, 84). At a game's end
        `info["episode"]` holds its true score.

    Raises:
        ValueError: env is not an Atari game that shows its screen, or skips frames already.
    """
    if not _is_atari(env, "rgb", "grayscale"):
        raise ValueError(
            'prepare_atari_env needs an Atari game that shows its screen, such as gym.make("ALE/Breakout-v5", frameskip=1); '
            f"{env} is not one."
        )
    if env.unwrapped._frameskip != 1:
        raise ValueError(
            f"This environment skips frames already ({env.unwrapped._frameskip}), and prepare_atari_env would skip "
            "again: make it with gym.make(..., frameskip=1)."
        )
    env = AtariPreprocessing(env, noop_max=noop_max, frame_skip=4, screen_size=84, grayscale_obs=True)
    if fire_on_reset:
        env = FireOnReset(env)
    env = RecordEpisodeStatistics(env)  # before the rewards are clipped and the lives counted: the true score
    env = FrameStackObservation(env, stack_size=4, padding_type="zero")
    env = LifeLossEndsReturn(env)
    if clip_rewards:
        env = TransformReward(env, np.sign)
    return env


def _is_atari(env: gym.Env, *obs_types: str) -> bool:
    """Tell whether an environment is an Atari game with one of these kinds of observations, as the game gives them."""
    game = env.unwrapped if isinstance(env, gym.Env) else None
    return (
        isinstance(game, AtariEnv)
        and game._obs_type in obs_types
        and not game.sound_obs
        and env.observation_space == game.observation_space
    )
