"""Tests of the exercises of chapter 06."""

import copy
from unittest.mock import patch

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from solutions import advantages as reference_advantages
from solutions import losses, networks, policy_gradient
from solutions.args import PPOArgs
from tests import shapes
from tests.checks import WrongAnswer, expect_close, require, seeds_untouched, show, unmodified
from tests.scripted_envs import ScriptedEnvs
from tests.watched_calls import WatchedCalls

SMALL = {"num_envs": 4, "num_steps": 8, "num_minibatches": 2, "update_epochs": 3, "total_timesteps": 4 * 8 * 5, "device": "cpu"}


def small_trainer(PPOTrainer, shared: bool = False, **changes):
    """A trainer on scripted environments, with networks whose outputs are far from 0, and which may share their first layer."""
    trainer = PPOTrainer(PPOArgs(**(SMALL | changes)))
    trainer.envs = ScriptedEnvs(trainer.args.num_envs, num_actions=2)
    torch.manual_seed(0)
    for network, _outputs in [(trainer.actor, 2), (trainer.critic, 1)]:
        network[0] = nn.Linear(3, 64)
        nn.init.orthogonal_(network[-1].weight, 1.0)
    if shared:
        trainer.critic[0] = trainer.actor[0]
    from solutions import optim, rollout

    args = trainer.args
    trainer.optimizer = optim.make_optimizer(trainer.actor, trainer.critic, args.learning_rate)
    trainer.scheduler = optim.PPOScheduler(trainer.optimizer, args.learning_rate, 0.0, args.num_iterations)
    trainer.agent = rollout.PPOAgent(trainer.envs, trainer.actor, trainer.critic, args.num_steps, args.seed)
    return trainer


def networks_of(trainer) -> dict[str, nn.Module]:
    return {"actor": trainer.actor, "critic": trainer.critic}


def play(trainer):
    """Fill and close the rollout, without the learner's code."""
    trainer.agent.rollout.clear()
    for _ in range(trainer.args.num_steps):
        trainer.agent.play_step()
    trainer.agent.rollout.close(trainer.actor, trainer.critic, trainer.agent.next_obs)


def test_rollout_phase(PPOTrainer):
    trainer = small_trainer(PPOTrainer, num_steps=12, total_timesteps=4 * 12 * 5)  # 12 / 4 rows, and no game ends after 3
    steps = trainer.args.num_steps
    before = {who: copy.deepcopy(network.state_dict()) for who, network in networks_of(trainer).items()}
    for phase in [1, 2]:
        try:
            with seeds_untouched("rollout_phase"):
                trainer.rollout_phase()
        except ValueError as error:
            if "rows" not in str(error):
                raise
            which = "second " if phase == 2 else ""
            require(False, f"The {which}rollout_phase does not fit the rollout: {error}", f"phase {phase}: {error}")
        played = len(trainer.envs.actions)
        require(
            played == phase * steps,
            f"After {phase} rollout_phase(s) the environments were stepped {played} times; expected num_steps = {steps} in each phase.",
            f"{played - phase * steps}",
        )
        require(
            trainer.envs.resets == 1,
            f"rollout_phase resets the environments (seen {trainer.envs.resets - 1} times). It goes on where the last one stopped: long "
            "episodes reach over many rollouts, and environments start their next one by themselves.",
            {1: "resets once", steps: "resets every time"}.get(trainer.envs.resets - 1, "resets"),
        )
        batch = trainer.agent.rollout
        require(
            hasattr(batch, "next_values"),
            "After rollout_phase the rollout is not closed: `close` it, so that learning_phase finds its tensors.",
            "not closed",
        )
        require(
            len(batch.rows) == steps, f"After rollout_phase the rollout has {len(batch.rows)} rows; expected {steps}.", "rows"
        )
        shown = torch.as_tensor(np.stack(trainer.envs.shown[(phase - 1) * steps : phase * steps]))
        require(
            torch.equal(batch.obs, shown),
            f"The closed rollout of phase {phase} does not hold the observations of that phase: was it closed, and cleared before?",
            f"old rows {phase}",
        )
        with torch.no_grad():
            last = trainer.critic(torch.as_tensor(trainer.envs.shown[-1])).squeeze(-1)
            going_on = ~batch.truncations[-1]
            first = trainer.critic(torch.as_tensor(trainer.envs.shown[(phase - 1) * steps])).squeeze(-1)
        closed_with_first = torch.allclose(batch.next_values[-1][going_on], first[going_on], atol=1e-4)
        require(
            torch.allclose(batch.next_values[-1][going_on], last[going_on], atol=1e-4),
            "The last row's next_values are not V of the observations after the rollout: close it with what the agent's next_obs is then.",
            "close with the first obs" if closed_with_first else "close with other obs",
        )
    for who, network in networks_of(trainer).items():
        same = all(torch.equal(a, b) for a, b in zip(before[who].values(), network.state_dict().values(), strict=True))
        require(same, f"rollout_phase changes the {who}. It only plays; learning comes afterwards.", "learns")
    require(
        len(trainer.log.games) > 0,
        "The finished games were not counted: pass the infos of each step to self.log.add_games(self.agent.global_step, infos).",
        "games",
    )
    num_envs = trainer.args.num_envs
    ended = [(t + 1) * num_envs for t in range(2 * steps) for n in range(num_envs) if (t + n) % 5 == 4]
    counted = [game[0] for game in trainer.log.games]
    off = next((i for i, (one, other) in enumerate(zip(counted, ended, strict=False)) if one != other), 0)
    require(
        counted == ended,
        f"{len(ended)} games ended; from number {off + 1} on at the global steps {ended[off : off + 5]} ...; add_games was told of "
        f"{len(counted)}, from there on at {counted[off : off + 5]} ...: call self.log.add_games(self.agent.global_step, infos) after each "
        "step, with its own infos.",
        f"games {len(counted)} {counted[:2]} {off}",
    )


class Oracle:
    """What a learning phase should come to, computed here from the definitions with whole-rollout minibatches."""

    def __init__(self, trainer):
        args, batch = trainer.args, trainer.agent.rollout
        self.args = args
        self.advantages = reference_advantages.compute_advantages(
            batch.rewards, batch.values, batch.next_values, batch.terminations, batch.truncations, args.gamma, args.gae_lambda
        ).flatten()
        self.returns = self.advantages + batch.values.flatten()
        self.obs, self.actions, self.logprobs = batch.obs.flatten(0, 1), batch.actions.flatten(), batch.logprobs.flatten()

    def terms(self, actor, critic, steps, correction: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the policy loss, the value loss and the entropy of some steps of the rollout."""
        args, actions, adv = self.args, self.actions[steps], self.advantages[steps]
        all_logprobs = actor(self.obs[steps]).log_softmax(-1)
        ratio = (all_logprobs[torch.arange(len(actions)), actions] - self.logprobs[steps]).exp()
        if args.norm_adv:
            adv = (adv - adv.mean()) / (adv.std(correction=correction) + 1e-8)
        surrogate = torch.minimum(ratio * adv, ratio.clip(1 - args.clip_coef, 1 + args.clip_coef) * adv).mean()
        value_error = ((critic(self.obs[steps]).squeeze(-1) - self.returns[steps]) ** 2).mean() / 2
        return -surrogate, value_error, -(all_logprobs.exp() * all_logprobs).sum(-1).mean()

    def learn(self, actor, critic, correction: int = 1) -> list[nn.Parameter]:
        """Learn on copies of the networks; returns the learned parameters, the actor's first."""
        args = self.args
        actor, critic = copy.deepcopy(actor), copy.deepcopy(critic)
        parameters = [*actor.parameters(), *critic.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=args.learning_rate, eps=1e-5)
        for _ in range(args.update_epochs):
            policy_loss, value_loss, entropy = self.terms(actor, critic, slice(None), correction)
            optimizer.zero_grad()
            (policy_loss + args.vf_coef * value_loss - args.ent_coef * entropy).backward()
            norm = torch.stack([p.grad.norm() for p in parameters]).norm()
            for p in parameters:
                p.grad.mul_(min(1.0, args.max_grad_norm / (norm.item() + 1e-6)))
            optimizer.step()
        return [p.detach() for p in parameters]


class WatchedUpdates:
    """Compares the gradient that the optimizer is given at each step with that of the loss, computed here on the same minibatch.

    Attributes:
        fact: what was seen at the first step where they differ, in a sentence; None if there was none.
        kind: the same in short.
    """

    def __init__(self, trainer):
        self.trainer, self.oracle = trainer, Oracle(trainer)
        self.fact = self.kind = None
        self.steps, self.given, self.minibatch, self.computing = 0, None, None, False
        trainer.actor[0].register_forward_pre_hook(self._note)  # a shared layer may run once for both networks
        trainer.optimizer.register_step_pre_hook(self._compare)

    def _note(self, _, inputs) -> None:
        if not self.computing and torch.is_grad_enabled():
            self.minibatch = inputs[0].detach().clone()

    def _compare(self, *_) -> None:
        self.steps += 1
        if self.fact is not None or self.minibatch is None:
            return
        trainer, args = self.trainer, self.trainer.args
        rate = trainer.optimizer.param_groups[0]["lr"]
        if abs(rate - args.learning_rate) > 1e-3 * args.learning_rate:
            self.kind = f"rate {rate / args.learning_rate:.2f}"
            self.fact = (
                f"At optimizer step {self.steps} of the first learning phase the learning rate is {rate:g}; expected {args.learning_rate:g} "
                "in all its steps: the scheduler is stepped once, after the last."
            )
            return
        parameters = list(dict.fromkeys([*trainer.actor.parameters(), *trainer.critic.parameters()]))
        given = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
        self.computing = True
        fits = [self._differs(given, parameters, correction, args) for correction in (1, 0)]
        self.computing = False
        if None not in fits:
            self.kind, self.fact = fits[0]
        self.given = given.clone()

    def _differs(self, given, parameters, correction: int, args) -> tuple[str, str] | None:
        parts = self._parts(parameters, correction)
        total = parts[0] + args.vf_coef * parts[1] - args.ent_coef * parts[2]
        limit, where = args.max_grad_norm, f"At optimizer step {self.steps}"

        def shortened(gradient):
            return gradient * min(1.0, limit / (gradient.norm().item() + 1e-6))

        def same(gradient):
            return torch.allclose(given, gradient, rtol=1e-2, atol=1e-3 * max(gradient.abs().max().item(), 1e-6))

        if same(shortened(total)):
            return None
        sizes = [p.numel() for p in parameters]
        each = torch.cat([shortened(part) for part in total.split(sizes)])
        expected = f"expected is the norm {shortened(total).norm():.3g}, since max_grad_norm is {limit:g}"
        if self.given is not None and (same(shortened(total + self.given)) or same(total + self.given)):
            return (
                "adds up",
                f"{where} the gradient is that of this minibatch plus that of the update before: clear it before each backward.",
            )
        if same(total):
            return "not shortened", f"{where} the gradient has the norm {given.norm():.3g} and was not clipped; {expected}."
        if same(each):
            return (
                "each",
                f"{where} the gradient of each parameter was clipped apart, and all together have the norm {given.norm():.3g}; {expected}.",
            )
        factor = (given @ total / (total @ total)).item()
        if same(factor * total):
            return (
                f"factor {factor / (shortened(total).norm() / total.norm()).item():.2f}",
                f"{where} the gradient has the right direction, but the norm {given.norm():.3g}; {expected}.",
            )
        weights = torch.linalg.lstsq(torch.stack(parts, dim=1).double(), given.double()[:, None]).solution.flatten()
        if same((torch.stack(parts, dim=1).double() @ weights).float()):
            policy, value, entropy = weights.tolist()
            one = abs(policy) if abs(policy) > 1e-6 else 1.0
            return (
                f"weights {policy / one:+.1f} {value / one:+.2f} {entropy / one:+.2f}",
                f"{where} the gradient is that of {policy / one:+.0f} x policy_loss {value / one:+.3g} x value_loss {entropy / one:+.3g} x entropy; "
                f"expected +1 x policy_loss {args.vf_coef:+.3g} x value_loss {-args.ent_coef:+.3g} x entropy.",
            )
        in_both = {id(p) for p in self.trainer.actor.parameters()} & {id(p) for p in self.trainer.critic.parameters()}
        is_shared = torch.cat([torch.full((p.numel(),), id(p) in in_both) for p in parameters])
        if in_both and all(_parallel(given[some], total[some]) for some in (is_shared, ~is_shared)):
            return (
                "shared ones twice",
                f"{where} the gradient in the shared layer was shortened by another factor than in the others: the parameters that both "
                "networks have must be counted, and clipped, once.",
            )
        own = len(list(self.trainer.actor.parameters()))
        cut = sum(sizes[:own])
        scale = (given.norm() / total.norm()).item()
        right = [
            who
            for who, some, wanted in [("actor", given[:cut], total[:cut]), ("critic", given[cut:], total[cut:])]
            if _parallel(some, wanted)
        ]
        wrong = " and the ".join(who for who in ("actor", "critic") if who not in right)
        if not wrong:
            return "balance", f"{where} the gradients of actor and critic do not stand in the right proportion to each other."
        rest = f" In the {right[0]} it is." if right else ""
        return f"{wrong} {scale:.1e}", f"{where} the gradient in the {wrong} is not that of its loss on this minibatch.{rest}"

    def _parts(self, parameters, correction: int) -> list[torch.Tensor]:
        """Return the gradients of the policy loss, the value loss and the entropy of the minibatch, each as one vector."""
        rollout, minibatch = self.oracle.obs.flatten(1), self.minibatch.flatten(1)
        steps = (rollout[None] - minibatch[:, None]).abs().sum(-1).argmin(dim=1)  # known by their observations
        with torch.enable_grad():
            terms = self.oracle.terms(self.trainer.actor, self.trainer.critic, steps, correction)
        parts = [torch.autograd.grad(term, parameters, allow_unused=True, retain_graph=True) for term in terms]
        return [
            torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(parameters, part, strict=True)])
            for part in parts
        ]


def _parallel(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Tell whether two gradients have the same direction."""
    return torch.nn.functional.cosine_similarity(one, other, dim=0).item() > 0.9999


def movement(parameters, start) -> torch.Tensor:
    """How far all parameters moved, in units of 1e-3, as one vector."""
    return torch.cat([(p.detach() - s).flatten() for p, s in zip(parameters, start, strict=True)]) * 1000


@shapes.checked_calls(reference_advantages, losses, networks, policy_gradient)
def test_learning_phase(PPOTrainer):
    # 1. The minibatches: how many updates, of what.
    trainer = small_trainer(PPOTrainer, num_minibatches=4)
    play(trainer)
    seen, updates = [], []

    def note(_, inputs):
        is_new = not seen or not torch.equal(seen[-1], inputs[0])  # a minibatch may be evaluated twice
        if is_new and torch.is_grad_enabled():  # and the whole rollout, if nothing is learned from that
            seen.append(inputs[0].detach().clone())

    hook = trainer.actor.register_forward_pre_hook(note)
    trainer.optimizer.register_step_post_hook(lambda *_: updates.append(1))
    start = [p.detach().clone() for p in [*trainer.actor.parameters(), *trainer.critic.parameters()]]
    columns = ["obs", "actions", "logprobs", "values", "next_values", "rewards", "terminations", "truncations"]
    before = {name: getattr(trainer.agent.rollout, name) for name in columns}
    with unmodified(**{f"rollout.{name}": column for name, column in before.items()}):
        trainer.learning_phase()
    hook.remove()
    args = trainer.args
    wanted = args.update_epochs * args.num_minibatches
    require(
        len(updates) == wanted,
        f"learning_phase took {len(updates)} optimizer steps; expected update_epochs x num_minibatches = {args.update_epochs} x "
        f"{args.num_minibatches} = {wanted}.",
        f"updates {len(updates)}",
    )
    require(
        all(len(batch) == args.minibatch_size for batch in seen),
        f"The actor was shown batches of {sorted({len(batch) for batch in seen})} observations; expected minibatches of {args.minibatch_size}.",
        "sizes",
    )
    require(
        hasattr(trainer.agent.rollout, "obs"),
        "After learning_phase the rollout is empty. Leave it as it is: the next rollout_phase clears it.",
        "rollout cleared",
    )
    for name in columns:
        require(
            getattr(trainer.agent.rollout, name) is before[name],
            f"After learning_phase the rollout's `{name}` is another tensor than before: leave the rollout as it is, and give new tensors names "
            "of their own.",
            f"another {name}",
        )
    rollout_obs = {tuple(row) for row in trainer.agent.rollout.obs.flatten(0, 1).tolist()}
    epochs = [seen[i : i + args.num_minibatches] for i in range(0, wanted, args.num_minibatches)]
    for number, minibatches in enumerate(epochs):
        covered = [tuple(row) for batch in minibatches for row in batch.tolist()]
        require(
            set(covered) == rollout_obs,
            f"In epoch {number} the minibatches hold {len(set(covered))} different steps; expected all {len(rollout_obs)} of the rollout.",
            f"covered {len(set(covered))}",
        )
    company = [{frozenset(tuple(row) for row in batch.tolist()) for batch in minibatches} for minibatches in epochs]
    require(
        company[0] != company[1],
        "In every epoch the same steps share a minibatch: call get_minibatch_indices anew in each.",
        "same minibatches" if torch.equal(torch.stack(epochs[0]), torch.stack(epochs[1])) else "same company",
    )
    end = [*trainer.actor.parameters(), *trainer.critic.parameters()]
    require(all(p.isfinite().all() for p in end), "The networks hold NaN or infinity after learning_phase.", "nan")
    for who, some in [("actor", trainer.actor), ("critic", trainer.critic)]:
        mine = {id(p) for p in some.parameters()}
        moved = any(not torch.equal(p, s) for p, s in zip(end, start, strict=True) if id(p) in mine)
        require(moved, f"learning_phase does not change the {who}.", f"{who} unmoved")

    logged = {name: len(figures) for name, figures in trainer.log.figures.items()}
    for name in ["policy_loss", "value_loss", "entropy", "approx_kl", "clipfrac", "grad_norm"]:
        require(
            logged.get(name, 0) == wanted,
            f"`{name}` was added to the log's figures {logged.get(name, 0)} times in {wanted} updates: call self.log.add_figures(...) after "
            "each update.",
            f"figures: no {name}"
            if name not in logged
            else "figures: once an epoch"
            if logged[name] == args.update_epochs
            else "figures",
        )
    oracle = Oracle(trainer)
    require(
        logged.get("explained_variance") == 1,
        f"`explained_variance` was added to the log's figures {logged.get('explained_variance', 0)} times; expected once, after the epochs.",
        "no explained variance" if "explained_variance" not in logged else "explained variances",
    )
    values = trainer.agent.rollout.values.flatten()
    explained = 1 - (oracle.returns - values).var(correction=0) / oracle.returns.var(correction=0)
    logged_explained = trainer.log.figures["explained_variance"][0]

    # 2. The schedule: one step for each learning phase.
    rate = trainer.optimizer.param_groups[0]["lr"] / args.learning_rate
    require(
        abs(rate - (1 - 1 / args.num_iterations)) < 1e-6,
        f"After 1 of {args.num_iterations} iterations the learning rate is {rate:.3f} of its start; expected {1 - 1 / args.num_iterations:.3f}: "
        "one scheduler step at the end of each learning phase.",
        f"schedule {rate:.3f}",
    )

    again = list(seen)
    seen.clear()
    hook = trainer.actor.register_forward_pre_hook(note)
    trainer.learning_phase()
    hook.remove()
    require(
        not all(torch.equal(one, other) for one, other in zip(seen, again, strict=True)),
        "A second learning_phase cuts the rollout into the same minibatches: shuffle with self.rng, which goes on from phase to phase.",
        "the same in every phase",
    )
    twin = small_trainer(PPOTrainer, num_minibatches=4)
    play(twin)
    seen.clear()
    twin.actor.register_forward_pre_hook(note)
    twin.learning_phase()
    require(
        len(seen) == len(again) and all(torch.equal(one, other) for one, other in zip(seen, again, strict=True)),
        "A second trainer with the same seed and the same rollout cuts it into other minibatches, so that no run could be repeated: shuffle "
        "with self.rng, which begins with the seed of the run.",
        "not repeatable",
    )

    # 3. The numbers, with one minibatch for the whole rollout, so that its order does not matter. The first setting asks
    # most; the others help to say what is missing.
    full = {"num_minibatches": 1, "update_epochs": 3, "learning_rate": 1e-2}
    settings = [
        (
            "all of PPO",
            {"ent_coef": 0.3, "vf_coef": 1.5, "max_grad_norm": 0.05, "clip_coef": 0.05, "gamma": 0.8, "gae_lambda": 0.7},
        ),
        ("no entropy, hardly any gradient clipping", {"ent_coef": 0.0, "max_grad_norm": 100.0}),
        ("norm_adv=False", {"norm_adv": False, "max_grad_norm": 0.05}),
    ]
    for name, changes in settings:
        trainer = small_trainer(PPOTrainer, **full, **changes)
        play(trainer)
        trainer.agent.rollout.rewards.mul_(5).add_(2)
        start = [p.detach().clone() for p in [*trainer.actor.parameters(), *trainer.critic.parameters()]]
        oracle = Oracle(trainer)
        expected = [movement(oracle.learn(trainer.actor, trainer.critic, correction), start) for correction in (1, 0)]
        watched = WatchedUpdates(trainer)
        with WatchedCalls(trainer, oracle) as calls:
            trainer.learning_phase()
        moved = movement([*trainer.actor.parameters(), *trainer.critic.parameters()], start)
        if not any(torch.allclose(moved, wanted, rtol=2e-2, atol=0.05) for wanted in expected):
            worst = (moved - expected[0]).abs().argmax()
            facts = [fact for fact in (calls.fact, watched.fact) if fact is not None]
            order = (
                " Check, in the order of a step: advantages normalised in the minibatch; loss = policy_loss + vf_coef * value_loss - "
                "ent_coef * entropy; zero_grad; backward; clip_grad_norm_; step."
            )
            seen = f"One weight moved by {moved[worst]:.2f}e-3, expected {expected[0][worst]:.2f}e-3."
            require(
                False,
                "\n  ".join(facts or [seen]) + f"\n  The setting was: {name}; {changes}.{'' if calls.fact else order}",
                moved[:: len(moved) // 50],
            )

    expect_close(
        logged_explained,
        explained,
        "The explained_variance in the log's figures",
        "of the rollout's values and of the returns",
    )

    # With several minibatches, and with networks that share a layer, each update stands alone.
    for what, shared in [("4 minibatches", False), ("networks that share their first layer", True)]:
        trainer = small_trainer(PPOTrainer, shared, num_minibatches=4, update_epochs=2, max_grad_norm=0.1)
        play(trainer)
        watched = WatchedUpdates(trainer)
        trainer.learning_phase()
        require(watched.fact is None, f"With {what}: {watched.fact}", f"{what}: {watched.kind}")

    # 4. Where the advantages are normalised, and what the losses are given. The policy moves so far that clipfrac is not 0.
    trainer = small_trainer(PPOTrainer, learning_rate=0.01, clip_coef=0.3)
    play(trainer)
    given, steps = [], []
    due = {"policy_loss": [], "value_loss": [], "entropy": [], "approx_kl": [], "clipfrac": [], "grad_norm": []}
    original = losses.policy_loss
    oracle = Oracle(trainer)

    def noting(name, function):
        def noted(*args, **kwargs):
            result = function(*args, **kwargs)
            due[name].append(float(result.detach()))
            return result

        return noted

    def spy(new_logprobs, logprobs, advantages, clip_coef):
        given.append(advantages.detach().clone())
        steps.append((oracle.logprobs - logprobs.detach()[:, None]).abs().argmin(dim=1))  # known by their log-probabilities
        log_ratio = (new_logprobs - logprobs).detach()
        due["approx_kl"].append(float((log_ratio.exp() - 1 - log_ratio).mean()))
        due["clipfrac"].append(float(((log_ratio.exp() - 1).abs() > clip_coef).float().mean()))
        return noting("policy_loss", original)(new_logprobs, logprobs, advantages, clip_coef)

    with (
        patch.object(losses, "policy_loss", spy),
        patch.object(losses, "value_loss", noting("value_loss", losses.value_loss)),
        patch.object(losses, "entropy_bonus", noting("entropy", losses.entropy_bonus)),
        patch.object(nn.utils, "clip_grad_norm_", noting("grad_norm", nn.utils.clip_grad_norm_)),
    ):
        trainer.learning_phase()
    off = max((abs(some.mean().item()) for some in given), default=0.0)
    require(
        off < 1e-3,
        f"The advantages of a minibatch have the mean {off:.2f} when they reach policy_loss: normalise them in each minibatch, not once "
        "for the whole rollout.",
        "normalised once",
    )
    for number, (some, chosen) in enumerate(zip(given, steps, strict=True)):
        raw = oracle.advantages[chosen]
        normalised = [(raw - raw.mean()) / (raw.std(correction=correction) + 1e-8) for correction in (1, 0)]
        epoch = number // trainer.args.num_minibatches
        require(
            any(torch.allclose(some, wanted, atol=1e-3) for wanted in normalised),
            f"In epoch {epoch} (counted from 0) policy_loss is given other advantages than those of the minibatch's steps, normalised: seen "
            f"{show(some)}, expected {show(normalised[0])}."
            + (" In epoch 0 they were right: leave the advantages of the rollout as they are." if epoch else ""),
            "advantages of later epochs" if epoch else "advantages",
        )

    for name, figures in due.items():
        logged = [float(figure) for figure in trainer.log.figures[name]]
        require(
            not figures or np.allclose(logged, figures, rtol=1e-3, atol=1e-5),
            f"The log's figures of {name} are {show(torch.tensor(logged))}; expected "
            + {
                "approx_kl": "approx_kl(new_logprobs, logprobs) of the minibatches, from before their updates",
                "clipfrac": "clipfrac(new_logprobs, logprobs, clip_coef) of the minibatches, from before their updates",
                "grad_norm": "what clip_grad_norm_ returned, the norm before the gradient was clipped",
            }.get(name, "what the function returned, without a coefficient")
            + f": {show(torch.tensor(figures))}.",
            torch.tensor(logged),
        )

    # 5. Advantages that are all equal have no spread to divide by.
    trainer = small_trainer(PPOTrainer)
    play(trainer)
    constant = trainer.agent.rollout
    constant.rewards, constant.values = torch.ones_like(constant.rewards), torch.zeros_like(constant.values)
    constant.terminations = torch.ones_like(constant.terminations)
    trainer.learning_phase()
    require(
        all(p.isfinite().all() for p in [*trainer.actor.parameters(), *trainer.critic.parameters()]),
        "After a rollout whose advantages are all equal, the networks hold NaN: their standard deviation is 0, so add 1e-8 to it before you "
        "divide.",
        "constant advantages",
    )

    # 6. target_kl ends the epochs early.
    trainer = small_trainer(PPOTrainer, **(full | {"num_minibatches": 4, "update_epochs": 6, "target_kl": 1e-9}))
    play(trainer)
    updates.clear()
    trainer.optimizer.register_step_post_hook(lambda *_: updates.append(1))
    trainer.learning_phase()
    require(
        len(updates) < 24,
        "With target_kl far below the approx_kl of an epoch, learning_phase still ran every epoch: stop after an epoch whose approx_kl "
        "is above it.",
        "target_kl",
    )

    def kls_with(target):
        other = small_trainer(PPOTrainer, num_minibatches=4, update_epochs=2, learning_rate=1e-2, target_kl=target)
        play(other)
        other.learning_phase()
        return torch.tensor([float(kl) for kl in other.log.figures["approx_kl"]])

    first_epoch = kls_with(None)[:4]
    target = float(first_epoch[-1] + first_epoch.mean()) / 2  # between an epoch's last minibatch and its mean
    seen = len(kls_with(target))
    stops = 4 if first_epoch[-1] > first_epoch.mean() else 8
    require(
        seen == stops,
        f"The approx_kl of an epoch's minibatches were {show(first_epoch)} and target_kl was {target:.4f}: expected {stops} "
        f"updates, seen {seen}. The last minibatch of an epoch decides.",
        "target_kl by the mean",
    )
    require(
        len(updates) % 4 == 0,
        f"With target_kl met, learning_phase stopped after {len(updates)} updates, in the middle of an epoch of 4: finish the epoch first.",
        "target_kl inside",
    )
    rate = trainer.optimizer.param_groups[0]["lr"] / trainer.args.learning_rate
    require(
        rate < 1,
        "When target_kl ends the epochs, the scheduler is not stepped any more: only leave the loop.",
        "target_kl return",
    )

    # 7. Observations may have a shape, as frames do: here (1, 3, 1).
    trainer = small_trainer(PPOTrainer)
    play(trainer)
    trainer.agent.rollout.obs = trainer.agent.rollout.obs.unflatten(-1, (1, 3, 1))
    trainer.actor, trainer.critic = (nn.Sequential(nn.Flatten(), *network) for network in (trainer.actor, trainer.critic))

    def expect_shape(_, inputs):
        shape = tuple(inputs[0].shape)
        wanted = (trainer.args.minibatch_size, 1, 3, 1)
        require(
            shape == wanted or not torch.is_grad_enabled(),
            f"Where an observation has the shape (1, 3, 1), the actor was shown a minibatch of shape {shape}; expected {wanted}. Flatten time "
            "and environments only, or frames are taken apart: flatten(0, 1).",
            f"obs {shape}",
        )

    trainer.actor.register_forward_pre_hook(expect_shape)
    trainer.learning_phase()


class TimedGames(gym.vector.VectorEnv):
    """N environments whose games last 1, 4, 7, ... steps and score 10 for each step played with action 1, rewards clipped to 1.

    `points` may say something else than 10; with `rising` they are paid twice in the second round, and so on. A life is lost in every second step, which terminates the return but not the game.
    """

    def __init__(
        self, num_envs: int, endless: bool = False, points: float = 10, rising: bool = False, longest_first: bool = False
    ):
        self.num_envs = num_envs
        self.lasts = 1 + 3 * np.arange(num_envs)[:: -1 if longest_first else 1]
        self.endless = endless
        self.points, self.rising = points, rising
        self.steps_taken = 0
        self.seeds = []

    def reset(self, seed=None, options=None):
        self.seeds.append(seed)
        self.time = np.zeros(self.num_envs, dtype=int)
        self.score = np.zeros(self.num_envs)
        return self._obs(), {}

    def _obs(self):
        return np.stack([np.arange(self.num_envs), self.time], axis=1).astype(np.float32)

    def step(self, actions):
        self.steps_taken += 1
        self.time += 1
        paid = self.points * (len(self.seeds) if self.rising else 1) * (np.asarray(actions) == 1)
        self.score += paid
        over = np.zeros(self.num_envs, dtype=bool) if self.endless else self.time >= self.lasts
        terminations = over | (self.time % 2 == 0)
        infos = {
            "game_over": over,
            "episodic_return": self.score.copy(),
            "episodic_length": self.time.copy(),
            "final_obs": self._obs(),
        }
        rewards = np.sign(paid).astype(np.float32)
        self.time[over] = 0
        self.score[over] = 0
        return self._obs(), rewards, terminations, np.zeros_like(over), infos


class PaidLater(TimedGames):
    """The same games, but the first of each environment is worth nothing, and those that follow it in the same round 10."""

    def reset(self, seed=None, options=None):
        self.games = np.zeros(self.num_envs, dtype=int)
        return super().reset(seed=seed, options=options)

    def step(self, actions):
        obs, rewards, terminations, truncations, infos = super().step(actions)
        infos["episodic_return"] = np.where(self.games > 0, 10.0, 0.0)
        self.games += infos["game_over"]
        return obs, rewards, terminations, truncations, infos


def test_evaluate(evaluate):
    torch.manual_seed(0)
    actor = nn.Linear(2, 2)
    with torch.no_grad():
        actor.weight.zero_()
        actor.bias.copy_(torch.tensor([0.0, 1.0]))  # action 1 with probability 0.73, and always when greedy
    before = copy.deepcopy(actor.state_dict())
    fair = torch.tensor([10.0, 40.0, 70.0, 100.0])

    envs = TimedGames(4)
    scores = evaluate(actor, envs, 4, True, 50, 0)
    require(scores is not None, "evaluate returns None: return the scores.")
    scores = torch.as_tensor(np.asarray(scores), dtype=torch.float32)
    steps, resets = envs.steps_taken, len(envs.seeds)
    require(
        tuple(scores.shape) == (4,),
        f"evaluate(..., num_episodes=4) returns {tuple(scores.shape)}; expected 4 scores.",
        str(tuple(scores.shape)),
    )
    scores = scores.sort().values
    games = "4 environments whose games last 1, 4, 7 and 10 steps and are worth 10, 40, 70 and 100, one game of each"
    if not torch.allclose(scores, fair):
        require(
            not (scores == 10).all(),
            f"For {games}, evaluate returns {show(scores)}; expected 10, 40, 70 and 100. 10 is what one step is worth: were the first games to "
            "finish taken, or the scores read after one step?",
            "one step",
        )
        require(
            scores.tolist() != [1, 4, 7, 10],
            f"From {games}, evaluate returns {show(scores)}: is that the clipped reward? The score is infos['episodic_return'].",
            "clipped",
        )
        require(
            not set(scores.tolist()) <= set(fair.tolist()) or scores.mean() >= fair.mean(),
            f"From {games}, evaluate returns {show(scores)}: the short games count more than the long ones. The first games to finish are the "
            "short ones: play a fixed number in each environment.",
            scores,
        )
        expect_close(scores, fair, "evaluate", games)
    require(
        isinstance(evaluate(actor, TimedGames(4), 4, True, 50, 0), np.ndarray),
        "evaluate must return a NumPy array: np.array(...) or np.concatenate(...) makes one.",
        "no array",
    )
    require(
        resets == 1,
        f"For {games}, evaluate resets the environments {resets} times; expected 1, since 4 environments play 4 games in one round.",
        f"resets {resets}",
    )
    require(
        steps <= 10,
        f"For {games}, evaluate steps the environments {steps} times; expected 10: a round ends when its longest game is over, and max_steps, "
        "here 50, only cuts short a game that is longer.",
        f"steps {steps}",
    )
    if envs.seeds[0] != 0:
        seeded = TimedGames(4)
        evaluate(actor, seeded, 4, True, 50, 7)
        require(
            False,
            f"evaluate(..., seed=0) reset the environments with the seed {envs.seeds[0]}; expected 0. With seed=7 it was {seeded.seeds[0]}.",
            "seed 0" if seeded.seeds[0] == 7 else "seed",
        )

    envs = TimedGames(4)
    few = np.asarray(evaluate(actor, envs, 6, True, 50, 0))
    require(
        few.shape == (6,), f"With 4 environments and num_episodes=6, evaluate returns {few.shape}; expected 6 scores.", "six"
    )
    require(
        set(few) == {10, 40, 70, 100},
        f"With 4 environments and 6 episodes the scores are {few.tolist()}; expected each environment's game once, and two more.",
        "six scores",
    )
    require(
        len(envs.seeds) == 2 and envs.seeds[1] is not None and envs.seeds[1] >= 4,
        f"The rounds were reset with the seeds {envs.seeds}. Seeds 0 to 3 belong to the 4 games of the first round: the next must start "
        "at 4 or later, or the same games are played again.",
        f"seeds {envs.seeds}",
    )
    envs = TimedGames(4)
    evaluate(actor, envs, 6, True, 50, 7)
    require(
        envs.seeds == [7, 11],
        f"With 4 environments, num_episodes=6 and seed=7 the rounds were reset with the seeds {envs.seeds}; expected [7, 11]: the number of "
        "games played so far is added to the seed.",
        f"other seeds {envs.seeds}",
    )

    few = np.asarray(evaluate(actor, TimedGames(4, longest_first=True), 6, True, 50, 0))
    require(
        few.tolist() == [100, 70, 40, 10, 100, 70],
        f"In 4 environments whose games last 10, 7, 4 and 1 steps and are worth 10 for each step, 6 episodes scored {few.tolist()}; expected "
        "[100, 70, 40, 10, 100, 70]: a score's place is its environment's. Whoever lists the games as they end leaves out the long ones.",
        f"places {few.tolist()}",
    )
    late = np.asarray(evaluate(actor, PaidLater(4), 4, True, 50, 0))
    require(
        not late.any(),
        f"In 4 environments whose first game is worth nothing and every later one 10, evaluate returns {late.tolist()}; expected four zeros: a "
        "score of 0 is a score, and the games that an environment plays after its first in a round do not count.",
        f"later games {late.tolist()}",
    )

    unseeded = TimedGames(4)
    evaluate(actor, unseeded, 6, True, 50)
    require(
        unseeded.seeds == [None, None],
        f"Without a seed the rounds were reset with the seeds {unseeded.seeds}; expected None each time, or the same games come again.",
        f"unseeded {unseeded.seeds}",
    )

    for points, rising, because in [
        (-2.5, False, "games that cost 2.5 a step: scores may be negative, and need not be whole"),
        (10, True, "games worth twice as much in the second round"),
    ]:
        two_rounds = np.asarray(evaluate(actor, TimedGames(4, points=points, rising=rising), 8, True, 50, 0))
        once = points * np.array([1, 4, 7, 10])
        wanted = np.concatenate([once, once * (2 if rising else 1)])
        expect_close(
            torch.as_tensor(two_rounds).double().sort().values,
            torch.as_tensor(wanted).double().sort().values,
            "evaluate(..., num_episodes=8), sorted,",
            f"4 environments, {because}",
        )

    torch.manual_seed(0)
    sampled = np.concatenate([np.asarray(evaluate(actor, TimedGames(4), 4, False, 50, 0)) for _ in range(30)])
    greedy = np.concatenate([np.asarray(evaluate(actor, TimedGames(4), 4, True, 50, 0)) for _ in range(3)])
    require(
        greedy.mean() == 55,
        f"greedy=True should always take the best action (mean score 55); seen {greedy.mean():.1f}: does it sample?",
        "samples",
    )
    require(
        35 < sampled.mean() < 48,
        f"greedy=False should sample: here action 1 has probability 0.73, so the mean score is about 40; seen {sampled.mean():.1f}.",
        "greedy anyway",
    )

    endless = TimedGames(2, endless=True)
    limit = 25

    class Stuck(Exception):
        pass

    ordinary_step = endless.step

    def counted_step(actions):
        if endless.steps_taken > 10 * limit:
            raise Stuck
        return ordinary_step(actions)

    endless.step = counted_step
    try:
        capped = np.asarray(evaluate(actor, endless, 2, True, limit, 0))
    except Stuck:
        raise WrongAnswer(
            f"A game that never ends is played for ever, although max_steps is {limit}: a greedy agent may wait for ever.",
            "endless",
        ) from None
    require(
        np.allclose(capped, 10 * limit),
        f"A game that never ends should be cut at max_steps = {limit} and count with its score so far, {10 * limit}; seen {capped.tolist()}.",
        "cap",
    )
    rounds = np.asarray(evaluate(actor, TimedGames(2, endless=True), 4, True, limit, 0))
    require(
        np.allclose(rounds, 10 * limit),
        f"In a second round, games that never end scored {rounds[2:].tolist()}; expected {10 * limit} again: reset the environments, and "
        "count max_steps anew, in each round.",
        f"second round {rounds.tolist()}",
    )
    unchanged = all(torch.equal(a, b) for a, b in zip(before.values(), actor.state_dict().values(), strict=True))
    require(
        unchanged and all(p.grad is None for p in actor.parameters()),
        "evaluate changes the actor or leaves gradients in it: it only plays.",
        "learns",
    )
    require(
        torch.is_grad_enabled(),
        "After evaluate, gradients are off for the whole program, so that no training would learn any more: use `with torch.no_grad():`, "
        "which puts them on again, instead of torch.set_grad_enabled(False).",
        "gradients off",
    )
