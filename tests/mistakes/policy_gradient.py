"""Known-wrong answers of chapters 00 and 01."""

from tests.mistakes import mistake

RETURNS, SAMPLE, REINFORCE = "discounted_returns", "sample_actions", "reinforce_loss"

MISTAKES = [
    mistake(RETURNS, "no discount", "gamma were forgotten: each step of distance multiplies by gamma once more.", ("gamma * future", "future")),
    mistake(
        RETURNS, "the past", "the rewards of the past were summed: G_t counts what comes after step t.",
        ("reversed(range(len(rewards)))", "range(len(rewards))"),
    ),
    mistake(
        RETURNS, "one number for all", "every step were given the return of the whole episode: each step has its own, counted from there.",
        ("    return returns", "    return returns[0].expand_as(returns).clone()"),
    ),
    mistake(
        RETURNS, "by the clock", "rewards were discounted by the time on the clock, gamma^k, instead of the distance, gamma^(k - t).",
        ("rewards[t] + gamma * future", "gamma**t * rewards[t] + future"),
    ),
    mistake(
        RETURNS, "changes its input", "the returns were written into `rewards` itself: make a new tensor.",
        ("torch.zeros_like(rewards)", "rewards"),
    ),
    mistake(RETURNS, "leaves the reward of step t out", "G_t left out the reward of step t itself.", ("returns[t] = future", "returns[t] = future - rewards[t]")),
    mistake(RETURNS, "discounts the reward too", "the reward of step t itself were discounted: only what comes after it is.", ("rewards[t] + gamma * future", "gamma * (rewards[t] + future)")),
    mistake(RETURNS, "in the wrong order", "the returns were collected from the end and never turned round.", ("    return returns", "    return returns.flip(0)")),
    mistake(SAMPLE, "argmax", "the most probable action were always taken.", ("torch.multinomial(all_logprobs.exp(), num_samples=1)", "all_logprobs.argmax(-1, keepdim=True)")),
    mistake(SAMPLE, "probabilities", "the logarithm were missing.", ("all_logprobs.gather(-1, actions)", "all_logprobs.exp().gather(-1, actions)")),
    mistake(
        SAMPLE, "another sample", "the log-probability were that of a second draw, not of the action returned.",
        ("all_logprobs.gather(-1, actions)", "all_logprobs.gather(-1, torch.multinomial(all_logprobs.exp(), 1))"),
    ),
    mistake(SAMPLE, "raw logits", "the logits were taken for log-probabilities.", ("all_logprobs.gather", "logits.gather")),
    mistake(SAMPLE, "uniform", "the actions were drawn uniformly.", ("torch.multinomial(all_logprobs.exp()", "torch.multinomial(torch.ones_like(logits)")),
    mistake(SAMPLE, "logits as probabilities", "the logits were used as probabilities, as in Categorical(logits): write Categorical(logits=logits).",
            ("logits.log_softmax(dim=-1)", "torch.distributions.Categorical(logits.abs()).logits")),
    mistake(SAMPLE, "softmax twice", "the softmax were taken twice: probabilities were given where logits are expected.", ("logits.log_softmax(dim=-1)", "logits.softmax(dim=-1).log_softmax(dim=-1)")),
    mistake(SAMPLE, "softmax over the rows", "the softmax ran over the rows (dim=0) instead of the actions (dim=-1).", ("logits.log_softmax(dim=-1)", "logits.log_softmax(dim=0)")),
    mistake(SAMPLE, "one draw for all rows", "one random number served all rows.", ("torch.multinomial(all_logprobs.exp(), num_samples=1)", "(all_logprobs.exp().cumsum(-1) < torch.rand(1)).sum(-1, keepdim=True).clamp(max=logits.shape[-1] - 1)")),
    mistake(SAMPLE, "log-probabilities of row 0", "the log-probabilities of row 0 were looked up for every row.", ("all_logprobs.gather(-1, actions)", "all_logprobs[0][actions]")),
    mistake(SAMPLE, "log-probability of the maximum", "the largest log-probability of each row were returned.", ("all_logprobs.gather(-1, actions)", "all_logprobs.max(-1, keepdim=True).values")),
    mistake(SAMPLE, "overflow", "the softmax were written out with exp, which overflows for large logits.", ("logits.log_softmax(dim=-1)", "(logits.exp() / logits.exp().sum(-1, keepdim=True)).log()")),
    mistake(SAMPLE, "squeezes everything", "every dimension of size 1 were squeezed, also that of the rows when there is only one.", ("squeeze(-1)", "squeeze()")),
    mistake(SAMPLE, "normaliser detached", "the normaliser of the softmax were detached.", ("logits.log_softmax(dim=-1)", "logits - logits.detach().logsumexp(-1, keepdim=True)")),
    mistake(SAMPLE, "keeps a dimension", "the last dimension of size 1 were left in.", ("actions.squeeze(-1)", "actions"), ("actions).squeeze(-1)", "actions)")),
    mistake(SAMPLE, "detached", "the log-probabilities were cut off from the graph.", ("(-1, actions).squeeze(-1)", "(-1, actions).squeeze(-1).detach()")),
    mistake(SAMPLE, "changes its input", "the logits were changed in place: make a new tensor.", ("    all_logprobs = ", "    with torch.no_grad():\n        logits -= logits.max(dim=-1, keepdim=True).values\n    all_logprobs = ")),
    mistake(REINFORCE, "sign", "the minus were missing: an optimizer minimises, and returns are to grow.", ("return -(", "return (")),
    mistake(REINFORCE, "product of means", "the means were multiplied: each step's log-probability belongs with its own return.", ("(logprobs * returns.detach()).mean()", "(logprobs.mean() * returns.detach().mean())")),
    mistake(REINFORCE, "through the returns", "the returns were not detached.", ("returns.detach()", "returns")),
    mistake(REINFORCE, "returns not per step", "one return were used for all steps.", ("returns.detach()", "returns.detach()[0]")),
    mistake(REINFORCE, "subtracts the mean", "the mean return were subtracted: a good idea, which comes later, but not asked for here.", ("returns.detach()", "(returns - returns.mean()).detach()")),
    mistake(REINFORCE, "sum", "the sum were taken where the mean is asked for.", (".mean()", ".sum()")),
    mistake(REINFORCE, "changes its input", "the returns were changed in place: they belong to the caller.", ("return -(logprobs * returns.detach()).mean()", "weights = returns.detach().neg_()\n    return (logprobs * weights).mean()")),
    mistake(REINFORCE, "probabilities", "probabilities were used where log-probabilities belong.", ("(logprobs *", "(logprobs.exp() *")),
]  # fmt: skip
