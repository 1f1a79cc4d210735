WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "policy_loss": {
        "minimum of the two means": (
            "You average both objectives over the minibatch first and take the smaller of the two means, but "
            "the minimum has to be taken sample by sample, before the mean.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp()
    plain = (ratio * advantages).mean()
    clipped = (ratio.clamp(1 - clip_coef, 1 + clip_coef) * advantages).mean()
    return -torch.min(plain, clipped)
""",
        ),
        "bounds as logarithms crash for a large clip_coef": (
            "You cut off the log-ratio at log(1 - clip_coef), which does not exist for a clip_coef of 1 or "
            "more: math.log raises an error although clip_coef may be any number above 0.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    import math

    log_ratio = new_logprobs - logprobs
    clipped_ratio = log_ratio.clamp(math.log(1 - clip_coef), math.log(1 + clip_coef)).exp()
    return -torch.min(log_ratio.exp() * advantages, clipped_ratio * advantages).mean()
""",
        ),
        "mean over the unclipped samples only": (
            "You leave the samples that the clip cut off out of the mean, but the mean goes over the whole "
            "minibatch, with their clipped objectives in it.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp()
    plain = ratio * advantages
    clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef) * advantages
    active = (plain <= clipped).float()
    return -(torch.min(plain, clipped) * active).sum() / active.sum().clamp(min=1)
""",
        ),
        "negates the advantages in place": (
            "You turn the signs of the caller's advantages with neg_(), which changes an input that must be left as it is.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    costs = advantages.neg_()
    loss_plain = costs * ratio
    loss_clipped = costs * torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return torch.max(loss_plain, loss_clipped).mean()
""",
        ),
        "no gradient for any ratio outside": (
            "You detach every sample whose ratio is outside the interval, so that a sample that was carried "
            "off the wrong way gets no gradient and is never called back, although its objective is not "
            "clipped.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp()
    clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef)
    objective = torch.min(ratio * advantages, clipped * advantages)
    outside = (ratio - 1).abs() > clip_coef
    objective = torch.where(outside, objective.detach(), objective)  # flat outside of the interval
    return -objective.mean()
""",
        ),
    },
    "value_loss": {
        "subtracts in place": (
            "You subtract in place with sub_, so that the caller's returns are overwritten by the errors.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    errors = returns.sub_(new_values)
    return 0.5 * errors.pow(2).mean()
""",
        ),
        "huber loss": (
            "You use smooth_l1_loss, which is half the squared error only for errors below 1 and grows "
            "linearly beyond, so it is not half the mean squared error.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return F.smooth_l1_loss(new_values, returns)  # has the half in it already
""",
        ),
        "broadcast to (B, B)": (
            "You add a dimension to the values and not to the returns, so the difference is (B, B) and every "
            "value is compared with every return.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    errors = new_values.unsqueeze(-1) - returns
    return 0.5 * (errors**2).mean()
""",
        ),
        "no graph": (
            "You detach the values rather than the returns, so the loss has no graph and the critic gets no gradient.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    errors = returns - new_values.detach()
    return 0.5 * errors.square().mean()
""",
        ),
        "divides by B - 1": (
            "You divide the sum of squares by B - 1 instead of B, so it is not the mean (and not finite for B = 1).",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    squares = (new_values - returns) ** 2
    return squares.sum() / (2 * (len(squares) - 1))
""",
        ),
    },
    "entropy_bonus": {
        "nan_to_num saves the value but not the gradient": (
            "You replace the NaN of 0 * log 0 by 0 after the fact, which makes the value finite but leaves a "
            "gradient of NaN for a policy that is nearly certain.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    probs = logits.softmax(dim=-1)
    terms = torch.nan_to_num(probs * probs.log())  # 0 * log 0 counts as 0
    return -terms.sum(dim=-1).mean()
""",
        ),
        "clamps the logits": (
            "You clamp the logits to -20 to 20, so that logits such as 50 and 25 become equal and the "
            "entropy comes out as log 2 rather than nearly 0, although logits may be of any size.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    logits = logits.clamp(-20, 20)  # keeps everything finite
    probs = F.softmax(logits, dim=-1)
    return -(probs * probs.log()).sum(dim=-1).mean()
""",
        ),
        "entropy of the mean policy": (
            "You average the policies first and return the entropy of that average, not the mean of the "
            "entropies of the B policies.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = logits.log_softmax(dim=-1)
    mean_log_probs = torch.logsumexp(log_probs, dim=0) - np.log(len(logits))
    return -(mean_log_probs.exp() * mean_log_probs).sum()
""",
        ),
        "shifts the logits in place": (
            "You subtract the maximum from the caller's logits in place, which changes an input that must be left as it is.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    with torch.no_grad():
        logits -= logits.max(dim=-1, keepdim=True).values  # the usual trick against overflow
    log_probs = F.log_softmax(logits, dim=-1)
    return -(log_probs.exp() * log_probs).sum(dim=-1).mean()
""",
        ),
        "probabilities detached": (
            "You detach the probabilities, so the value is right but the gradient is not that of the "
            "entropy: only the logarithms are differentiated, which leaves a gradient of zero.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = F.log_softmax(logits, dim=-1)
    probs = log_probs.exp().detach()  # weights of the average, constants
    return -(probs * log_probs).sum(dim=-1).mean()
""",
        ),
    },
    "make_optimizer": {
        "set forgets the order": (
            "You drop the duplicates with a set, which forgets the order: the actor's parameters need not "
            "come first, and the order differs from run to run.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = set(actor.parameters()) | set(critic.parameters())
    return torch.optim.Adam(list(parameters), lr=learning_rate, eps=1e-5)
""",
        ),
        "AdamW": (
            "You make AdamW, which shrinks all weights a little in each step (weight_decay 0.01 by default), not Adam.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = list(dict.fromkeys([*actor.parameters(), *critic.parameters()]))
    return torch.optim.AdamW(parameters, lr=learning_rate, eps=1e-5)
""",
        ),
        "parameters merged by name": (
            "You merge the parameters by their names, but two separate networks have the same names "
            "('0.weight', ...), so the critic's parameters replace the actor's, which are then never "
            "trained.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = dict(actor.named_parameters())
    parameters.update(critic.named_parameters())  # a dict has each key once
    return torch.optim.Adam(list(parameters.values()), lr=learning_rate, eps=1e-5)
""",
        ),
        "duplicates found by their numbers": (
            "You call two parameters the same when their numbers are equal, so different parameters that "
            "happen to start with equal numbers, such as two biases of zeros, are dropped and never trained.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = []
    for p in [*actor.parameters(), *critic.parameters()]:
        if not any(p.shape == q.shape and torch.equal(p, q) for q in parameters):
            parameters.append(p)
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5)
""",
        ),
        "shared parameters in neither": (
            "You keep only the parameters that belong to one network alone, so shared ones are not in the "
            "optimizer at all instead of once.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    in_actor = {id(p) for p in actor.parameters()}
    in_critic = {id(p) for p in critic.parameters()}
    parameters = [p for p in actor.parameters() if id(p) not in in_critic]
    parameters += [p for p in critic.parameters() if id(p) not in in_actor]
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5)
""",
        ),
    },
    "PPOScheduler": {
        "first group only": (
            "You set the learning rate of the first parameter group only, but every group is to get it.",
            """
class PPOScheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / self.num_iterations, 1)
        self.optimizer.param_groups[0]["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
""",
        ),
        "end_lr as a lower bound": (
            "You stop the rate with max(rate, end_lr), which takes for granted that it falls: with an end_lr "
            "above initial_lr it jumps to end_lr at the first step (and runs past it in the end).",
            """
class PPOScheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = self.num_steps_taken / self.num_iterations
        rate = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
        for group in self.optimizer.param_groups:
            group["lr"] = max(rate, self.end_lr)
""",
        ),
        "adds to the current rate": (
            "You change the current rate by a little at each step instead of computing it from the formula, "
            "so rounding errors add up, and a group whose rate was not initial_lr never gets onto the line.",
            """
class PPOScheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
    def step(self) -> None:
        self.num_steps_taken += 1
        if self.num_steps_taken <= self.num_iterations:
            for group in self.optimizer.param_groups:
                group["lr"] += (self.end_lr - self.initial_lr) / self.num_iterations
""",
        ),
        "last step is left out": (
            "You return as soon as num_iterations calls are reached, so the last step that counts is never "
            "made and the rate stays one notch short of end_lr.",
            """
class PPOScheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
    def step(self) -> None:
        self.num_steps_taken += 1
        if self.num_steps_taken >= self.num_iterations:
            return  # the run is over: the rate stays
        fraction = self.num_steps_taken / self.num_iterations
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
""",
        ),
        "sets the rate in __init__": (
            "You set the optimizer's learning rate in __init__ already, but it has to stay as it is until the first step().",
            """
class PPOScheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
        self._set(initial_lr)

    def _set(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / self.num_iterations, 1)
        self._set(self.initial_lr + fraction * (self.end_lr - self.initial_lr))
""",
        ),
    },
    "approx_kl": {
        "decorator removed": (
            "You dropped the decorator @torch.no_grad(), so the figure carries the graph of the network "
            "along, although it is only there to be looked at.",
            """
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    log_ratio = new_logprobs - logprobs
    ratio = log_ratio.exp()
    return ((ratio - 1) - log_ratio).mean()
""",
        ),
        "log ratio in place": (
            "You compute the log ratio with -=, which overwrites the caller's new_logprobs.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    log_ratio = new_logprobs
    log_ratio -= logprobs
    return ((log_ratio.exp() - 1) - log_ratio).mean()
""",
        ),
        "ratio upside down": (
            "You divide the old probability by the new one, so the ratio is upside down and this is not the "
            "estimate of KL(pi_old || pi_new).",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    log_ratio = logprobs - new_logprobs
    ratio = log_ratio.exp()
    return ((ratio - 1) - log_ratio).mean()
""",
        ),
        "half the squared log ratio": (
            "You return half the mean squared log ratio (k2), which agrees with (ratio - 1) - log ratio only "
            "near a ratio of 1.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    log_ratio = new_logprobs - logprobs
    return 0.5 * log_ratio.square().mean()
""",
        ),
        "mean ratio before the formula": (
            "You average the ratios first and put the mean ratio into the formula, but the mean of the "
            "logarithms is not the logarithm of the mean: moves up and down cancel.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp().mean()
    return (ratio - 1) - ratio.log()
""",
        ),
    },
    "clipfrac": {
        "log ratio compared with epsilon": (
            "You compare the log ratio with clip_coef, but it is the ratio itself that must be within 1 +- clip_coef.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    log_ratio = new_logprobs - logprobs
    return (log_ratio.abs() > clip_coef).float().mean()
""",
        ),
        "upper side only": (
            "You count only the ratios above 1 + clip_coef and forget those below 1 - clip_coef.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp()
    return (ratio - 1 > clip_coef).float().mean()
""",
        ),
        "a Python float": (
            "You return a Python float by calling .item(), but a scalar tensor is asked for.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    return ((ratio - 1).abs() > clip_coef).float().mean().item()
""",
        ),
        "edge counts as outside": (
            "You count a ratio that lies exactly on the edge (|ratio - 1| = clip_coef), but it has not left "
            "the interval: the comparison is >, not >=.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp()
    inside = (1 - clip_coef < ratio) & (ratio < 1 + clip_coef)
    return (~inside).float().mean()
""",
        ),
        "numpy on the CPU": (
            "You go through .numpy(), which fails for tensors on a GPU; the code has to run on the device of its inputs.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = np.exp((new_logprobs - logprobs).numpy())
    return torch.tensor(np.mean(np.abs(ratio - 1) > clip_coef), dtype=torch.float32)
""",
        ),
    },
    "explained_variance": {
        "NaN for a single sample": (
            "You use the variance divided by B - 1, which is NaN for a single sample, where 0 is to be returned.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var()
    fraction = 1 - (returns - values).var() / variance
    flat = variance <= 1e-12 * returns.square().mean()
    return torch.where(flat, torch.zeros_like(fraction), fraction)
""",
        ),
        "absolute threshold": (
            "You compare the variance with 1e-12 itself, not with 1e-12 times the mean of the squared "
            "returns, so small returns that do vary are called equal (and large equal ones with a rest of "
            "rounding are not).",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    fraction = 1 - (returns - values).var(correction=0) / variance
    return torch.where(variance <= 1e-12, torch.zeros_like(variance), fraction)
""",
        ),
        "mean squared error in the numerator": (
            "You divide the mean squared error by the variance, but a variance does not see a constant "
            "error: a critic that is too low by 15 everywhere has an explained variance of 1.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    fraction = 1 - (returns - values).square().mean() / variance
    flat = variance <= 1e-12 * returns.square().mean()
    return torch.where(flat, torch.zeros_like(variance), fraction)
""",
        ),
        "a Python 0.0 for equal returns": (
            "You return the Python number 0.0 where all returns are equal, but a scalar tensor is to be "
            "returned in both cases.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return 0.0
    return 1 - (returns - values).var(correction=0) / variance
""",
        ),
        "small number in the denominator": (
            "You add 1e-8 to the denominator instead of asking whether all returns are equal, so equal "
            "returns with values that vary give a huge negative number rather than 0.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    unexplained = (returns - values).var(correction=0)
    return 1 - unexplained / (returns.var(correction=0) + 1e-8)
""",
        ),
    },
    "rollout_phase": {
        "restarts the games": (
            "You start new games at the beginning of each rollout, but a game may go on from one rollout to "
            "the next: like this none can be longer than num_steps.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    self.agent.restart()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "closes with the observation before the last step": (
            "You close the rollout with the observations from before the last step, but the last row's next "
            "value is that of the observations that the agent sees now, after it.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        obs = self.agent.next_obs
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, obs)
""",
        ),
        "counts the steps twice": (
            "You add num_envs to global_step after each step, which play_step has done already, so every "
            "step is counted twice.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.agent.global_step += self.args.num_envs
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "notes the games of the last step only": (
            "You call add_games once after the loop, so only games that end in the very last step of the "
            "rollout are noted; it has to be called after each step.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
    self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "seeds anew in each rollout": (
            "You seed PyTorch anew in each rollout phase, so every rollout draws its actions from the same "
            "random numbers as the one before, instead of going on with fresh ones.",
            """
def rollout_phase(self) -> None:
    torch.manual_seed(self.args.seed)  # so that the run can be repeated
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "policy_loss": {
        "one-sided clamps, chosen by sign, and einsum": """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    rho = torch.exp(new_logprobs - logprobs)
    capped, floored = rho.clamp(max=1 + clip_coef), rho.clamp(min=1 - clip_coef)
    effective = torch.where(advantages >= 0, capped, floored)
    return torch.einsum("b,b->", effective, advantages).neg() / advantages.numel()
""",
    },
    "value_loss": {
        "inner product of the errors": """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    errors = torch.add(new_values, returns, alpha=-1)
    return torch.inner(errors, errors) / (2 * errors.numel())
""",
    },
    "entropy_bonus": {
        "cross-entropy of the policy with itself": """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    return F.cross_entropy(logits, torch.softmax(logits, dim=1), reduction="mean")
""",
    },
    "make_optimizer": {
        "a ModuleList lists each parameter once": """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    both = nn.ModuleList([actor, critic])  # its parameters() leaves out what it has given already
    return torch.optim.Adam(both.parameters(), eps=1e-5, lr=learning_rate)
""",
    },
    "PPOScheduler": {
        "np.interp": """
class PPOScheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
    def _rate(self) -> float:
        return float(np.interp(self.num_steps_taken, [0, self.num_iterations], [self.initial_lr, self.end_lr]))

    def step(self) -> None:
        self.num_steps_taken = self.num_steps_taken + 1
        for group in self.optimizer.param_groups:
            group.update(lr=self._rate())
""",
    },
    "approx_kl": {
        "expm1": """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    log_rho = torch.sub(new_logprobs, logprobs)
    gaps = torch.special.expm1(log_rho) - log_rho
    return torch.sum(gaps) / gaps.numel()
""",
    },
    "clipfrac": {
        "hardshrink and count_nonzero": """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    moved = F.hardshrink(torch.exp(new_logprobs - logprobs) - 1, clip_coef)  # 0 within the interval, edges included
    return torch.count_nonzero(moved) / moved.numel()
""",
    },
    "explained_variance": {
        "covariance matrix": """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    both = torch.stack([returns, returns - values])
    total, rest = torch.cov(both, correction=0).diagonal()
    power = torch.einsum("b,b->", returns, returns) / returns.numel()
    varies = total > 1e-12 * power
    safe = torch.where(varies, total, torch.ones_like(total))
    return (1 - rest / safe) * varies
""",
    },
    "rollout_phase": {
        "a generator of steps": """
def rollout_phase(self) -> None:
    agent = self.agent

    def steps():
        left = self.args.num_steps
        while left > 0:
            left -= 1
            yield agent.play_step()

    agent.rollout.clear()
    for infos in steps():
        self.log.add_games(agent.global_step, infos)
    agent.rollout.close(self.actor, self.critic, agent.next_obs)
""",
    },
}
