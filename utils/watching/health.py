"""A run's health in words: short findings, read off the figures in its log (chapter 06).

A rule is a small function that looks at the figures so far and yields one sentence that says what is wrong, or nothing. To
add one, name it after what it finds, and write under `@rule` what that usually means. A figure that was not logged is NaN,
which no comparison accepts, so its rules stay silent.

The thresholds come from healthy runs, at every iteration from the eighth on: CartPole with the preset (17 seeds of 40,000
steps, 3 of 200,000) and with CleanRL's defaults (100,000 steps), an easier CartPole, Acrobot, and Breakout (3 seeds of
300,000 steps). Medians are over 5 iterations. From the probe environments, only what says so.

    figure                                              healthy runs             alarm
    approx_kl, median                                   at most 0.014            above 0.1
    approx_kl, one iteration                            at most 0.29 (a probe)   above 1
    clipfrac, median                                    at most 0.29             above 0.4
    approx_kl before the rate has halved, median        at least 0.00008         below 0.000001
    entropy / log(num_actions), median                  at least 0.31            below 0.05
    the same, its lowest after a quarter of the run     at most 0.95             above 0.995
    movement of the mean value / error of the critic,
      where it explains less than 5% of the variance    at least 0.15            below 0.03
    growth of the value loss where movement and error
      are alike and nothing is explained                at most 1.8 times        above 5 times
    value loss                                          at most 107              above 100,000
    gradient's norm / max_grad_norm                     at most 127              above 1,000
    policy loss                                         at most 0.026            above 1
    learning rate off its schedule                      0                        above 2% of its start
    standard errors by which the best mean return lies
      above the first, after half of the run            at least 8.8             below 4

A rule that is not in the table compares returns by standard errors, and asks for 4 of them: no healthy run fell so far.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from utils.watching.settings import Settings
from utils.watching.table import Table

MIN_ROWS = 8
"""Fewer iterations than this say nothing."""
MIN_ATARI_STEPS = 16_384
"""And on Atari, whose games are long, fewer steps: the eighth iteration of the healthy runs."""
WINDOW = 5
"""A figure is judged by its median over so many iterations, so that one bad minibatch raises no alarm."""


class History:
    """The figures of a run so far, as columns: `run["entropy"]` has one number for each iteration, NaN where there is none."""

    def __init__(self, rows: Table, args: Settings, num_actions: int):
        """See `diagnose`."""
        self.rows, self.args, self.num_actions = rows, args, num_actions
        self.done = len(rows) / args.num_iterations  # not by steps: an interrupt leaves steps that belong to no iteration

    def __getitem__(self, name: str) -> np.ndarray:
        return self.rows.column(name)

    def __len__(self):
        return len(self.rows)

    def lately(self, name: str) -> float:
        """Return the median of the last few iterations; NaN (which no comparison accepts) where the figure is missing."""
        return float(np.median(self[name][-WINDOW:]))

    @property
    def relative_entropy(self) -> np.ndarray:
        """The entropy as a share of log(num_actions): 1 is undecided, 0 is certain. NaN where there is nothing to choose."""
        return self["entropy"] / math.log(self.num_actions) if self.num_actions > 1 else self["entropy"] * math.nan

    @property
    def now(self) -> str:
        return f"after {self.rows[-1]['global_step']:,} steps ({self.done:.0%} of the run)"

    def first_scored(self, games: int) -> int:
        """Return the first iteration whose mean return is of so many games. With few it would come sooner, but be of the shortest games."""
        enough = self["games"] >= games
        return int(np.argmax(enough)) if enough.any() else len(self) - 1

    def rise(self, start: int, end: int) -> float:
        """Return by how many standard errors the mean return rose between two iterations."""
        returns, games = self["episodic_return"], np.minimum(self["games"], 100)
        variances = self["episodic_return_std"] ** 2 / games
        return (returns[end] - returns[start]) / math.sqrt(variances[start] + variances[end] + 1e-12)


Rule = Callable[[History], Iterator[str]]
RULES: list[tuple[str, str, Rule]] = []
"""The name of each, what it usually means, and the function."""


def rule(means: str):
    """Add a function to the table of rules."""

    def add(function: Rule) -> Rule:
        RULES.append((function.__name__.replace("_", " "), means, function))
        return function

    return add


def too_early(rows: Table, args: Settings) -> str:
    """Return a sentence that says so where it is too early to judge a run, else an empty one."""
    if len(rows) < MIN_ROWS:
        return f"too early to say: the rules need {MIN_ROWS} iterations, and there are {len(rows)}."
    steps = len(rows) * args.batch_size
    if args.mode != "classic-control" and steps < MIN_ATARI_STEPS:
        return f"too early to say: on Atari the rules need {MIN_ATARI_STEPS:,} steps, and there are {steps:,}."
    return ""


def diagnose(rows: Table, args: Settings, num_actions: int) -> dict[str, str]:
    """Find what is wrong with a run, as far as its figures tell.

    Args:
        rows: `RunLog.rows`, of a whole run or of its beginning.
        args: the run's PPOArgs.
        num_actions: how many actions the policy chooses from.

    Returns:
        The findings, the most telling first: by name, what was seen with figures and when, and what that usually means. None
        for a healthy run, and none for one of which it is too early to say.
    """
    if too_early(rows, args):
        return {}
    run = History(rows, args, num_actions)
    with np.errstate(all="ignore"):
        return {name: f"{seen} {means}" for name, means, function in RULES for seen in function(run)}


def in_words(rows: Table, args: Settings, num_actions: int, findings: dict[str, str]) -> str:
    """Return the diagnosis of a run as text: its findings, or one sentence that says what is well."""
    if findings:
        return "\n".join(f"- {name}: {said}" for name, said in findings.items())
    if sentence := too_early(rows, args):
        return sentence
    run = History(rows, args, num_actions)
    start, returns, entropy, kl = run.first_scored(20), run["episodic_return"], run.relative_entropy, run["approx_kl"]
    figures = [
        f"the mean return went from {returns[start]:.1f} to {returns[-1]:.1f}" * bool(np.isfinite(returns[start])),
        f"the entropy from {entropy[0]:.0%} to {entropy[-1]:.0%} of its maximum" * bool(np.isfinite(entropy[0])),
        f"approx_kl was at most {kl.max():.2g}" * bool(np.isfinite(kl.max())),
    ]
    return f"healthy: nothing suspicious in {len(run)} iterations; {', '.join(filter(None, figures))}."


@rule(
    "So there is no score to see. Either games are longer than that, or they never end: an agent that waits for ever (as Breakout does "
    "for FIRE), or an environment without a time limit.",
)
def no_game_finished(run: History) -> Iterator[str]:
    if run.done >= 0.25 and run["games"][-1] == 0:
        yield f"Not one game has ended {run.now}, {run.rows[-1]['global_step'] // run.args.num_envs:,} in each environment."


@rule(
    "Where everything pays the same, there is nothing to prefer. The reward is missing or out of reach of random play: look at the "
    "environment, help with reward shaping, or explore more.",
)
def no_reward_seen(run: History) -> Iterator[str]:
    returns, spread = run["episodic_return"], run["episodic_return_std"]
    scored = run["games"] > 0
    if (
        run.num_actions > 1
        and run.done >= 0.1
        and run["games"][-1] >= 20
        and spread[scored].max() == np.ptp(returns[scored]) == 0
    ):
        yield f"All {int(run['games'][-1])} games so far scored exactly {returns[-1]:g}, {run.now}."


@rule(
    "The policy leaves its data behind, so most of an update is blind. Usual causes: a learning rate too high, too many epochs, "
    "clip_coef too wide; target_kl is the fuse against it.",
)
def updates_too_large(run: History) -> Iterator[str]:
    kl = run["approx_kl"]
    if run.lately("approx_kl") > 0.1 or run.lately("clipfrac") > 0.4:
        yield (
            f"approx_kl is {run.lately('approx_kl'):.2g} and clipfrac {run.lately('clipfrac'):.2g} {run.now}; "
            "a healthy run stays below 0.03 and 0.3."
        )
    elif kl.max() > 1:
        at = run.rows[int(kl.argmax())]["global_step"]
        yield f"approx_kl was {kl.max():.2g} after {at:,} steps; a healthy run stays below 0.03."


@rule(
    "The policy does not move, so nothing can be learned. Usual causes: a learning rate far too small, a missing optimizer.step(), the "
    "actor's parameters missing from the optimizer, or log-probabilities without a graph.",
)
def policy_frozen(run: History) -> Iterator[str]:
    at_work = run["learning_rate"] >= run.args.learning_rate / 2  # at the end of the schedule every policy stands still
    entropy, kl = run.relative_entropy, run["approx_kl"]
    if run.args.update_epochs * run.args.num_minibatches == 1:  # then it is measured before the only update, and always 0
        return
    if at_work.sum() >= WINDOW and np.median(kl[at_work]) < 1e-6 and entropy[at_work].min() > 0.5:
        yield f"approx_kl has been {max(0.0, np.median(kl[at_work])):.1g} from the start, {run.now}: a healthy run has 0.0001 to 0.03."


@rule(
    "It always takes the same action, and will see nothing else any more. Usual causes: a learning rate too high, the entropy bonus "
    "missing or with the wrong sign, advantages not normalised.",
)
def policy_collapsed(run: History) -> Iterator[str]:
    entropy = run.relative_entropy
    first = int(np.argmax(entropy < 0.05))
    decided_well = run["episodic_return_std"][-1] == 0 and run.rise(run.first_scored(20), -1) > 3  # as in the probes
    if np.median(entropy[-WINDOW:]) < 0.05 and first < len(run) * 0.5 / run.done and not decided_well:
        since = run.rows[first]["global_step"]
        yield f"The entropy fell below 5% of its maximum within {since:,} steps, and is at {entropy[-1]:.1%} of it {run.now}."


@rule(
    "Nothing makes it decide. Usual causes: ent_coef far too large, the entropy subtracted twice, or advantages that are all alike.",
)
def policy_stays_random(run: History) -> Iterator[str]:
    entropy = run.relative_entropy
    if run.done >= 0.25 and entropy.min() > 0.995 and not any(policy_frozen(run)):
        yield f"The entropy never fell below {entropy.min():.2%} of its maximum, {run.now}."


@rule(
    "The advantages are then little better than plain sums of rewards. Usual causes: vf_coef 0, the critic's parameters missing from the "
    "optimizer, values detached from the graph, or rewards so large that the critic would need years to reach them.",
)
def critic_frozen(run: History) -> Iterator[str]:
    moved, error = np.ptp(run["mean_value"]), math.sqrt(2 * run.lately("value_loss"))
    if run.done >= 0.1 and np.median(run["explained_variance"]) < 0.05 and moved < 0.03 * error:
        yield (
            f"The critic's mean value has moved by {moved:.2g} in all, though it is wrong by {error:.2g}; it explains "
            f"{max(0.0, run.lately('explained_variance')):.0%} of the returns' variance, {run.now}."
        )


@rule(
    "It runs away from the returns. Usual causes: the value loss with the wrong sign, values bootstrapped past the end of an episode, "
    "a learning rate too high, rewards that are wrong.",
)
def critic_diverges(run: History) -> Iterator[str]:
    at_first, loss = run["value_loss"][:WINDOW].min(), run.lately("value_loss")
    moved = np.ptp(run["mean_value"])
    runs_away = 0.5 < moved / math.sqrt(2 * loss) < 2  # the error is as large as the movement: so it moved away
    if loss > 5 * at_first and run.lately("explained_variance") < 0.05 and runs_away:
        yield (
            f"The value loss rose from {at_first:.2g} to {loss:.2g}, the critic's mean value moved by {moved:.2g}, and it "
            f"explains nothing of the returns, {run.now}."
        )


@rule(
    "The critic cannot reach such numbers in time, and its loss drowns the policy's. Divide the rewards, clip them, or normalise them.",
)
def returns_out_of_scale(run: History) -> Iterator[str]:
    if run.lately("value_loss") > 1e5:
        yield f"The value loss is {run.lately('value_loss'):.2g} {run.now}: the critic is wrong by thousands."


@rule(
    "Clipping then leaves next to nothing of the policy's own part. Usual causes: rewards in the thousands, a loss summed instead of "
    "averaged, a vf_coef too large.",
)
def gradient_explodes(run: History) -> Iterator[str]:
    norm, limit = run.lately("grad_norm"), run.args.max_grad_norm
    if norm > 1000 * limit:
        yield f"The gradient's norm is {norm:,.0f} before clipping, {norm / limit:,.0f} times max_grad_norm, {run.now}."


@rule(
    "A policy loss like that outweighs the entropy and the gradient of the critic. The advantages reach the loss without being normalised "
    "in the minibatch (norm_adv), or with it switched off where the rewards are large.",
)
def advantages_out_of_scale(run: History) -> Iterator[str]:
    loss = abs(run.lately("policy_loss"))
    if loss > (1 if run.args.norm_adv else 100):
        yield f"The policy loss is {run.lately('policy_loss'):.3g} {run.now}; with normalised advantages it stays within 0.1 of 0."


@rule(
    "The agent plays worse than one that has learned nothing. Usual causes: the sign of the policy loss or of the advantages, columns that "
    "no longer belong together (actions, advantages and observations of different steps), a policy that collapsed.",
)
def worse_than_at_the_start(run: History) -> Iterator[str]:
    start, returns = run.first_scored(20), run["episodic_return"]
    lately = range(len(run) - 3, len(run))
    fell = all(
        run.rise(start, i) < -4 and returns[start] - returns[i] > 0.5 * run["episodic_return_std"][start] for i in lately
    )
    if run.done >= 0.1 and fell:
        yield f"The mean return fell from {returns[start]:.1f}, that of the first policy, to {returns[-1]:.1f} {run.now}."


@rule(
    "The agent could do it and has lost it. Usual causes: an update that was too large (a learning rate that does not fall, no clipping), "
    "or a critic that broke first.",
)
def return_collapsed(run: History) -> Iterator[str]:
    returns, start = run["episodic_return"], run.first_scored(100)
    best = start + int(np.nanargmax(returns[start:])) if np.isfinite(returns[start:]).any() else start
    risen, lost = returns[best] - returns[start], returns[best] - returns[-3:].max()
    if run.rise(start, best) > 4 and run.rise(best, -1) < -4 and lost > 0.5 * risen:
        at = run.rows[best]["global_step"]
        yield f"The mean return had risen from {returns[start]:.1f} to {returns[best]:.1f} after {at:,} steps; it is {returns[-1]:.1f} {run.now}."


@rule("scheduler.step() belongs once at the end of each learning phase: it is missing, or in the wrong loop.")
def learning_rate_off_schedule(run: History) -> Iterator[str]:
    at_first = run.args.learning_rate
    expected = at_first * (1 - min(run.done, 1)) if run.args.anneal_lr else at_first
    rate = run["learning_rate"][-1]
    if abs(rate - expected) > 0.02 * at_first:
        yield f"The learning rate is {rate:.3g} {run.now}; with anneal_lr={run.args.anneal_lr} it should be {expected:.3g}."


@rule(
    "Either the run is too short for this game, or it was as good as that from the start, or what the policy is taught has nothing to do "
    "with what it did. The probe environments tell which: tests.test_probes(PPOTrainer).",
)
def no_progress(run: History) -> Iterator[str]:
    start, returns = run.first_scored(100), run["episodic_return"]
    scored = run.num_actions > 1 and run["games"][-1] >= 300 and not any(no_reward_seen(run))
    if run.done >= 0.5 and scored and all(abs(run.rise(start, i)) < 4 for i in range(start, len(run))):
        yield f"The mean return was {returns[start]:.1f} at the start and is {returns[-1]:.1f} {run.now}."
