"""What the checks of every transition cost a Breakout training: python tests/bench_contract.py [pairs of iterations]

One trainer plays with its environments checked and unchecked in turn, so that a change in the machine's speed meets both:
step by step for the steps alone, then iteration by iteration with the learning included.
"""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from solutions.args import PRESETS
from solutions.trainer import PPOTrainer

ARGS = replace(PRESETS["breakout"], num_envs=8, num_minibatches=4)
STEPS = 4_000


def in_turn(checked, unchecked, rounds: int) -> tuple[float, float]:
    """The median seconds of two things done in turn; who begins changes with each round."""
    seconds = {checked: [], unchecked: []}
    for number in range(rounds):
        for act in (checked, unchecked) if number % 2 else (unchecked, checked):
            started = time.perf_counter()
            act()
            seconds[act].append(time.perf_counter() - started)
    return median(seconds[checked]), median(seconds[unchecked])


def main() -> int:
    terminal, sys.stdout = sys.stdout, io.StringIO()  # no progress bars
    ppo = PPOTrainer(ARGS)
    checked, unchecked = ppo.envs, ppo.envs.env
    rng = np.random.default_rng(0)
    num_actions = int(checked.single_action_space.n)
    random_actions = lambda: rng.integers(num_actions, size=ARGS.num_envs)

    def iterate_with(envs):
        def iteration():
            ppo.agent.envs = envs
            ppo.rollout_phase()
            ppo.learning_phase()

        return iteration

    with_check, without = in_turn(lambda: checked.step(random_actions()), lambda: unchecked.step(random_actions()), STEPS)
    check = with_check - without
    print(
        f"steps alone: {with_check * 1e3:.3f} ms checked, {without * 1e3:.3f} ms unchecked (medians of {STEPS}, {ARGS.num_envs} "
        f"environments): {check / without:+.2%}",
        file=terminal,
    )
    iterate_with(checked)()  # the first is slower
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    iteration, unchecked_iteration = in_turn(iterate_with(checked), iterate_with(unchecked), rounds)
    share = check * ARGS.num_steps / unchecked_iteration
    print(
        f"iterations: {iteration:.2f} s checked, {unchecked_iteration:.2f} s unchecked (medians of {rounds}): "
        f"{iteration / unchecked_iteration - 1:+.2%}",
        file=terminal,
    )
    print(
        f"{ARGS.num_steps} checks are {share:.2%} of a training iteration on {ppo.device}; at most 3% is allowed", file=terminal
    )
    return 0 if share <= 0.03 else 1


if __name__ == "__main__":
    sys.exit(main())
