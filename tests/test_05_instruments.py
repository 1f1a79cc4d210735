"""Tests of the exercises of chapter 05."""

import math

import torch
from torch import nn

from tests.checks import (
    expect_close,
    expect_device_followed,
    expect_no_graph,
    expect_tensor,
    require,
    unmodified,
)


def test_make_optimizer(make_optimizer):
    torch.manual_seed(0)
    actor, critic = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), nn.Sequential(nn.Linear(3, 1))
    trunk, middle = nn.Linear(3, 3), nn.Linear(3, 3)
    shared_actor, shared_critic = nn.Sequential(trunk, nn.Linear(3, 2)), nn.Sequential(trunk, nn.Linear(3, 1))
    middle_actor = nn.Sequential(nn.Linear(3, 3), middle, nn.Linear(3, 2))
    middle_critic = nn.Sequential(nn.Linear(3, 3), middle, nn.Linear(3, 1))
    twins = nn.Linear(3, 1), nn.Linear(3, 1)
    twins[1].load_state_dict(twins[0].state_dict())
    for one, other, kind in [
        (actor, critic, "separate networks"),
        (shared_actor, shared_critic, "networks with a shared trunk"),
        (*twins, "separate networks whose weights happen to be equal"),
        (middle_actor, middle_critic, "networks that share their second layer"),
    ]:
        optimizer = make_optimizer(one, other, 3e-4)
        require(
            type(optimizer) is torch.optim.Adam,
            f"make_optimizer returns {type(optimizer).__name__}; expected torch.optim.Adam.",
            type(optimizer).__name__,
        )
        held = [id(p) for group in optimizer.param_groups for p in group["params"]]
        for network, who in [(one, "actor"), (other, "critic")]:
            missing = [name for name, p in network.named_parameters() if id(p) not in held]
            require(
                not missing, f"For {kind}, the optimizer does not hold the {who}'s parameters {missing}.", f"{who} {missing}"
            )
        require(
            len(held) == len(set(held)),
            f"For {kind}, the optimizer holds {len(held)} parameters, but only {len(set(held))} different ones: a shared one must count once.",
            "twice",
        )
        for group in optimizer.param_groups:
            require(
                abs(group["lr"] - 3e-4) < 1e-12, f"The learning rate is {group['lr']}; asked for was 3e-4.", f"lr {group['lr']}"
            )
            require(abs(group["eps"] - 1e-5) < 1e-12, f"Adam's eps is {group['eps']}; PPO uses 1e-5.", f"eps {group['eps']}")
            require(
                group["betas"] == (0.9, 0.999), f"Adam's betas are {group['betas']}; PPO leaves them at (0.9, 0.999).", "betas"
            )
            require(not group["weight_decay"], "Adam has weight decay; PPO uses none.", "decay")
            for option in ("amsgrad", "maximize"):
                require(not group.get(option), f"Adam has {option}=True; PPO leaves it at False.", option)
        expected = [id(p) for p in dict.fromkeys([*one.parameters(), *other.parameters()])]
        require(
            held == expected,
            f"For {kind}, the parameters come in another order: the actor's first, then the critic's that are new. A saved optimizer "
            "knows its parameters by their numbers.",
            f"order, {kind}: {[expected.index(one) for one in held if one in expected]}",
        )
        again = make_optimizer(one, other, 3e-4)
        require(
            [id(p) for group in again.param_groups for p in group["params"]] == expected,
            f"For {kind}, a second optimizer for the same networks does not hold the same parameters as the first: keep nothing from one "
            "call to the next.",
            "remembers",
        )


def test_PPOScheduler(PPOScheduler):
    for initial, end, number in [(1.0, 0.0, 4), (2e-3, 1e-3, 10), (1e-3, 0.0, 1), (1e-3, 3e-3, 2)]:
        parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
        groups = [{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 7 * initial}]
        optimizer = torch.optim.Adam(groups, lr=initial)
        for parameter in parameters:
            parameter.grad = torch.ones(1)
        scheduler = PPOScheduler(optimizer, initial, end, number)
        rates = [[group["lr"] for group in optimizer.param_groups]]
        for _ in range(number + 2):
            scheduler.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
        require(
            not any(parameter.any() for parameter in parameters),
            "step() changes the parameters: it should only set learning rates. Stepping the optimizer is not its business.",
            "steps the optimizer",
        )
        setting = f"initial_lr {initial:g}, end_lr {end:g}, num_iterations {number}"
        expected = [initial + min(k / number, 1) * (end - initial) for k in range(number + 3)]
        first = torch.tensor([rate[0] for rate in rates], dtype=torch.double) / initial
        expect_close(
            first, torch.tensor(expected, dtype=torch.double) / initial,
            "The first group's learning rate, in units of initial_lr, before and after each step()", setting, tolerance=1e-6,
        )  # fmt: skip
        second = torch.tensor([rate[1] for rate in rates], dtype=torch.double) / initial
        expected[0] = 7 * initial
        expect_close(
            second, torch.tensor(expected, dtype=torch.double) / initial,
            "The learning rate of a second parameter group, which began with another one, in units of initial_lr, before and after each "
            "step()", f"{setting}; nothing changes before the first step(), and each sets the rate on the line", tolerance=1e-6,
        )  # fmt: skip


def test_approx_kl(approx_kl):
    one = approx_kl(torch.tensor([0.0]), torch.tensor([-math.log(2.0)]))
    expect_close(one, torch.tensor(1 - math.log(2.0)), "approx_kl", "one step of ratio 2: (2 - 1) - log 2 = 0.3069")
    two = approx_kl(torch.tensor([0.0, -math.log(4.0)]), torch.tensor([-math.log(2.0), -math.log(2.0)]))
    expect_close(
        two,
        torch.tensor(0.25),
        "approx_kl",
        "steps of ratio 2 and 1/2: the mean of (2 - 1) - log 2 = 0.3069 and (1/2 - 1) - log 1/2 = 0.1931",
    )
    torch.manual_seed(0)
    logprobs = -torch.rand(32) * 2
    new_logprobs = logprobs + torch.randn(32) * 0.4
    ratio = (new_logprobs - logprobs).exp()
    with unmodified(new_logprobs=new_logprobs, logprobs=logprobs):
        seen = approx_kl(new_logprobs, logprobs)
    expect_close(
        seen, ((ratio - 1) - (new_logprobs - logprobs)).mean(), "approx_kl", "mean((ratio - 1) - log ratio) of 32 random steps"
    )
    expect_close(approx_kl(logprobs, logprobs), torch.tensor(0.0), "approx_kl", "a policy that has not moved")
    expect_no_graph(approx_kl(new_logprobs.clone().requires_grad_(), logprobs), "approx_kl")
    expect_device_followed(approx_kl, new_logprobs, logprobs, what="approx_kl")
    # An estimate of KL(pi_old || pi_new) when actions are drawn from pi_old
    old, new = torch.tensor([0.6, 0.3, 0.1]), torch.tensor([0.5, 0.2, 0.3])
    actions = torch.multinomial(old, 20_000, replacement=True)
    true = (old * (old / new).log()).sum()
    estimate = approx_kl(new.log()[actions], old.log()[actions])
    require(
        (estimate - true).abs() < 0.02,
        f"For two policies whose KL is {true:.3f} nats, approx_kl gives {estimate:.3f}.",
        "estimate",
    )


def test_clipfrac(clipfrac):
    ratio = torch.tensor([0.5, 0.79, 0.81, 1.0, 1.19, 1.25, 3.0, 1.1])
    logprobs = torch.linspace(-2, -0.2, 8)
    new_logprobs = logprobs + ratio.log()
    with unmodified(new_logprobs=new_logprobs, logprobs=logprobs):
        seen = clipfrac(new_logprobs, logprobs, 0.2)
    expect_tensor(seen, (), "clipfrac")
    singles = torch.tensor([0.5, 0.79, 0.81, 0.82, 1.0, 1.19, 1.22, 1.26, 3.0, 1.1])
    olds = torch.linspace(-2, -0.2, len(singles))
    each = [clipfrac((old + single.log())[None], old[None], 0.2) for old, single in zip(olds, singles, strict=True)]
    expect_close(
        torch.stack(each).float(),
        torch.tensor([1.0, 1, 0, 0, 0, 0, 1, 1, 1, 0]),
        "clipfrac",
        f"minibatches of one step each, ratios {[round(r, 2) for r in singles.tolist()]}, clip_coef 0.2",
    )
    expect_close(seen, torch.tensor(4 / 8), "clipfrac", f"ratios {[round(r, 2) for r in ratio.tolist()]}, clip_coef 0.2")
    expect_close(clipfrac(new_logprobs, logprobs, 0.05), torch.tensor(7 / 8), "clipfrac", "the same ratios, clip_coef 0.05")
    expect_close(clipfrac(logprobs, logprobs, 0.2), torch.tensor(0.0), "clipfrac", "a policy that has not moved")
    expect_close(
        clipfrac(logprobs, logprobs, 0.0),
        torch.tensor(0.0),
        "clipfrac",
        "the same and clip_coef 0: no ratio is farther than 0 from 1",
    )
    wide = clipfrac(new_logprobs, logprobs, 1.5)
    expect_close(wide, torch.tensor(1 / 8), "clipfrac", "the same ratios, clip_coef 1.5: no ratio lies below 1 - 1.5")
    expect_no_graph(clipfrac(new_logprobs.clone().requires_grad_(), logprobs, 0.2), "clipfrac")
    expect_device_followed(clipfrac, new_logprobs, logprobs, 0.2, what="clipfrac")
    for ratios, expected in [([1.22, 1.22, 1.22, 1.0], 3 / 4), ([0.82, 0.82, 1.0, 1.0], 0.0)]:
        near = clipfrac(torch.tensor(ratios).log() - 1, torch.full((4,), -1.0), 0.2)
        expect_close(near, torch.tensor(expected), "clipfrac", f"ratios {ratios}: is the ratio new over old?")
    quotient = clipfrac(torch.tensor([-0.1, -0.12]), torch.tensor([-0.01, -0.02]), 0.2)
    expect_close(quotient, torch.tensor(0.0), "clipfrac", "probabilities near 1 that have hardly moved")
    three_low = clipfrac(torch.tensor([-3.0, -2.9, -2.8, -0.5]), torch.full((4,), -0.5), 0.2)
    expect_close(three_low, torch.tensor(3 / 4), "clipfrac", "three of four ratios far below 1")


def test_explained_variance(explained_variance):
    ends_agree = explained_variance(torch.tensor([1.0, 2.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 3.0, 1.0]))
    expect_close(ends_agree, torch.tensor(8 / 11), "explained_variance", "values [1, 2, 2, 1], returns [1, 2, 3, 1]")
    torch.manual_seed(0)
    returns = torch.randn(64) * 3 + 10
    values = 0.6 * returns + torch.randn(64) * 0.5 + 2.0
    expected = 1 - (returns - values).var(correction=0) / returns.var(correction=0)
    with unmodified(values=values, returns=returns):
        seen = explained_variance(values, returns)
    expect_close(seen, expected, "explained_variance", "values that follow the returns, but not in full")
    expect_close(explained_variance(returns, returns), torch.tensor(1.0), "explained_variance", "perfect values")
    expect_no_graph(explained_variance(values.clone().requires_grad_(), returns), "explained_variance")
    for some in (returns, torch.ones(64)):
        expect_device_followed(explained_variance, values, some, what="explained_variance")
    for unit in (1e-8, 1e8):
        scaled = explained_variance(values * unit, returns * unit)
        expect_close(scaled, expected, "explained_variance", f"the same values and returns, each times {unit:g}")
    near = torch.tensor([100.0, 100.0004, 100.0008, 99.9996], dtype=torch.float64)
    halfway = explained_variance((near - 100) / 2 + 100, near)
    require(
        (halfway - 0.75).abs() < 1e-3,
        f"For the returns {near.tolist()} and values half as far from 100, explained_variance is {halfway.item():.3f}; expected 0.75: "
        "these returns are not equal. Only a variance below 1e-12 * returns.square().mean() is rounding.",
        "nearly equal",
    )
    constant = explained_variance(torch.full((64,), 3.0), returns)
    expect_close(constant, torch.tensor(0.0), "explained_variance", "values that are all the same")
    opposite = explained_variance(-returns, returns)
    expect_close(opposite, torch.tensor(-3.0), "explained_variance", "values = -returns")
    large = 1000 + torch.randn(64) * 0.1
    guesses = large + torch.randn(64) * 0.05
    expected = 1 - (large - guesses).double().var(correction=0) / large.double().var(correction=0)
    seen = explained_variance(guesses, large)
    require(
        (seen - expected).abs() < 0.01,
        f"For returns around 1000 with a spread of 0.1, explained_variance is {seen.item():.3f}; expected {expected:.3f}. In 32-bit floats a "
        "small difference of large squares has no digits left: take the mean off before you square, as `var` does.",
        "digits lost",
    )
    equal = explained_variance(torch.randn(8), torch.full((8,), 2.0))
    require(
        not isinstance(equal, int | float),
        f"Where all returns are equal, explained_variance is the plain number {equal}; expected a tensor, as everywhere else.",
        "plain number",
    )
    expect_tensor(equal, (), "explained_variance where all returns are equal")
    require(
        bool(equal.isfinite()),
        f"Where all returns are equal, explained_variance is {equal.item()}: Var(returns) is 0, so decide this case yourself (0).",
        "nan",
    )
    expect_close(equal, torch.tensor(0.0), "explained_variance", "all returns equal")
    nothing = explained_variance(torch.randn(8), torch.zeros(8))
    require(
        bool(torch.as_tensor(nothing).isfinite().all()),
        f"For returns that are all 0, explained_variance is {nothing}: their variance and 1e-12 * returns.square().mean() are both 0, so ask "
        "whether it is at most that, not below.",
        "all zero",
    )
    rounded = explained_variance(torch.randn(300), torch.full((300,), 0.1))
    require(
        bool(rounded == 0),
        f"For 300 returns of 0.1, explained_variance is {rounded.item():.3g}; expected 0, as for all equal returns. Rounding leaves them a "
        "variance of about 2e-16: compare it with 1e-12 * returns.square().mean(), not with 0.",
        "compared with 0",
    )
    single = explained_variance(torch.tensor([1.0]), torch.tensor([2.0]))
    expect_close(single, torch.tensor(0.0), "explained_variance", "a single return (whose unbiased variance is NaN)")
