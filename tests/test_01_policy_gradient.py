"""Tests of the exercises of chapters 00 and 01."""

import itertools

import torch

from tests.checks import expect_close, expect_gradient, expect_recursion, expect_tensor, in_sum, require, show, unmodified


def test_discounted_returns(discounted_returns):
    torch.manual_seed(0)
    rewards = torch.randn(6)
    gamma = 0.9
    distance = torch.arange(6)[None, :] - torch.arange(6)[:, None]  # from step t (row) to step k (column)
    by_definition = (torch.where(distance >= 0, gamma ** distance.clamp(min=0).float(), 0.0) * rewards).sum(dim=1)
    with unmodified(rewards=rewards):
        seen = discounted_returns(rewards, gamma)

    def at(index):
        (t,) = index
        future = f" + 0.9 * {in_sum(by_definition[t + 1])}" if t < 5 else ""
        return f"Step {t}", f"{rewards[t]:.4f}{future}"

    rounded = [round(r, 2) for r in rewards.tolist()]
    expect_recursion(seen, by_definition, "discounted_returns", at, f"rewards = {rounded}, gamma = 0.9")

    example = torch.tensor([1.0, 2.0, 3.0])
    expect_close(
        discounted_returns(example, 0.5),
        torch.tensor([1 + 0.5 * 2 + 0.25 * 3, 2 + 0.5 * 3, 3]),
        "discounted_returns",
        "rewards = [1, 2, 3], gamma = 0.5; step 0 is 1 + 0.5 * 2 + 0.25 * 3, and step 1 is 2 + 0.5 * 3",
    )
    expect_close(discounted_returns(example, 0.0), example, "discounted_returns", "gamma = 0 leaves only the reward itself")
    expect_close(
        discounted_returns(example, 1.0),
        torch.tensor([6.0, 5.0, 3.0]),
        "discounted_returns",
        "gamma = 1 just sums what follows",
    )
    single = torch.tensor([7.0])
    expect_close(discounted_returns(single, 0.9), single, "discounted_returns", "an episode of one step")
    for given, gamma in [(example, 0.0), (single, 0.9)]:
        seen = discounted_returns(given, gamma)
        require(
            not isinstance(seen, torch.Tensor) or seen.data_ptr() != given.data_ptr(),
            f"For rewards = {given.tolist()} and gamma = {gamma} discounted_returns gives `rewards` itself; expected a new tensor with the "
            "same numbers, so that whoever changes one does not change the other.",
            f"its input, gamma {gamma}",
        )

    # Long episodes: nothing is left out, and no power of gamma overflows.
    late = torch.zeros(600)
    late[-1] = 1000.0
    seen = discounted_returns(late, 0.985)
    require(
        seen[0] != 0,
        f"Of 600 rewards only the last is not 0. It should count {1000 * 0.985**599:.4f} for step 0, but your return there is 0: the sum "
        "goes to the end of the episode.",
        "cut off",
    )
    expect_close(
        seen, 1000 * 0.985 ** torch.arange(599.0, -1, -1), "discounted_returns", "599 times 0, then 1000; gamma = 0.985"
    )
    seen = discounted_returns(torch.ones(300), 0.5)
    require(
        bool(seen.isfinite().all()),
        f"In an episode of 300 steps, with gamma = 0.5, discounted_returns gives {show(seen)}: a power of gamma overflows.",
        "overflow",
    )
    expect_close(seen, 2 - 0.5 ** torch.arange(299.0, -1, -1), "discounted_returns", "300 times 1; gamma = 0.5")


def test_sample_actions(sample_actions):
    torch.manual_seed(0)
    halves = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.35, 0.15]])
    logits = torch.cat(
        [(halves[0].log() + 30).repeat(3000, 1), (halves[1].log() - 1).repeat(3000, 1)]
    )  # any constant may be added
    logits.requires_grad_()
    answer = sample_actions(logits)
    require(
        isinstance(answer, tuple) and len(answer) == 2,
        f"Expected two tensors (actions, logprobs); got {type(answer).__name__}.",
    )
    actions, logprobs = answer
    expect_tensor(actions, (6000,), "actions", floating=False)
    expect_tensor(logprobs, (6000,), "logprobs")
    require(
        actions.min() >= 0 and actions.max() <= 2,
        f"With 3 logits, actions must be 0, 1 or 2; seen {actions.min()} to {actions.max()}.",
    )

    draws = itertools.chain([actions], (sample_actions(logits)[0] for _ in range(20)))  # of which a right answer makes one
    require(
        not all(torch.equal(drawn, logits.argmax(-1)) for drawn in draws),
        "The actions are not random: each row always gets its most probable action. Sample instead.",
        "argmax",
    )
    frequencies = torch.stack([torch.bincount(half, minlength=3) / 3000 for half in actions.split(3000)])
    for half, frequency, expected in zip(actions.split(3000), frequencies, halves, strict=True):
        require(
            frequency.max() < 1,
            f"3000 rows with the probabilities {show_probs(expected)} all got action {half[0]}: each row must draw for itself.",
            "one draw for all",
        )
        error = (frequency - expected).abs()
        require(
            (error < 5.5 * (expected * (1 - expected) / 3000).sqrt()).all(),  # by chance in one of 4 million answers
            f"For probabilities {show_probs(expected)}, 3000 samples had frequencies {show_probs(frequency)}.",
            f"frequencies {[round(f, 1) for f in frequencies.flatten().tolist()]}",
        )
    impossible = sample_actions(torch.tensor([[0.0, -50.0, -50.0]]).repeat(3000, 1))[0].count_nonzero().item()
    require(
        impossible == 0,
        f"In 3000 rows of logits [0, -50, -50], actions 1 and 2 were drawn {impossible} times, although their probability is e^-50: each "
        "action must come with its own probability, and no chance added.",
        "impossible actions",
    )

    with torch.no_grad():
        all_logprobs = logits.log_softmax(-1)
        of_actions = all_logprobs.gather(-1, actions[:, None]).squeeze(-1)
        if not torch.allclose(logprobs, of_actions, atol=1e-4):
            require(
                not torch.allclose(logprobs, of_actions.exp(), atol=1e-4),
                "`logprobs` holds probabilities: take their logarithm.",
                "probabilities",
            )
            require(
                not torch.allclose(logprobs, logits.gather(-1, actions[:, None]).squeeze(-1), atol=1e-4),
                "`logprobs` holds raw logits: normalise them first, so that the probabilities of a row sum to 1.",
                "logits",
            )
            require(
                not torch.allclose(logprobs, all_logprobs.max(-1).values, atol=1e-4),
                "`logprobs` holds the log-probability of each row's most probable action, not of the action that was drawn.",
                "of the maximum",
            )
            some_action = (logprobs[:, None] - all_logprobs).abs().min(dim=-1).values.max() < 1e-4
            require(
                not some_action,
                "`logprobs` are log-probabilities, but not those of the actions returned with them: draw once, and look up that draw.",
                "another action",
            )
            row = (logprobs - of_actions).abs().argmax()
            require(
                False,
                f"`logprobs` is not log pi(action): for row {row}, action {actions[row]}, seen {logprobs[row]:.4f}, expected "
                f"{of_actions[row]:.4f}. The logits of this row are {show(logits[row])}.",
                "other",
            )
    (gradient,) = torch.autograd.grad(logprobs.sum(), logits, allow_unused=True) if logprobs.requires_grad else (None,)
    require(gradient is not None, "`logprobs` carries no gradient back to the logits: do not detach it.", "detached")
    expected = torch.nn.functional.one_hot(actions, 3) - logits.detach().softmax(-1)
    expect_close(gradient, expected, "The gradient of logprobs", "each row's is 1 at its action, minus the row's probabilities")
    again = sample_actions(logits)[0]
    require(
        not torch.equal(actions, again), "Two calls gave the very same 6000 actions: sample afresh in every call.", "fixed seed"
    )

    plain = torch.randn(4, 3)
    with unmodified(logits=plain):
        sample_actions(plain)
    one_action, one_logprob = sample_actions(torch.zeros(1, 3))
    expect_tensor(one_action, (1,), "actions, for a single row,", floating=False)
    expect_tensor(one_logprob, (1,), "logprobs, for a single row,")
    far_apart = torch.tensor([[200.0, 0.0], [-200.0, 0.0]], requires_grad=True)
    _, large = sample_actions(far_apart)
    require(
        bool(large.isfinite().all()),
        f"For logits as large as 200, `logprobs` is {show_probs(large)}: use log_softmax, which does not overflow.",
        "overflow",
    )
    (gradient,) = torch.autograd.grad(large.sum(), far_apart)
    require(
        bool(gradient.isfinite().all()),
        f"For logits as large as 200, the gradient of logprobs is {gradient.tolist()}: the logarithm of a probability that is rounded to 0 "
        "is in the graph. Use log_softmax.",
        "gradient nan",
    )


def show_probs(probs) -> list[float]:
    return [round(p, 3) for p in probs.tolist()]


def test_reinforce_loss(reinforce_loss):
    logprobs, returns = torch.tensor([-1.0, -2.0]), torch.tensor([10.0, 1.0])
    with unmodified(logprobs=logprobs, returns=returns):
        loss = reinforce_loss(logprobs, returns)
    expect_close(
        loss,
        torch.tensor(6.0),
        "reinforce_loss",
        "logprobs = [-1, -2], returns = [10, 1]: minus the mean of -1 * 10 and -2 * 1",
    )
    torch.manual_seed(0)
    logprobs = torch.randn(8).sub(1).requires_grad_()
    returns = torch.randn(8).requires_grad_().mul(3)  # with a graph, as where a critic's values were subtracted
    with unmodified(returns=returns.detach()):
        loss = reinforce_loss(logprobs, returns)
    require(
        returns.requires_grad,
        "Your code cuts the caller's `returns` off from their graph, as detach_() does: detach() makes a new tensor, and leaves theirs alone.",
        "detach_",
    )
    expect_close(loss, -(logprobs * returns).mean().detach(), "reinforce_loss", "8 random steps")
    expect_gradient(loss, logprobs, -returns.detach() / 8, "reinforce_loss")
    (into_returns,) = torch.autograd.grad(loss, returns, allow_unused=True) if returns.requires_grad else (None,)
    require(
        into_returns is None or not into_returns.any(),
        "The gradient flows into `returns`: they are data, so detach them. Otherwise the loss could be made small by changing the returns.",
        "through returns",
    )
    for returns, expected in [([0.0, 3.0, 0.0, 1.0], 2.5), ([0.0] * 4, 0.0)]:
        expect_close(
            reinforce_loss(torch.tensor([-1.0, -2.0, -3.0, -4.0]), torch.tensor(returns)),
            torch.tensor(expected),
            "reinforce_loss",
            f"logprobs = [-1, -2, -3, -4], returns = {returns}",
        )
    rare = torch.tensor([-30.0, -12.0, -0.5], requires_grad=True)
    loss = reinforce_loss(rare, torch.tensor([2.0, 1.0, 1.0]))
    (gradient,) = torch.autograd.grad(loss, rare)
    require(
        gradient[:2].all(),
        f"Of the log-probabilities {rare.tolist()} the improbable ones get the gradient {gradient[:2].tolist()}: they are to be "
        "learned from like any others.",
        "no gradient for rare actions",
    )
    expect_close(loss, torch.tensor(72.5 / 3), "reinforce_loss", f"logprobs = {rare.tolist()}, returns = [2, 1, 1]")
