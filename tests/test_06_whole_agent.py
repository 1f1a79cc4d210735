"""Checks of a whole agent: no exercises of their own, but what the exercises come to together (chapter 06)."""

from dataclasses import replace

from solutions.args import PRESETS, PPOArgs
from solutions.evaluate import evaluate
from tests.checks import require
from utils.envs import make_envs
from utils.probes import PROBES, check_probe


def test_probes(trainer_class):
    """In each probe environment the agent finds the one right answer. It stops at the first that fails: the later ones need it."""
    for number, probe_id in enumerate(PROBES):
        right, sentence = check_probe(trainer_class, PPOArgs, probe_id)
        before = (
            "" if number == 0 else f" (Probe1-v0 to {list(PROBES)[number - 1]} pass.)" if number > 1 else " (Probe1-v0 passes.)"
        )
        require(right, f"{probe_id}: {sentence}{before}", probe_id)


STEPS = 20 * 1024
BOUND = 120


def test_trained_return(trainer_class):
    """After 20,480 steps of CartPole with the preset, sampled games score at least 120 on average over seeds 1 to 3.

    Random play scores 22. Single runs of the reference scored 124 to 493 (40 seeds, 50 games each), and no three of these seeds
    had a mean below 138; so a right trainer passes, whatever its random stream.

    It sees what costs most of the learning: with a policy loss of the wrong sign the mean was 9, with a ratio that is always
    1 it was 9, with the scheduler stepped in every minibatch 33. CartPole forgives the rest: a single epoch (253), advantages
    never normalised (272), gradients never clipped (158) or never cleared (298) pass. The tests of the exercises see those.
    """
    scores = []
    for seed in [1, 2, 3]:
        trainer = trainer_class(replace(PRESETS["cartpole"], seed=seed, total_timesteps=STEPS))
        for _ in range(trainer.args.num_iterations):
            trainer.rollout_phase()
            trainer.learning_phase()
        games = evaluate(trainer.actor, make_envs("CartPole-v1", 20), 20, greedy=False, max_steps=500, seed=1000 + seed)
        scores.append(float(games.mean()))
    mean = sum(scores) / len(scores)
    require(
        mean >= BOUND,
        f"After {STEPS:,} steps of CartPole, 20 sampled games score {', '.join(f'{score:.0f}' for score in scores)} on average with "
        f"seeds 1, 2 and 3: a mean of {mean:.0f}, below the bound of {BOUND}. (Random play scores 22, the reference about 260.) If "
        "test_probes passes, look at what the probes cannot see: print(trainer.log.health()) after trainer.train() says more.",
        "return",
    )
