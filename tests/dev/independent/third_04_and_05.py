"""Wrong and right answers to nine exercises of chapters 04 and 05, written from the chapters' text alone."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "policy_loss": {
        "quotient of the logarithms": (
            "You divide the two log-probabilities instead of taking e to the power of their difference, so "
            "your ratio is not pi / pi_old.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = new_logprobs / logprobs
    clipped = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return -torch.min(ratio * advantages, clipped * advantages).mean()
""",
        ),
        "minimum of the two losses": (
            "You negate both objectives first and then still take the smaller one, which is minus the larger"
            " objective: the samples that should go flat keep pushing and those gone the wrong way are flat.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp()
    loss_plain = -advantages * ratio
    loss_clipped = -advantages * ratio.clamp(1 - clip_coef, 1 + clip_coef)
    return torch.min(loss_plain, loss_clipped).mean()
""",
        ),
        "minimum of the two means": (
            "You average first and then take the smaller of the two means, but the minimum has to be taken "
            "sample by sample, before the mean.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    plain = (ratio * advantages).mean()
    clipped = (torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef) * advantages).mean()
    return -torch.min(plain, clipped)
""",
        ),
        "no gradient outside the interval": (
            "You cut the gradient of every sample outside 1 +- epsilon, also of those that have moved in the"
            " wrong direction and must be called back (the value is right, the gradient is not).",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    clipped = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    objective = torch.min(ratio * advantages, clipped * advantages)
    outside = (ratio - 1).abs() > clip_coef
    return -torch.where(outside, objective.detach(), objective).mean()
""",
        ),
        "clips the logarithm of the ratio": (
            "You clip the log-ratio to -epsilon ... +epsilon, so that the ratio is cut at exp(-epsilon) and "
            "exp(epsilon) rather than at 1 - epsilon and 1 + epsilon.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    logratio = new_logprobs - logprobs
    plain = logratio.exp() * advantages
    clipped = torch.clamp(logratio, -clip_coef, clip_coef).exp() * advantages
    return -torch.minimum(plain, clipped).mean()
""",
        ),
        "logarithm of 1 - epsilon": (
            "You cut in log space at log(1 - epsilon), which crashes for an epsilon of 1 or more, though any"
            " number above 0 is allowed and a huge one is to clip nothing.",
            """
import math


def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    logratio = new_logprobs - logprobs
    low, high = math.log(1 - clip_coef), math.log(1 + clip_coef)
    plain = logratio.exp() * advantages
    clipped = logratio.clamp(low, high).exp() * advantages
    return -torch.minimum(plain, clipped).mean()
""",
        ),
        "normalises the advantages itself": (
            "You normalise the advantages inside the loss, but they are to be used as they come: the caller "
            "normalises them, if at all.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    ratio = torch.exp(new_logprobs - logprobs)
    clipped = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return -torch.min(ratio * advantages, clipped * advantages).mean()
""",
        ),
        "turns the caller's advantages round": (
            "You negate the advantages in place, so the caller's tensor has changed its sign after the call;"
            " inputs must be left as they are.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    advantages *= -1  # we minimise
    ratio = torch.exp(new_logprobs - logprobs)
    clipped = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)
    return torch.max(ratio * advantages, clipped * advantages).mean()
""",
        ),
        "bounds made on the CPU": (
            "You make the tensors of the bounds on the CPU instead of on the device of the inputs, so the "
            "function crashes on a GPU.",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    low = torch.full(ratio.shape, 1 - clip_coef, dtype=ratio.dtype)
    high = torch.full(ratio.shape, 1 + clip_coef, dtype=ratio.dtype)
    clipped = torch.minimum(torch.maximum(ratio, low), high)
    return -torch.minimum(ratio * advantages, clipped * advantages).mean()
""",
        ),
        "mean of the unclipped samples only": (
            "You leave the samples whose objective is the clipped one out of the mean, so the sum is divided"
            " by fewer than B (and by none if all are clipped).",
            """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    plain = ratio * advantages
    clipped = torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef) * advantages
    active = plain <= clipped  # the others are flat and teach nothing
    return -plain[active].mean()
""",
        ),
    },
    "value_loss": {
        "without the half": (
            "You return the whole mean squared error; the half is missing.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return ((new_values - returns) ** 2).mean()
""",
        ),
        "a column against a row": (
            "You make a column of the values but not of the returns, so they broadcast to (B, B) and every "
            "value is compared with every return.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    error = new_values.reshape(-1, 1) - returns
    return 0.5 * error.square().mean()
""",
        ),
        "square of the mean error": (
            "You average the errors before squaring, so that errors of opposite sign cancel each other.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return 0.5 * (new_values - returns).mean().square()
""",
        ),
        "variance of the error": (
            "You take the variance of the errors, which does not see a constant error; the mean squared error does.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    error = returns - new_values
    return 0.5 * error.var(correction=0)
""",
        ),
        "smooth L1": (
            "You use the smooth L1 loss, which is half the square only for errors below 1 and linear beyond,"
            " so large errors count too little.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return F.smooth_l1_loss(new_values, returns)
""",
        ),
        "subtracts from the returns in place": (
            "You subtract the values from the returns in place, so the caller's targets have become errors after the call.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    returns -= new_values
    return 0.5 * returns.pow(2).mean()
""",
        ),
        "under no_grad": (
            "You compute the loss under no_grad, so it has no graph and the critic gets no gradient.",
            """
@torch.no_grad()
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return 0.5 * F.mse_loss(new_values, returns)
""",
        ),
        "copies the targets to the CPU": (
            "You make a new tensor of the returns on the CPU instead of on the device of the inputs, so the "
            "function crashes on a GPU.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    targets = torch.tensor(returns.tolist(), dtype=new_values.dtype)  # data: no graph
    return 0.5 * (new_values - targets).square().mean()
""",
        ),
        "divides by B - 1": (
            "You divide the sum of squares by B - 1 instead of B, which is no mean (and divides by zero for a single sample).",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    squares = (new_values - returns).square()
    return 0.5 * squares.sum() / (len(squares) - 1)
""",
        ),
        "with vf_coef": (
            "You multiply by vf_coef = 0.5 on top of the half; the coefficient is applied elsewhere.",
            """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    vf_coef = 0.5
    return vf_coef * 0.5 * ((new_values - returns) ** 2).mean()
""",
        ),
    },
    "entropy_bonus": {
        "gradient of p log p at 0": (
            "You compute p log p from the rounded probabilities: the value is finite at p = 0, but its "
            "gradient is not, so a nearly certain policy gets NaN gradients.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    probs = logits.softmax(dim=-1)
    return torch.special.entr(probs).sum(dim=-1).mean()
""",
        ),
        "one maximum for the whole minibatch": (
            "You subtract the largest logit of the whole minibatch instead of each row's own, so a row whose"
            " logits are all far below it underflows to log 0.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    logits = logits - logits.max()  # for numerical stability
    log_probs = logits - logits.exp().sum(dim=-1, keepdim=True).log()
    return -(log_probs.exp() * log_probs).sum(dim=-1).mean()
""",
        ),
        "softmax over the minibatch": (
            "You normalise over dimension 0, the minibatch, instead of over the actions.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = F.log_softmax(logits, dim=0)
    return -(log_probs.exp() * log_probs).sum(dim=-1).mean()
""",
        ),
        "mean over the actions as well": (
            "You average over the actions too instead of summing over them, so the result is too small by "
            "the factor num_actions.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = F.log_softmax(logits, dim=-1)
    return -(log_probs.exp() * log_probs).mean()
""",
        ),
        "as a share of the largest entropy": (
            "You divide by log(num_actions), so an undecided policy has 1 rather than log(num_actions) nats.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = logits.log_softmax(dim=-1)
    entropy = -(log_probs.exp() * log_probs).sum(dim=-1)
    return entropy.mean() / np.log(logits.shape[-1])
""",
        ),
        "logits passed as probabilities": (
            "You pass the logits as the first argument of Categorical, which is probs, so they are taken for"
            " probabilities (and negative ones raise an error).",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    return torch.distributions.Categorical(logits).entropy().mean()
""",
        ),
        "entropy of the mean policy": (
            "You average the probabilities over the minibatch and take the entropy of that mean policy, but "
            "the mean of the B entropies is asked for.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    mean_policy = logits.softmax(dim=-1).mean(dim=0)
    return torch.distributions.Categorical(probs=mean_policy).entropy()
""",
        ),
        "shifts the caller's logits": (
            "You subtract each row's maximum in place, which changes the caller's logits (and is an error "
            "for a leaf that requires a gradient).",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    logits -= logits.max(dim=-1, keepdim=True).values
    log_probs = logits - logits.exp().sum(dim=-1, keepdim=True).log()
    return -(log_probs.exp() * log_probs).sum(dim=-1).mean()
""",
        ),
        "surprise at a sampled action": (
            "You draw one action for each state and average its surprise, which is a noisy estimate; the "
            "entropy needs the probabilities of all actions.",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = F.log_softmax(logits, dim=-1)
    actions = torch.multinomial(log_probs.exp(), 1)
    return -log_probs.gather(1, actions).mean()
""",
        ),
        "probabilities detached": (
            "You detach the probabilities as if they were mere weights, so that the gradient of the entropy "
            "is wrong (it vanishes altogether).",
            """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    log_probs = F.log_softmax(logits, dim=-1)
    probs = log_probs.exp().detach()
    return -(probs * log_probs).sum(dim=-1).mean()
""",
        ),
    },
    "make_optimizer": {
        "default eps": (
            "You leave Adam's eps at PyTorch's default of 1e-8 instead of 1e-5.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = dict.fromkeys([*actor.parameters(), *critic.parameters()])
    return torch.optim.Adam(list(parameters), lr=learning_rate)
""",
        ),
        "order of a set": (
            "You drop the duplicates with a set, which forgets the order: the actor's parameters are not "
            "first, and the order may be another one every time.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = set(actor.parameters()) | set(critic.parameters())
    return torch.optim.Adam(list(parameters), lr=learning_rate, eps=1e-5)
""",
        ),
        "two parameter groups": (
            "You make two parameter groups, but all parameters are to go into one.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    of_actor = list(actor.parameters())
    known = set(of_actor)
    of_critic = [p for p in critic.parameters() if p not in known]
    return torch.optim.Adam([{"params": of_actor}, {"params": of_critic}], lr=learning_rate, eps=1e-5)
""",
        ),
        "drops parameters with equal numbers": (
            "You take parameters for the same if their numbers are equal, so that different ones, such as "
            "two biases of zeros, are left out and never trained.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = list(actor.parameters())
    for new in critic.parameters():
        if not any(torch.equal(new, old) for old in parameters):
            parameters.append(new)
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5)
""",
        ),
        "drops parameters with equal names": (
            "You collect the parameters by name, so that a parameter of the critic replaces the actor's one "
            "of the same name, though it is another parameter.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = dict(actor.named_parameters())
    parameters.update(critic.named_parameters())
    return torch.optim.Adam(list(parameters.values()), lr=learning_rate, eps=1e-5)
""",
        ),
        "maximises": (
            "You set maximize=True, but the losses are negated already and are to be minimised.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = list(dict.fromkeys([*actor.parameters(), *critic.parameters()]))
    return torch.optim.Adam(parameters, lr=learning_rate, eps=1e-5, maximize=True)
""",
        ),
        "a generator used twice": (
            "You go through the generator actor.parameters() twice; the second time it is used up, so the "
            "actor's parameters are missing from the optimizer.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    of_actor = actor.parameters()
    known = set(of_actor)
    new = [p for p in critic.parameters() if p not in known]
    return torch.optim.Adam([*of_actor, *new], lr=learning_rate, eps=1e-5)
""",
        ),
        "the critic first": (
            "You list the critic's parameters before the actor's; the actor's must come first, then the critic's that are new.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = dict.fromkeys([*critic.parameters(), *actor.parameters()])
    return torch.optim.Adam(list(parameters), lr=learning_rate, eps=1e-5)
""",
        ),
        "AdamW": (
            "You use AdamW, which also shrinks every weight a little at each step; plain Adam is asked for.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = dict.fromkeys([*actor.parameters(), *critic.parameters()])
    return torch.optim.AdamW(list(parameters), lr=learning_rate, eps=1e-5)
""",
        ),
        "only for Sequentials": (
            "You iterate over the layers of the networks, which works for nn.Sequential only; any other "
            "nn.Module raises a TypeError.",
            """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters = {}
    for layer in [*actor, *critic]:
        for parameter in layer.parameters():
            parameters[parameter] = None
    return torch.optim.Adam(list(parameters), lr=learning_rate, eps=1e-5)
""",
        ),
    },
    "PPOScheduler": {
        "one iteration too few": (
            "You divide by num_iterations - 1, so the rate reaches the end one step early (and a run of one "
            "iteration divides by zero).",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / (self.num_iterations - 1), 1)
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
''',
        ),
        "leaves before the last step": (
            "You return from the step in which k reaches num_iterations without setting anything, so the "
            "rate never gets to end_lr.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        if self.num_steps_taken >= self.num_iterations:
            return
        fraction = self.num_steps_taken / self.num_iterations
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
''',
        ),
        "goes on after the end": (
            "You do not cut the fraction at 1, so after more than num_iterations steps the rate goes past "
            "end_lr (for an end of 0, below zero).",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = self.num_steps_taken / self.num_iterations
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
''',
        ),
        "the first group only": (
            "You set the learning rate of the first parameter group only; every group must follow.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

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
''',
        ),
        "changes the defaults": (
            "You set the optimizer's defaults, which count only for groups that are added later; the rate in"
            " param_groups stays as it is.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / self.num_iterations, 1)
        self.optimizer.defaults["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
''',
        ),
        "adds to the current rate": (
            "You add a little to each group's current rate instead of computing it from initial_lr, so a "
            "group that starts at another rate never meets the line, and rounding errors add up.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

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
''',
        ),
        "always to zero": (
            "You ignore end_lr and let the rate fall to zero in every case.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / self.num_iterations, 1)
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr * (1 - fraction)
''',
        ),
        "never below end_lr": (
            "You stop the rate with max(..., end_lr) instead of stopping the fraction at 1, so a rate that "
            "is to rise jumps to end_lr (and beyond) at once.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

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
''',
        ),
        "sets the rate in __init__": (
            "You set the learning rate as soon as the scheduler is made; it must stay as it is until the first step().",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0
        for group in optimizer.param_groups:
            group["lr"] = initial_lr

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = min(self.num_steps_taken / self.num_iterations, 1)
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
''',
        ),
        "starts over": (
            "You take the count modulo num_iterations, so after num_iterations steps the rate jumps back to "
            "initial_lr instead of staying at end_lr.",
            '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        fraction = (self.num_steps_taken % self.num_iterations) / self.num_iterations
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr + fraction * (self.end_lr - self.initial_lr)
''',
        ),
    },
    "approx_kl": {
        "old minus new": (
            "You subtract the wrong way round, so your ratio is pi_old / pi instead of pi / pi_old.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    logratio = logprobs - new_logprobs
    return ((logratio.exp() - 1) - logratio).mean()
""",
        ),
        "half the square": (
            "You return the mean of half the squared log-ratio (Schulman's k2), which agrees with (ratio - "
            "1) - log ratio for small moves only.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    logratio = new_logprobs - logprobs
    return 0.5 * logratio.square().mean()
""",
        ),
        "logarithm of the mean ratio": (
            "You average the ratios before taking the logarithm, but each sample has a gap of its own and the mean comes last.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    ratio = (new_logprobs - logprobs).exp().mean()
    return (ratio - 1) - ratio.log()
""",
        ),
        "absolute value of the naive estimate": (
            "You return the absolute value of the naive estimate, which is not negative, but without the "
            "ratio - 1 it is still the noisy one.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return (logprobs - new_logprobs).mean().abs()
""",
        ),
        "drops negative samples": (
            "You set the negative terms of the naive estimate to 0, so the estimate is far too large on average.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return (logprobs - new_logprobs).clamp(min=0).mean()
""",
        ),
        "logarithm of a rounded ratio": (
            "You take the logarithm of the ratio instead of using the difference that you have: where the "
            "ratio underflows to 0, the result is infinite.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    return ((ratio - 1) - torch.log(ratio)).mean()
""",
        ),
        "in place on new_logprobs": (
            "You subtract in place, so the caller's new_logprobs have become log-ratios after the call.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    logratio = new_logprobs.sub_(logprobs)
    return ((logratio.exp() - 1) - logratio).mean()
""",
        ),
        "no_grad left out": (
            "You dropped the decorator @torch.no_grad(), so the figure carries a graph, though it is only to be looked at.",
            """
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    logratio = new_logprobs - logprobs
    return ((logratio.exp() - 1) - logratio).mean()
""",
        ),
        "F.kl_div of the samples": (
            "You use F.kl_div, which weights each sample with its old probability as if the minibatch were a"
            " whole distribution; the samples are already drawn in these proportions.",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return F.kl_div(new_logprobs, logprobs, reduction="mean", log_target=True)
""",
        ),
        "KL the other way round": (
            "You weight the log-ratio with the ratio, which estimates KL(pi_new || pi_old) instead of KL(pi_old || pi_new).",
            """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    logratio = new_logprobs - logprobs
    ratio = logratio.exp()
    return (ratio * logratio - (ratio - 1)).mean()
""",
        ),
    },
    "clipfrac": {
        "compares the logarithm": (
            "You compare the log-ratio with epsilon instead of the ratio's distance from 1.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    logratio = new_logprobs - logprobs
    return (logratio.abs() > clip_coef).float().mean()
""",
        ),
        "one side only": (
            "You count only ratios above 1 + epsilon and forget those below 1 - epsilon.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    return (ratio - 1 > clip_coef).float().mean()
""",
        ),
        "integer division": (
            "You divide with //, so the share is rounded down to 0 unless all samples are outside.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    outside = (ratio - 1).abs() > clip_coef
    return (outside.sum() // outside.numel()).float()
""",
        ),
        "and instead of or": (
            "You ask for ratios that are below the interval and above it at once, which none can be, so the "
            "result is always 0.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    outside = (ratio < 1 - clip_coef) & (ratio > 1 + clip_coef)
    return outside.float().mean()
""",
        ),
        "lower edge 1 / (1 + epsilon)": (
            "You put the lower edge at 1 / (1 + epsilon) instead of 1 - epsilon.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    outside = (ratio < 1 / (1 + clip_coef)) | (ratio > 1 + clip_coef)
    return outside.float().mean()
""",
        ),
        "old over new": (
            "You form pi_old / pi instead of pi / pi_old, and 1 / ratio leaves the interval elsewhere than the ratio.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(logprobs - new_logprobs)
    return ((ratio - 1).abs() > clip_coef).float().mean()
""",
        ),
        "a Python number": (
            "You return a Python float; a scalar tensor is promised, and the log wants one.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    return ((ratio - 1).abs() > clip_coef).float().mean().item()
""",
        ),
        "numpy() of a tensor on the GPU": (
            "You call numpy() on the inputs as they are, which raises an error for tensors on a GPU (and you make "
            "the result on the CPU in any case).",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = np.exp(new_logprobs.numpy() - logprobs.numpy())
    return torch.tensor(np.mean(np.abs(ratio - 1) > clip_coef), dtype=torch.float32)
""",
        ),
        "in place on logprobs": (
            "You work in place on logprobs, so the stored log-probabilities of the caller have become ratios after the call.",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = logprobs.neg_().add_(new_logprobs).exp_()
    return ((ratio - 1).abs() > clip_coef).float().mean()
""",
        ),
        "share of those that have moved": (
            "You divide by the number of samples whose ratio is not 1 instead of by all B (NaN in the first "
            "minibatch, where none has moved).",
            """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    ratio = torch.exp(new_logprobs - logprobs)
    moved = ratio[ratio != 1]
    return ((moved - 1).abs() > clip_coef).float().mean()
""",
        ),
    },
    "explained_variance": {
        "mean squared error": (
            "You put the mean squared error in the numerator instead of the variance of the errors, so a "
            "constant error counts.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)

    return 1 - (returns - values).square().mean() / variance
""",
        ),
        "an absolute threshold": (
            "You call returns equal if their variance is at most 1e-12, whatever their size: small but "
            "different returns give 0, and large equal ones with a rest of rounding do not.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12:
        return torch.zeros_like(variance)
    return 1 - (returns - values).var(correction=0) / variance
""",
        ),
        "less than instead of at most": (
            "You ask whether the variance is less than the threshold, not at most: where all returns are 0 "
            "both are 0, and you divide by zero.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance < 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)
    return 1 - (returns - values).var(correction=0) / variance
""",
        ),
        "Python's 0": (
            "You return the Python number 0.0 where all returns are equal; a scalar tensor is promised in both cases.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return 0.0
    return 1 - (returns - values).var(correction=0) / variance
""",
        ),
        "a zero on the CPU": (
            "You make the 0 for equal returns on the CPU instead of on the device of the inputs.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return torch.tensor(0.0, dtype=returns.dtype)
    return 1 - (returns - values).var(correction=0) / variance
""",
        ),
        "variance with B - 1": (
            "You use var() as it is, which divides by B - 1, so a single sample gives NaN instead of 0.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var()
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)
    return 1 - (returns - values).var() / variance
""",
        ),
        "mean of squares minus square of the mean": (
            "You compute the variance as a difference of two large numbers, which in 32-bit floats leaves "
            "only rounding errors where the returns are large and differ little.",
            """
def _variance(x):
    return x.square().mean() - x.mean().square()


@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = _variance(returns)
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)
    return 1 - _variance(returns - values) / variance
""",
        ),
        "never below 0": (
            "You cut the figure off at 0, but a critic that is worse than a constant has a negative one.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)

    return (1 - (returns - values).var(correction=0) / variance).clamp(min=0)
""",
        ),
        "subtracts in place": (
            "You subtract the values from the returns in place, so the caller's returns have become errors after the call.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)

    error = returns.sub_(values)
    return 1 - error.var(correction=0) / variance
""",
        ),
        "squared correlation": (
            "You return the squared correlation of values and returns, which does not see a wrong scale or a"
            " wrong sign and is never negative.",
            """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    variance = returns.var(correction=0)
    if variance <= 1e-12 * returns.square().mean():
        return torch.zeros_like(variance)

    return torch.corrcoef(torch.stack([values, returns]))[0, 1].square()
""",
        ),
    },
    "rollout_phase": {
        "does not clear": (
            "You do not clear the rollout, so the second iteration adds its rows to those of the first.",
            """
def rollout_phase(self) -> None:
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "logs the last step only": (
            "You call add_games after the loop, with the infos of the last step, so games that ended in an "
            "earlier step are lost to the log.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
    self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "logs the step before": (
            "You read global_step before play_step has raised it, so every game is noted num_envs steps too early.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        step = self.agent.global_step
        infos = self.agent.play_step()
        self.log.add_games(step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "resets the environments": (
            "You start new games at each rollout, so no game can last longer than num_steps; a game may go "
            "on from one rollout to the next.",
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
        "one step too few": (
            "You play num_steps - 1 steps, because range starts at 1, so the rollout is one row short.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for step in range(1, self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "stops when a game ends": (
            "You leave the loop as soon as a game is over; a rollout always has num_steps rows, and the "
            "environments start new games by themselves.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        self.log.add_games(self.agent.global_step, infos)
        if infos["game_over"].any():
            break
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "counts the steps twice": (
            "You raise global_step yourself, but play_step has done so already, so every step is counted twice.",
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
        "closes with the first observations": (
            "You keep the next_obs from before the first step and close with them, so the last row is "
            "bootstrapped from the state in which the rollout began.",
            """
def rollout_phase(self) -> None:
    agent, next_obs = self.agent, self.agent.next_obs
    agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = agent.play_step()
        self.log.add_games(agent.global_step, infos)
    agent.rollout.close(self.actor, self.critic, next_obs)
""",
        ),
        "looks at the first environment only": (
            "You call add_games only if the game of environment 0 is over, so games that end in the other "
            "environments are mostly not noted.",
            """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    for _ in range(self.args.num_steps):
        infos = self.agent.play_step()
        if infos["game_over"][0]:
            self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
        ),
        "seeds in every rollout": (
            "You seed PyTorch anew in every rollout, so the actions of all rollouts are drawn with the same random numbers.",
            """
def rollout_phase(self) -> None:
    torch.manual_seed(self.args.seed)
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
        "by the sign of the advantage": """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    rho = (new_logprobs - logprobs).exp()
    credited = torch.where(advantages > 0, rho.clamp(max=1 + clip_coef), rho.clamp(min=1 - clip_coef))
    return (-advantages).dot(credited) / advantages.numel()
""",
        "a loop over the samples": """
def _objective(rho, advantage, epsilon):
    cut = torch.clip(rho, 1.0 - epsilon, 1.0 + epsilon)
    plain, clipped = rho * advantage, cut * advantage
    return plain if plain <= clipped else clipped


def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    terms = [
        _objective(torch.exp(new - old), advantage, clip_coef)
        for new, old, advantage in zip(new_logprobs, logprobs, advantages)
    ]
    return -torch.stack(terms).mean()
""",
        "einsum and amin of a stack": """
def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    ratio = torch.exp(torch.sub(new_logprobs, logprobs))
    ratios = torch.stack([ratio, F.hardtanh(ratio, 1 - clip_coef, 1 + clip_coef)])
    objective = torch.einsum("kb,b->kb", ratios, advantages).amin(dim=0)
    return torch.einsum("b->", objective).neg().div(objective.shape[0])
""",
    },
    "value_loss": {
        "dot product": """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    error = torch.sub(returns, new_values)
    return torch.einsum("b,b->", error, error) / (2 * error.numel())
""",
        "mse_loss, summed": """
def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    total = nn.MSELoss(reduction="sum")(new_values, returns)
    return torch.div(total, 2 * returns.size(0))
""",
        "a loop": """
def _half_square(x):
    return x * x / 2


def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    total = new_values.new_zeros(())
    for value, target in zip(new_values.unbind(), returns.unbind()):
        total = total + _half_square(value - target)
    return total / len(returns)
""",
    },
    "entropy_bonus": {
        "Categorical": """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    policy = torch.distributions.Categorical(logits=logits)
    return torch.mean(policy.entropy())
""",
        "logsumexp minus the mean logit": """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    shifted = logits - logits.detach().amax(dim=1, keepdim=True)
    mean_logit = torch.einsum("ba,ba->b", F.softmax(shifted, dim=1), shifted)
    return (torch.logsumexp(shifted, dim=1) - mean_logit).mean()
""",
        "row by row": """
def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    total = 0.0
    for row in logits:
        surprise = -nn.LogSoftmax(dim=0)(row)
        total = total + torch.dot(torch.exp(-surprise), surprise)
    return total / logits.size(0)
""",
    },
    "make_optimizer": {
        "a ModuleList drops duplicates": """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    both = nn.ModuleList([actor, critic])
    return torch.optim.Adam(both.parameters(), eps=1e-5, lr=learning_rate)
""",
        "by identity, in a loop": """
import itertools


def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    parameters, seen = [], set()
    for parameter in itertools.chain(actor.parameters(), critic.parameters()):
        if id(parameter) not in seen:
            seen.add(id(parameter))
            parameters.append(parameter)
    group = {"params": parameters, "lr": learning_rate, "eps": 1e-5}
    return torch.optim.Adam([group])
""",
        "dict of ids, fused": """
def make_optimizer(actor: nn.Module, critic: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    unique = {id(p): p for network in (actor, critic) for p in network.parameters()}
    return torch.optim.Adam(tuple(unique.values()), learning_rate, (0.9, 0.999), 1e-5, fused=True)
""",
    },
    "PPOScheduler": {
        "np.interp": '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        rate = np.interp(self.num_steps_taken, [0, self.num_iterations], [self.initial_lr, self.end_lr])
        for group in self.optimizer.param_groups:
            group.update(lr=float(rate))
''',
        "weights of both ends": '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken = self.num_steps_taken + 1
        left = max(self.num_iterations - self.num_steps_taken, 0) / self.num_iterations
        rate = left * self.initial_lr + (1 - left) * self.end_lr
        for i in range(len(self.optimizer.param_groups)):
            self.optimizer.param_groups[i]["lr"] = rate
''',
        "looks the rate up in a table": '''
class PPOScheduler:
    """Moves an optimizer's learning rate in a straight line, one step for each iteration (detail 4 of the 37)."""

    def __init__(self, optimizer: torch.optim.Optimizer, initial_lr: float, end_lr: float, num_iterations: int):
        self.optimizer = optimizer
        self.initial_lr = initial_lr
        self.end_lr = end_lr
        self.num_iterations = num_iterations
        self.num_steps_taken = 0

    def step(self) -> None:
        self.num_steps_taken += 1
        n = self.num_iterations
        table = torch.linspace(self.initial_lr, self.end_lr, n + 1, dtype=torch.float64).tolist()
        rate = table[self.num_steps_taken] if self.num_steps_taken < n else self.end_lr
        for group in self.optimizer.param_groups:
            group["lr"] = rate
''',
    },
    "approx_kl": {
        "expm1": """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    x = torch.sub(new_logprobs, logprobs)
    return torch.mean(torch.expm1(x) - x)
""",
        "numpy in double precision": """
@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    x = (new_logprobs - logprobs).cpu().double().numpy()
    return torch.as_tensor(np.average(np.expm1(x) - x), dtype=new_logprobs.dtype, device=new_logprobs.device)
""",
        "sums apart": """
def _gap(x):
    return (torch.exp(x) - 1.0) - x


@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    gaps = [_gap(new - old) for new, old in zip(new_logprobs, logprobs)]
    return torch.stack(gaps).sum() / len(gaps)
""",
    },
    "clipfrac": {
        "what the clamp changes": """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    rho = (new_logprobs - logprobs).exp()
    return torch.ne(rho, rho.clamp(1 - clip_coef, 1 + clip_coef)).to(rho.dtype).mean()
""",
        "count_nonzero": """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    rho = torch.exp(new_logprobs - logprobs)
    below, above = rho < 1 - clip_coef, rho > 1 + clip_coef
    return torch.count_nonzero(below | above) / rho.shape[0]
""",
        "a loop over numbers": """
@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    differences = (new_logprobs - logprobs).tolist()
    hits = sum(1 for x in differences if abs(np.exp(x) - 1) > clip_coef)
    return new_logprobs.new_tensor(hits / len(differences))
""",
    },
    "explained_variance": {
        "where, and centred squares": """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    centred = returns - returns.mean()
    error = returns - values
    error = error - error.mean()
    total, rest = centred @ centred, error @ error
    equal = total <= 1e-12 * (returns @ returns)
    return torch.where(equal, torch.zeros_like(total), 1 - rest / torch.where(equal, torch.ones_like(total), total))
""",
        "numpy in double precision": """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    R, V = (x.cpu().numpy().astype(np.float64) for x in (returns, values))
    variance = np.var(R)
    result = 0.0 if variance <= 1e-12 * np.mean(R**2) else 1 - np.var(R - V) / variance
    return returns.new_tensor(float(result))
""",
        "covariance matrix": """
@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    covariance = torch.cov(torch.stack([returns, returns - values]), correction=0)
    total, rest = covariance.diagonal()
    if (total <= torch.linalg.vector_norm(returns) ** 2 / returns.numel() * 1e-12).item():
        return total * 0
    return (total - rest) / total
""",
    },
    "rollout_phase": {
        "counts down, keywords": """
def _played(agent):
    infos = agent.play_step()
    return agent.global_step, infos


def rollout_phase(self) -> None:
    agent, left = self.agent, self.args.num_steps
    agent.rollout.clear()
    while left > 0:
        left -= 1
        self.log.add_games(*_played(agent))
    agent.rollout.close(actor=self.actor, critic=self.critic, next_obs=agent.next_obs)
""",
        "a generator of infos": """
import itertools


def rollout_phase(self) -> None:
    def steps():
        for _ in itertools.repeat(None, self.args.num_steps):
            yield self.agent.play_step()

    notebook = self.agent.rollout
    notebook.clear()
    for infos in steps():
        self.log.add_games(self.agent.global_step, infos)
    notebook.close(self.actor, self.critic, self.agent.next_obs)
""",
        "zip of a range and an endless iterator": """
def rollout_phase(self) -> None:
    self.agent.rollout.clear()
    endless = iter(self.agent.play_step, None)  # infos are never None
    for _, infos in zip(range(self.args.num_steps), endless):
        self.log.add_games(self.agent.global_step, infos)
    self.agent.rollout.close(self.actor, self.critic, self.agent.next_obs)
""",
    },
}
