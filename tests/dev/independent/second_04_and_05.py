"""Answers by readers of the notebooks alone, the second list."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {}
RIGHT: dict[str, dict[str, str]] = {}

# --------------------------------------------------------------------------------------------- make_optimizer

WRONG["make_optimizer"] = {
    "lists concatenated": (
        "You put both networks' parameters behind each other without dropping those that they share, so a shared weight is listed twice.",
        """
def make_optimizer(actor, critic, learning_rate):
    params = list(actor.parameters()) + list(critic.parameters())
    return torch.optim.Adam(params, lr=learning_rate, eps=1e-5)
""",
    ),
    "set forgets the order": (
        "You drop the duplicates with a set, so the parameters come in an order that is not the actor's first, then the critic's.",
        """
def make_optimizer(actor, critic, learning_rate):
    unique = set(actor.parameters()) | set(critic.parameters())
    return torch.optim.Adam(list(unique), lr=learning_rate, eps=1e-5)
""",
    ),
    "eps left at its default": (
        "You leave eps at PyTorch's default of 1e-8 instead of 1e-5.",
        """
def make_optimizer(actor, critic, learning_rate):
    weights = dict.fromkeys([*actor.parameters(), *critic.parameters()])
    return torch.optim.Adam(list(weights), lr=learning_rate)
""",
    ),
    "eps given as weight_decay": (
        "You give 1e-5 to Adam as its weight decay, so eps stays at 1e-8 and all weights are pulled towards zero.",
        """
def make_optimizer(actor, critic, learning_rate):
    both = nn.ModuleList([actor, critic])
    return torch.optim.Adam(both.parameters(), lr=learning_rate, weight_decay=1e-5)
""",
    ),
    "eps as third positional argument": (
        "You pass eps by position, where Adam expects its pair of betas, so making the optimizer crashes.",
        """
def make_optimizer(actor, critic, learning_rate):
    parameters = list(dict.fromkeys([*actor.parameters(), *critic.parameters()]))
    return torch.optim.Adam(parameters, learning_rate, 1e-5)
""",
    ),
    "learning rate not passed on": (
        "You never hand the learning rate to Adam, so it always runs with its default of 0.001.",
        """
def make_optimizer(actor, critic, learning_rate):
    seen, todo = set(), []
    for net in (actor, critic):
        for p in net.parameters():
            if id(p) not in seen:
                seen.add(id(p))
                todo.append(p)
    return torch.optim.Adam(todo, eps=1e-5)
""",
    ),
    "two parameter groups": (
        "You make one parameter group for the actor and one for the critic, where the exercise asks for a single one.",
        """
def make_optimizer(actor, critic, learning_rate):
    actor_params = list(actor.parameters())
    known = {id(p) for p in actor_params}
    critic_params = [p for p in critic.parameters() if id(p) not in known]
    return torch.optim.Adam([{"params": actor_params}, {"params": critic_params}], lr=learning_rate, eps=1e-5)
""",
    ),
    "AdamW": (
        "You use AdamW, which by default shrinks every weight a little at each step, instead of Adam.",
        """
def make_optimizer(actor, critic, learning_rate):
    params = list(dict.fromkeys((*actor.parameters(), *critic.parameters())))
    return torch.optim.AdamW(params, lr=learning_rate, eps=1e-5)
""",
    ),
    "p not in list": (
        "You look for a parameter in a list with `in`, which compares the tensors' entries with == and crashes as soon as two different parameters meet.",
        """
def make_optimizer(actor, critic, learning_rate):
    parameters = list(actor.parameters())
    for p in critic.parameters():
        if p not in parameters:
            parameters.append(p)
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5)
""",
    ),
    "unique by name": (
        "You merge the two networks' parameters by their names, so where both have a `0.weight` the critic's replaces the actor's, which is never trained.",
        """
def make_optimizer(actor, critic, learning_rate):
    by_name = {}
    by_name.update(actor.named_parameters())
    by_name.update(critic.named_parameters())
    return torch.optim.Adam(by_name.values(), lr=learning_rate, eps=1e-5)
""",
    ),
    "unique by content": (
        "You call two parameters the same if their numbers are equal, so different ones that start alike, such as biases of zeros, are dropped.",
        """
def make_optimizer(actor, critic, learning_rate):
    kept = []
    for p in [*actor.parameters(), *critic.parameters()]:
        if not any(torch.equal(p, q) for q in kept):
            kept.append(p)
    return torch.optim.Adam(kept, lr=learning_rate, eps=1e-5)
""",
    ),
    "shared ones in the critic's place": (
        "You take the shared parameters out of the actor's list rather than out of the critic's, so they do not come in the actor's place.",
        """
def make_optimizer(actor, critic, learning_rate):
    critic_ids = set(map(id, critic.parameters()))
    only_actor = [w for w in actor.parameters() if id(w) not in critic_ids]
    return torch.optim.Adam(only_actor + list(critic.parameters()), lr=learning_rate, eps=1e-5)
""",
    ),
    "tensors without their gradients": (
        "You give Adam `p.data`, other tensor objects that never receive a gradient, so that no step moves anything.",
        """
def make_optimizer(actor, critic, learning_rate):
    unique = dict.fromkeys([*actor.parameters(), *critic.parameters()])
    return torch.optim.Adam([p.data for p in unique], lr=learning_rate, eps=1e-5)
""",
    ),
    "seen is remembered between calls": (
        "You keep the set of parameters already seen in a default argument, which survives the call, so a second optimizer for the same networks gets no parameters.",
        """
def make_optimizer(actor, critic, learning_rate, seen=set()):
    params = []
    for p in [*actor.parameters(), *critic.parameters()]:
        if p in seen:
            continue
        seen.add(p)
        params.append(p)
    return torch.optim.Adam(params, lr=learning_rate, eps=1e-5)
""",
    ),
}

RIGHT["make_optimizer"] = {
    "ModuleList": """
def make_optimizer(actor, critic, learning_rate):
    # a module lists each of its parameters once, in the order of its children
    both = nn.ModuleList([actor, critic])
    return torch.optim.Adam(both.parameters(), lr=learning_rate, eps=1e-5)
""",
    "ids already taken": """
def make_optimizer(actor, critic, learning_rate):
    mine = list(actor.parameters())
    taken = {id(p) for p in mine}
    mine += [p for p in critic.parameters() if id(p) not in taken]
    return torch.optim.Adam([{"params": mine}], lr=learning_rate, eps=1e-5)
""",
    "helper generator, identity test": """
def _each_once(*nets):
    listed = []
    for net in nets:
        for w in net.parameters():
            if all(w is not other for other in listed):
                listed.append(w)
                yield w


def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(_each_once(actor, critic), lr=learning_rate, betas=(0.9, 0.999), eps=1e-5)
""",
    "dict by id and chain, fused": """
def make_optimizer(actor, critic, learning_rate):
    from itertools import chain

    unique = {}
    for p in chain(actor.parameters(), critic.parameters()):
        unique.setdefault(id(p), p)
    return torch.optim.Adam(list(unique.values()), eps=10**-5, lr=learning_rate, fused=True)
""",
}

# ------------------------------------------------------------------------------------------------ PPOScheduler

WRONG["PPOScheduler"] = {
    "counts afterwards": (
        "You count the call after you have worked out the rate, so the rate is always one iteration behind.",
        """
def step(self):
    frac = min(self.num_steps_taken / self.num_iterations, 1)
    for group in self.optimizer.param_groups:
        group["lr"] = self.initial_lr + frac * (self.end_lr - self.initial_lr)
    self.num_steps_taken += 1
""",
    ),
    "no end to the line": (
        "You do not stop the fraction at 1, so after `num_iterations` calls the rate runs on past `end_lr`, even below zero.",
        """
def step(self):
    self.num_steps_taken += 1
    progress = self.num_steps_taken / self.num_iterations
    new_lr = (1 - progress) * self.initial_lr + progress * self.end_lr
    for g in self.optimizer.param_groups:
        g["lr"] = new_lr
""",
    ),
    "first group only": (
        "You set the rate of the first parameter group only.",
        """
def step(self):
    self.num_steps_taken += 1
    frac = min(self.num_steps_taken / self.num_iterations, 1.0)
    self.optimizer.param_groups[0]["lr"] = self.initial_lr + frac * (self.end_lr - self.initial_lr)
""",
    ),
    "attribute of the optimizer": (
        "You set an attribute `lr` of the optimizer, which nothing reads; the rate in the parameter groups never changes.",
        """
def step(self):
    self.num_steps_taken += 1
    share = min(self.num_steps_taken / self.num_iterations, 1)
    self.optimizer.lr = self.initial_lr + share * (self.end_lr - self.initial_lr)
""",
    ),
    "start and end exchanged": (
        "You mix the two rates the wrong way round, so the run starts near `end_lr` and climbs to `initial_lr`.",
        """
def step(self):
    self.num_steps_taken += 1
    t = min(self.num_steps_taken / self.num_iterations, 1)
    lr = t * self.initial_lr + (1 - t) * self.end_lr
    for group in self.optimizer.param_groups:
        group["lr"] = lr
""",
    ),
    "whole-number division": (
        "You divide with `//`, so the fraction is 0 until the very end and the rate jumps there in one go.",
        """
def step(self):
    self.num_steps_taken += 1
    fraction = min(self.num_steps_taken // self.num_iterations, 1)
    for group in self.optimizer.param_groups:
        group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
""",
    ),
    "always down to zero": (
        "You ignore `end_lr` and always let the rate fall to zero.",
        """
def step(self):
    self.num_steps_taken += 1
    left = max(1 - self.num_steps_taken / self.num_iterations, 0)
    for param_group in self.optimizer.param_groups:
        param_group["lr"] = left * self.initial_lr
""",
    ),
    "one iteration fewer": (
        "You divide by `num_iterations - 1`, so the rate reaches its end one iteration too early (and a run of a single iteration crashes).",
        """
def step(self):
    self.num_steps_taken += 1
    frac = min(self.num_steps_taken / (self.num_iterations - 1), 1)
    for group in self.optimizer.param_groups:
        group["lr"] = self.initial_lr + frac * (self.end_lr - self.initial_lr)
""",
    ),
    "starts from the current rate": (
        "You start the line from the group's current rate instead of `initial_lr`, so the falls pile up and the rate sinks far too fast.",
        """
def step(self):
    self.num_steps_taken += 1
    frac = min(self.num_steps_taken / self.num_iterations, 1)
    for group in self.optimizer.param_groups:
        group["lr"] += frac * (self.end_lr - group["lr"])
""",
    ),
    "stops the rate, not the fraction": (
        "You stop the line with `max(rate, end_lr)`, which is right only where the rate falls; a rate that is to rise jumps to its end at once.",
        """
def step(self):
    self.num_steps_taken += 1
    slope = (self.end_lr - self.initial_lr) / self.num_iterations
    rate = max(self.initial_lr + self.num_steps_taken * slope, self.end_lr)
    for group in self.optimizer.param_groups:
        group["lr"] = rate
""",
    ),
    "starts over at the end": (
        "You take the count modulo `num_iterations`, so on the last call the rate jumps back to `initial_lr` instead of reaching `end_lr`.",
        """
def step(self):
    self.num_steps_taken = (self.num_steps_taken + 1) % self.num_iterations
    frac = self.num_steps_taken / self.num_iterations
    for group in self.optimizer.param_groups:
        group["lr"] = self.initial_lr + frac * (self.end_lr - self.initial_lr)
""",
    ),
    "one counter for all schedulers": (
        "You count in a default argument, which all schedulers share, so a second run goes on where the first one ended.",
        """
def step(self, calls=[0]):
    calls[0] += 1
    self.num_steps_taken = calls[0]
    frac = min(self.num_steps_taken / self.num_iterations, 1)
    for group in self.optimizer.param_groups:
        group["lr"] = self.initial_lr + frac * (self.end_lr - self.initial_lr)
""",
    ),
    "leaves before the end": (
        "You return without a change once all iterations are counted, so the rate stays one notch above `end_lr` for ever.",
        """
def step(self):
    self.num_steps_taken += 1
    if self.num_steps_taken >= self.num_iterations:
        return
    remaining = 1 - self.num_steps_taken / self.num_iterations
    for group in self.optimizer.param_groups:
        group["lr"] = self.end_lr + remaining * (self.initial_lr - self.end_lr)
""",
    ),
    "counts in the loop over groups": (
        "You count inside the loop over the parameter groups, so with two groups one call counts as two and the groups get different rates.",
        """
def step(self):
    for group in self.optimizer.param_groups:
        self.num_steps_taken += 1
        frac = min(self.num_steps_taken / self.num_iterations, 1)
        group["lr"] = self.initial_lr + frac * (self.end_lr - self.initial_lr)
""",
    ),
}

RIGHT["PPOScheduler"] = {
    "weights of both ends": """
def step(self):
    self.num_steps_taken += 1
    done = min(self.num_steps_taken, self.num_iterations) / self.num_iterations
    for group in self.optimizer.param_groups:
        group["lr"] = (1 - done) * self.initial_lr + done * self.end_lr
""",
    "np.interp": """
def step(self):
    self.num_steps_taken = self.num_steps_taken + 1
    # np.interp stays at the last value beyond the last point
    rate = np.interp(self.num_steps_taken, [0, self.num_iterations], [self.initial_lr, self.end_lr])
    for group in self.optimizer.param_groups:
        group.update(lr=float(rate))
""",
    "if the run is over": """
def step(self):
    self.num_steps_taken += 1
    k, n = self.num_steps_taken, self.num_iterations
    if k >= n:
        lr = self.end_lr
    else:
        lr = self.initial_lr + (self.end_lr - self.initial_lr) * k / n
    groups = self.optimizer.param_groups
    for i in range(len(groups)):
        groups[i]["lr"] = lr
""",
    "what is left of the way": """
def step(self) -> None:
    def rate(k):
        left = max(0.0, 1.0 - k / self.num_iterations)
        return self.end_lr + left * (self.initial_lr - self.end_lr)

    self.num_steps_taken += 1
    for g in self.optimizer.param_groups:
        g["lr"] = rate(self.num_steps_taken)
""",
}

# --------------------------------------------------------------------------------------------------- approx_kl

WRONG["approx_kl"] = {
    "the naive estimate": (
        "You return the naive estimate, the mean of minus the log ratio, which can be negative.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    return (logprobs - new_logprobs).mean()
""",
    ),
    "old minus new": (
        "You subtract the log-probabilities the wrong way round, so your ratio is old over new.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    logratio = logprobs - new_logprobs
    return (logratio.exp() - 1 - logratio).mean()
""",
    ),
    "plus log ratio": (
        "You add the log ratio instead of subtracting it.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    logratio = new_logprobs - logprobs
    ratio = logratio.exp()
    return ((ratio - 1) + logratio).mean()
""",
    ),
    "half the square": (
        "You return half the mean square of the log ratio, another estimate (k2), not (ratio - 1) - log ratio.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    d = new_logprobs - logprobs
    return 0.5 * (d**2).mean()
""",
    ),
    "sum": (
        "You sum over the minibatch instead of taking the mean.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    log_rho = new_logprobs - logprobs
    rho = torch.exp(log_rho)
    return torch.sum((rho - 1) - log_rho)
""",
    ),
    "mean first": (
        "You average the log ratio first and apply the formula to the average, so samples that moved in opposite directions cancel out.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    log_ratio = torch.mean(new_logprobs - logprobs)
    ratio = torch.exp(log_ratio)
    return (ratio - 1) - log_ratio
""",
    ),
    "weighted by the ratio": (
        "You weight each sample's log by its ratio, which estimates the divergence the other way round, KL(new || old).",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    log_rho = new_logprobs - logprobs
    rho = log_rho.exp()
    return (rho * log_rho - (rho - 1)).mean()
""",
    ),
    "F.kl_div": (
        "You use F.kl_div, which weights every sample with its probability as if the minibatch were a whole distribution.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    return F.kl_div(new_logprobs, logprobs, log_target=True, reduction="mean")
""",
    ),
    "input changed in place": (
        "You subtract in place and so overwrite the caller's new log-probabilities.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    new_logprobs -= logprobs
    return (new_logprobs.exp() - 1 - new_logprobs).mean()
""",
    ),
    "exp_ in place": (
        "You use `exp_`, which turns your log ratio into the ratio as well, so the result is always -1.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    logratio = new_logprobs - logprobs
    ratio = logratio.exp_()
    return ((ratio - 1) - logratio).mean()
""",
    ),
    "quotient of the logarithms": (
        "You divide the log-probabilities by each other and call that the ratio of the probabilities.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    ratio = new_logprobs / logprobs
    return (ratio - 1 - torch.log(ratio)).mean()
""",
    ),
    "every pair": (
        "You make a column of one input, so every new log-probability is compared with every old one, (B, B).",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    logratio = new_logprobs.unsqueeze(-1) - logprobs
    return (torch.expm1(logratio) - logratio).mean()
""",
    ),
    "decorator removed": (
        "You removed `@torch.no_grad()`, so the figure drags the network's graph along.",
        """
def approx_kl(new_logprobs, logprobs):
    logratio = new_logprobs - logprobs
    return (logratio.exp() - 1 - logratio).mean()
""",
    ),
    "clamped ratio": (
        "You clamp the ratio to 0.8 ... 1.2 as in the policy loss, but the KL is to be measured with the plain ratio.",
        """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    log_ratio = new_logprobs - logprobs
    ratio = torch.clamp(log_ratio.exp(), 0.8, 1.2)
    return torch.mean((ratio - 1) - log_ratio)
""",
    ),
}

RIGHT["approx_kl"] = {
    "expm1": """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    x = new_logprobs - logprobs
    return (torch.expm1(x) - x).mean()
""",
    "loop and stack": """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    gaps = []
    for now, then in zip(new_logprobs, logprobs):
        gaps.append(torch.exp(now - then) - 1 + then - now)
    return torch.stack(gaps).mean()
""",
    "detach and a sum over numel": """
@torch.no_grad()
def approx_kl(new_logprobs, logprobs):
    minus_log_rho = logprobs.detach() - new_logprobs.detach()
    rho = minus_log_rho.neg().exp()
    per_sample = minus_log_rho + rho - 1
    return per_sample.sum() / per_sample.numel()
""",
    "context manager and helper": """
def _gap(log_ratio):
    return (log_ratio.exp() - 1.0) - log_ratio


def approx_kl(new_logprobs: Tensor, logprobs: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.mean(_gap(torch.sub(new_logprobs, logprobs)))
""",
}

# ---------------------------------------------------------------------------------------------------- clipfrac

WRONG["clipfrac"] = {
    "abs before the subtraction": (
        "You take the absolute value of the ratio before you subtract 1, so samples whose ratio has fallen are never counted.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    return (ratio.abs() - 1 > clip_coef).float().mean()
""",
    ),
    "share inside": (
        "You return the share of samples that are still inside the interval.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    inside = (ratio >= 1 - clip_coef) & (ratio <= 1 + clip_coef)
    return inside.float().mean()
""",
    ),
    "log ratio": (
        "You compare the log ratio with epsilon instead of the ratio minus 1.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    moved = torch.abs(new_logprobs - logprobs)
    return (moved > clip_coef).float().mean()
""",
    ),
    "mean of booleans": (
        "You take the mean of a tensor of booleans, which PyTorch refuses.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    return torch.mean((ratio - 1).abs() > clip_coef)
""",
    ),
    "number, not share": (
        "You return how many samples have left the interval, not which share of the minibatch they are.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    rho = torch.exp(new_logprobs - logprobs)
    return ((rho - 1.0).abs() > clip_coef).float().sum()
""",
    ),
    "always 0.2": (
        "You compare with 0.2 whatever `clip_coef` is.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef=0.2):
    epsilon = 0.2
    ratio = (new_logprobs - logprobs).exp()
    return ((ratio - 1).abs() > epsilon).float().mean()
""",
    ),
    "whole-number division": (
        "You divide the count by the size of the minibatch with `//`, so the share is 0 unless every sample has left.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    outside = (ratio - 1).abs() > clip_coef
    return outside.sum() // outside.numel()
""",
    ),
    "above and below at once": (
        "You ask for ratios that are above the interval and below it at the same time, and there are none.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    clipped = torch.logical_and(ratio > 1 + clip_coef, ratio < 1 - clip_coef)
    return clipped.to(torch.float32).mean()
""",
    ),
    "old over new": (
        "You divide the old probability by the new one; near the edge of the interval the inverse ratio may be outside where the ratio is inside, and the other way round.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(logprobs - new_logprobs)
    return torch.where((ratio - 1).abs() > clip_coef, 1.0, 0.0).mean()
""",
    ),
    "difference of the probabilities": (
        "You compare the difference of the probabilities with epsilon, not the change of their ratio.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    change = (new_logprobs.exp() - logprobs.exp()).abs()
    return (change > clip_coef).float().mean()
""",
    ),
    "limits as logarithms": (
        "You take the logarithm of 1 - clip_coef, which does not exist for a clip_coef of 1 or more, such as the 1e9 of the chapter's run without a clip.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    import math

    logratio = new_logprobs - logprobs
    low, high = math.log(1 - clip_coef), math.log(1 + clip_coef)
    return ((logratio < low) | (logratio > high)).float().mean()
""",
    ),
    "lower edge 1 / (1 + eps)": (
        "You put the lower edge at 1 / (1 + clip_coef) instead of 1 - clip_coef.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    out = (ratio > 1 + clip_coef) | (ratio < 1 / (1 + clip_coef))
    return out.float().mean()
""",
    ),
    "input changed in place": (
        "You work in place, so the caller's new log-probabilities are overwritten.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    distance = new_logprobs.sub_(logprobs).exp().sub(1).abs()
    return distance.gt(clip_coef).float().mean()
""",
    ),
    "shape (1,)": (
        "You keep the dimension of the minibatch, so you return a tensor of shape (1,) and not a scalar.",
        """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = torch.exp(new_logprobs - logprobs)
    return ((ratio - 1).abs() > clip_coef).float().mean(dim=0, keepdim=True)
""",
    ),
}

RIGHT["clipfrac"] = {
    "changed by clamp": """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    ratio = (new_logprobs - logprobs).exp()
    return (ratio.clamp(1 - clip_coef, 1 + clip_coef) != ratio).float().mean()
""",
    "count_nonzero over numel": """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    away = torch.expm1(new_logprobs - logprobs).abs()
    return torch.count_nonzero(away > clip_coef) / away.numel()
""",
    "one minus the share inside": """
@torch.no_grad()
def clipfrac(new_logprobs, logprobs, clip_coef):
    rho = torch.exp(new_logprobs - logprobs)
    inside = torch.where((rho - 1).abs() <= clip_coef, torch.ones_like(rho), torch.zeros_like(rho))
    return 1 - inside.mean()
""",
    "two shares added": """
def clipfrac(new_logprobs, logprobs, clip_coef):
    def share(condition):
        return condition.to(logprobs.dtype).mean()

    rho = (new_logprobs.detach() - logprobs).exp()
    return share(rho > 1 + clip_coef) + share(rho < 1 - clip_coef)
""",
}

# ------------------------------------------------------------------------------------------ explained_variance

WRONG["explained_variance"] = {
    "divided by B - 1": (
        "You use PyTorch's default variance, divided by B - 1, which is nan for a single sample.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    var_returns = returns.var()
    if var_returns <= 1e-12 * returns.square().mean():
        return torch.zeros_like(var_returns)
    return 1 - (returns - values).var() / var_returns
""",
    ),
    "two kinds of variance": (
        "You divide one variance by B and the other by B - 1, so their quotient is off by a factor.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    total = returns.var(correction=0)
    if total <= 1e-12 * returns.square().mean():
        return torch.zeros_like(total)
    return 1 - torch.var(returns - values) / total
""",
    ),
    "variance of the values": (
        "You divide by the variance of the values instead of that of the returns.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    variance = values.var(correction=0)
    if returns.var(correction=0) <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)
    return 1 - (returns - values).var(correction=0) / variance
""",
    ),
    "mean squared error": (
        "You use the mean squared error in place of the errors' variance, so a critic that is wrong by a constant is punished.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    var_r = returns.var(correction=0)
    ev = 1 - F.mse_loss(values, returns) / var_r
    return torch.where(var_r <= 1e-12 * returns.square().mean(), 0.0, ev)
""",
    ),
    "exactly zero": (
        "You ask whether the variance is exactly 0, but rounding leaves a rest of it for equal returns such as 300 times 0.1.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    var_returns = torch.var(returns, correction=0)
    if var_returns == 0:
        return torch.zeros_like(var_returns)
    return 1 - torch.var(returns - values, correction=0) / var_returns
""",
    ),
    "an absolute threshold": (
        "You compare the variance with 1e-12 itself, not with 1e-12 times the mean of the squared returns, so the answer depends on the returns' unit.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    v = returns.var(correction=0)
    if v <= 1e-12:
        return torch.zeros_like(v)
    return 1 - (returns - values).var(correction=0) / v
""",
    ),
    "a number for equal returns": (
        "You return Python's 0.0 where all returns are equal, and not a tensor as in the other case.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return 0.0
    return 1 - (returns - values).var(correction=0) / variance
""",
    ),
    "nan for equal returns": (
        "You return nan where all returns are equal, as some implementations do, and not 0.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    y, y_hat = returns, values
    var_y = y.var(correction=0)
    flat = var_y <= 1e-12 * y.square().mean()
    return torch.where(flat, float("nan"), 1 - (y - y_hat).var(correction=0) / var_y)
""",
    ),
    "never below zero": (
        "You cut off negative results, so a critic that is worse than a constant looks like a harmless one.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)
    left = (returns - values).var(correction=0)
    return (1 - left / variance).clamp(min=0, max=1)
""",
    ),
    "squared correlation": (
        "You return the squared correlation of values and returns, which does not mind values of the wrong size or even of the wrong sign.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    r = returns - returns.mean()
    v = values - values.mean()
    if (r * r).mean() <= 1e-12 * (returns * returns).mean() or (v * v).sum() == 0:
        return torch.zeros_like(returns.mean())
    return (r @ v) ** 2 / ((r @ r) * (v @ v))
""",
    ),
    "returns changed in place": (
        "You subtract the values from the returns in place, so the caller's returns have become errors.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    variance = returns.var(correction=0)
    equal = variance <= 1e-12 * returns.square().mean()
    returns -= values
    return torch.where(equal, torch.zeros_like(variance), 1 - returns.var(correction=0) / variance)
""",
    ),
    "small number in the denominator": (
        "You keep the division finite with a small number in the denominator instead of returning 0 where all returns are equal; a critic that varies then gets a huge negative figure.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    unexplained = (returns - values).var(correction=0)
    return 1 - unexplained / (returns.var(correction=0) + 1e-8)
""",
    ),
    "asks about the errors": (
        "You ask whether the errors are all equal instead of the returns, so a critic that foresees everything gets 0.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    residual = (returns - values).var(correction=0)
    if residual <= 1e-12 * returns.square().mean():
        return torch.zeros_like(residual)
    return 1 - residual / returns.var(correction=0)
""",
    ),
    "allclose": (
        "You call the returns equal if `allclose` says so, which allows far larger differences than the exercise does.",
        """
@torch.no_grad()
def explained_variance(values, returns):
    if torch.allclose(returns, returns[0]):
        return torch.zeros_like(returns[0])
    return 1 - torch.var(returns - values, correction=0) / torch.var(returns, correction=0)
""",
    ),
}

RIGHT["explained_variance"] = {
    "own variance": """
def _variance(x):
    return (x - x.mean()).square().mean()


@torch.no_grad()
def explained_variance(values, returns):
    total = _variance(returns)
    if total > 1e-12 * (returns**2).mean():
        return 1 - _variance(returns - values) / total
    return returns.new_zeros(())
""",
    "explained part over the whole": """
@torch.no_grad()
def explained_variance(values, returns):
    whole, left = (torch.var(x, dim=0, unbiased=False) for x in (returns, returns - values))
    equal = whole <= 1e-12 * returns.pow(2).mean()
    safe = torch.where(equal, torch.ones_like(whole), whole)
    return torch.where(equal, torch.zeros_like(whole), (whole - left) / safe)
""",
    "std squared, masked_fill": """
@torch.no_grad()
def explained_variance(values, returns):
    errors = returns - values
    ev = 1 - (errors.std(correction=0) / returns.std(correction=0)) ** 2
    nothing_to_explain = returns.var(correction=0) <= 1e-12 * returns.square().mean()
    return ev.masked_fill(nothing_to_explain, 0.0)
""",
    "sums with @": """
@torch.no_grad()
def explained_variance(values: Tensor, returns: Tensor) -> Tensor:
    centred = returns - returns.mean()
    error = values - returns
    error = error - error.mean()
    # both sums have B terms, so B cancels out
    if (centred @ centred).item() <= 1e-12 * (returns @ returns).item():
        return torch.zeros((), dtype=returns.dtype, device=returns.device)
    return 1 - (error @ error) / (centred @ centred)
""",
}

# ----------------------------------------------------------------------------------------------- rollout_phase

WRONG["rollout_phase"] = {
    "not cleared": (
        "You do not clear the agent's rollout, so the second call writes behind the rows of the first.",
        """
def rollout_phase(self):
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "cleared at the end": (
        "You clear the rollout after it has been closed, so the learning phase finds nothing in it.",
        """
def rollout_phase(self):
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
    self.agent.rollout.clear()
""",
    ),
    "not closed": (
        "You never close the rollout, so it has no `next_values`.",
        """
def rollout_phase(self):
    agent = self.agent
    agent.rollout.clear()
    for _ in range(self.args.num_steps):
        agent_infos = agent.play_step()
        self.log.add_games(agent.global_step, agent_infos)
""",
    ),
    "closed with an old observation": (
        "You close the rollout with the observation from before the last step, not with the one that the last step led to.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        obs = self.agent.next_obs
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, obs)
""",
    ),
    "log after the loop": (
        "You note finished games once after the loop, so only those that ended in the rollout's last step reach the log.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for step in range(self.args.num_steps):
        infos = self.agent.play_step()
    self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "step counter read before the step": (
        "You read `global_step` before the step is played, because Python evaluates the arguments from left to right, so every game is noted one step too early.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        self.log.add_games(self.agent.global_step, self.agent.play_step())
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "row number as global step": (
        "You give the log the number of the row instead of the agent's `global_step`, so every rollout's games lie at the start of the run.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for t in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(t * self.args.num_envs, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "one step short": (
        "You start to count at 1, so you play one step fewer than `num_steps`.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for _ in range(1, self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "environments reset": (
        "You reset the environments at the start of every rollout, which breaks off the games that are still going.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    self.envs.reset(seed=self.args.seed)
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "critic and actor exchanged": (
        "You hand the critic and the actor to `close` in the wrong order.",
        """
def rollout_phase(self):
    memory = self.agent.rollout
    memory.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    memory.close(self.critic, self.actor, self.agent.next_obs)
""",
    ),
    "stops when a game is over": (
        "You stop playing as soon as a game has ended, so the rollout is not full.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
        if infos["game_over"].any():
            break
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "only when all games are over": (
        "You call the log only when the games of all environments end in the same step, so nearly all games are missing from it.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        if np.all(infos["game_over"]):
            self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "steps counted twice": (
        "You add to the agent's `global_step` although `play_step` has counted already, so every step counts twice.",
        """
def rollout_phase(self):
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.agent.global_step += self.args.num_envs
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
    "seeded every time": (
        "You seed PyTorch at the start of each rollout, so that the actions are drawn with the same random numbers in every iteration.",
        """
def rollout_phase(self):
    torch.manual_seed(self.args.seed)
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    ),
}

RIGHT["rollout_phase"] = {
    "while": """
def rollout_phase(self):
    agent = self.agent
    agent.rollout.clear()
    steps_left = self.args.num_steps
    while steps_left > 0:
        infos = agent.play_step()
        self.log.add_games(agent.global_step, infos)
        steps_left -= 1
    agent.rollout.close(self.actor, self.critic, agent.next_obs)
""",
    "helper": """
def rollout_phase(self):
    def play_and_log():
        infos = self.agent.play_step()
        now = self.agent.global_step
        self.log.add_games(now, infos)

    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        play_and_log()
    final_obs = self.agent.next_obs
    self.agent.rollout.close(self.actor, self.critic, final_obs)
""",
    "close in the else of the loop": """
def rollout_phase(self):
    self.agent.rollout.clear()
    for infos in (self.agent.play_step() for _ in range(self.args.num_steps)):
        self.log.add_games(self.agent.global_step, infos)
    else:
        self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    "counts down, closes after the last row": """
def rollout_phase(self) -> None:
    args, log = self.args, self.log
    self.agent.rollout.clear()
    for t in reversed(range(args.num_steps)):
        infos = self.agent.play_step()
        log.add_games(self.agent.global_step, infos)
        if t == 0:  # that was the last row
            self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
}

# ---------------------------------------------------------------------------------------------------- evaluate

WRONG["evaluate"] = {
    "seed plus number of rounds": (
        "You add the number of rounds to the seed, not the number of games, so a round plays most of the games of the round before it again.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    num_rounds = -(-num_episodes // envs.num_envs)
    for r in range(num_rounds):
        obs, _ = envs.reset(seed=None if seed is None else seed + r)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "seed 0 is no seed": (
        "You ask `if seed`, which is false for the seed 0 too, so the games of seed 0 differ from call to call.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    n = envs.num_envs
    scores = np.empty(0)
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=seed + len(scores) if seed else None)
        score, alive = np.zeros(n), np.full(n, True)
        steps = 0
        while alive.any() and steps < max_steps:
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            score = np.where(alive, infos["episodic_return"], score)
            alive = alive & ~infos["game_over"]
            steps += 1
        scores = np.append(scores, score)
    return scores[:num_episodes]
""",
    ),
    "a seed of None crashes": (
        "You add to the seed without asking whether there is one, so the default of None crashes.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    all_returns = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        all_returns.append(returns)
    return np.concatenate(all_returns)[:num_episodes]
""",
    ),
    "first to finish": (
        "You take the first games to finish in all environments together, which favours the short ones.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    obs, _ = envs.reset(seed=seed)
    finished = []
    age = np.zeros(envs.num_envs, dtype=int)
    while len(finished) < num_episodes:
        actions = choose_actions(actor, obs, greedy)
        obs, _, _, _, infos = envs.step(actions)
        age += 1
        for i in range(envs.num_envs):
            if infos["game_over"][i] or age[i] == max_steps:
                finished.append(infos["episodic_return"][i])
                age[i] = 0
    return np.array(finished[:num_episodes], dtype=float)
""",
    ),
    "games cut short count 0": (
        "You note a score only where a game is over, so a game that is cut short after `max_steps` counts 0 instead of the score it has.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        result = np.zeros(envs.num_envs)
        done = np.zeros(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            just_over = infos["game_over"] & ~done
            result[just_over] = infos["episodic_return"][just_over]
            done |= just_over
            if done.all():
                break
        rounds.append(result)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "sum of what is paid": (
        "You add up the rewards that the agent is paid, which may be only the signs of the true ones, instead of reading `episodic_return`.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        total = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, reward, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            total += reward * playing
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(total)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "struck off before the score is read": (
        "You strike off the finished games before you copy the scores, so the score of a game lacks its last step.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            playing &= ~infos["game_over"]
            returns[playing] = infos["episodic_return"][playing]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "whole numbers": (
        "You keep the scores in an array of integers, which cuts off what is behind the decimal point.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    n = envs.num_envs
    num_rounds = (num_episodes + n - 1) // n
    scores = np.zeros((num_rounds, n), dtype=np.int64)
    for r in range(num_rounds):
        obs, _ = envs.reset(seed=None if seed is None else seed + r * n)
        playing = np.ones(n, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            scores[r, playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
    return scores.reshape(-1)[:num_episodes]
""",
    ),
    "in the order of finishing": (
        "You list a round's scores in the order in which its games finish, so when you cut to `num_episodes` the longest games of the last round are dropped.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    scores = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        waiting = set(range(envs.num_envs))
        for t in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            for i in sorted(waiting):
                if infos["game_over"][i] or t == max_steps - 1:
                    scores.append(float(infos["episodic_return"][i]))
                    waiting.remove(i)
            if not waiting:
                break
    return np.array(scores[:num_episodes])
""",
    ),
    "only terminated games end": (
        "You end a game where `terminated` is true instead of where `game_over` is, so a game that a time limit ends runs on into the next one.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, terminated, truncated, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~np.asarray(terminated, dtype=bool)
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "greedy whatever is asked": (
        "You always play greedily and ignore the argument `greedy`.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            actions = choose_actions(actor, obs, greedy=True)
            obs, _, _, _, infos = envs.step(actions)
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "the highest score on the way": (
        "You keep the highest score that a game had on its way, which is wrong where rewards are negative.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        best = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            best = np.where(playing, np.maximum(best, infos["episodic_return"]), best)
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        rounds.append(best)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
    "one limit for all rounds": (
        "You set the step counter to 0 once and not in every round, so later rounds are cut short by the steps of the earlier ones.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    num_steps = 0
    collected = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        while playing.any() and num_steps < max_steps:
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            num_steps += 1
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
        collected.extend(returns)
    return np.array(collected[:num_episodes])
""",
    ),
    "a score of 0 means not finished": (
        "You take a score of 0 to mean that the game is not over yet, so a game that ended with 0 is replaced by the environment's next one.",
        """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    rounds = []
    for start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + start)
        returns = np.zeros(envs.num_envs)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            first = infos["game_over"] & (returns == 0)
            returns[first] = infos["episodic_return"][first]
            if (returns != 0).all():
                break
        open_games = returns == 0
        returns[open_games] = infos["episodic_return"][open_games]
        rounds.append(returns)
    return np.concatenate(rounds)[:num_episodes]
""",
    ),
}

RIGHT["evaluate"] = {
    "while and np.where": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    n, scores = envs.num_envs, np.zeros(0)
    while len(scores) < num_episodes:
        obs, _ = envs.reset(seed=None if seed is None else seed + len(scores))
        score, over, t = np.zeros(n), np.zeros(n, dtype=bool), 0
        while t < max_steps and not over.all():
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            score = np.where(over, score, infos["episodic_return"])
            over = over | infos["game_over"]
            t += 1
        scores = np.append(scores, score)
    return scores[:num_episodes]
""",
    "a helper for a round, lists": """
def _one_round(actor, envs, greedy, max_steps, seed):
    obs, _ = envs.reset(seed=seed)
    scores = [0.0] * envs.num_envs
    in_play = list(range(envs.num_envs))
    for _ in range(max_steps):
        obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
        for i in in_play:
            scores[i] = float(infos["episodic_return"][i])
        in_play = [i for i in in_play if not infos["game_over"][i]]
        if not in_play:
            break
    return scores


def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    scores = []
    while len(scores) < num_episodes:
        round_seed = None
        if seed is not None:
            round_seed = seed + len(scores)
        scores += _one_round(actor, envs, greedy, max_steps, round_seed)
    return np.array(scores[:num_episodes])
""",
    "a table filled row by row": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    import math

    width = envs.num_envs
    table = np.zeros((math.ceil(num_episodes / width), width))
    for r, row in enumerate(table):
        first = seed
        if seed is not None:
            first = seed + r * width
        obs = envs.reset(seed=first)[0]
        playing = np.ones(width, dtype=bool)
        for _ in range(max_steps):
            obs, *_, infos = envs.step(choose_actions(actor, obs, greedy))
            np.copyto(row, infos["episodic_return"], where=playing)
            playing = np.logical_and(playing, np.logical_not(infos["game_over"]))
            if playing.sum() == 0:
                break
    return table.ravel()[:num_episodes].copy()
""",
    "history of a round, looked up afterwards": """
def evaluate(actor, envs, num_episodes, greedy=True, max_steps=27_000, seed=None):
    finals = []
    for games_before in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=seed if seed is None else seed + games_before)
        so_far, ended = [], []
        ever_ended = np.zeros(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            so_far.append(np.array(infos["episodic_return"], dtype=float))
            ended.append(np.array(infos["game_over"], dtype=bool))
            ever_ended |= ended[-1]
            if ever_ended.all():
                break
        ended[-1] = np.ones(envs.num_envs, dtype=bool)  # the rest is cut here
        last = np.argmax(np.array(ended), axis=0)  # the first True of each column
        finals.append(np.array(so_far)[last, np.arange(envs.num_envs)])
    return np.concatenate(finals)[:num_episodes]
""",
}
