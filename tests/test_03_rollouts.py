"""Tests of the exercises of chapter 03."""

import contextlib
import copy

import numpy as np
import torch
from torch import nn

from solutions import networks, policy_gradient, rollout
from tests import shapes
from tests.checks import (
    expect_close,
    expect_device_followed,
    expect_own_result,
    expect_recursion,
    expect_tensor,
    in_sum,
    require,
    show,
    unmodified,
)
from tests.devices import PretendedGPU, on_gpu
from tests.scripted_envs import ScriptedEnvs


def gae_by_definition(rewards, values, next_values, terminations, truncations, gamma, gae_lambda):
    """The advantages as the double sum of the definition, step by step, for each environment on its own."""
    T, N = rewards.shape
    deltas = rewards + gamma * torch.where(terminations, 0.0, next_values) - values
    advantages = torch.zeros(T, N)
    for n in range(N):
        for t in range(T):
            for k in range(t, T):
                advantages[t, n] += (gamma * gae_lambda) ** (k - t) * deltas[k, n]
                if terminations[k, n] or truncations[k, n]:
                    break
    return advantages


def expect_advantages(seen, arguments, because: str) -> None:
    """Require the advantages for gamma = 0.9 and gae_lambda = 0.8."""
    rewards, values, next_values, terminations, truncations = arguments
    expected = gae_by_definition(*arguments, 0.9, 0.8)

    def at(index):
        t, n = index
        ends = [word for word, flags in (("terminated", terminations), ("was truncated", truncations)) if flags[t, n]]
        bootstrap = "" if terminations[t, n] else f" + 0.9 * {in_sum(next_values[t, n])}"
        rest = "" if ends or t == len(rewards) - 1 else f" + 0.9 * 0.8 * {in_sum(expected[t + 1, n])}"
        step = f"Environment {n}, step {t}" + f" (which {' and '.join(ends)})" * bool(ends)
        return step, f"{rewards[t, n]:.4f}{bootstrap} - {in_sum(values[t, n])}{rest}"

    expect_recursion(seen, expected, "compute_advantages", at, f"{because}; gamma = 0.9, gae_lambda = 0.8")


def test_compute_advantages(compute_advantages):
    torch.manual_seed(0)
    T, N = 8, 3
    rewards, values, next_values = torch.randn(T, N), torch.randn(T, N), torch.randn(T, N)
    never = torch.zeros(T, N, dtype=torch.bool)
    terminations, truncations = never.clone(), never.clone()
    terminations[3, 0] = terminations[5, 1] = True
    truncations[2, 1] = truncations[5, 2] = True
    flags = [
        (never, never, "no episode ends"),
        (terminations, never, "episodes terminate at step 3 of environment 0 and step 5 of environment 1"),
        (never, truncations, "episodes are truncated at step 2 of environment 1 and step 5 of environment 2"),
        (terminations, truncations, "episodes terminate and are truncated"),
    ]
    # Consistent with an ordinary rollout: where nothing is cut, V(s_{t+1}) is the next row's value.
    for terminated, truncated, because in reversed(flags):
        following = next_values.clone()
        following[:-1] = torch.where((terminated | truncated)[:-1], next_values[:-1], values[1:])
        arguments = (rewards, values, following, terminated, truncated)
        with unmodified(rewards=rewards, values=values, next_values=following, terminations=terminated, truncations=truncated):
            seen = compute_advantages(*arguments, 0.9, 0.8)
        expect_advantages(seen, arguments, because)

    # next_values is what counts, also where it differs from the next row's value.
    arguments = (rewards, values, next_values, never, never)
    because = "V(s_{t+1}) is to be read from next_values, not from values[t + 1]"
    expect_advantages(compute_advantages(*arguments, 0.9, 0.8), arguments, because)
    in_double = compute_advantages(*(x.double() for x in arguments[:3]), never, never, 0.9, 0.8)
    require(
        isinstance(in_double, torch.Tensor) and in_double.dtype == torch.float64,
        f"For float64 inputs compute_advantages returns {getattr(in_double, 'dtype', in_double)}: make new tensors like the inputs, with "
        "torch.zeros_like(rewards), so that they have their precision.",
        "dtype",
    )
    expect_device_followed(compute_advantages, *arguments, 0.9, 0.8, what="compute_advantages")
    arguments = (rewards, values, next_values, terminations, truncations)
    one_step = rewards + 0.9 * next_values * ~terminations - values
    expect_close(
        compute_advantages(*arguments, 0.9, 0.0), one_step, "compute_advantages", "gae_lambda = 0 leaves delta_t alone"
    )
    one = torch.ones(1, 1)
    no, yes = torch.zeros(1, 1, dtype=torch.bool), torch.ones(1, 1, dtype=torch.bool)
    for terminated, truncated, expected in [(no, no, 5.5), (yes, no, 1.0), (no, yes, 5.5), (yes, yes, 1.0)]:
        expect_close(
            compute_advantages(3 * one, 2 * one, 5 * one, terminated, truncated, 0.9, 0.95),
            expected * one,
            "compute_advantages",
            f"one step: reward 3, value 2, next value 5, terminated {terminated.item()}, truncated {truncated.item()}, gamma 0.9",
        )
    expect_own_result(
        lambda number: compute_advantages(rewards + number, values, next_values, terminations, truncations, 0.9, 0.8),
        "compute_advantages",
    )
    both = torch.tensor([[True], [False]])
    arguments = (torch.tensor([[3.0], [1.0]]), torch.tensor([[2.0], [1.0]]), torch.tensor([[5.0], [4.0]]), both, both)
    expect_close(
        compute_advantages(*arguments, 0.9, 0.95),
        gae_by_definition(*arguments, 0.9, 0.95),
        "compute_advantages",
        "the first of two steps is terminated and truncated at once",
    )


def test_get_minibatch_indices(get_minibatch_indices):
    for batch_size, minibatch_size in [(64, 32), (10, 10), (6, 1)]:
        call = f"get_minibatch_indices(rng, {batch_size}, {minibatch_size})"
        minibatches = get_minibatch_indices(np.random.default_rng(0), batch_size, minibatch_size)
        require(minibatches is not None, f"{call} returns None. Does your function `return` the list?")
        require(
            hasattr(minibatches, "__len__"),
            f"{call} returns a {type(minibatches).__name__}, which has no length and is gone after one pass; expected a list.",
            "no list",
        )
        arrays = [np.asarray(indices) for indices in minibatches]
        number, given = batch_size // minibatch_size, [a.shape for a in arrays]
        require(
            given == [(minibatch_size,)] * number,
            f"{call} gives {len(given)} arrays{', of shapes ' * bool(given)}{str(given[:8])[1:-1]}{', ...' * (len(given) > 8)}; expected "
            f"{number} of shape ({minibatch_size},).",
            str(given),
        )
        for a in arrays:
            require(
                np.issubdtype(a.dtype, np.integer), f"{call} gives {a.dtype} numbers; indices must be integers.", str(a.dtype)
            )
        together = np.concatenate(arrays)
        missing = sorted(set(range(batch_size)) - set(together.tolist()))
        require(
            not missing,
            f"Together the minibatches of {call} must hold each of 0 to {batch_size - 1} exactly once; missing: {missing[:5]}"
            f"{' and more' * (len(missing) > 5)}.",
            "repeats inside a minibatch"
            if any(len(set(a.tolist())) < len(a) for a in arrays)
            else "repeats in other minibatches",
        )

    first = get_minibatch_indices(np.random.default_rng(0), 24, 6)
    before = np.array([np.asarray(a) for a in first])
    get_minibatch_indices(np.random.default_rng(1), 24, 6)
    require(
        np.array_equal(before, [np.asarray(a) for a in first]),
        "Minibatches that were handed out change with the next call: make a new array in each.",
        "handed out",
    )

    def draw(rng):
        return np.concatenate([np.asarray(a) for a in get_minibatch_indices(rng, 24, 6)]).tolist()

    require(
        draw(np.random.default_rng(0)) != list(range(24)),
        "The indices come in their old order 0, 1, 2, ...: shuffle them.",
        "no shuffle",
    )
    rng = np.random.default_rng(0)
    if draw(rng) == draw(rng):
        require(
            draw(np.random.default_rng(0)) == draw(np.random.default_rng(1)),
            "Two calls in a row with one rng give the same order: use this generator itself and no copy of it, so that it moves on.",
            "copy of rng",
        )
        require(False, "Two calls in a row with one rng give the same order: each epoch needs a new one.", "same every time")
    require(
        draw(np.random.default_rng(1)) == draw(np.random.default_rng(1)),
        "Two generators with the same seed give different orders: take the randomness from `rng`, so that a run can be repeated.",
        "ignores rng",
    )
    neighbours = np.mean([np.mean(np.diff(draw(rng)) == 1) for _ in range(20)])  # 1 in 24 where the order is random
    require(
        neighbours < 0.25,
        f"{neighbours:.0%} of the indices are followed by their neighbour, t by t + 1: shuffle the single indices, not blocks of them.",
        "neighbours",
    )
    rng = np.random.default_rng(0)
    company = [{frozenset(np.asarray(a).tolist()) for a in get_minibatch_indices(rng, 24, 6)} for _ in range(2)]
    require(
        company[0] != company[1],
        "Two calls put the same numbers together into minibatches: shuffle single numbers, so that each meets others every time.",
        "same company",
    )
    counts = np.zeros((6, 6))
    rng = np.random.default_rng(0)
    for _ in range(600):
        counts[np.arange(6), np.concatenate([np.asarray(a) for a in get_minibatch_indices(rng, 6, 2)])] += 1
    require(
        counts.min() > 40,
        "Over 600 shuffles of 6 numbers some number hardly ever comes to some place: every order must be as likely.",
        "not uniform",
    )


def tiny_networks(num_obs=3, num_actions=3):
    torch.manual_seed(0)
    actor, critic = nn.Linear(num_obs, num_actions), nn.Linear(num_obs, 1)
    with torch.no_grad():
        actor.weight.mul_(3)
        critic.weight.mul_(3)
    return actor, critic


@shapes.checked_calls(networks, policy_gradient, rollout.Rollout)
def test_play_step(PPOAgent):
    T, N = 12, 4
    actor, critic = tiny_networks()
    envs = ScriptedEnvs(N, num_actions=3)
    agent = PPOAgent(envs, actor, critic, num_steps=T, seed=0)
    first_obs = agent.next_obs
    torch.manual_seed(0)
    infos = []
    for t in range(T):
        infos.append(agent.play_step())
        rows = len(agent.rollout.rows)
        require(
            rows == t + 1,
            f"After {t + 1} calls of play_step the rollout has {rows} rows: each call adds exactly one.",
            f"{rows} rows after {t + 1}",
        )
        require(
            len(envs.actions) == t + 1,
            f"play_step stepped the environments {len(envs.actions)} times in {t + 1} calls.",
            "steps",
        )
    require(
        agent.global_step == T * N,
        f"After {T} steps of {N} environments `global_step` is {agent.global_step}; expected {T * N}: it counts the steps of every environment.",
        f"global_step {agent.global_step}",
    )
    require(
        envs.resets == 1,
        f"play_step resets the environments ({envs.resets - 1} times in {T} steps): they reset themselves when an episode ends.",
        {T + 1: "resets every time", 2: "resets once"}.get(envs.resets, "resets"),
    )
    require(
        all(isinstance(info, dict) and "game_over" in info for info in infos),
        "play_step must return the infos of the step.",
        "infos",
    )

    obs = column(agent, "obs", (N, 3))
    shown = torch.as_tensor(np.stack(envs.shown))  # the observations before each step, and after the last
    if not torch.equal(obs, shown[:T]):
        require(not torch.equal(obs[1:], shown[: T - 1]) or T < 3, "Row t holds the observations of row t - 1.", "late")
        require(
            not torch.equal(obs, shown[1:]),
            "Row t holds the observations after the step. It must hold those that the actions were chosen for.",
            "overwritten" if agent.next_obs is first_obs else "next obs",
        )
        require(
            not (obs == obs[0]).all(),
            "Every row holds the same observations: the agent never moves on to the next ones.",
            "never moves on",
        )
        row = next(t for t in range(T) if not torch.equal(obs[t], shown[t]))
        require(
            False,
            f"Row {row} holds the observations {show(obs[row])}; the environments had shown {show(shown[row])}.",
            "obs",
        )
    require(
        np.array_equal(np.asarray(agent.next_obs), envs.shown[-1]),
        "After play_step, `next_obs` must be what the environments show now.",
        "next_obs",
    )

    actions = column(agent, "actions", (N,), floating=False)
    sent = torch.as_tensor(np.stack(envs.actions))
    require(
        torch.equal(actions, sent),
        f"Row 0 holds the actions {show(actions[0])}, but the environments were sent {show(sent[0])}.",
        "actions",
    )
    with torch.no_grad():
        all_logprobs = actor(shown).log_softmax(-1)
        all_values = critic(shown).squeeze(-1)
    expected = all_logprobs[:T].gather(-1, actions[..., None]).squeeze(-1)
    logprobs = column(agent, "logprobs", (N,))
    if not torch.allclose(logprobs.detach(), expected, atol=1e-4):
        require(
            not torch.allclose(logprobs.detach(), expected.exp(), atol=1e-4),
            "`logprobs` holds probabilities: take the logarithm.",
            "probabilities",
        )
        of_next = all_logprobs[1:].gather(-1, actions[..., None]).squeeze(-1)
        require(
            not torch.allclose(logprobs.detach(), of_next, atol=1e-4),
            "`logprobs` belongs to the observations after the step.",
            "next logprobs",
        )
        of_some = (logprobs.detach()[..., None] - all_logprobs[:T]).abs().min(-1).values.max() < 1e-4
        require(
            not of_some,
            "`logprobs` holds log-probabilities of other actions than those that were played: draw once, and keep both of that draw.",
            "another action",
        )
        expect_close(logprobs, expected, "logprobs", "log pi(a_t|s_t) of the actions played")
    values = column(agent, "values", (N,))
    if not torch.allclose(values.detach(), all_values[:T], atol=1e-4):
        require(
            not torch.allclose(values.detach(), all_values[1:], atol=1e-4),
            "`values` holds V of the observations after the step. Row t needs V(s_t), of those before it.",
            "next values",
        )
        expect_close(values, all_values[:T], "values", "V(s_t) for the observations before the step")
    require(
        not (logprobs.requires_grad or values.requires_grad),
        "The rollout's numbers carry a graph: it would keep every step's network pass alive. Play under torch.no_grad().",
        "graph",
    )
    for name in ["rewards", "terminations", "truncations"]:
        script = torch.as_tensor(np.stack(getattr(envs, name)))
        seen = column(agent, name, (N,), floating=None)
        if not torch.equal(seen, script):
            require(
                seen.any(), f"`{name}` in the rollout are all zero; the environments returned {show(script)}.", f"{name} zero"
            )
            require(
                not torch.equal(seen[1:], script[:-1]),
                f"Row t holds the {name} of the step before. Row t is one transition: it holds what the step at t returned.",
                f"{name} late",
            )
            ended = torch.as_tensor(np.stack(envs.terminations))
            require(
                name != "rewards" or (seen != script)[~ended].any(),
                "The rewards of steps that terminated are not what the step returned: store them unchanged.",
                "rewards at terminations",
            )
            expect_close(seen.double(), script.double(), f"`{name}` in the rollout", "what the step returned")

    agent.rollout.close(actor, critic, agent.next_obs)
    truncated = agent.rollout.truncations
    with torch.no_grad():
        led_to = critic(torch.as_tensor(np.stack(envs.final_obs))).squeeze(-1)
    if not torch.allclose(agent.rollout.next_values[truncated], led_to[truncated], atol=1e-4):
        require(
            not torch.allclose(agent.rollout.next_values[truncated], all_values[1:][truncated], atol=1e-4),
            "Where a step was truncated, next_values is V of the observation after the reset. Give the rollout infos['final_obs'], which "
            "the step really led to.",
            "reset obs",
        )
        expect_close(
            agent.rollout.next_values[truncated],
            led_to[truncated],
            "next_values where a step was truncated",
            "V of infos['final_obs']",
        )

    bytes_agent = PPOAgent(ScriptedEnvs(N, num_actions=3, in_bytes=True), actor, critic, num_steps=1, seed=0)
    with contextlib.suppress(RuntimeError):  # networks asked without actor_critic_forward refuse bytes, and say so
        bytes_agent.play_step()
    for row in bytes_agent.rollout.rows:
        require(
            row["obs"].dtype == torch.uint8,
            f"Observations of bytes (uint8) are {str(row['obs'].dtype).removeprefix('torch.')} in the rollout. Store them as they come: "
            "floats take four times the memory, and actor_critic_forward scales bytes to [0, 1] but leaves floats as they are.",
            "bytes",
        )
    with PretendedGPU():
        elsewhere = PPOAgent(ScriptedEnvs(N, num_actions=3), *(on_gpu(copy.deepcopy(n)) for n in (actor, critic)), num_steps=1)
    expect_device_followed(
        elsewhere.play_step,
        what="play_step",
        advice="the observations go to self.device, with .to(self.device), and the actions come back with .cpu().numpy().",
    )

    agent = PPOAgent(ScriptedEnvs(400, num_actions=3), actor, critic, num_steps=4, seed=0)
    for _ in range(4):
        agent.play_step()
    actions, obs = column(agent, "actions", (400,), floating=False), column(agent, "obs", (400, 3))
    agent.rollout.clear()
    agent.play_step()
    require(
        agent.global_step == 5 * 400,
        f"In the first step of the second rollout, after 4 of the first, `global_step` is {agent.global_step}; expected {5 * 400}: it counts "
        "the steps of the whole run.",
        f"second rollout {agent.global_step}",
    )
    with torch.no_grad():
        probs = actor(obs).softmax(-1)
    frequency = torch.bincount(actions.flatten(), minlength=3) / actions.numel()
    require(
        not torch.equal(actions, probs.argmax(-1)),
        "The agent always plays its most probable action: sample from the policy, or it will never explore.",
        "argmax",
    )
    require(
        (frequency - probs.mean((0, 1))).abs().max() < 0.075,  # at least six standard deviations
        f"The agent's actions do not follow its policy: played {show(frequency)}, expected {show(probs.mean((0, 1)))}.",
        "not the policy",
    )


def column(agent, name: str, shape: tuple[int, ...], floating: bool | None = True) -> torch.Tensor:
    rows = [row[name] for row in agent.rollout.rows]
    if floating is not None:
        expect_tensor(rows[0], shape, f"`{name}` in the rollout", floating)
    return torch.stack(rows)
