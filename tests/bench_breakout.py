"""Training speed on Breakout beside Stable-Baselines3's: python tests/bench_breakout.py [rounds]

Needs the extra `pip install -e '.[bench]'`. Both train with 8 environments x 128 steps, 4 epochs x 4 minibatches, learning
included; they take turns, an iteration each, so that a change in the machine's speed meets both.
"""

import io
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack

from solutions.args import PPOArgs
from solutions.trainer import PPOTrainer

ARGS = PPOArgs(env_id="ALE/Breakout-v5", mode="atari", clip_coef=0.1, num_envs=8, device="cpu")


def main() -> None:
    ours = PPOTrainer(ARGS)
    envs = VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", n_envs=ARGS.num_envs, seed=1), n_stack=4)
    theirs = PPO(
        "CnnPolicy", envs, n_steps=ARGS.num_steps, batch_size=ARGS.minibatch_size, n_epochs=ARGS.update_epochs,
        learning_rate=ARGS.learning_rate, clip_range=ARGS.clip_coef, ent_coef=ARGS.ent_coef, vf_coef=ARGS.vf_coef, device="cpu",
    )  # fmt: skip

    def our_iteration():
        ours.rollout_phase()
        ours.learning_phase()

    def their_iteration():
        theirs.learn(ARGS.batch_size, reset_num_timesteps=False)

    terminal, sys.stdout = sys.stdout, io.StringIO()
    our_iteration()
    their_iteration()
    speeds = {"ours": [], "Stable-Baselines3": []}
    for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 6):
        for name, iteration in [("ours", our_iteration), ("Stable-Baselines3", their_iteration)]:
            started = time.perf_counter()
            iteration()
            speeds[name].append(ARGS.batch_size / (time.perf_counter() - started))
        print(
            f"round {number + 1}: " + ", ".join(f"{name} {some[-1]:.0f}" for name, some in speeds.items()),
            file=terminal,
            flush=True,
        )
    mine, other = (median(some) for some in speeds.values())
    ratio = median(a / b for a, b in zip(*speeds.values(), strict=True))
    print(
        f"steps per second (median, {torch.get_num_threads()} threads): ours {mine:.0f}, Stable-Baselines3 {other:.0f}; ratio {ratio:.2f}",
        file=terminal,
    )


if __name__ == "__main__":
    main()
