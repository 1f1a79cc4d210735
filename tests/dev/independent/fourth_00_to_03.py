"""Wrong and right answers of learners, for measuring the tests of the course."""

_DR = 'def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:'
_SA = 'def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:'
_RL = 'def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:'
_LI = "def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:"
_AC = "def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:"
_CA = """def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:"""
_MB = "def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:"
_PS = "@torch.no_grad()\ndef play_step(self) -> dict:"

# layer_init is a name of the learner's own notebook; the answers that use it bring it along.
_INIT = """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
    return layer


"""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "discounted_returns": {
        "overwrites rewards": (
            "You give the rewards a second name instead of making a new tensor, so the caller's rewards are overwritten.",
            _DR
            + """
    returns = rewards
    for t in reversed(range(len(rewards) - 1)):
        returns[t] += gamma * returns[t + 1]
    return returns
""",
        ),
        "divides by powers of gamma": (
            "You divide a reversed cumulative sum by gamma ** t, which is 0 / 0 = NaN for gamma = 0 and, in long "
            "episodes, wherever gamma ** t underflows.",
            _DR
            + """
    weights = gamma ** torch.arange(len(rewards), dtype=rewards.dtype)
    discounted = rewards * weights
    to_the_end = discounted.flip(0).cumsum(0).flip(0)
    return to_the_end / weights
""",
        ),
        "cut at the horizon": (
            "You add up only the rewards within the effective horizon of 1 / (1 - gamma) steps, "
            "although every reward "
            "up to the end of the episode counts.",
            _DR
            + """
    T = len(rewards)
    horizon = T if gamma >= 1 else max(1, round(1 / (1 - gamma)))
    returns = torch.zeros_like(rewards)
    for t in range(T):
        for k in range(min(horizon, T - t)):
            returns[t] += gamma**k * rewards[t + k]
    return returns
""",
        ),
        "last reward counted twice": (
            "You start the recursion with the last reward instead of 0, so the last reward counts a second time, "
            "as if it came once more after the end.",
            _DR
            + """
    returns = torch.empty_like(rewards)
    following = rewards[-1]
    for t in range(len(rewards) - 1, -1, -1):
        following = rewards[t] + gamma * following
        returns[t] = following
    return returns
""",
        ),
        "discounted from the episode's start": (
            "You discount each reward by its distance from the start of the episode, not from step "
            "t, so every entry "
            "after the first is too small by gamma ** t.",
            _DR
            + """
    weights = torch.tensor([gamma**t for t in range(len(rewards))], dtype=rewards.dtype)
    discounted = rewards * weights
    return torch.stack([discounted[t:].sum() for t in range(len(rewards))])
""",
        ),
    },
    "sample_actions": {
        "squeezes N = 1 away": (
            "You squeeze all dimensions of length 1, so with a single environment you return shape () instead of (1,).",
            _SA
            + """
    all_logprobs = logits.log_softmax(dim=-1)
    chosen = torch.multinomial(all_logprobs.detach().exp(), num_samples=1)
    return chosen.squeeze(), all_logprobs.gather(1, chosen).squeeze()
""",
        ),
        "one random number for all rows": (
            "You draw one uniform number and use it for all rows, so rows do not draw for themselves: equal logits "
            "always give equal actions.",
            _SA
            + """
    all_logprobs = torch.log_softmax(logits, dim=-1)
    cumulative = all_logprobs.detach().exp().cumsum(dim=-1)
    u = torch.rand(1, device=logits.device, dtype=logits.dtype)
    actions = (cumulative < u).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
    logprobs = all_logprobs[torch.arange(len(logits), device=logits.device), actions]
    return actions, logprobs
""",
        ),
        "log of softmax": (
            "You take the log of the softmax, so where a probability underflows to 0 the gradient that flows back "
            "into the logits is NaN.",
            _SA
            + """
    probs = torch.softmax(logits, dim=-1)
    actions = torch.multinomial(probs, num_samples=1)
    logprobs = probs.log().gather(1, actions)
    return actions.squeeze(1), logprobs.squeeze(1)
""",
        ),
        "Gaussian noise": (
            "You add normal instead of Gumbel noise to the logits before the argmax, so actions are not drawn with "
            "the probabilities of the softmax.",
            _SA
            + """
    with torch.no_grad():
        noise = torch.randn_like(logits)
        actions = (logits + noise).argmax(dim=-1)
    logprobs = logits.log_softmax(dim=-1)[torch.arange(logits.shape[0], device=logits.device), actions]
    return actions, logprobs
""",
        ),
        "changes logits": (
            "You subtract the largest logit of each row in place, so the caller's logits are changed.",
            _SA
            + """
    with torch.no_grad():
        logits -= logits.max(dim=-1, keepdim=True).values  # for numerical stability
    all_logprobs = logits - logits.exp().sum(dim=-1, keepdim=True).log()
    actions = torch.multinomial(all_logprobs.detach().exp(), 1)
    return actions[:, 0], all_logprobs.gather(1, actions)[:, 0]
""",
        ),
    },
    "reinforce_loss": {
        "detaches in place": (
            "You detach the caller's returns in place with detach_, so they have lost their graph afterwards.",
            _RL
            + """
    returns.detach_()
    return -(logprobs * returns).mean()
""",
        ),
        "gradient into returns": (
            "You do not detach the returns, so a gradient flows into them when they carry a graph.",
            _RL
            + """
    return torch.mean(-logprobs * returns)
""",
        ),
        "every pair": (
            "You multiply every log-probability with every return (a B by B table), so actions get the returns of other steps.",
            _RL
            + """
    products = logprobs.unsqueeze(-1) * returns.detach()
    return -products.mean()
""",
        ),
        "graph lost": (
            "You build a fresh tensor from the number of the loss, so no gradient reaches logprobs.",
            _RL
            + """
    products = [lp * g for lp, g in zip(logprobs.tolist(), returns.tolist())]
    loss = -sum(products) / len(products)
    return torch.tensor(loss, dtype=logprobs.dtype, device=logprobs.device, requires_grad=True)
""",
        ),
        "baseline inside": (
            "You subtract the mean of the returns first, so the loss is not minus the mean of logprobs * returns.",
            _RL
            + """
    returns = returns.detach()
    returns = returns - returns.mean()
    return -(logprobs * returns).mean()
""",
        ),
    },
    "layer_init": {
        "works on a copy": (
            "You initialise and return a copy, so the layer that came in is unchanged and is not the one returned.",
            "import copy\n\n\n"
            + _LI
            + """
    layer = copy.deepcopy(layer)
    nn.init.orthogonal_(layer.weight, gain=std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "zero bias skipped": (
            "You set the bias only if bias_const is not 0, so with 0 the biases keep PyTorch's random default.",
            _LI
            + """
    nn.init.orthogonal_(layer.weight, std)
    if bias_const:
        nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "each kernel position for itself": (
            "You make the weights of a convolution orthogonal separately for each position of the "
            "kernel, so the rows of the "
            "flattened weights do not have length std.",
            _LI
            + """
    with torch.no_grad():
        if layer.weight.ndim == 2:
            nn.init.orthogonal_(layer.weight, std)
        else:
            for i in range(layer.weight.shape[2]):
                for j in range(layer.weight.shape[3]):
                    matrix = torch.empty_like(layer.weight[:, :, i, j])
                    layer.weight[:, :, i, j] = nn.init.orthogonal_(matrix, std)
        layer.bias.fill_(bias_const)
    return layer
""",
        ),
        "frozen": (
            "You switch requires_grad off to write into the parameters and never on again, so the layer cannot learn.",
            _LI
            + """
    layer.requires_grad_(False)
    nn.init.orthogonal_(layer.weight, std)
    layer.bias.fill_(bias_const)
    return layer
""",
        ),
        "std of the entries": (
            "You rescale the orthogonal weights until their entries have standard deviation std, so "
            "the rows or columns do "
            "not have length std.",
            _LI
            + """
    nn.init.orthogonal_(layer.weight)
    with torch.no_grad():
        layer.weight *= std / layer.weight.std()
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
    },
    "get_actor_and_critic_classic": {
        "middle layer shared": (
            "You build the 64-to-64 layer once and put it into both networks, so they share a layer.",
            _INIT
            + _AC
            + """
    middle = layer_init(nn.Linear(64, 64))
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)), nn.Tanh(), middle, nn.Tanh(), layer_init(nn.Linear(64, num_actions), 0.01)
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)), nn.Tanh(), middle, nn.Tanh(), layer_init(nn.Linear(64, 1), 1.0)
    )
    return actor, critic
""",
        ),
        "values flattened": (
            "You flatten the critic's output, so its shape is (B,) instead of (B, 1).",
            _INIT
            + _AC
            + """
    def body():
        return [layer_init(nn.Linear(num_obs, 64)), nn.Tanh(), layer_init(nn.Linear(64, 64)), nn.Tanh()]

    actor = nn.Sequential(*body(), layer_init(nn.Linear(64, num_actions), std=0.01))
    critic = nn.Sequential(*body(), layer_init(nn.Linear(64, 1), std=1.0), nn.Flatten(start_dim=0))
    return actor, critic
""",
        ),
        "critic's last layer has the default std": (
            "You leave the critic's last layer at layer_init's default of sqrt(2), where std 1 is asked for.",
            _INIT
            + _AC
            + """
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
        "log-softmax at the end": (
            "You put a LogSoftmax after the actor's last layer, where there should be nothing: the logits can no "
            "longer be any number.",
            _INIT
            + _AC
            + """
    def hidden():
        return [layer_init(nn.Linear(num_obs, 64)), nn.Tanh(), layer_init(nn.Linear(64, 64)), nn.Tanh()]

    actor = nn.Sequential(*hidden(), layer_init(nn.Linear(64, num_actions), 0.01), nn.LogSoftmax(dim=-1))
    critic = nn.Sequential(*hidden(), layer_init(nn.Linear(64, 1), 1.0))
    return actor, critic
""",
        ),
        "second tanh missing": (
            "You leave out the Tanh after the second hidden layer, so that layer and the last are one linear map.",
            _INIT
            + _AC
            + """
    def make(num_outputs, std):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64)),
            layer_init(nn.Linear(64, num_outputs), std),
        )

    return make(num_actions, 0.01), make(1, 1.0)
""",
        ),
    },
    "compute_advantages": {
        "zeroes next_values in place": (
            "You set next_values to 0 in place where the step terminated, so the caller's tensor is changed.",
            _CA
            + """
    next_values[terminations] = 0
    deltas = rewards + gamma * next_values - values
    not_done = ~(terminations | truncations)
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        following = deltas[t] + gamma * gae_lambda * following * not_done[t]
        advantages[t] = following
    return advantages
""",
        ),
        "single precision": (
            "You make the result with torch.zeros of the default dtype, so rewards in double "
            "precision give advantages "
            "in single precision.",
            _CA
            + """
    advantages = torch.zeros(rewards.shape, device=rewards.device)
    deltas = rewards + gamma * next_values * ~terminations - values
    carry_on = ~(terminations | truncations)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(rewards.shape[0])):
        following = deltas[t] + gamma * gae_lambda * following * carry_on[t]
        advantages[t] = following
    return advantages
""",
        ),
        "truncation beats termination": (
            "You bootstrap wherever the step was truncated, also where it terminated too, although "
            "a termination has no future.",
            _CA
            + """
    bootstrap = ~terminations | truncations
    done = terminations | truncations
    deltas = rewards + gamma * next_values * bootstrap - values
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        following = deltas[t] + gamma * gae_lambda * following * ~done[t]
        advantages[t] = following
    return advantages
""",
        ),
        "value of the next row": (
            "You bootstrap from values[t + 1] in all rows but the last, so a truncated step is "
            "credited with the value of the "
            "next episode's first state.",
            _CA
            + """
    T = len(rewards)
    done = terminations | truncations
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(T)):
        v_next = next_values[t] if t == T - 1 else values[t + 1]
        delta = rewards[t] + gamma * v_next * ~terminations[t] - values[t]
        following = delta + gamma * gae_lambda * following * ~done[t]
        advantages[t] = following
    return advantages
""",
        ),
        "one end cuts all environments": (
            "You drop the sum of all environments when any one of them ends, although the others go on.",
            _CA
            + """
    deltas = rewards + gamma * next_values * (~terminations) - values
    done = terminations | truncations
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        if done[t].any():
            following = torch.zeros_like(following)
        following = deltas[t] + gamma * gae_lambda * following
        advantages[t] = following
    return advantages
""",
        ),
    },
    "get_minibatch_indices": {
        "global randomness": (
            "You shuffle with NumPy's global generator and not with rng, so a run cannot be repeated.",
            _MB
            + """
    indices = np.arange(batch_size)
    np.random.shuffle(indices)
    return [indices[i : i + minibatch_size] for i in range(0, batch_size, minibatch_size)]
""",
        ),
        "shuffles whole blocks": (
            "You cut first and shuffle only the order of the minibatches, so each still holds consecutive numbers.",
            _MB
            + """
    indices = np.arange(batch_size).reshape(-1, minibatch_size)
    return list(rng.permutation(indices))
""",
        ),
        "each minibatch drawn for itself": (
            "You draw each minibatch from all numbers anew, so over the list some numbers come twice and others never.",
            _MB
            + """
    num_minibatches = batch_size // minibatch_size
    return [rng.choice(batch_size, size=minibatch_size, replace=False) for _ in range(num_minibatches)]
""",
        ),
        "floats": (
            "You copy the numbers into arrays of floats, which are not integer arrays and cannot index anything.",
            _MB
            + """
    shuffled = rng.permutation(batch_size)
    minibatches = np.zeros((batch_size // minibatch_size, minibatch_size))
    for k in range(len(minibatches)):
        minibatches[k] = shuffled[k * minibatch_size : (k + 1) * minibatch_size]
    return list(minibatches)
""",
        ),
        "number and size swapped": (
            "You cut into minibatch_size pieces instead of pieces of length minibatch_size.",
            _MB
            + """
    return np.array_split(rng.permutation(batch_size), minibatch_size)
""",
        ),
    },
    "play_step": {
        "log-probabilities of another draw": (
            "You sample a second time for the log-probabilities, so they do not belong to the actions that were played.",
            _PS
            + """
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
        "bytes become floats": (
            "You store the observations as float32, although bytes should stay bytes in the row.",
            _PS
            + """
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs.float(),
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
        "time limit stored as termination": (
            "You store every end of an episode as a termination, so truncated steps are taken to have no future.",
            _PS
            + """
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    dones = np.logical_or(terminations, truncations)
    self.rollout.add(
        obs=obs,
        actions=actions,
        logprobs=logprobs,
        values=values,
        rewards=rewards,
        terminations=dones,
        truncations=truncations,
        final_obs=infos["final_obs"],
    )
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "restarts all when one ends": (
            "You restart all environments when one episode ends, although each resets itself and the others should go on.",
            _PS
            + """
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
    self.global_step += self.envs.num_envs
    if (terminations | truncations).any():
        self.restart()
    return infos
""",
        ),
        "final_obs is the reset observation": (
            "You pass next_obs as final_obs, which after an end is the first observation of the "
            "next episode and not "
            "where the step really led.",
            _PS
            + """
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
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "discounted_returns": {
        "matrix of weights": _DR
        + """
    step = torch.arange(len(rewards), device=rewards.device)
    ahead = (step[None, :] - step[:, None]).to(rewards.dtype)
    weights = (gamma ** ahead.clamp(min=0)) * (ahead >= 0)
    return torch.einsum("tk,k->t", weights, rewards)
""",
    },
    "sample_actions": {
        "exponential race and cross entropy": "import torch.nn.functional as F\n\n\n"
        + _SA
        + """
    fixed = logits.detach()
    gumbel = -torch.empty_like(fixed).exponential_().log()
    actions = torch.argmax(fixed + gumbel, dim=1)
    return actions, -F.cross_entropy(logits, actions, reduction="none")
""",
    },
    "reinforce_loss": {
        "einsum": _RL
        + """
    weights = returns.detach().to(logprobs.dtype)
    return torch.einsum("b,b->", logprobs, weights) / -logprobs.numel()
""",
    },
    "layer_init": {
        "singular value decomposition": _LI
        + """
    with torch.no_grad():
        flat = torch.randn_like(layer.weight).flatten(1)
        left, _, right = torch.linalg.svd(flat, full_matrices=False)
        layer.weight.copy_((std * left @ right).view_as(layer.weight))
        layer.bias.copy_(torch.full_like(layer.bias, bias_const))
    return layer
""",
    },
    "get_actor_and_critic_classic": {
        "loop over sizes": "from itertools import pairwise\n\n\n"
        + _AC
        + """
    networks_built = []
    for outputs, last_std in ((num_actions, 0.01), (1, 1.0)):
        net = nn.Sequential()
        for number, (m, n) in enumerate(pairwise([num_obs, 64, 64, outputs])):
            if number:
                net.append(nn.Tanh())
            linear = nn.Linear(m, n)
            nn.init.zeros_(linear.bias)
            nn.init.orthogonal_(linear.weight, gain=last_std if number == 2 else 2**0.5)
            net.append(linear)
        networks_built.append(net)
    return tuple(networks_built)
""",
    },
    "compute_advantages": {
        "triangular system": _CA
        + """
    # The recursion says (I - C) A = delta, where C carries A_{t+1} over into A_t: one small system per environment.
    double = torch.float64
    future = torch.where(terminations, torch.zeros_like(next_values), next_values).to(double)
    deltas = rewards.to(double) + gamma * future - values.to(double)
    goes_on = torch.logical_not(torch.logical_or(terminations, truncations)).to(double)
    carried = torch.diag_embed(gamma * gae_lambda * goes_on.T[:, :-1], offset=1)
    system = torch.eye(len(rewards), dtype=double, device=rewards.device) - carried
    solved = torch.linalg.solve_triangular(system, deltas.T.unsqueeze(-1), upper=True)
    return solved.squeeze(-1).T.contiguous().to(rewards.dtype)
""",
    },
    "get_minibatch_indices": {
        "ranks of random numbers": _MB
        + """
    order = rng.random(batch_size).argsort()
    return np.split(order, batch_size // minibatch_size)
""",
    },
    "play_step": {
        "a row as a dictionary": _PS
        + """
    row = {"obs": torch.tensor(np.array(self.next_obs), device=self.device)}
    logits, row["values"] = networks.actor_critic_forward(self.actor, self.critic, row["obs"])
    row["actions"], row["logprobs"] = policy_gradient.sample_actions(logits)
    self.next_obs, *returned, infos = self.envs.step(row["actions"].to("cpu").numpy())
    row.update(zip(("rewards", "terminations", "truncations"), returned), final_obs=infos["final_obs"])
    self.rollout.add(**row)
    self.global_step = self.global_step + self.envs.num_envs
    return infos
""",
    },
}
