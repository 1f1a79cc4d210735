"""What the checks of every transition cost a Breakout training: python tests/bench/contract.py [rounds]

The checks alone are timed on a step that is played back, with and without them in turn. Then real steps, and whole
iterations of one trainer, learning included, are done with and without them in turn, so that a change in the machine's speed
meets both. On a machine that does other things as well, only the first figure is steady.
"""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import numpy as np
import tyro
from gymnasium.vector import VectorWrapper

from solutions.args import PRESETS, require_counts
from solutions.contract import check_transition
from solutions.trainer import PPOTrainer
from utils.transitions import CheckedEnvs

ARGS = replace(PRESETS["breakout"], num_envs=8, num_minibatches=4)


class PlayedBack(VectorWrapper):
    """Environments whose every step is the one they were just made to play."""

    def __init__(self, envs, actions):
        super().__init__(envs)
        self.result = envs.step(actions)

    def step(self, actions):
        return self.result


def in_turn(checked, unchecked, rounds: int) -> tuple[float, float]:
    """Return the median seconds of two things done in turn; which comes first changes with each round."""
    seconds = {checked: [], unchecked: []}
    for number in range(rounds):
        for act in (checked, unchecked) if number % 2 else (unchecked, checked):
            started = time.perf_counter()
            act()
            seconds[act].append(time.perf_counter() - started)
    return median(seconds[checked]), median(seconds[unchecked])


def main(rounds: tyro.conf.Positional[int] = 8) -> int:
    require_counts(rounds=rounds)
    terminal, sys.stdout = sys.stdout, io.StringIO()  # no progress bars
    say = lambda text: print(text, file=terminal, flush=True)
    ppo = PPOTrainer(ARGS)
    checked, unchecked = ppo.envs, ppo.envs.env
    rng = np.random.default_rng(0)
    actions = lambda: rng.integers(checked.single_action_space.n, size=ARGS.num_envs)

    same = actions()
    played_back = PlayedBack(unchecked, same)
    checked_play_back = CheckedEnvs(played_back, check_transition)
    both = in_turn(lambda: checked_play_back.step(same), lambda: played_back.step(same), 20_000)
    check = both[0] - both[1]
    say(f"checks alone: {check * 1e6:.0f} microseconds a step of {ARGS.num_envs} environments (medians of 20,000)")

    steps = 250 * rounds
    with_checks, without = in_turn(lambda: checked.step(actions()), lambda: unchecked.step(actions()), steps)
    say(
        f"steps: {with_checks * 1e3:.3f} ms checked, {without * 1e3:.3f} ms unchecked (medians of {steps:,}), "
        f"{with_checks / without - 1:+.1%}; the checks alone are {check / without:.2%}"
    )

    def iteration_with(envs):
        def iteration():
            ppo.agent.envs = envs
            ppo.rollout_phase()
            ppo.learning_phase()

        return iteration

    iteration_with(checked)()  # the first is slower
    with_checks, without = in_turn(iteration_with(checked), iteration_with(unchecked), rounds)
    share = check * ARGS.num_steps / without
    say(
        f"iterations: {with_checks:.2f} s checked, {without:.2f} s unchecked (medians of {rounds}), "
        f"{with_checks / without - 1:+.1%}; the checks alone are {share:.2%} of a training on {ppo.device}, and may be 3%"
    )
    return 0 if share <= 0.03 else 1


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
