"""Wrong and right answers to eight exercises of the PPO course (chapters 00 to 03)."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "discounted_returns": {
        "own reward discounted too": (
            "You multiply the whole sum by gamma, the reward of the step itself included, so every entry is gamma * G_t.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = torch.zeros_like(rewards)
    future = 0.0
    for t in reversed(range(len(rewards))):
        future = gamma * (rewards[t] + future)
        returns[t] = future
    return returns
""",
        ),
        "discount by the clock": (
            "You discount each reward by its time since the start of the episode and not by its distance from "
            "step t, so entry t is gamma^t * G_t.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    discounts = gamma ** torch.arange(len(rewards), dtype=rewards.dtype)
    discounted = discounts * rewards
    return discounted.flip(0).cumsum(0).flip(0)
""",
        ),
        "lower triangle": (
            "You take the lower triangle of the weights, so each step is credited with the rewards before it "
            "and not with those after it.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    t = torch.arange(len(rewards))
    distance = (t[:, None] - t[None, :]).abs()
    weights = torch.tril(torch.tensor(gamma, dtype=rewards.dtype) ** distance)
    return weights @ rewards
""",
        ),
        "numpy view of the input": (
            "You compute in the NumPy view of rewards, which shares its memory, so you overwrite the caller's "
            "rewards and return no new tensor.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = rewards.detach().numpy()
    for t in range(len(returns) - 2, -1, -1):
        returns[t] = returns[t] + gamma * returns[t + 1]
    return torch.from_numpy(returns)
""",
        ),
        "first step left out": (
            "You stop the loop before step 0, so the return of the first step stays 0.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = torch.zeros_like(rewards)
    future = 0.0
    for t in range(len(rewards) - 1, 0, -1):
        future = rewards[t] + gamma * future
        returns[t] = future
    return returns
""",
        ),
        "last reward paid twice": (
            "You start the running sum with the last reward and then still visit the last step, as if the last "
            "reward were paid once more after the end.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = torch.zeros_like(rewards)
    future = rewards[-1]
    for t in reversed(range(len(rewards))):
        future = rewards[t] + gamma * future
        returns[t] = future
    return returns
""",
        ),
        "division by gamma**t": (
            "You divide the reversed cumulative sum by gamma**t, which is 0/0 = NaN for gamma = 0 and, once the "
            "powers have underflowed, in long episodes with a small gamma.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    powers = torch.tensor(gamma, dtype=rewards.dtype) ** torch.arange(len(rewards))
    tail_sums = (rewards * powers).flip(0).cumsum(0).flip(0)
    return tail_sums / powers
""",
        ),
        "gamma used only once": (
            "You weigh the plain sum of all later rewards with a single gamma, so a reward k steps away counts "
            "gamma times as much instead of gamma^k times.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = torch.zeros_like(rewards)
    for t in range(len(rewards)):
        returns[t] = rewards[t] + gamma * rewards[t + 1 :].sum()
    return returns
""",
        ),
        "cut at the effective horizon": (
            "You add up only the rewards within the effective horizon 1/(1 - gamma) and drop the later ones, "
            "whose weights are still as large as 0.37.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    T = len(rewards)
    horizon = T if gamma == 1 else max(1, round(1 / (1 - gamma)))
    returns = torch.zeros_like(rewards)
    for t in range(T):
        for k in range(min(horizon, T - t)):
            returns[t] += gamma**k * rewards[t + k]
    return returns
""",
        ),
        "squeeze of a one-step episode": (
            "You squeeze away every dimension of length 1, so for an episode of one step you return shape () and not (1,).",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    column = []
    future = torch.zeros(1, dtype=rewards.dtype)
    for reward in rewards.flip(0):
        future = reward + gamma * future
        column.insert(0, future)
    return torch.stack(column).squeeze()
""",
        ),
    },
    "sample_actions": {
        "log-probability of another draw": (
            "You draw a second time for the log-probabilities, so they do not belong to the actions that you return.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    policy = torch.distributions.Categorical(logits=logits)
    return policy.sample(), policy.log_prob(policy.sample())
""",
        ),
        "softmax over the environments": (
            "You normalise along dimension 0, over the environments, and not over the actions of each row.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    all_logprobs = torch.log_softmax(logits, dim=0)
    actions = torch.multinomial(all_logprobs.exp(), num_samples=1)
    return actions.squeeze(-1), all_logprobs.gather(-1, actions).squeeze(-1)
""",
        ),
        "squeeze without a dimension": (
            "You squeeze all dimensions of length 1, so with a single environment you return shape () and not (1,).",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    all_logprobs = logits.log_softmax(dim=-1)
    actions = torch.multinomial(all_logprobs.exp(), num_samples=1)
    logprobs = torch.gather(all_logprobs, -1, actions)
    return actions.squeeze(), logprobs.squeeze()
""",
        ),
        "one random number for all rows": (
            "You use one random number for all environments, so the rows do not draw independently: equal rows "
            "always take the same action.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    all_logprobs = logits.log_softmax(dim=-1)
    cumulative = all_logprobs.detach().exp().cumsum(dim=-1)
    u = torch.rand(1, device=logits.device)
    actions = (u >= cumulative).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
    return actions, all_logprobs[torch.arange(len(logits)), actions]
""",
        ),
        "generator seeded inside": (
            "You make a freshly seeded generator in each call, so equal logits draw the same actions every time "
            "instead of afresh.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    generator = torch.Generator(device=logits.device).manual_seed(0)  # so that runs can be repeated
    all_logprobs = logits.log_softmax(dim=-1)
    actions = torch.multinomial(all_logprobs.exp(), 1, generator=generator)
    return actions[:, 0], all_logprobs.gather(1, actions)[:, 0]
""",
        ),
        "logits shifted in place": (
            "You subtract the row's maximum from the logits in place, so the caller's logits are changed.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    with torch.no_grad():  # softmax does not care about a shift; this keeps exp from overflowing
        logits -= logits.max(dim=-1, keepdim=True).values
    all_logprobs = logits - logits.exp().sum(dim=-1, keepdim=True).log()
    actions = torch.multinomial(all_logprobs.exp(), num_samples=1)
    return actions.squeeze(-1), all_logprobs.gather(-1, actions).squeeze(-1)
""",
        ),
        "raw logits as log-probabilities": (
            "You return the chosen logits themselves, which are not normalised, and not the logarithms of the probabilities.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    actions = torch.multinomial(torch.softmax(logits, dim=-1), num_samples=1)
    logprobs = logits.gather(-1, actions)
    return actions.squeeze(-1), logprobs.squeeze(-1)
""",
        ),
        "exponential instead of Gumbel noise": (
            "You add exponential noise, -log(u), where the Gumbel trick needs -log(-log(u)), so the actions are "
            "not drawn with the probabilities of the softmax.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    u = torch.rand_like(logits)
    actions = (logits.detach() - torch.log(u)).argmax(dim=-1)
    logprobs = logits.log_softmax(dim=-1)[torch.arange(len(actions)), actions]
    return actions, logprobs
""",
        ),
        "float actions": (
            "You return the actions as floating-point numbers and not as whole numbers (an integer tensor).",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    all_logprobs = logits.log_softmax(dim=-1)
    actions = torch.zeros(len(logits), device=logits.device)
    logprobs = torch.zeros(len(logits), device=logits.device, dtype=logits.dtype)
    for i in range(len(logits)):
        choice = torch.multinomial(all_logprobs[i].exp(), num_samples=1)[0]
        actions[i] = choice
        logprobs[i] = all_logprobs[i, choice]
    return actions, logprobs
""",
        ),
        "normaliser without its graph": (
            "You compute the normaliser under no_grad, so the gradient of the log-probability lacks the part "
            "minus softmax and only pushes the chosen logit.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    with torch.no_grad():
        normaliser = logits.logsumexp(dim=-1)
        actions = torch.multinomial(logits.softmax(dim=-1), num_samples=1).squeeze(-1)
    logprobs = logits[torch.arange(len(actions)), actions] - normaliser
    return actions, logprobs
""",
        ),
    },
    "reinforce_loss": {
        "mean of a dot product": (
            "You take the mean of a dot product, which is a single number already, so you return minus the sum "
            "over the steps instead of minus the mean.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return -(logprobs @ returns.detach().to(logprobs.dtype)).mean()
""",
        ),
        "return of the next step": (
            "You pair each log-probability with the return of the next step and drop the last step, although "
            "returns[t] is already the return that followed action t.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    following = returns.detach()[1:]
    return -(logprobs[:-1] * following).mean()
""",
        ),
        "gradient flows into returns": (
            "You do not take the returns as constants: where they carry a graph, a gradient flows into them.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return torch.mean(torch.mul(logprobs, returns)).neg()
""",
        ),
        "loss without a graph": (
            "You turn the loss into a Python number and wrap it in a new tensor, so it has lost the graph of "
            "logprobs and nothing can be learnt from it.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    total = 0.0
    for logprob, g in zip(logprobs, returns):
        total += logprob.item() * g.item()
    return torch.tensor(-total / len(logprobs), requires_grad=True)
""",
        ),
        "probability instead of its logarithm": (
            "You multiply the returns by the probabilities exp(logprobs) and not by the log-probabilities.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    probs = logprobs.exp()
    return -(probs * returns.detach()).mean()
""",
        ),
        "negative returns set to zero": (
            "You set negative returns to 0, so actions that were followed by a negative return are not made less probable.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    weights = torch.relu(returns.detach())
    return -(logprobs * weights).mean()
""",
        ),
        "baseline subtracted inside": (
            "You subtract the mean of the returns inside the loss, but it is to be minus the mean of logprobs * "
            "returns as they are given.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    returns = returns.detach()
    centred = returns - returns.mean()
    return -(logprobs * centred).mean()
""",
        ),
        "zero returns taken for padding": (
            "You leave out the steps whose return is 0 from the mean, although they are steps like any other, "
            "so you divide by too few (and get NaN if all are 0).",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    returns = returns.detach()
    played = returns != 0
    return -(logprobs[played] * returns[played]).mean()
""",
        ),
        "returns discounted once more": (
            "You take returns for rewards and accumulate them backwards with gamma once more, even across the "
            "ends of episodes.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    gamma = 0.99
    weights = torch.zeros_like(returns)
    future = 0.0
    for t in reversed(range(len(returns))):
        future = returns[t].detach() + gamma * future
        weights[t] = future
    return -(logprobs * weights).mean()
""",
        ),
        "absolute log-probabilities": (
            "You make the log-probabilities positive before you negate the mean, so the sign is wrong, and a "
            "step down this loss makes well-paid actions less probable.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return -(logprobs.abs() * returns.detach()).mean()
""",
        ),
    },
    "layer_init": {
        "mul without underscore": (
            "You scale the weights with mul, which returns a new tensor that you throw away, so the scale is 1 "
            "whatever std says.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    nn.init.orthogonal_(layer.weight)
    layer.weight.data.mul(std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "normal instead of orthogonal": (
            "You take std for a standard deviation and draw normal weights; they are not orthogonal.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    nn.init.normal_(layer.weight, mean=0.0, std=std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "rows of the right length, not at right angles": (
            "You give each row the length std, but the rows are random directions and not at right angles to each other.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    with torch.no_grad():
        rows = torch.randn_like(layer.weight).flatten(1)
        rows = std * rows / rows.norm(dim=1, keepdim=True)
        layer.weight.copy_(rows.reshape(layer.weight.shape))
        layer.bias.fill_(bias_const)
    return layer
""",
        ),
        "QR fails for wide layers": (
            "You use Q of a plain QR decomposition, which has the wrong shape when a layer has more inputs than "
            "outputs: your function raises an error there.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    q, _ = torch.linalg.qr(torch.randn_like(layer.weight).flatten(1))
    layer.weight.data = std * q.reshape(layer.weight.shape)
    layer.bias.data.fill_(bias_const)
    return layer
""",
        ),
        "convolutions skipped": (
            "You initialise only nn.Linear, so the weights of a convolutional layer keep PyTorch's default.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    if isinstance(layer, nn.Linear):
        nn.init.orthogonal_(layer.weight, gain=std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "a copy is initialised": (
            "You initialise and return a copy; the layer that came in is not changed, and it is not the one you return.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    from copy import deepcopy

    fresh = deepcopy(layer)
    nn.init.orthogonal_(fresh.weight, std)
    nn.init.constant_(fresh.bias, bias_const)
    return fresh
""",
        ),
        "bias always zero": (
            "You set the biases to 0 always and ignore bias_const.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    nn.init.orthogonal_(layer.weight, std)
    nn.init.zeros_(layer.bias)
    return layer
""",
        ),
        "a bias_const of 0 does nothing": (
            "You write the biases only if bias_const is not 0, so with the default of 0 they keep PyTorch's random values.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    nn.init.orthogonal_(layer.weight, std)
    if bias_const:
        nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "weights frozen": (
            "You switch off requires_grad to write to the weights and never switch it on again, so the layer's "
            "weights cannot learn any more.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    layer.weight.requires_grad_(False)  # initialising is no part of the graph
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "weights replaced by float32 on the CPU": (
            "You put a new float32 CPU tensor in the place of the weights, so a float64 layer, or one on a GPU, "
            "is left with weights that do not fit its bias or its inputs.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    weight = nn.init.orthogonal_(torch.empty(layer.weight.shape), gain=std)
    layer.weight = nn.Parameter(weight)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
    },
    "get_actor_and_critic_classic": {
        "middle layer shared": (
            "You put the same middle layer into both networks, so each step of the critic also changes the actor.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    middle = layer_init(nn.Linear(64, 64))

    def network(outputs, std):
        first = layer_init(nn.Linear(num_obs, 64))
        return nn.Sequential(first, nn.Tanh(), middle, nn.Tanh(), layer_init(nn.Linear(64, outputs), std=std))

    return network(num_actions, 0.01), network(1, 1.0)
""",
        ),
        "log-softmax at the actor's end": (
            "You put a LogSoftmax behind the actor's last layer, but nothing may follow it: the actor returns logits.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
        nn.LogSoftmax(dim=-1),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "critic's last std left at the default": (
            "You leave the critic's last layer at layer_init's default std, the square root of 2, instead of 1.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1)),
    )
    return actor, critic
""",
        ),
        "0.01 given as bias_const": (
            "You hand 0.01 to the actor's last layer as bias_const, so its std stays at the square root of 2 "
            "and the fresh actor has opinions.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), bias_const=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "critic and actor swapped": (
            "You return (critic, actor), but the order is (actor, critic).",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    def network(outputs, std):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, outputs), std=std),
        )

    return network(1, 1.0), network(num_actions, 0.01)
""",
        ),
        "critic's last dimension flattened away": (
            "You flatten the critic's output to shape (B,), but it has to be (B, 1): the code that calls it "
            "drops the last dimension.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
        nn.Flatten(start_dim=0),
    )
    return actor, critic
""",
        ),
        "ReLU instead of tanh": (
            "You use ReLU between the layers; in this chapter both networks have Tanh.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    def network(outputs, std):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)),
            nn.ReLU(),
            layer_init(nn.Linear(64, 64)),
            nn.ReLU(),
            layer_init(nn.Linear(64, outputs), std=std),
        )

    return network(num_actions, 0.01), network(1, 1.0)
""",
        ),
        "one layer not initialised": (
            "You forget layer_init around the critic's second hidden layer, which keeps PyTorch's default weights and biases.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        nn.Linear(64, 64),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "critic lacks its second tanh": (
            "You leave out the second Tanh of the critic, so two of its linear layers follow each other directly.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "two actions written in": (
            "You write CartPole's two actions into the actor and ignore num_actions.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 2), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
    },
    "compute_advantages": {
        "bootstrap when terminated and truncated": (
            "You bootstrap at every truncation, even where the same step also terminated, but a termination "
            "always means that there is no future.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    dones = terminations | truncations
    bootstrap = ~terminations | truncations
    deltas = rewards + gamma * next_values * bootstrap - values
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        following = deltas[t] + gamma * gae_lambda * ~dones[t] * following
        advantages[t] = following
    return advantages
""",
        ),
        "sum cut one row too early": (
            "You reset the running advantage after you have stored the row that ended, so the cut lies one row "
            "off: the ended row takes in the next episode, and the row before it does not see the end.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros_like(rewards)
    running = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        running = deltas[t] + gamma * gae_lambda * running
        advantages[t] = running
        running = running * ~(terminations[t] | truncations[t])
    return advantages
""",
        ),
        "an end in one environment cuts all": (
            "You cut the sum of all environments as soon as the episode of one of them ends.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    dones = terminations | truncations
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        if dones[t].any():
            following = torch.zeros_like(following)
        following = deltas[t] + gamma * gae_lambda * following
        advantages[t] = following
    return advantages
""",
        ),
        "truncations overwritten": (
            "You write the terminations into the caller's truncations, because |= works in place, although the "
            "inputs have to be left as they are.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    dones = truncations
    dones |= terminations
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        following = deltas[t] + gamma * gae_lambda * ~dones[t] * following
        advantages[t] = following
    return advantages
""",
        ),
        "result always float32": (
            "You store the advantages in a tensor of PyTorch's default precision, so float64 inputs come back as float32.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    T, N = rewards.shape
    not_done = ~(terminations | truncations)
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros(T, N, device=rewards.device)
    following = torch.zeros_like(rewards[0])
    for t in range(T - 1, -1, -1):
        following = deltas[t] + gamma * gae_lambda * not_done[t] * following
        advantages[t] = following
    return advantages
""",
        ),
        "result always on the CPU": (
            "You make the result on the CPU, wherever the inputs are, but it has to be on the device of rewards.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    not_done = ~(terminations | truncations)
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros(rewards.shape, dtype=rewards.dtype)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        following = deltas[t] + gamma * gae_lambda * not_done[t] * following
        advantages[t] = following
    return advantages
""",
        ),
        "the same row again and again": (
            "You update one tensor in place and append that same tensor for every row, so all rows of the "
            "result end up equal to the first.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    not_done = ~(terminations | truncations)
    deltas = rewards + gamma * next_values * ~terminations - values
    running = torch.zeros_like(rewards[0])
    rows = []
    for t in reversed(range(len(rewards))):
        running *= gamma * gae_lambda * not_done[t]
        running += deltas[t]
        rows.append(running)
    return torch.stack(rows[::-1])
""",
        ),
        "recursion started with the last value": (
            "You start the recursion with the last next_values, but below the last row the advantage is 0: that "
            "value is in the last surprise already.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    dones = terminations | truncations
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros_like(rewards)
    following = next_values[-1]
    for t in reversed(range(len(rewards))):
        following = deltas[t] + gamma * gae_lambda * ~dones[t] * following
        advantages[t] = following
    return advantages
""",
        ),
        "surprise of an ended row erased": (
            "You mask the whole right-hand side, so a row that ended gets the advantage 0, and its own surprise is lost.",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    not_done = ~(terminations | truncations)
    deltas = rewards + gamma * next_values * ~terminations - values
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        following = not_done[t] * (deltas[t] + gamma * gae_lambda * following)
        advantages[t] = following
    return advantages
""",
        ),
        "dimension lost with one environment": (
            "You squeeze the stacked rows, so for a single environment (or a single row) you return one "
            "dimension and not the shape (T, N).",
            """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    not_done = ~(terminations | truncations)
    deltas = rewards + gamma * next_values * ~terminations - values
    following = torch.zeros_like(rewards[:1])
    rows = []
    for t in reversed(range(len(rewards))):
        following = deltas[t : t + 1] + gamma * gae_lambda * not_done[t : t + 1] * following
        rows.insert(0, following)
    return torch.stack(rows).squeeze()
""",
        ),
    },
    "get_minibatch_indices": {
        "NumPy's global randomness": (
            "You shuffle with NumPy's hidden global generator and not with rng, so the seed of rng does not decide the order.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    indices = np.arange(batch_size)
    np.random.shuffle(indices)
    return [indices[i : i + minibatch_size] for i in range(0, batch_size, minibatch_size)]
""",
        ),
        "each minibatch drawn by itself": (
            "You draw each minibatch by itself, without repetition only inside it, so some numbers come in "
            "several minibatches and others in none.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    num_minibatches = batch_size // minibatch_size
    return [rng.choice(batch_size, size=minibatch_size, replace=False) for _ in range(num_minibatches)]
""",
        ),
        "only whole blocks shuffled": (
            "You cut first and shuffle only the order of the pieces, so each minibatch still holds consecutive numbers.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    blocks = np.arange(batch_size).reshape(-1, minibatch_size)
    rng.shuffle(blocks)
    return list(blocks)
""",
        ),
        "size and number of pieces confused": (
            "You cut into minibatch_size pieces instead of pieces of minibatch_size numbers each.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    return np.split(rng.permutation(batch_size), minibatch_size)
""",
        ),
        "one array instead of a list": (
            "You return one two-dimensional array and not a list of arrays.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    return rng.permutation(batch_size).reshape(batch_size // minibatch_size, minibatch_size)
""",
        ),
        "rng copied": (
            "You shuffle with a copy of rng, so rng itself never moves on and each call with it gives the same "
            "order instead of a new one.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    from copy import deepcopy

    indices = deepcopy(rng).permutation(batch_size)  # leave the caller's generator as it is
    return [indices[start : start + minibatch_size] for start in range(0, batch_size, minibatch_size)]
""",
        ),
        "slices move on by one": (
            "You start the k-th slice at k and not at k * minibatch_size, so the minibatches overlap and most "
            "numbers are never used.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    indices = rng.permutation(batch_size)
    num_minibatches = batch_size // minibatch_size
    return [indices[k : k + minibatch_size] for k in range(num_minibatches)]
""",
        ),
        "random rotation": (
            "You only rotate the numbers by a random offset, which is not a shuffle: neighbours stay "
            "neighbours, and each minibatch holds consecutive transitions.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    indices = np.roll(np.arange(batch_size), rng.integers(batch_size))
    return [indices[start : start + minibatch_size] for start in range(0, batch_size, minibatch_size)]
""",
        ),
        "float indices": (
            "You return arrays of floating-point numbers, which cannot be used as indices; they have to be integers.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    indices = rng.permutation(np.linspace(0, batch_size - 1, batch_size).round())
    return np.split(indices, batch_size // minibatch_size)
""",
        ),
        "last minibatch missing": (
            "You stop one minibatch too early, so the last minibatch_size of the shuffled numbers are never used.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    indices = rng.permutation(batch_size)
    minibatches = []
    start = 0
    while start + minibatch_size < batch_size:
        minibatches.append(indices[start : start + minibatch_size])
        start += minibatch_size
    return minibatches
""",
        ),
    },
    "play_step": {
        "observations overwritten in place": (
            "You write the new observations into the old array before the row is added; the tensor obs shares "
            "that memory, so the row holds the observations from after the step.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.next_obs[:] = next_obs
    self.global_step += self.envs.num_envs
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    return infos
""",
        ),
        "bytes turned into floats": (
            "You turn the observations into float32, but they have to go into the row (and into the networks) "
            "as they came: bytes stay bytes.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs, dtype=torch.float32).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "goes on from final_obs": (
            "You move on to final_obs, the state in which the step left the old episode, and not to the "
            "observations that the environments show now, after a reset.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    ended = terminations | truncations
    self.next_obs = next_obs.copy()
    self.next_obs[ended] = infos["final_obs"][ended]
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "flags swapped": (
            "You unpack the two flags of envs.step in the wrong order, so terminations are stored as "
            "truncations and the other way round.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, truncations, terminations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "ended environments not counted": (
            "You count only the environments whose episode went on, but global_step grows by the number of all "
            "environments at each step.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    self.global_step += int((~(terminations | truncations)).sum())
    return infos
""",
        ),
        "rewards clipped": (
            "You clip the rewards to [-1, 1] before you store them, but the row has to hold what the step returned, unchanged.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=np.clip(rewards, -1, 1),
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "log-probabilities of a second draw": (
            "You call sample_actions twice, so the log-probabilities in the row belong to other actions than those played.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions = policy_gradient.sample_actions(logits)[0]
    logprobs = policy_gradient.sample_actions(logits)[1]
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "values of the next observations": (
            "You store the critic's values of the observations that the step returned, but the row's values are "
            "those from before the step.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, _ = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.next_obs = next_obs
    _, values = networks.actor_critic_forward(
        self.actor, self.critic, torch.as_tensor(self.next_obs).to(self.device)
    )
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "final_obs is next_obs": (
            "You store the returned observations as final_obs, so at a truncation the rollout would bootstrap "
            "from the first state of the next episode.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=next_obs,
    )
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "all environments reset at an end": (
            "You restart all environments as soon as one episode ends, which breaks off the games of the "
            "others; the environments reset themselves.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    if (terminations | truncations).any():
        self.restart()
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "discounted_returns": {
        "matrix of weights": """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    t = torch.arange(len(rewards), device=rewards.device)
    distance = (t[None, :] - t[:, None]).clamp(min=0)
    base = torch.full(distance.shape, float(gamma), dtype=rewards.dtype, device=rewards.device)
    weights = torch.triu(base**distance)  # 0 ** 0 is 1
    return torch.einsum("tk,k->t", weights, rewards)
""",
        "itertools.accumulate on Python numbers": """
from itertools import accumulate


def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    backwards = accumulate(reversed(rewards.tolist()), lambda future, now: now + gamma * future)
    return torch.tensor(list(backwards)[::-1], dtype=rewards.dtype, device=rewards.device)
""",
        "doubling the window": """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    # After each round, entry t holds the discounted sum of the next `window` rewards.
    sums, window, factor = rewards.clone(), 1, float(gamma)
    while window < len(rewards):
        later = torch.zeros_like(sums)
        later[:-window] = sums[window:]
        sums = sums + factor * later
        window, factor = 2 * window, factor * factor
    return sums
""",
    },
    "sample_actions": {
        "torch.distributions": """
from torch.distributions import Categorical


def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    policy = Categorical(logits=logits)
    actions = policy.sample()
    return actions, policy.log_prob(actions)
""",
        "Gumbel noise and a mask": """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    noise = -torch.empty_like(logits.detach()).exponential_().log()
    actions = (logits.detach() + noise).argmax(dim=1)
    chosen = torch.nn.functional.one_hot(actions, logits.shape[1]).bool()
    picked = logits.masked_fill(~chosen, 0.0).sum(dim=1)
    return actions, picked - torch.logsumexp(logits, dim=1)
""",
        "inverse of the distribution function": """
def _pick(probs: list[float]) -> int:
    threshold = torch.rand((), dtype=torch.float64).item() * sum(probs)
    total = 0.0
    for action, p in enumerate(probs):
        total += p
        if threshold < total:
            return action
    return max(range(len(probs)), key=probs.__getitem__)  # only reached by rounding


def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    rows = logits.detach().double().softmax(-1).tolist()
    actions = torch.tensor([_pick(row) for row in rows], dtype=torch.int64, device=logits.device)
    return actions, -torch.nn.functional.cross_entropy(logits, actions, reduction="none")
""",
    },
    "reinforce_loss": {
        "a loop over the steps": """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    loss = logprobs.new_zeros(())
    for logprob, value in zip(logprobs, returns.tolist()):
        loss = loss - logprob * value / len(logprobs)
    return loss
""",
        "einsum": """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    weights = returns.detach().to(logprobs)
    return torch.einsum("b,b->", logprobs, weights) / -logprobs.numel()
""",
        "weights computed without a graph": """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    with torch.no_grad():
        pushes = returns / -returns.shape[0]
    return (logprobs * pushes).sum()
""",
    },
    "layer_init": {
        "own QR decomposition": """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    noise = torch.randn_like(layer.weight).flatten(1)
    wide = noise.shape[0] < noise.shape[1]
    q, r = torch.linalg.qr(noise.T if wide else noise)
    q = q * r.diagonal().sign()
    layer.weight.data.copy_(std * (q.T if wide else q).reshape(layer.weight.shape))
    layer.bias.data[:] = bias_const
    return layer
""",
        "singular vectors": """
@torch.no_grad()
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    shape = layer.weight.shape
    left, _, right = torch.linalg.svd(torch.randn_like(layer.weight).reshape(shape[0], -1), full_matrices=False)
    layer.weight.copy_((left @ right).mul_(std).reshape(shape))
    layer.bias.fill_(bias_const)
    return layer
""",
        "loop over the named parameters": """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    for name, parameter in layer.named_parameters():
        with torch.no_grad():
            if name == "weight":
                nn.init.orthogonal_(parameter).mul_(std)
            elif name == "bias":
                parameter.zero_().add_(bias_const)
    return layer
""",
    },
    "get_actor_and_critic_classic": {
        "named layers": """
from collections import OrderedDict


def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    def build(outputs: int, last_std: float) -> nn.Sequential:
        layers = OrderedDict()
        layers["first"] = layer_init(nn.Linear(num_obs, 64))
        layers["first_tanh"] = nn.Tanh()
        layers["second"] = layer_init(nn.Linear(64, 64))
        layers["second_tanh"] = nn.Tanh()
        layers["head"] = layer_init(nn.Linear(64, outputs), last_std)
        return nn.Sequential(layers)

    return tuple(build(outputs, last_std) for outputs, last_std in [(num_actions, 0.01), (1, 1)])
""",
        "appending in a loop": """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    networks_built = []
    for outputs, last_std in ((num_actions, 1e-2), (1, 1.0)):
        widths = [num_obs, 64, 64, outputs]
        network = nn.Sequential()
        for i, (inputs, width) in enumerate(zip(widths, widths[1:])):
            if i:
                network.append(nn.Tanh())
            network.append(layer_init(nn.Linear(inputs, width), **({"std": last_std} if i == 2 else {})))
        networks_built.append(network)
    actor, critic = networks_built
    return actor, critic
""",
        "built bare, initialised afterwards": """
from copy import deepcopy


def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    body = [nn.Linear(num_obs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh()]
    actor = nn.Sequential(*deepcopy(body), nn.Linear(64, num_actions))
    critic = nn.Sequential(*deepcopy(body), nn.Linear(in_features=64, out_features=1))
    for network, last_std in ((actor, 0.01), (critic, 1.0)):
        layer_init(network[0])
        layer_init(network[2])
        layer_init(network[4], std=last_std)
    return actor, critic
""",
    },
    "compute_advantages": {
        "doubling, no loop over time": """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    zeros = torch.zeros_like(rewards)
    future = torch.where(terminations, zeros, next_values.to(rewards.dtype))
    sums = rewards + gamma * future - values.to(rewards.dtype)
    links = torch.where(terminations | truncations, zeros, torch.full_like(zeros, gamma * gae_lambda))
    window = 1
    while window < rewards.shape[0]:
        pad = zeros[:window]
        sums, links = (
            sums + links * torch.cat([sums[window:], pad]),
            links * torch.cat([links[window:], pad]),
        )
        window *= 2
    return sums
""",
        "one environment after the other": """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    columns = []
    tables = [x.T.tolist() for x in (rewards, values, next_values, terminations, truncations)]
    for game in zip(*tables):
        column, following = [], 0.0
        for r, v, v_next, terminated, truncated in reversed(list(zip(*game))):
            surprise = r - v if terminated else r + gamma * v_next - v
            following = surprise if terminated or truncated else surprise + gamma * gae_lambda * following
            column.append(following)
        columns.append(column[::-1])
    return torch.tensor(columns, dtype=rewards.dtype, device=rewards.device).T.contiguous()
""",
        "solving a linear system": """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    # A_t - gamma * lambda * alive_t * A_{t+1} = delta_t is a triangular system for each environment.
    T, N = rewards.shape
    alive = torch.logical_not(torch.logical_or(terminations, truncations)).to(rewards.dtype)
    delta = torch.addcmul(rewards - values, next_values, 1 - terminations.to(rewards.dtype), value=gamma)
    system = torch.eye(T, dtype=rewards.dtype, device=rewards.device).repeat(N, 1, 1)
    if T > 1:
        system = system - torch.diag_embed((gamma * gae_lambda * alive[:-1]).T, offset=1)
    solution = torch.linalg.solve_triangular(system, delta.T.unsqueeze(-1), upper=True)
    return solution.squeeze(-1).T.to(rewards.dtype).contiguous()
""",
    },
    "get_minibatch_indices": {
        "sorting random numbers": """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    order = np.argsort(rng.random(batch_size))
    return np.split(order, batch_size // minibatch_size)
""",
        "Fisher-Yates by hand": """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    cards = list(range(batch_size))
    for last in range(batch_size - 1, 0, -1):
        other = int(rng.integers(0, last, endpoint=True))
        cards[last], cards[other] = cards[other], cards[last]
    hands = []
    while cards:
        hand, cards = cards[:minibatch_size], cards[minibatch_size:]
        hands.append(np.array(hand, dtype=np.int64))
    return hands
""",
        "every k-th of a shuffled array": """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    deck = np.arange(batch_size)
    rng.shuffle(deck)
    k = batch_size // minibatch_size
    return [deck[i::k].copy() for i in range(k)]
""",
    },
    "play_step": {
        "one dict for the row": """
@torch.no_grad()
def play_step(self) -> dict:
    row = {"obs": torch.as_tensor(self.next_obs).to(self.device)}
    logits, row["values"] = networks.actor_critic_forward(self.actor, self.critic, row["obs"])
    row["actions"], row["logprobs"] = policy_gradient.sample_actions(logits)
    names = ("rewards", "terminations", "truncations")
    after, *outcome, infos = self.envs.step(row["actions"].cpu().numpy())
    row.update(zip(names, outcome), final_obs=infos["final_obs"])
    self.rollout.add(**row)
    self.next_obs, self.global_step = after, self.global_step + self.envs.num_envs
    return infos
""",
        "moves on first, keeps a copy": """
def _copy_to(device, array) -> Tensor:
    return torch.from_numpy(np.array(array, copy=True)).to(device)


@torch.no_grad()
def play_step(self) -> dict:
    before = _copy_to(self.device, self.next_obs)
    scores, expected = networks.actor_critic_forward(self.actor, self.critic, before)
    chosen, log_pi = policy_gradient.sample_actions(scores)
    self.next_obs, pay, over, out_of_time, infos = self.envs.step(np.array(chosen.tolist(), dtype=np.int64))
    self.global_step += self.envs.num_envs
    self.rollout.add(
        final_obs=infos["final_obs"],
        truncations=out_of_time,
        terminations=over,
        rewards=pay,
        values=expected,
        logprobs=log_pi,
        actions=chosen,
        obs=before,
    )
    return infos
""",
        "thinking and acting apart": """
from functools import partial


@torch.no_grad()
def play_step(self) -> dict:
    def think(obs):
        logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
        actions, logprobs = policy_gradient.sample_actions(logits)
        note = partial(self.rollout.add, obs=obs, actions=actions, logprobs=logprobs, values=values)
        return actions.detach().to("cpu").numpy(), note

    pushes, note = think(torch.tensor(self.next_obs, device=self.device))
    step = self.envs.step(pushes)
    infos = step[-1]
    note(rewards=step[1], terminations=step[2], truncations=step[3], final_obs=infos["final_obs"])
    self.next_obs = step[0]
    self.global_step = self.global_step + self.envs.num_envs
    return infos
""",
    },
}
