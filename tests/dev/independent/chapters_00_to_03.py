"""Answers written from the notebooks alone, without sight of the solutions, the tests or the known mistakes."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "discounted_returns": {
        "weights matrix masked by multiplying": (
            "The weights below the diagonal are gamma to a negative power, which is infinite for gamma = 0 (and overflows "
            "for a small gamma and a long episode), and infinity times the mask's 0 is nan.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    steps = torch.arange(len(rewards))
    ahead = steps[None, :] - steps[:, None]  # how many steps column j lies after row i
    weights = gamma**ahead * (ahead >= 0)  # the past does not count
    return weights.to(rewards.dtype) @ rewards
""",
        ),
        "stops after five horizons": (
            "Rewards that are more than five effective horizons away are left out, although the sum goes to the end of the "
            "episode and they still weigh more than half a percent.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    T = len(rewards)
    # beyond a few effective horizons 1 / (1 - gamma) nothing counts any more
    horizon = T if gamma == 1 else min(T, round(5 / (1 - gamma)))
    returns = torch.zeros_like(rewards)
    for k in range(horizon):
        returns[: T - k] += gamma**k * rewards[k:]
    return returns
""",
        ),
        "the recursion as one vectorised line": (
            "The slice on the right still holds plain rewards when it is read, so every return looks only one step ahead.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = rewards.clone()
    returns[:-1] = rewards[:-1] + gamma * returns[1:]  # G_t = r_t + gamma * G_{t+1}, all t at once
    return returns
""",
        ),
        "float() taken for a copy": (
            "A float tensor's .float() is the same tensor and no copy, so the loop writes the returns over the rewards.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = rewards.float()  # a new float tensor to work on
    for t in range(len(returns) - 2, -1, -1):
        returns[t] += gamma * returns[t + 1]
    return returns
""",
        ),
        "written into an integer tensor": (
            "torch.tensor([0, 0, ...]) is a tensor of whole numbers, so every return is cut down to a whole number when it "
            "is stored.",
            """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    returns = torch.tensor([0] * len(rewards))
    future = 0
    for t in reversed(range(len(rewards))):
        future = rewards[t] + gamma * future
        returns[t] = future
    return returns
""",
        ),
    },
    "sample_actions": {
        "one random number for all rows": (
            "A single uniform number decides for all rows, so the rows do not draw for themselves: equal rows always get "
            "the same action.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    all_logprobs = logits.log_softmax(dim=-1)
    cumulative = all_logprobs.detach().exp().cumsum(dim=-1)
    u = torch.rand(())
    actions = (cumulative < u).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
    logprobs = all_logprobs[torch.arange(len(logits)), actions]
    return actions, logprobs
""",
        ),
        "torch.take instead of gather": (
            "torch.take counts through the flattened tensor, so every log-probability is read from the first row.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    log_p = torch.log_softmax(logits, dim=1)
    actions = torch.multinomial(log_p.exp(), num_samples=1).squeeze(1)
    return actions, torch.take(log_p, actions)
""",
        ),
        "log of softmax has nan gradients": (
            "Where the probability of some other action underflows to 0 (logits more than about 104 apart), the gradient of "
            "its logarithm is 0 divided by 0, and nan flows back into the logits; log_softmax is safe.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    probs = torch.softmax(logits, dim=-1)
    actions = torch.multinomial(probs, 1)
    logprobs = probs.log().gather(-1, actions)
    return actions.squeeze(-1), logprobs.squeeze(-1)
""",
        ),
        "requires_grad_ on a cut graph": (
            "The log-probabilities were computed without a graph, and requires_grad_() afterwards makes them a leaf of their "
            "own: no gradient reaches the logits.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    with torch.no_grad():  # a draw has no derivative
        dist = torch.distributions.Categorical(logits=logits)
        actions = dist.sample()
        logprobs = dist.log_prob(actions)
    return actions, logprobs.requires_grad_()
""",
        ),
        "epsilon of pure chance for exploration": (
            "One draw in twenty is made uniformly, so the actions do not come with the probabilities of softmax(logits), and "
            "the log-probabilities are not those with which they were drawn.",
            """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    N, num_actions = logits.shape
    dist = torch.distributions.Categorical(logits=logits)
    actions = dist.sample()
    # keep exploring, as in DQN
    explore = torch.rand(N) < 0.05
    actions = torch.where(explore, torch.randint(num_actions, (N,)), actions)
    return actions, dist.log_prob(actions)
""",
        ),
    },
    "reinforce_loss": {
        "negative returns set to zero": (
            "Returns below 0 are cut off, so an action that went worse than the baseline is no longer pushed down.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    # only reinforce what was good: a negative weight would drive log-probabilities to minus infinity
    weights = returns.detach().clamp(min=0)
    return -(weights * logprobs).mean()
""",
        ),
        "requires_grad_(False) instead of detach": (
            "requires_grad_(False) raises an error on returns that carry a graph, and on a leaf it changes the caller's "
            "tensor; detach() is what gives the same numbers without a graph.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    returns.requires_grad_(False)
    return -torch.mean(logprobs * returns)
""",
        ),
        "a tensor of shape (1,)": (
            "keepdim leaves a dimension, so the loss has the shape (1,) and is no scalar.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    product = torch.mul(logprobs, returns.detach())
    return -product.mean(dim=0, keepdim=True)
""",
        ),
        "mean over the steps with a return": (
            "Steps whose return is 0 are left out of the count, so the mean is over too few steps (and nan if all are 0).",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    returns = returns.detach()
    counts = returns != 0  # the others have nothing to teach
    return -(logprobs[counts] * returns[counts]).mean()
""",
        ),
        "log-probabilities clamped": (
            "The clamp changes the value of improbable actions and stops their gradient, although these have the most to "
            "teach.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    safe_logprobs = torch.clamp(logprobs, min=-5.0)  # no explosions from rare actions
    return (-safe_logprobs * returns.detach()).mean()
""",
        ),
    },
    "layer_init": {
        "bias set only if not 0": (
            "With bias_const = 0 the condition is false, so the biases keep PyTorch's random start.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    nn.init.orthogonal_(layer.weight, gain=std)
    if bias_const:
        nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "gradients switched off for good": (
            "requires_grad is switched off to allow the writing in place and never on again, so the layer cannot learn.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    # "a leaf Variable that requires grad is being used in an in-place operation": so switch it off
    layer.weight.requires_grad_(False)
    layer.bias.requires_grad_(False)
    nn.init.orthogonal_(layer.weight)
    layer.weight *= std
    layer.bias.fill_(bias_const)
    return layer
""",
        ),
        "weights known by their two dimensions": (
            "The weights of a convolution have four dimensions, so they fall into the branch of the biases and become "
            "constant.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    for parameter in layer.parameters():
        if parameter.dim() == 2:
            nn.init.orthogonal_(parameter, std)
        else:
            nn.init.constant_(parameter, bias_const)
    return layer
""",
        ),
        "one bias for all outputs": (
            "The bias is replaced by a single number of shape (), so the outputs share one bias where each should have its "
            "own.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    torch.nn.init.orthogonal_(layer.weight.data, std)
    layer.bias.data = torch.tensor(float(bias_const))
    return layer
""",
        ),
        "rows of the right length at any angle": (
            "The rows are random directions of length std, but they are not at right angles to each other.",
            """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    with torch.no_grad():
        rows = torch.randn(layer.weight.shape[0], layer.weight[0].numel())
        rows = std * rows / rows.norm(dim=1, keepdim=True)
        layer.weight.copy_(rows.view_as(layer.weight))
        layer.bias.fill_(bias_const)
    return layer
""",
        ),
    },
    "get_actor_and_critic_classic": {
        "last layer scaled down afterwards": (
            "The last layer of the actor was initialised with the default and then multiplied by 0.01, so its scale is "
            "0.01 times the square root of 2.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    def mlp(num_outputs):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, num_outputs)),
        )

    actor, critic = mlp(num_actions), mlp(1)
    actor[-1].weight.data *= 0.01
    layer_init(critic[-1], std=1)
    return actor, critic
""",
        ),
        "the gain that PyTorch suggests for tanh": (
            "The hidden layers have the scale 5/3 from calculate_gain instead of layer_init's default.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    gain = nn.init.calculate_gain("tanh")
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64), std=gain),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64), std=gain),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64), std=gain),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64), std=gain),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "only the middle layer is shared": (
            "The 64-to-64 layer is made once and used in both networks, although they must share no layer.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    first, second = nn.Linear(num_obs, 64), nn.Linear(num_obs, 64)
    hidden = nn.Linear(64, 64)
    policy_head, value_head = nn.Linear(64, num_actions), nn.Linear(64, 1)
    for layer in (first, second, hidden):
        layer_init(layer)
    layer_init(policy_head, 0.01)
    layer_init(value_head, 1)
    actor = nn.Sequential(first, nn.Tanh(), hidden, nn.Tanh(), policy_head)
    critic = nn.Sequential(second, nn.Tanh(), hidden, nn.Tanh(), value_head)
    return actor, critic
""",
        ),
        "0.01 given to the bias": (
            "0.01 is passed as bias_const instead of std, so the fresh actor's last layer has the scale of a hidden layer "
            "(and the critic's a bias of 1).",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    networks = []
    for outputs, scale in [(num_actions, 0.01), (1, 1.0)]:
        networks.append(
            nn.Sequential(
                layer_init(nn.Linear(num_obs, 64)), nn.Tanh(),
                layer_init(nn.Linear(64, 64)), nn.Tanh(),
                layer_init(nn.Linear(64, outputs), sqrt(2), scale),
            )
        )
    return tuple(networks)
""",
        ),
        "the critic drops its last dimension": (
            "Flatten(0) makes the critic's output (B,), where (B, 1) is asked for: the caller drops the last dimension itself.",
            """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    def body():
        return [layer_init(nn.Linear(num_obs, 64)), nn.Tanh(), layer_init(nn.Linear(64, 64)), nn.Tanh()]

    actor = nn.Sequential(*body(), layer_init(nn.Linear(64, num_actions), std=0.01))
    critic = nn.Sequential(*body(), layer_init(nn.Linear(64, 1), std=1), nn.Flatten(start_dim=0))
    return actor, critic
""",
        ),
    },
    "compute_advantages": {
        "a fall at the time limit bootstraps": (
            "Where a step is terminated and truncated at once, the mask lets the next value through, but a termination has "
            "no future whatever the clock says.",
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
    bootstrap = ~terminations | truncations  # not terminated, or out of time
    going_on = ~(terminations | truncations)
    deltas = rewards + gamma * next_values * bootstrap - values
    advantages = torch.zeros_like(rewards)
    below = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        below = deltas[t] + gamma * gae_lambda * going_on[t] * below
        advantages[t] = below
    return advantages
""",
        ),
        "one row in the list many times": (
            "The running row is changed in place and appended again and again, so the list holds the same tensor T times "
            "and every row of the result is the first one.",
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
    not_done = ~(terminations | truncations)
    rows = []
    running = torch.zeros(rewards.shape[1])
    for delta, mask in zip(deltas.flip(0), not_done.flip(0)):
        running *= gamma * gae_lambda * mask
        running += delta
        rows.append(running)
    return torch.stack(rows[::-1])
""",
        ),
        "a blend of the two extremes": (
            "Lambda blends the one-step surprise with the full return, which agrees with GAE at 0 and 1 only: in between, "
            "each later surprise must count less and less.",
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
    future = next_values * ~terminations
    done = terminations | truncations
    one_step = rewards + gamma * future - values
    returns = torch.empty_like(rewards)
    following = future[-1]
    for t in range(len(rewards) - 1, -1, -1):
        following = rewards[t] + gamma * torch.where(done[t], future[t], following)
        returns[t] = following
    # lambda is the dial: 0 for the single surprise, 1 for the full return
    return (1 - gae_lambda) * one_step + gae_lambda * (returns - values)
""",
        ),
        "the last step of an episode numbered into the next": (
            "cumsum of the flags counts the step that ends an episode to the next episode already, so the sum is cut one "
            "row too early and the ending step collects surprises of another game.",
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
    T = len(rewards)
    deltas = rewards + gamma * next_values * ~terminations - values
    episode = (terminations | truncations).cumsum(dim=0)  # the number of the episode, (T, N)
    same_episode = episode[:, None] == episode[None]  # (T, T, N)
    later = torch.arange(T)[None, :] - torch.arange(T)[:, None]
    weights = (gamma * gae_lambda) ** later.clamp(min=0) * (later >= 0)
    return torch.einsum("ts,tsn,sn->tn", weights.to(deltas.dtype), same_episode.to(deltas.dtype), deltas)
""",
        ),
        "the last row bootstraps always": (
            "The last row is started by hand without its termination flag, so a fall in the last row of the rollout is "
            "credited with a future.",
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
    advantages = torch.zeros_like(values)
    # nothing below the last row: its advantage is its own surprise
    advantages[-1] = rewards[-1] + gamma * next_values[-1] - values[-1]
    for t in range(rewards.shape[0] - 2, -1, -1):
        delta = rewards[t] + gamma * next_values[t] * (~terminations[t]).float() - values[t]
        done = torch.logical_or(terminations[t], truncations[t])
        advantages[t] = delta + gamma * gae_lambda * (~done).float() * advantages[t + 1]
    return advantages
""",
        ),
    },
    "get_minibatch_indices": {
        "shuffles a copy of the generator": (
            "The copy is used up and the generator itself does not move on, so every call with it gives the same order.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    from copy import deepcopy

    own_rng = deepcopy(rng)  # leave the caller's generator as it is
    order = own_rng.permutation(batch_size)
    return np.split(order, batch_size // minibatch_size)
""",
        ),
        "shuffles the rows of a grid": (
            "rng.shuffle moves only the rows of a grid, so each minibatch always consists of the same numbers, every k-th "
            "of the rollout.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    grid = np.arange(batch_size).reshape(minibatch_size, -1)
    rng.shuffle(grid)
    return [column.copy() for column in grid.T]
""",
        ),
        "yields instead of a list": (
            "With yield the function gives a generator, which has no length and can be gone through only once, where a "
            "list is asked for.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    indices = rng.permutation(batch_size)
    for start in range(0, batch_size, minibatch_size):
        yield indices[start : start + minibatch_size]
""",
        ),
        "a new permutation for each minibatch": (
            "Each minibatch is a slice of a permutation of its own, so some numbers come several times and others never.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    B = minibatch_size
    return [rng.permutation(batch_size)[i * B : (i + 1) * B] for i in range(batch_size // B)]
""",
        ),
        "numbers with a decimal point": (
            "np.linspace makes floats, and floats are no indices: integer arrays are asked for.",
            """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    numbers = np.linspace(0, batch_size - 1, batch_size)
    rng.shuffle(numbers)
    return list(numbers.reshape(-1, minibatch_size))
""",
        ),
    },
    "play_step": {
        "resets everything when one game ends": (
            "An environment that ends has already been reset in the same step; calling reset() throws all the other games "
            "away.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(
        obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
        terminations=terminations, truncations=truncations, final_obs=infos["final_obs"],
    )
    if np.any(terminations | truncations):
        next_obs, _ = self.envs.reset()
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "goes on from final_obs": (
            "final_obs is where the old episode was left; after a reset the environment shows the first observation of the "
            "new one, and that is what the agent has to act on next.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    _, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    # where the step really led
    final_obs = infos["final_obs"]
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=final_obs)
    self.next_obs = final_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "the old observations overwritten in place": (
            "On the CPU obs shares its memory with self.next_obs, so writing the new observations into that array changes "
            "the observations that go into the row.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    new_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.next_obs[:] = new_obs
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
        "a penalty for falling": (
            "The reward of a step that terminated is replaced by -1, but the row holds the rewards that the step returned, "
            "unchanged.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs, device=self.device)
    logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    rewards = np.where(terminations, -1.0, rewards).astype(np.float32)  # tell it that falling is bad
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
        "the critic called directly": (
            "The critic's own output has the shape (N, 1), but the row needs the values as (N,), which "
            "actor_critic_forward would have given.",
            """
@torch.no_grad()
def play_step(self) -> dict:
    obs = torch.as_tensor(self.next_obs).to(self.device)
    logits = self.actor(obs)
    values = self.critic(obs)
    actions, logprobs = policy_gradient.sample_actions(logits)
    next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
    self.rollout.add(obs=obs, actions=actions, logprobs=logprobs, values=values, rewards=rewards,
                     terminations=terminations, truncations=truncations, final_obs=infos["final_obs"])
    self.next_obs = next_obs
    self.global_step += self.envs.num_envs
    return infos
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "discounted_returns": {
        "one shifted copy for each delay": """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    total = rewards.clone()
    weight = 1.0
    for delay in range(1, len(rewards)):
        weight *= gamma
        total[:-delay] += weight * rewards[delay:]
    return total
""",
        "itertools.accumulate on the flipped rewards": """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    from itertools import accumulate

    backwards = accumulate(rewards.flip(0), lambda future, reward: reward + gamma * future)
    return torch.stack(list(backwards)).flip(0)
""",
    },
    "sample_actions": {
        "Gumbel noise and argmax": """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    # the largest of logits + Gumbel noise is a draw from the softmax
    waiting_times = torch.empty_like(logits).exponential_()
    chosen = torch.argmax(logits.detach() - waiting_times.log(), dim=-1)
    picked_logits = logits[range(len(logits)), chosen]
    return chosen, picked_logits - torch.logsumexp(logits, dim=-1)
""",
        "Categorical and cross entropy": """
def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    a = torch.distributions.Categorical(logits=logits).sample()
    return a, -nn.functional.cross_entropy(logits, a, reduction="none")
""",
    },
    "reinforce_loss": {
        "weights without a graph": """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    with torch.no_grad():
        weights = returns / -len(returns)
    return (weights * logprobs).sum()
""",
        "a loop over the steps": """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    total = logprobs.new_zeros(())
    for log_p, g in zip(logprobs, returns.tolist()):
        total = total - g * log_p
    return total / logprobs.numel()
""",
    },
    "layer_init": {
        "by hand, the nearest orthogonal matrix": """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    noise = torch.randn_like(layer.weight).flatten(1)
    u, _, vh = torch.linalg.svd(noise, full_matrices=False)
    with torch.no_grad():
        layer.weight.copy_((std * u @ vh).reshape(layer.weight.shape))
        layer.bias.zero_().add_(bias_const)
    return layer
""",
        "parameters by name": """
def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    params = dict(layer.named_parameters())
    nn.init.orthogonal_(params["weight"])
    params["weight"].data.mul_(std)
    params["bias"].data[:] = bias_const
    return layer
""",
    },
    "get_actor_and_critic_classic": {
        "appended in a loop over the sizes": """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    def build(sizes, last_std):
        net = nn.Sequential()
        for fan_in, fan_out in zip(sizes[:-2], sizes[1:-1]):
            net.append(layer_init(nn.Linear(fan_in, fan_out)))
            net.append(nn.Tanh())
        return net.append(layer_init(nn.Linear(sizes[-2], sizes[-1]), last_std))

    return build([num_obs, 64, 64, num_actions], 0.01), build([num_obs, 64, 64, 1], 1.0)
""",
        "named layers, initialised afterwards": """
def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    from collections import OrderedDict

    pair = []
    for n_out, scale in ((num_actions, 0.01), (1, 1)):
        layers = OrderedDict(
            hidden1=nn.Linear(num_obs, 64),
            tanh1=nn.Tanh(),
            hidden2=nn.Linear(64, 64),
            tanh2=nn.Tanh(),
            out=nn.Linear(64, n_out),
        )
        layer_init(layers["hidden1"])
        layer_init(layers["hidden2"])
        layer_init(layers["out"], std=scale)
        pair.append(nn.Sequential(layers))
    actor, critic = pair
    return actor, critic
""",
    },
    "compute_advantages": {
        "all pairs of rows at once": """
def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    surprise = rewards - values + gamma * next_values.masked_fill(terminations, 0)
    ends = (terminations | truncations).long()
    episode = ends.cumsum(0) - ends  # the step that ends an episode still belongs to it
    step = torch.arange(rewards.shape[0], device=rewards.device)
    gap = step - step[:, None]
    weight = ((gamma * gae_lambda) ** gap.clamp(min=0)).to(surprise.dtype).triu()
    together = (episode.unsqueeze(0) == episode.unsqueeze(1)).to(surprise.dtype)
    return (weight.unsqueeze(-1) * together * surprise).sum(dim=1)
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
    T, N = rewards.shape
    result = torch.empty_like(rewards)
    for n in range(N):
        adv = 0.0
        for t in range(T - 1, -1, -1):
            fell, stopped = bool(terminations[t, n]), bool(truncations[t, n])
            if fell or stopped:
                adv = 0.0
            target = rewards[t, n].item()
            if not fell:
                target += gamma * next_values[t, n].item()
            adv = target - values[t, n].item() + gamma * gae_lambda * adv
            result[t, n] = adv
    return result
""",
    },
    "get_minibatch_indices": {
        "argsort of random keys": """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    keys = rng.random(batch_size)
    return list(np.argsort(keys).reshape(-1, minibatch_size))
""",
        "drawn from what is left": """
def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    left = np.arange(batch_size)
    minibatches = []
    while left.size:
        drawn = rng.choice(left, size=minibatch_size, replace=False)
        minibatches.append(drawn)
        left = np.setdiff1d(left, drawn)
    return minibatches
""",
    },
    "play_step": {
        "the row as a dict": """
@torch.no_grad()
def play_step(self) -> dict:
    row = {"obs": torch.as_tensor(self.next_obs, device=self.device)}
    logits, row["values"] = networks.actor_critic_forward(self.actor, self.critic, row["obs"])
    row["actions"], row["logprobs"] = policy_gradient.sample_actions(logits)
    self.next_obs, *outcome, infos = self.envs.step(row["actions"].cpu().numpy())
    row.update(zip(("rewards", "terminations", "truncations"), outcome))
    self.rollout.add(**row, final_obs=infos["final_obs"])
    self.global_step += self.envs.num_envs
    return infos
""",
        "no_grad inside, agent moved on first": """
def play_step(self) -> dict:
    seen = torch.tensor(np.asarray(self.next_obs)).to(self.device)
    with torch.no_grad():
        scores, expected = networks.actor_critic_forward(self.actor, self.critic, seen)
        chosen, log_p = policy_gradient.sample_actions(scores)

    result = self.envs.step(chosen.detach().cpu().numpy())
    self.next_obs = result[0]
    self.global_step = self.global_step + self.envs.num_envs

    self.rollout.add(
        final_obs=result[4]["final_obs"],
        truncations=result[3],
        terminations=result[2],
        rewards=result[1],
        values=expected,
        logprobs=log_p,
        actions=chosen,
        obs=seen,
    )
    return result[4]
""",
    },
}
