"""Answers by readers of the notebooks alone, the second list."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "discounted_returns": {
        "accumulates from the front": (
            "You run from the first step to the last, so entry t sums the discounted past instead of the future.",
            """
def discounted_returns(rewards, gamma):
    out = torch.zeros_like(rewards)
    running = 0.0
    for t, r in enumerate(rewards):
        running = r + gamma * running
        out[t] = running
    return out
""",
        ),
        "own reward discounted too": (
            "You put the reward inside the bracket that gamma multiplies, so every return is gamma times too small.",
            """
def discounted_returns(rewards, gamma):
    returns = torch.zeros_like(rewards)
    future = 0
    for t in reversed(range(len(rewards))):
        future = gamma * (rewards[t] + future)
        returns[t] = future
    return returns
""",
        ),
        "writes into rewards": (
            "You give the input a second name instead of copying it, so the caller's rewards are overwritten.",
            """
def discounted_returns(rewards, gamma):
    returns = rewards
    for t in range(len(rewards) - 2, -1, -1):
        returns[t] += gamma * returns[t + 1]
    return returns
""",
        ),
        "discounts from the start of the episode": (
            "You weigh each reward with gamma to the power of its step in the episode, not of its distance from step t.",
            """
def discounted_returns(rewards, gamma):
    steps = torch.arange(len(rewards), device=rewards.device)
    discounted = rewards * gamma**steps
    return discounted.flip(0).cumsum(0).flip(0)
""",
        ),
        "divides by gamma to the t": (
            "You divide the tail sums by gamma**t, which underflows to 0/0 = nan for gamma = 0 and in long episodes.",
            """
def discounted_returns(rewards, gamma):
    weights = torch.pow(torch.tensor(gamma, dtype=rewards.dtype), torch.arange(rewards.shape[0]))
    tail_sums = torch.flip(torch.cumsum(torch.flip(weights * rewards, dims=[0]), dim=0), dims=[0])
    return tail_sums / weights
""",
        ),
        "next entry is not finished yet": (
            "You go forward through the steps, so the entry at t + 1 still holds only its reward and each return looks one step ahead.",
            """
def discounted_returns(rewards, gamma):
    G = rewards.clone()
    for t in range(len(G) - 1):
        G[t] = G[t] + gamma * G[t + 1]
    return G
""",
        ),
        "loop stops before step 0": (
            "You end the backward range at 0, which is not included, so the first entry stays 0.",
            """
def discounted_returns(rewards, gamma):
    T = rewards.shape[0]
    g = 0.0
    result = torch.zeros_like(rewards)
    for i in range(T - 1, 0, -1):
        g = rewards[i].item() + gamma * g
        result[i] = g
    return result
""",
        ),
        "starts at the next reward": (
            "You store the return before you add the reward of the step, so entry t leaves out r_t.",
            """
def discounted_returns(rewards, gamma):
    returns = torch.empty_like(rewards)
    future = torch.tensor(0.0)
    for t in reversed(range(len(rewards))):
        returns[t] = future
        future = rewards[t] + gamma * future
    return returns
""",
        ),
        "list left in backward order": (
            "You append while going backwards and never turn the list round, so the return of the last step comes first.",
            """
def discounted_returns(rewards, gamma):
    found = []
    g = 0.0
    for r in reversed(rewards.tolist()):
        g = r + gamma * g
        found.append(g)
    return torch.tensor(found, dtype=rewards.dtype)
""",
        ),
        "returns are standardised": (
            "You subtract the mean and divide by the standard deviation, though the returns themselves were asked for.",
            """
def discounted_returns(rewards, gamma):
    R, returns = 0, []
    for r in rewards.flip(0):
        R = r + gamma * R
        returns.insert(0, R)
    returns = torch.stack(returns)
    return (returns - returns.mean()) / (returns.std() + 1e-8)
""",
        ),
        "pays for ever after the end": (
            "You start the recursion as if the last reward went on for ever, but after the end nothing comes.",
            """
def discounted_returns(rewards, gamma):
    returns = torch.zeros_like(rewards)
    future = rewards[-1] / (1 - gamma)
    returns[-1] = future
    for t in range(len(rewards) - 2, -1, -1):
        future = rewards[t] + gamma * future
        returns[t] = future
    return returns
""",
        ),
        "future survives between calls": (
            "You keep the running return in a mutable default, so the second episode begins with what the first one left there.",
            """
def discounted_returns(rewards, gamma, memory={"future": 0.0}):
    returns = torch.zeros_like(rewards)
    for t in reversed(range(len(rewards))):
        memory["future"] = float(rewards[t]) + gamma * memory["future"]
        returns[t] = memory["future"]
    return returns
""",
        ),
        "last reward counted twice": (
            "You initialise the running return with the last reward and then visit the last step once more.",
            """
def discounted_returns(rewards, gamma):
    T = len(rewards)
    returns = torch.zeros(T, dtype=rewards.dtype)
    acc = rewards[-1].clone()
    for t in reversed(range(T)):
        acc = rewards[t] + gamma * acc
        returns[t] = acc
    return returns
""",
        ),
        "discount not reset for each step": (
            "You set the discount to 1 only once, before both loops, so later steps go on with the power that the earlier ones left.",
            """
def discounted_returns(rewards, gamma):
    n = len(rewards)
    returns = torch.zeros_like(rewards)
    discount = 1.0
    for t in range(n):
        for k in range(t, n):
            returns[t] += discount * rewards[k]
            discount *= gamma
    return returns
""",
        ),
    },
    "sample_actions": {
        "takes the favourite": (
            "You take the most probable action every time instead of drawing one.",
            """
def sample_actions(logits):
    all_logprobs = torch.log_softmax(logits, dim=-1)
    logprobs, actions = all_logprobs.max(dim=-1)
    return actions, logprobs
""",
        ),
        "softmax over the environments": (
            "You normalise along dimension 0, so probabilities sum to 1 over the environments and not over the actions.",
            """
def sample_actions(logits):
    log_p = logits.log_softmax(dim=0)
    a = torch.multinomial(log_p.exp(), num_samples=1)
    return a.squeeze(-1), log_p.gather(1, a).squeeze(-1)
""",
        ),
        "keeps the extra dimension": (
            "You return what multinomial and gather give, of shape (N, 1), without dropping the last dimension.",
            """
def sample_actions(logits):
    all_logprobs = nn.functional.log_softmax(logits, dim=-1)
    actions = torch.multinomial(torch.exp(all_logprobs), 1)
    logprobs = torch.gather(all_logprobs, -1, actions)
    return actions, logprobs
""",
        ),
        "everything under no_grad": (
            "You compute the log-probabilities under no_grad, so no gradient can flow from them back into the logits.",
            """
@torch.no_grad()
def sample_actions(logits):
    dist = torch.distributions.Categorical(logits=logits)
    actions = dist.sample()
    return actions, dist.log_prob(actions)
""",
        ),
        "picks from the raw logits": (
            "You draw correctly but return the logit of the action, which is not normalised and so no log-probability.",
            """
def sample_actions(logits):
    probs = torch.softmax(logits, dim=-1)
    actions = torch.multinomial(probs, 1).squeeze(1)
    rows = torch.arange(logits.shape[0])
    return actions, logits[rows, actions]
""",
        ),
        "softmax twice": (
            "You hand probabilities to Categorical as logits, so a second softmax flattens the distribution.",
            """
def sample_actions(logits):
    from torch.distributions import Categorical

    probs = torch.softmax(logits, dim=-1)
    dist = Categorical(logits=probs)
    actions = dist.sample()
    return actions, dist.log_prob(actions)
""",
        ),
        "draws twice": (
            "You return one draw and the log-probability of another, because you sample a second time.",
            """
def sample_actions(logits):
    policy = torch.distributions.Categorical(logits=logits)
    return policy.sample(), policy.log_prob(policy.sample())
""",
        ),
        "same seed in each call": (
            "You make a generator with a fixed seed inside the function, so each call draws the same actions and nothing is drawn afresh.",
            """
def sample_actions(logits):
    gen = torch.Generator().manual_seed(42)
    logp = logits.log_softmax(-1)
    actions = torch.multinomial(logp.detach().exp(), 1, generator=gen)[:, 0]
    return actions, logp[torch.arange(len(actions)), actions]
""",
        ),
        "one random number for all rows": (
            "You draw a single uniform number and use it in every row, so the environments do not draw for themselves.",
            """
def sample_actions(logits):
    logp = torch.log_softmax(logits, dim=-1)
    cumulative = logp.exp().cumsum(dim=-1)
    u = torch.rand(1)
    actions = (cumulative < u).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
    return actions, logp.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
""",
        ),
        "log-probabilities all from row 0": (
            "You look up every action in the first row, so the log-probabilities are right only where all rows are alike.",
            """
def sample_actions(logits):
    all_logprobs = torch.log_softmax(logits, dim=1)
    actions = torch.multinomial(all_logprobs.exp(), 1).flatten()
    picked = all_logprobs.index_select(1, actions)  # (N, N)
    return actions, picked[0]
""",
        ),
        "shifts the caller's logits": (
            "You subtract the maximum in place for stability, and so change the logits that were handed in.",
            """
def sample_actions(logits):
    # numerical stability
    logits.data -= logits.data.max(dim=-1, keepdim=True).values
    logsumexp = logits.exp().sum(dim=-1, keepdim=True).log()
    all_lp = logits - logsumexp
    act = torch.multinomial(all_lp.exp(), num_samples=1)
    return act.squeeze(-1), torch.gather(all_lp, 1, act).squeeze(-1)
""",
        ),
        "exp without a shift": (
            "You write the softmax out with plain exp, which overflows to inf / inf = nan for large logits.",
            """
def sample_actions(logits):
    e = torch.exp(logits)
    p = e / e.sum(dim=1, keepdim=True)
    actions = torch.multinomial(p, 1).squeeze(1)
    chosen = p[range(len(p)), actions]
    return actions, torch.log(chosen)
""",
        ),
        "only two actions": (
            "You treat the choice as one coin between columns 0 and 1, so a third action is never drawn and the probabilities ignore it.",
            """
def sample_actions(logits):
    margin = logits[:, 1] - logits[:, 0]
    go_right = torch.rand_like(margin) < torch.sigmoid(margin)
    logprobs = nn.functional.logsigmoid(torch.where(go_right, margin, -margin))
    return go_right.long(), logprobs
""",
        ),
        "gumbel noise upside down": (
            "You add Gumbel noise with the wrong sign, which goes unnoticed for two actions but draws from another distribution for three or more.",
            """
def sample_actions(logits):
    u = torch.rand_like(logits).clamp(1e-9, 1 - 1e-7)
    noise = torch.log(-torch.log(u))
    actions = torch.argmax(logits.detach() + noise, dim=-1)
    logprobs = logits.gather(1, actions[:, None]).squeeze(1) - logits.logsumexp(dim=1)
    return actions, logprobs
""",
        ),
    },
    "reinforce_loss": {
        "sign missing": (
            "You leave out the minus, so the optimizer makes good actions less probable.",
            """
def reinforce_loss(logprobs, returns):
    return (logprobs * returns.detach()).mean()
""",
        ),
        "sum over the steps": (
            "You add up the steps instead of taking their mean, so the size of the loss grows with the batch.",
            """
def reinforce_loss(logprobs, returns):
    G = returns.detach()
    return -torch.dot(logprobs, G)
""",
        ),
        "returns keep their graph": (
            "You do not detach the returns, so a gradient flows into them when they carry a graph.",
            """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    return torch.mean(-logprobs * returns)
""",
        ),
        "detaches the log-probabilities": (
            "You detach the wrong argument: the returns keep their graph, and the policy gets no gradient.",
            """
def reinforce_loss(logprobs, returns):
    lp = logprobs.detach()
    return -(lp * returns).mean()
""",
        ),
        "rebuilt from a plain number": (
            "You add up Python floats and wrap the result in a new tensor with requires_grad, so backward runs but nothing reaches the policy.",
            """
def reinforce_loss(logprobs, returns):
    total = 0.0
    for lp, g in zip(logprobs, returns):
        total -= lp.item() * g.item()
    return torch.tensor(total / len(logprobs), requires_grad=True)
""",
        ),
        "one loss for each step": (
            "You return the products of all steps, shape (B,), and not one scalar.",
            """
def reinforce_loss(logprobs, returns):
    weights = returns.detach()
    losses = -logprobs * weights
    return losses
""",
        ),
        "probabilities in place of logarithms": (
            "You turn the log-probabilities back into probabilities, so the gradient lacks the division by the probability.",
            """
def reinforce_loss(logprobs, returns):
    with torch.no_grad():
        g = returns.clone()
    probs = logprobs.exp()
    return -(probs * g).mean()
""",
        ),
        "standardises the returns": (
            "You subtract the mean and divide by the standard deviation inside the loss, though the returns were to be used as they come.",
            """
def reinforce_loss(logprobs, returns):
    R = returns.detach()
    R = (R - R.mean()) / (R.std(unbiased=False) + 1e-8)
    return -(logprobs * R).mean()
""",
        ),
        "every action with every return": (
            "You multiply a column by a row, so broadcasting pairs each log-probability with the returns of all steps.",
            """
def reinforce_loss(logprobs, returns):
    logprobs = logprobs.unsqueeze(-1)  # (B, 1)
    weighted = logprobs * returns.detach()
    return -weighted.mean()
""",
        ),
        "extra discount by step": (
            "You add the factor gamma**t of the textbook, which this course leaves out, and which makes no sense for a batch of several episodes.",
            """
def reinforce_loss(logprobs, returns):
    t = torch.arange(len(logprobs), device=logprobs.device)
    discount = 0.99**t
    return -(discount * returns.detach() * logprobs).mean()
""",
        ),
        "probability ratio as surrogate": (
            "You use the ratio exp(logprob - logprob.detach()), whose gradient is right but whose value is minus the mean return.",
            """
def reinforce_loss(logprobs, returns):
    ratio = torch.exp(logprobs - logprobs.detach())
    return -torch.mean(ratio * returns.detach())
""",
        ),
        "running baseline in a global": (
            "You subtract a running mean that is kept outside the function, so the same batch gives another loss in the second call.",
            """
running_mean = 0.0


def reinforce_loss(logprobs, returns):
    global running_mean
    returns = returns.detach()
    loss = -(logprobs * (returns - running_mean)).mean()
    running_mean = 0.9 * running_mean + 0.1 * returns.mean().item()
    return loss
""",
        ),
        "zero returns taken for padding": (
            "You leave out the steps whose return is 0, so the mean is over too few steps, and nan if all are 0.",
            """
def reinforce_loss(logprobs, returns):
    real = returns != 0
    picked = logprobs[real] * returns[real].detach()
    return -picked.mean()
""",
        ),
        "overwrites the returns": (
            "You multiply in place into returns.detach(), which shares its memory with returns, so the caller's returns are spoilt.",
            """
def reinforce_loss(logprobs, returns):
    weighted = returns.detach()
    weighted *= logprobs
    return -weighted.mean()
""",
        ),
    },
    "layer_init": {
        "nothing returned": (
            "You change the layer but forget to return it, so None lands inside the network.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
""",
        ),
        "works on a copy": (
            "You initialise and return a deep copy, so the layer that came in stays as it was.",
            """
import copy


def layer_init(layer, std=sqrt(2), bias_const=0.0):
    new_layer = copy.deepcopy(layer)
    torch.nn.init.orthogonal_(new_layer.weight, gain=std)
    torch.nn.init.constant_(new_layer.bias, bias_const)
    return new_layer
""",
        ),
        "std not passed on": (
            "You never use std, so every layer gets scale 1.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    nn.init.orthogonal_(layer.weight)
    layer.bias.data.fill_(bias_const)
    return layer
""",
        ),
        "biases always zero": (
            "You set the biases to 0 whatever bias_const says.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    nn.init.orthogonal_(layer.weight, gain=std)
    nn.init.zeros_(layer.bias)
    return layer
""",
        ),
        "gaussian weights": (
            "You take std for a standard deviation and draw normal numbers, which are not orthogonal.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    with torch.no_grad():
        layer.weight.normal_(mean=0.0, std=std)
        layer.bias.fill_(bias_const)
    return layer
""",
        ),
        "qr only for tall weights": (
            "You take the Q of a random matrix of the weight's shape, which for a layer with fewer outputs than inputs is a small square matrix, so the reshape crashes.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    shape = layer.weight.shape
    noise = torch.randn(shape[0], layer.weight[0].numel())
    Q = torch.linalg.qr(noise)[0]
    layer.weight.data = std * Q.reshape(shape)
    layer.bias.data.fill_(bias_const)
    return layer
""",
        ),
        "each kernel orthogonal by itself": (
            "You orthogonalise the last two dimensions, so in a convolution each kernel is orthogonal but the flattened rows are not.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    a = torch.randn_like(layer.weight)
    tall = a.shape[-2] >= a.shape[-1]
    q, _ = torch.linalg.qr(a if tall else a.transpose(-2, -1))
    if not tall:
        q = q.transpose(-2, -1)
    with torch.no_grad():
        layer.weight.copy_(std * q)
        layer.bias.fill_(bias_const)
    return layer
""",
        ),
        "default std is 1": (
            "You changed the default of std to 1, so hidden layers do not get the square root of 2.",
            """
def layer_init(layer, std=1.0, bias_const=0.0):
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "layer left frozen": (
            "You switch requires_grad off to write into the parameters and never switch it on again, so the layer cannot learn.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    layer.requires_grad_(False)
    nn.init.orthogonal_(layer.weight, std)
    layer.bias[:] = bias_const
    return layer
""",
        ),
        "convolutions skipped": (
            "You initialise linear layers only, so a convolution comes back as PyTorch made it.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    if isinstance(layer, nn.Linear):
        nn.init.orthogonal_(layer.weight, gain=std)
        nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "seeds the global generator": (
            "You call torch.manual_seed inside the function, so all layers of one shape start alike and everybody's random numbers are reset.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    torch.manual_seed(0)  # reproducible weights
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "rows of the right length only": (
            "You give each row the length std, but the rows are not at right angles to each other.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    flat = torch.randn(layer.weight.shape[0], layer.weight.numel() // layer.weight.shape[0])
    flat = std * flat / flat.norm(dim=1, keepdim=True)
    layer.weight.data.copy_(flat.reshape(layer.weight.shape))
    layer.bias.data.fill_(bias_const)
    return layer
""",
        ),
        "scaled to the entries' deviation": (
            "You rescale the orthogonal weights until their entries have standard deviation std, but std is the length of the rows.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    nn.init.orthogonal_(layer.weight)
    with torch.no_grad():
        layer.weight.mul_(std / layer.weight.std())
    nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
        "zero bias taken for no wish": (
            "You set the biases only if bias_const is truthy, so with the default 0.0 they keep PyTorch's random values.",
            """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    nn.init.orthogonal_(layer.weight, std)
    if bias_const:
        nn.init.constant_(layer.bias, bias_const)
    return layer
""",
        ),
    },
    "get_actor_and_critic_classic": {
        "relu for tanh": (
            "You put ReLU between the layers where the drawing has tanh.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.ReLU(),
        layer_init(nn.Linear(64, 64)),
        nn.ReLU(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.ReLU(),
        layer_init(nn.Linear(64, 64)),
        nn.ReLU(),
        layer_init(nn.Linear(64, 1), std=1),
    )
    return actor, critic
""",
        ),
        "shared hidden layers": (
            "You put the same hidden layers into both networks, so they share weights.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    hidden = [layer_init(nn.Linear(num_obs, 64)), nn.Tanh(), layer_init(nn.Linear(64, 64)), nn.Tanh()]
    actor = nn.Sequential(*hidden, layer_init(nn.Linear(64, num_actions), std=0.01))
    critic = nn.Sequential(*hidden, layer_init(nn.Linear(64, 1), std=1.0))
    return actor, critic
""",
        ),
        "actor's last layer with the default": (
            "You forget std=0.01 on the actor's last layer, so a fresh agent has opinions about nothing.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    def net(out, **kw):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, out), **kw),
        )

    return net(num_actions), net(1, std=1.0)
""",
        ),
        "0.01 on top of the default": (
            "You initialise the actor's last layer with the default and then multiply by 0.01, so its scale is 0.0141 and not 0.01.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions)),
    )
    with torch.no_grad():
        actor[-1].weight *= 0.01
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1),
    )
    return actor, critic
""",
        ),
        "1 given as the critic's bias": (
            "You pass the critic's 1 as bias_const instead of std, so its last weights keep the default scale and every value starts 1 too high.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), 0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), bias_const=1.0),
    )
    return actor, critic
""",
        ),
        "softmax at the end of the actor": (
            "You end the actor with a softmax, so it gives probabilities where logits were asked for.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
        nn.Softmax(dim=-1),
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
        "critic with one output for each action": (
            "You give the critic num_actions outputs, as if it estimated Q(s, a), where one value was asked for.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    def make(last_std):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, num_actions), std=last_std),
        )

    return make(0.01), make(1.0)
""",
        ),
        "critic drops its last dimension": (
            "You flatten the critic's output to (B,), but (B, 1) was asked for and the caller drops the dimension.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    H = 64
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, H)), nn.Tanh(), layer_init(nn.Linear(H, H)), nn.Tanh(),
        layer_init(nn.Linear(H, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, H)), nn.Tanh(), layer_init(nn.Linear(H, H)), nn.Tanh(),
        layer_init(nn.Linear(H, 1), std=1.0),
        nn.Flatten(start_dim=0),
    )
    return actor, critic
""",
        ),
        "no tanh after the second layer": (
            "You leave out the tanh between the second and the third layer, so these two are one linear map.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        layer_init(nn.Linear(64, 1), std=1),
    )
    return actor, critic
""",
        ),
        "width grows with the observation": (
            "You make the hidden layers 16 times as wide as the observation, which is 64 in CartPole only.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    hidden = 16 * num_obs

    def body():
        return [layer_init(nn.Linear(num_obs, hidden)), nn.Tanh(), layer_init(nn.Linear(hidden, hidden)), nn.Tanh()]

    actor = nn.Sequential(*body(), layer_init(nn.Linear(hidden, num_actions), std=0.01))
    critic = nn.Sequential(*body(), layer_init(nn.Linear(hidden, 1), std=1.0))
    return actor, critic
""",
        ),
        "hidden layers not initialised": (
            "You use layer_init on the last layers only, so the hidden ones keep PyTorch's default weights.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor = nn.Sequential(
        nn.Linear(num_obs, 64),
        nn.Tanh(),
        nn.Linear(64, 64),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        nn.Linear(num_obs, 64),
        nn.Tanh(),
        nn.Linear(64, 64),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "networks kept in a cache": (
            "You cache the function, so a second call hands out the networks of the first one, trained or not.",
            """
from functools import lru_cache


@lru_cache(maxsize=None)
def get_actor_and_critic_classic(num_obs, num_actions):
    def mlp(outputs, std):
        return nn.Sequential(
            layer_init(nn.Linear(num_obs, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64)),
            nn.Tanh(),
            layer_init(nn.Linear(64, outputs), std=std),
        )

    return mlp(num_actions, 0.01), mlp(1, 1.0)
""",
        ),
        "critic frozen": (
            "You switch the critic's gradients off to keep the policy's gradient out of it, but then it cannot learn from its own loss either.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
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
    )
    for p in critic.parameters():
        p.requires_grad = False  # the policy loss must not change the critic
    return actor, critic
""",
        ),
        "tanh after the last layer": (
            "You add a tanh after every layer in the loop, the last one included, so logits and values stay between -1 and 1.",
            """
def get_actor_and_critic_classic(num_obs, num_actions):
    def build(outputs, last_std):
        sizes = [num_obs, 64, 64, outputs]
        stds = [sqrt(2), sqrt(2), last_std]
        layers = []
        for n_in, n_out, s in zip(sizes[:-1], sizes[1:], stds):
            layers += [layer_init(nn.Linear(n_in, n_out), std=s), nn.Tanh()]
        return nn.Sequential(*layers)

    return build(num_actions, 0.01), build(1, 1.0)
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "discounted_returns": {
        "matrix of powers": """
def discounted_returns(rewards, gamma):
    t = torch.arange(len(rewards), device=rewards.device)
    ahead = t[None, :] - t[:, None]
    powers = torch.as_tensor(gamma, dtype=rewards.dtype, device=rewards.device) ** ahead.clamp(min=0)
    weights = torch.where(ahead >= 0, powers, torch.zeros_like(powers))
    return weights @ rewards
""",
        "itertools accumulate": """
from itertools import accumulate


def discounted_returns(rewards, gamma):
    backwards = accumulate(reversed(rewards.tolist()), lambda later, r: r + gamma * later)
    return torch.tensor(list(backwards)[::-1], dtype=rewards.dtype, device=rewards.device)
""",
        "dot product with each tail": """
def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    T = rewards.shape[0]
    weights = torch.tensor([gamma**k for k in range(T)], dtype=rewards.dtype, device=rewards.device)
    G = torch.empty_like(rewards)
    for start in range(T):
        G[start] = (rewards[start:] * weights[: T - start]).sum()
    return G
""",
        "doubling": """
def discounted_returns(rewards, gamma):
    sums = rewards.clone()  # sums of 1 reward, then of 2, 4, 8, ...
    width, factor = 1, gamma
    while width < len(rewards):
        later = torch.zeros_like(sums)
        later[:-width] = sums[width:]
        sums = sums + factor * later
        width, factor = 2 * width, factor * factor
    return sums
""",
    },
    "sample_actions": {
        "categorical": """
def sample_actions(logits):
    pi = torch.distributions.Categorical(logits=logits)
    a = pi.sample()
    return a, pi.log_prob(a)
""",
        "gumbel trick": """
def sample_actions(logits):
    with torch.no_grad():
        gumbel = -torch.empty_like(logits).exponential_().log()
        actions = (logits + gumbel).argmax(dim=1)
    logprobs = logits[torch.arange(len(logits)), actions] - torch.logsumexp(logits, dim=1)
    return actions, logprobs
""",
        "inverse of the cumulative distribution": """
def sample_actions(logits):
    log_p = logits - logits.logsumexp(-1, keepdim=True)
    cdf = log_p.detach().double().exp().cumsum(-1)
    u = torch.rand(len(logits), 1, dtype=torch.double, device=logits.device) * cdf[:, -1:]
    actions = (cdf <= u).sum(-1).clamp(max=logits.shape[-1] - 1)
    return actions, torch.take_along_dim(log_p, actions[:, None], dim=-1)[:, 0]
""",
        "row by row with numpy": """
def sample_actions(logits):
    rng = np.random.default_rng()
    actions, logprobs = [], []
    for row in logits:
        log_p = torch.log_softmax(row, dim=0)
        p = log_p.detach().cpu().double().exp().numpy()
        a = int(rng.choice(len(p), p=p / p.sum()))
        actions.append(a)
        logprobs.append(log_p[a])
    return torch.tensor(actions, device=logits.device), torch.stack(logprobs)
""",
    },
    "reinforce_loss": {
        "einsum": """
def reinforce_loss(logprobs, returns):
    return torch.einsum("b,b->", logprobs, returns.detach()) / -len(logprobs)
""",
        "weights under no_grad": """
def reinforce_loss(logprobs, returns):
    with torch.no_grad():
        weights = returns / -returns.numel()
    return (weights * logprobs).sum()
""",
        "loop over the steps": """
def reinforce_loss(logprobs, returns):
    total = logprobs.new_zeros(())
    numbers = returns.tolist()
    for logprob, g in zip(logprobs, numbers):
        total = total - g * logprob
    return total / len(numbers)
""",
        "weighted negative log-likelihood": """
def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    nll = torch.neg(logprobs)
    constants = returns.detach().clone()
    return torch.mean(constants * nll, dim=0)
""",
    },
    "layer_init": {
        "qr by hand": """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    weight = layer.weight
    rows, cols = weight.shape[0], weight[0].numel()
    q = torch.linalg.qr(torch.randn(max(rows, cols), min(rows, cols)))[0]
    if rows < cols:
        q = q.T
    with torch.no_grad():
        weight.copy_((std * q).reshape(weight.shape))
        layer.bias.fill_(bias_const)
    return layer
""",
        "singular vectors": """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    noise = torch.randn(layer.weight.shape).flatten(start_dim=1)
    u, _, vh = torch.linalg.svd(noise, full_matrices=False)
    layer.weight.data.copy_((u @ vh).mul(std).view_as(layer.weight))
    layer.bias.data[:] = bias_const
    return layer
""",
        "through the named parameters": """
def layer_init(layer, std=sqrt(2), bias_const=0.0):
    for name, parameter in layer.named_parameters():
        if name == "bias":
            nn.init.ones_(parameter).data.mul_(bias_const)
        else:
            nn.init.orthogonal_(parameter)
            parameter.data *= std
    return layer
""",
        "gram-schmidt": """
def _orthonormal_rows(rows, cols):
    basis = torch.zeros(0, cols, dtype=torch.double)
    while len(basis) < rows:
        v = torch.randn(cols, dtype=torch.double)
        for _ in range(2):
            v = v - basis.T @ (basis @ v)
        basis = torch.cat([basis, (v / v.norm())[None]])
    return basis


def layer_init(layer, std=sqrt(2), bias_const=0.0):
    outputs = layer.weight.shape[0]
    rest = layer.weight.numel() // outputs
    if outputs <= rest:
        flat = _orthonormal_rows(outputs, rest)
    else:
        flat = _orthonormal_rows(rest, outputs).T
    state = layer.state_dict()
    state["weight"] = (std * flat).reshape(layer.weight.shape)
    state["bias"] = torch.full(layer.bias.shape, float(bias_const))
    layer.load_state_dict(state)
    return layer
""",
    },
    "get_actor_and_critic_classic": {
        "helper with sizes": """
def get_actor_and_critic_classic(num_obs, num_actions):
    def mlp(*sizes, last_std):
        net = nn.Sequential()
        for i in range(len(sizes) - 1):
            last = i == len(sizes) - 2
            linear = nn.Linear(sizes[i], sizes[i + 1])
            net.append(layer_init(linear, std=last_std) if last else layer_init(linear))
            if not last:
                net.append(nn.Tanh())
        return net

    return mlp(num_obs, 64, 64, num_actions, last_std=0.01), mlp(num_obs, 64, 64, 1, last_std=1.0)
""",
        "plain networks, initialised afterwards": """
def get_actor_and_critic_classic(num_obs, num_actions):
    actor, critic = (
        nn.Sequential(nn.Linear(num_obs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, n))
        for n in (num_actions, 1)
    )
    for net, final in ((actor, 0.01), (critic, 1.0)):
        linears = [m for m in net.modules() if isinstance(m, nn.Linear)]
        for linear in linears:
            layer_init(linear)
        layer_init(linears[-1], std=final)
    return actor, critic
""",
        "named layers": """
from collections import OrderedDict


def get_actor_and_critic_classic(num_obs, num_actions):
    def network(head):
        return nn.Sequential(
            OrderedDict(
                first=layer_init(nn.Linear(num_obs, 64)),
                first_tanh=nn.Tanh(),
                second=layer_init(nn.Linear(64, 64)),
                second_tanh=nn.Tanh(),
                head=head,
            )
        )

    critic = network(layer_init(nn.Linear(64, 1), 1))
    actor = network(layer_init(nn.Linear(64, num_actions), 0.01))
    return actor, critic
""",
        "copy the body, then draw it afresh": """
import copy


def get_actor_and_critic_classic(num_obs, num_actions):
    width = 64
    body = nn.Sequential(nn.Linear(num_obs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
    nets = []
    for outputs, scale in [(num_actions, 1e-2), (1, 1e0)]:
        layers = copy.deepcopy(list(body))
        for layer in layers[::2]:
            nn.init.orthogonal_(layer.weight, gain=nn.init.calculate_gain("relu"))  # the square root of 2
            nn.init.zeros_(layer.bias)
        layers.append(layer_init(nn.Linear(width, outputs), std=scale))
        nets.append(nn.Sequential(*layers))
    return nets[0], nets[1]
""",
    },
}
