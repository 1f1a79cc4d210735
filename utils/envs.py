"""One way to make every environment of the course, with one meaning for everything that a step returns."""

import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import ale_py
import gymnasium as gym
import numpy as np
from ale_py.vector_env import AtariVectorEnv
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv, VectorWrapper

from utils.atari_wrappers import prepare_atari_env, prepare_ram_env
from utils.processes import ProcessVectorEnv

gym.register_envs(ale_py)
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)  # the emulator keeps its greeting to itself


class SameStepCartPole(CartPoleVectorEnv):
    """Gymnasium's vectorised CartPole-v1, resetting in the step that ends an episode rather than in the next one."""

    metadata = {**CartPoleVectorEnv.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}

    def step(self, action):
        obs, rewards, terminations, truncations, infos = super().step(action)
        dones = self.prev_done  # of this step: Gymnasium's own would reset them in the next
        if dones.any():
            infos = {"final_obs": obs}
            self.state[:, dones] = self.np_random.uniform(self.low, self.high, size=(4, dones.sum()))
            self.steps[dones] = 0
            self.prev_done = np.zeros(self.num_envs, dtype=bool)
            obs = self.state.T.astype(np.float32)
        return obs, rewards, terminations, truncations, infos


class GameRecorder(VectorWrapper):
    """Gives every environment's `infos` the same four entries at each step, and counts true scores.

    - `final_obs` (N, ...): the observation that the step really led to. The same as the one returned, except where the
      step truncated the episode and the one returned belongs to the next episode already.
    - `game_over` (N,) bool: whether a whole game ended. A lost life terminates the return but not the game.
    - `episodic_return` (N,): the score of the game so far, the finished one where `game_over`; rewards unclipped.
    - `episodic_length` (N,): its steps.

    Rewards are clipped to their sign after they are counted, if `clip_rewards`.
    """

    def __init__(self, envs: VectorEnv, clip_rewards: bool):
        if envs.metadata["autoreset_mode"] != AutoresetMode.SAME_STEP:
            raise ValueError("These environments do not reset in the same step: make them with AutoresetMode.SAME_STEP.")
        super().__init__(envs)
        self.clip_rewards = clip_rewards

    def reset(self, *, seed=None, options=None):
        obs, infos = self.env.reset(seed=seed, options=options)
        self.returns = np.zeros(self.num_envs)
        self.lengths = np.zeros(self.num_envs, dtype=np.int64)
        self.frame_numbers = infos.get("episode_frame_number")
        return obs, infos

    def step(self, actions):
        next_obs, rewards, terminations, truncations, infos = self.env.step(actions)
        if self.frame_numbers is None:
            game_over = terminations | truncations
        else:  # Atari: `lives` does not tell the end of every game, but a new game starts its frames anew
            game_over = truncations | (infos["episode_frame_number"] < self.frame_numbers)
            self.frame_numbers = infos["episode_frame_number"]
        self.returns += rewards
        self.lengths += 1
        final_obs = next_obs
        if truncations.any():  # only truncated rows may be read: ALE's row at a lost life is uninitialised memory
            final_obs = next_obs.copy()
            for i in np.flatnonzero(truncations):
                final_obs[i] = infos["final_obs"][i]
        infos = {
            **infos,
            "final_obs": final_obs,
            "game_over": game_over,
            "episodic_return": self.returns.copy(),
            "episodic_length": self.lengths.copy(),
        }
        self.returns[game_over] = 0
        self.lengths[game_over] = 0
        rewards = np.sign(rewards) if self.clip_rewards else rewards
        return next_obs, rewards.astype(np.float32), terminations, truncations, infos


def make_envs(
    env_id: str,
    num_envs: int,
    mode: str = "classic-control",
    *,
    sticky_actions: bool = False,
    clip_rewards: bool | None = None,
    render: bool = False,
    processes: bool = False,
    timeout: float = 60.0,
) -> GameRecorder:
    """Make environments to be played side by side. They reset in the same step; see `GameRecorder` for their infos.

    Time limits, which truncate an episode, are those that Gymnasium registered with the id.

    Args:
        env_id: a Gymnasium id with a discrete action space, or MODULE:ID, where the module registers it.
        num_envs: N.
        mode: "classic-control", "ram" (three snapshots of an Atari game's 128 bytes) or "atari" (its last 4 frames, 84 x 84).
        sticky_actions: Atari only: repeat the previous action with probability 0.25.
        clip_rewards: whether rewards become their sign; by default in the modes of Atari.
        render: whether `envs.render()` is to return pictures, one for each environment.
        processes: whether each environment runs in a process of its own. For environments whose steps are slow: a fast one
            waits longer for the other process than it would take for the step. Close them when you are done.
        timeout: seconds that processes may take for a step or a reset.

    Raises:
        ValueError: an unknown env_id or mode, two that do not go together, or a package of the environment is missing.
        WorkerError: a process died or hangs; also from `reset` and `step`.
    """
    import_module_of(env_id)
    spec = find_spec(env_id)
    atari_game = is_atari(env_id)
    if atari_game and not env_id.startswith("ALE/"):
        raise ValueError(
            f"{env_id} is an old id of an Atari game: use the new one, such as ALE/Breakout-v5 for BreakoutNoFrameskip-v4."
        )
    if atari_game and mode not in ("atari", "ram"):
        raise ValueError(f"{env_id} is an Atari game: use mode='atari' or mode='ram'; you gave {mode!r}.")
    if not atari_game and mode != "classic-control":
        raise ValueError(
            f"{env_id} is not an Atari game: use mode='classic-control' (you gave {mode!r}), or an id such as ALE/Breakout-v5."
        )
    render_mode = "rgb_array" if render else None
    if render:
        draw_into_pictures()
    atari = {"repeat_action_probability": 0.25 if sticky_actions else 0.0, "full_action_space": False} if atari_game else {}
    drawn = {"render_mode": render_mode} if render else {}  # not every environment knows the argument
    make_one = partial(_make_one, spec, mode, **drawn, **atari)
    if processes:
        envs = ProcessVectorEnv([make_one] * num_envs, timeout)
    elif mode == "atari" and not render:
        envs = AtariVectorEnv(
            spec.kwargs["game"],
            num_envs,
            autoreset_mode=AutoresetMode.SAME_STEP,
            reward_clipping=False,  # GameRecorder clips, once it has counted
            life_loss_info=True,  # not episodic_life, which starts a new game at every lost life
            **atari,
        )
    elif env_id == "CartPole-v1":
        envs = SameStepCartPole(num_envs, render_mode=render_mode)
    else:
        envs = SyncVectorEnv([make_one] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
    actions = envs.single_action_space
    if not isinstance(actions, gym.spaces.Discrete):
        raise ValueError(
            f"{env_id} has the action space {actions}; the agents of this course choose from a list of "
            "actions (Discrete), as in CartPole-v1 or ALE/Breakout-v5."
        )
    if actions.start != 0:
        raise ValueError(
            f"{env_id} counts its actions from {actions.start}; the agents of this course count from 0: give it the action space "
            f"Discrete({actions.n}), and add {actions.start} in its `step`."
        )
    space = envs.single_observation_space
    if mode == "classic-control" and not (isinstance(space, gym.spaces.Box) and len(space.shape) == 1):
        raise ValueError(
            f"{env_id} has the observation space {space}; the agents of this course observe a row of numbers (a Box of one "
            "dimension), as in CartPole-v1, or an Atari game."
        )
    return GameRecorder(envs, clip_rewards=atari_game if clip_rewards is None else clip_rewards)


def _make_one(spec: gym.envs.registration.EnvSpec, mode: str, **options) -> gym.Env:
    """Make one environment. A function of the module and not a closure, so that another process can find it."""
    if mode == "atari":
        return prepare_atari_env(gym.make(spec, frameskip=1, **options), clip_rewards=False)
    if mode == "ram":
        return prepare_ram_env(gym.make(spec, obs_type="ram", **options))
    try:
        return gym.make(spec, **options)
    except (ImportError, gym.error.DependencyNotInstalled) as error:
        raise ValueError(
            f"{spec.id} needs a package that is not installed: install it, or choose another environment ({error})."
        ) from None
    except TypeError as error:
        if "render_mode" not in options or "render_mode" not in str(error):
            raise
        raise ValueError(
            f"{spec.id} cannot be drawn: give its constructor an argument `render_mode`, and let `render()` return a picture "
            'where it is "rgb_array".'
        ) from None


def draw_into_pictures() -> None:
    """Let pygame, with which Gymnasium draws, open neither a window nor the sound card: a machine without one would complain."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")


def import_module_of(env_id: str) -> None:
    """Import the module of an id such as MODULE:ID, which registers it. For ids that somebody typed, see `require_imported`.

    Raises:
        ValueError: there is no such module.
    """
    module, found, _ = env_id.rpartition(":")
    if not found:
        return
    if "" not in sys.path:
        sys.path.append("")  # a file in the folder from which the command was given
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0] and error.name != module:
            raise
        raise ValueError(
            f"There is no module {module!r} for {env_id!r}: give the command in the folder that holds {module.split('.')[0]}.py, or correct "
            "the name."
        ) from None


def require_imported(env_id: str, path: str | Path) -> None:
    """Refuse an id that a file gives, if its module is not imported yet: a file of somebody else's must not run code.

    Raises:
        ValueError: the id is MODULE:ID, and nobody has imported the module.
    """
    module, found, _ = env_id.rpartition(":")
    if found and module not in sys.modules:
        raise ValueError(
            f"{path} is of the environment {env_id}, and a file does not decide what is imported. If you trust the module {module}, name it "
            f"yourself: --module {module} with play/watch.py, --env-id {env_id} with a training, `import {module}` in Python."
        )


def find_spec(env_id: str) -> gym.envs.registration.EnvSpec:
    """Return Gymnasium's description of an environment. Raises ValueError if there is none; imports nothing."""
    try:
        return gym.spec(env_id.rpartition(":")[2])
    except gym.error.Error as error:
        raise ValueError(f"There is no environment {env_id!r}: {error}") from None


def is_atari(env_id: str) -> bool:
    """Tell whether a Gymnasium id is an Atari game's. Raises ValueError if there is no such environment."""
    return str(find_spec(env_id).entry_point).startswith("ale_py")
