"""Probes: the smallest environments in which one part of PPO can fail (chapter 06).

Each takes a second, has one right answer that you can work out by hand, and needs little more than the probes before it.
So the first one that fails says where to look. Importing this module registers them, as Probe1-v0 to Probe6-v0.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch
from gymnasium.spaces import Box, Discrete


class Probe(gym.Env):
    """What the probes share: an observation of one number, episodes of one step, and nothing to draw."""

    observation_space = Box(-1, 1, (1,), np.float32)
    action_space = Discrete(1)
    observations = [0]
    """An episode shows one of these, drawn at random."""
    right_values: dict[int, float] = {}
    """The right value of each observation, where it matters."""
    right_actions: dict[int, int] = {}
    """The right action for each observation, where there is a choice."""
    suspects: str
    """What to look at if it fails."""

    def __init__(self, render_mode=None):
        pass

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.obs = self.np_random.choice(self.observations)
        return np.float32([self.obs]), {}

    def step(self, action):
        return np.float32([self.obs]), self.reward(action), True, False, {}

    def reward(self, action: int) -> float:
        """Return what an action pays."""
        return 1.0


class Probe1(Probe):
    """One action, one step, always the same observation, always the reward 1.

    Isolates: the value loss, and the step of the optimizer.
    Telling: V far above 1 means that the step ended the episode, and you bootstrapped all the same.
    """

    right_values = {0: 1.0}
    suspects = "value_loss and the returns it gets, backward and optimizer.step, and that a terminated step is not bootstrapped"


class Probe2(Probe):
    """One action, one step, an observation that is +1 or -1 at random, and a reward equal to it.

    Isolates: that the critic sees the observation, and that each observation stays with its own return.
    Telling: values (B, 1) minus returns (B,) make a table (B, B), which teaches every state the mean.
    """

    observations = [-1, 1]
    right_values = {-1: -1.0, 1: 1.0}
    suspects = "how the columns are flattened, the minibatch indices of observations and returns, and values (B, 1) for (B,)"

    def reward(self, action: int) -> float:
        return float(self.obs)


class Probe3(Probe):
    """One action, two steps: observation 0, then 1; the reward 1 comes with the second step.

    Isolates: that a value reaches back in time, discounted: V(0) = gamma. In `check_probe` gamma is 0.5, because 0.99 cannot
    be told from a forgotten discount.
    """

    right_values = {0: 0.5, 1: 1.0}
    suspects = "compute_advantages and what it is given (next_values, gamma), and that the returns are advantages + values"

    def step(self, action):
        is_last = self.obs == 1
        self.obs = 1
        return np.float32([1]), float(is_last), is_last, False, {}


class Probe4(Probe):
    """Two actions, one step, always the same observation; action 1 is rewarded with 1, action 0 with -1.

    Isolates: that the policy moves, and moves towards what pays. (A wrong sign of the entropy is too weak to show here.)
    """

    action_space = Discrete(2)
    right_actions = {0: 1}
    suspects = "the sign of policy_loss, new and old log-probabilities, the advantages and their minibatch indices"

    def reward(self, action: int) -> float:
        return 1.0 if action == 1 else -1.0


class Probe5(Probe):
    """Two actions, one step, an observation that is +1 or -1 at random; action 1 is right at +1, action 0 at -1.

    Isolates: that policy and critic learn together, each from its own observation. If probes 2 and 4 pass, it is the actor.
    """

    action_space = Discrete(2)
    observations = [-1, 1]
    right_values = {-1: 1.0, 1: 1.0}
    right_actions = {-1: 0, 1: 1}
    suspects = "that actions, log-probabilities and advantages are taken at the same minibatch indices as the observations"

    def reward(self, action: int) -> float:
        return 1.0 if action == (self.obs == 1) else -1.0


class Probe6(Probe):
    """One action, no end, always the reward 1; a TimeLimit cuts every episode after 3 steps.

    Isolates: truncation. Running out of time is not an end: the value of what would have come still counts, so
    V = 1 / (1 - gamma).
    Telling: V about 1.4 means that truncations were given as terminations.
    """

    right_values = {0: 2.0}
    suspects = "terminations and truncations: they go to compute_advantages apart, and in this order"

    def step(self, action):
        return np.float32([self.obs]), 1.0, False, False, {}


PROBES = {f"{probe.__name__}-v0": probe for probe in [Probe1, Probe2, Probe3, Probe4, Probe5, Probe6]}

for probe_id, probe in PROBES.items():
    if probe_id not in gym.registry:
        limit = 3 if probe is Probe6 else None
        gym.register(probe_id, f"utils.probes:{probe.__name__}", max_episode_steps=limit, disable_env_checker=True)


def check_probe(trainer_class: Callable, args_class: Callable, probe_id: str, seed: int = 1) -> tuple[bool, str]:
    """Train on one probe, and compare what was learned with what is right.

    Args:
        trainer_class: a PPOTrainer; its `rollout_phase` and `learning_phase` are called in turn.
        args_class: PPOArgs.
        probe_id: such as Probe1-v0.
        seed: of the run.

    Returns:
        Whether every value is within 0.1 of the right one and every right action has a probability of at least 0.9; and
        a sentence that says what was found, and whom to suspect if it is wrong.
    """
    iterations = 15
    args = args_class(
        env_id=probe_id,
        seed=seed,
        num_envs=8,
        num_steps=15,  # odd, so that rollouts cut episodes of two steps in the middle
        total_timesteps=iterations * 8 * 15,
        num_minibatches=2,
        learning_rate=1e-2,
        gamma=0.5,
        device="cpu",
    )
    trainer = trainer_class(args)
    for _ in range(iterations):
        trainer.rollout_phase()
        trainer.learning_phase()

    found, passed = [], True
    probe = PROBES[probe_id]
    with torch.no_grad():
        for obs, right in probe.right_values.items():
            value = trainer.critic(torch.tensor([[float(obs)]])).item()
            found.append(f"V({obs:g}) is {value:.2f} (right: {right:g})")
            passed &= abs(value - right) < 0.1
        for obs, action in probe.right_actions.items():
            probability = trainer.actor(torch.tensor([[float(obs)]])).softmax(dim=-1)[0, action].item()
            found.append(f"P(action {action} | {obs:g}) is {probability:.2f} (right: 1)")
            passed &= probability >= 0.9
    sentence = ", ".join(found) + "."
    return passed, sentence if passed else f"{sentence} Look at {probe.suspects}."


def probe_report(trainer_class: Callable, args_class: Callable, seed: int = 1) -> list[tuple[str, bool, str]]:
    """Run all probes, the simplest first.

    Args:
        trainer_class, args_class, seed: see `check_probe`.

    Returns:
        (probe_id, passed, sentence) for each. Repair the first that failed before you believe the later ones.
    """
    return [(probe_id, *check_probe(trainer_class, args_class, probe_id, seed)) for probe_id in PROBES]
