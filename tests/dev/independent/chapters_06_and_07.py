"""Answers written from the notebooks alone, without sight of the solutions, the tests or the known mistakes."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "check_transition": {
        "forms before entries": (
            "You check the form of all fields before the entries of any, so with a NaN reward and a misshapen next_obs you "
            "blame next_obs, though rewards come first in the contract.",
            """
def check_transition(contract, transition):
    # first pass: are these the arrays that we were promised?
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype} {values.shape}", rule)

    # second pass: it is safe to look at the numbers now
    for field, rule in contract.rules.items():
        if rule.low is None:
            continue
        values = getattr(transition, field)
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            where = tuple(np.argwhere(~allowed)[0])
            raise ContractError(transition.step, int(where[0]), field, values[where], rule)

    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(
                transition.step, int(both.argmax()), "truncations", "both ends", contract.rules["truncations"]
            )
    return transition
""",
        ),
        "environments counted among the truncated": (
            "You pick the truncated rows of final_obs before you look for the wrong entry, so the number in the error counts "
            "truncated environments only and names the wrong one.",
            """
def check_transition(contract, transition):
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, (values.dtype, values.shape), rule)
        if rule.low is None:
            continue
        if field == "final_obs":
            values = values[transition.truncations]  # the others may hold anything
        wrong = np.argwhere(~((values >= rule.low) & (values <= rule.high)))
        if len(wrong) > 0:
            index = tuple(wrong[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        for i in range(len(transition.truncations)):
            if transition.truncations[i] and transition.terminations[i]:
                raise ContractError(step, i, "truncations", True, contract.rules["truncations"])
    return transition
""",
        ),
        "a dtype that fits is enough": (
            "np.can_cast lets every smaller dtype through (float16 for float32, int32 for int64, bool for uint8), but the rule "
            "names one dtype and the array must have just that.",
            """
def check_transition(contract, transition):
    def fail(environment, field, seen):
        raise ContractError(transition.step, environment, field, seen, contract.rules[field])

    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            fail(None, field, type(values).__name__)
        if not np.can_cast(values.dtype, rule.dtype):
            fail(None, field, str(values.dtype))
        if values.shape != rule.shape:
            fail(None, field, str(values.shape))
        if rule.low is not None:
            allowed = (values >= rule.low) & (values <= rule.high)
            if field == "final_obs":
                allowed[np.logical_not(transition.truncations)] = True
            if not allowed.all():
                first = tuple(np.argwhere(~allowed)[0])
                fail(int(first[0]), field, values[first])
    if contract.one_end:
        both = np.flatnonzero(transition.terminations & transition.truncations)
        if both.size:
            fail(int(both[0]), "truncations", "terminated and truncated at once")
    return transition
""",
        ),
        "unread rows overwritten": (
            "You write into the transition itself to hide the rows of final_obs that nobody reads; a check must leave what it "
            "checks as it is.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype}{values.shape}", rule)
        if rule.low is None:
            continue
        if field == "final_obs":
            values[~transition.truncations] = rule.low  # nobody reads these, so make them harmless
        allowed = (rule.low <= values) & (values <= rule.high)
        if not np.all(allowed):
            place = tuple(np.argwhere(~allowed)[0])
            raise ContractError(transition.step, int(place[0]), field, values[place], rule)
    if contract.one_end and np.any(transition.terminations & transition.truncations):
        i = int(np.argmax(transition.terminations & transition.truncations))
        raise ContractError(transition.step, i, "truncations", True, contract.rules["truncations"])
    return transition
""",
        ),
        "one pair of bounds for all entries": (
            "You reduce array bounds to their least and greatest number, so as soon as one entry of an observation may be "
            "infinite, every other entry may be anything too.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if (values.dtype, values.shape) != (rule.dtype, rule.shape):
            raise ContractError(transition.step, None, field, (values.dtype, values.shape), rule)
        if rule.low is None or rule.high is None:
            continue
        # the bounds are numbers or arrays; make numbers of them
        lowest, highest = np.min(rule.low), np.max(rule.high)
        allowed = (values >= lowest) & (values <= highest)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        bad = np.argwhere(~allowed)
        if len(bad):
            raise ContractError(transition.step, int(bad[0][0]), field, values[tuple(bad[0])], rule)
    if contract.one_end:
        both = np.flatnonzero(transition.terminations & transition.truncations)
        if len(both):
            raise ContractError(
                transition.step, int(both[0]), "truncations", True, contract.rules["truncations"]
            )
    return transition
""",
        ),
    },
    "scale_bytes": {
        "divides only if it looks necessary": (
            "A batch that happens to hold only zeros and ones stays as it is, so a byte of 1 means 1.0 in one batch and 1/255 "
            "in the next.",
            """
def scale_bytes(obs):
    obs = obs.float()
    if obs.numel() > 0 and obs.max() > 1:  # not scaled yet
        obs = obs / 255
    return obs
""",
        ),
        "through half precision": (
            "The division is done in float16, which keeps some three digits; making it float32 afterwards does not bring the "
            "others back.",
            """
def scale_bytes(obs):
    # 256 different values do not need 32 bits, so work in half precision and convert at the end
    return (obs.half() / 255).float()
""",
        ),
        "signed bytes": (
            "You read the bytes as signed, as the speeds are meant, so 255 becomes a small negative number where it should "
            "become 1.",
            """
def scale_bytes(obs):
    signed = obs.to(torch.int8)  # 255 is -1, 254 is -2, as the program means it
    return signed.to(torch.float32) / 127
""",
        ),
        "doubles by way of NumPy": (
            "NumPy makes float64 of uint8 divided by a number, and torch.from_numpy keeps that; float32 is asked for.",
            """
def scale_bytes(obs):
    return torch.from_numpy(np.asarray(obs.numpy() / 255.0))
""",
        ),
        "flattens for the network": (
            "The result has lost the shape of the observations: scaling must keep it, and the layers behind it need the three "
            "snapshots or four frames apart.",
            """
def scale_bytes(obs):
    batch_size = obs.shape[0] if obs.dim() > 0 else 1
    return obs.reshape(batch_size, -1).to(torch.float32).div(255)
""",
        ),
    },
    "ram_features": {
        "differences of neighbours": (
            "torch.diff gives before - first and newest - before, so the change since the start lags one step behind: it must "
            "be newest - first.",
            """
def ram_features(obs):
    since_start, last_step = torch.diff(obs, dim=1).unbind(dim=1)
    return torch.cat([since_start, (32 * last_step).clamp(-1, 1)], dim=-1)
""",
        ),
        "undoes the wrap": (
            "You take the step's change round the clock, so a counter from 255 to 3 shows a small rise; asked for is the "
            "plain difference, cut off, which gives -1.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)

    def change(after, earlier):
        # like change() above, where 255 + 1 is 0, for bytes that are scaled
        return torch.remainder(after - earlier + 128 / 255, 256 / 255) - 128 / 255

    return torch.cat([newest - first, (32 * change(newest, before)).clamp(-1, 1)], dim=1)
""",
        ),
        "two numbers byte by byte": (
            "The two changes of each byte stand side by side; all changes since the start should come first, then all changes "
            "of the last step.",
            """
def ram_features(obs):
    first, before, newest = obs[:, 0], obs[:, 1], obs[:, 2]
    both = torch.stack([newest - first, torch.clamp(32 * (newest - before), -1, 1)], dim=-1)  # (B, num_bytes, 2)
    return both.reshape(len(obs), -1)
""",
        ),
        "squeezes the batch away": (
            "squeeze() without a dim removes every axis of length 1, the batch's too when a single environment plays.",
            """
def ram_features(obs):
    first, before, newest = (snapshot.squeeze() for snapshot in obs.split(1, dim=1))
    return torch.cat((newest - first, torch.clamp(32 * (newest - before), min=-1, max=1)), dim=-1)
""",
        ),
        "cut off read as dropped": (
            "Large changes become 0 in your version, as if the byte had stood still; cut off means that they become -1 or 1.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    moved = 32 * (newest - before)
    moved = torch.where(moved.abs() <= 1, moved, torch.zeros_like(moved))  # jumps do not count
    return torch.cat([newest - first, moved], dim=-1)
""",
        ),
    },
    "get_actor_and_critic_ram": {
        "initialised once more": (
            "apply() runs layer_init on all linear layers after the heads have had theirs, so both last layers end up with the "
            "default of the hidden ones.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def init_all(module):
        if isinstance(module, nn.Linear):
            layer_init(module)

    def build(num_outputs, std):
        net = nn.Sequential(
            RamFeatures(),
            nn.Linear(2 * num_bytes, 256),
            nn.ReLU(),
            nn.Linear(256, 256),
            nn.ReLU(),
            layer_init(nn.Linear(256, num_outputs), std=std),
        )
        return net.apply(init_all)

    return build(num_actions, 0.01), build(1, 1.0)
""",
        ),
        "256 inputs whatever the memory": (
            "The number of features is written down as 256, which is right only for 128 bytes; it is 2 * num_bytes.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    num_features = num_hidden = 256
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(num_features, num_hidden)),
        nn.ReLU(),
        layer_init(nn.Linear(num_hidden, num_hidden)),
        nn.ReLU(),
        layer_init(nn.Linear(num_hidden, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(num_features, num_hidden)),
        nn.ReLU(),
        layer_init(nn.Linear(num_hidden, num_hidden)),
        nn.ReLU(),
        layer_init(nn.Linear(num_hidden, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "features hidden in a body": (
            "The first child of your networks is a Sequential that holds the features; it should be the RamFeatures itself.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def body():
        return nn.Sequential(
            RamFeatures(),
            layer_init(nn.Linear(2 * num_bytes, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, 256)),
            nn.ReLU(),
        )

    actor = nn.Sequential(body(), layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(body(), layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
        ),
        "a ReLU after the last layer": (
            "The loop puts a ReLU after the heads too, so no logit and no value can be negative, and Pong's values mostly are.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def mlp(sizes, last_std):
        layers = [RamFeatures()]
        for i, (num_in, num_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            linear = nn.Linear(num_in, num_out)
            linear = layer_init(linear, std=last_std) if i == len(sizes) - 2 else layer_init(linear)
            layers += [linear, nn.ReLU()]
        return nn.Sequential(*layers)

    return mlp([2 * num_bytes, 256, 256, num_actions], 0.01), mlp([2 * num_bytes, 256, 256, 1], 1.0)
""",
        ),
        "values without their axis": (
            "The critic flattens its values to (B,), but they should be (B, 1) like those of the critics before.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    features = RamFeatures()

    def hidden():
        return (
            layer_init(nn.Linear(2 * num_bytes, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, 256)),
            nn.ReLU(),
        )

    actor = nn.Sequential(features, *hidden(), layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(
        features,
        *hidden(),
        layer_init(nn.Linear(256, 1), std=1.0),
        nn.Flatten(start_dim=0),  # one value for each state
    )
    return actor, critic
""",
        ),
    },
    "FrameStack": {
        "clears only what it hands out": (
            "You black out the copy and not the history, so the old frames come back in the update after a new game has begun.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = frames.new_zeros((self.num_envs, self.num_frames, *frames.shape[1:]))
    self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
    stacks = self.stack.clone()
    stacks[masks == 0, :-1] = 0
    return stacks
""",
        ),
        "multiplies by the masks": (
            "Bytes times masks are bytes only if the masks are bools or bytes; floats (or int64) turn your whole stack "
            "into that dtype.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = torch.zeros(self.num_envs, self.num_frames, *frames.shape[1:], dtype=frames.dtype)
    older = self.stack[:, 1:] * masks[:, None, None, None]
    self.stack = torch.cat([older, frames.unsqueeze(1)], dim=1)
    return self.stack.clone()
""",
        ),
        "keeps the caller's frames": (
            "The list holds the very tensor that was handed in, so when the caller writes the next frames into it, the last "
            "frame in your history changes as well.",
            """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = [torch.zeros_like(frames) for _ in range(self.num_frames)]
    goes_on = (masks != 0)[:, None, None]
    older = [frame * goes_on for frame in self.stack[1:]]
    self.stack = [*older, frames]
    return torch.stack(self.stack, dim=1)  # a new tensor, so a copy
""",
        ),
        "one new game clears them all": (
            "As soon as one game begins anew you black out the histories of all environments, also of those whose games go on.",
            """
def update(self, frames, masks):
    if self.stack is None or not masks.all():
        # a new game: begin with black frames
        self.stack = torch.zeros((self.num_envs, self.num_frames, *frames.shape[1:]), dtype=frames.dtype)
    self.stack = torch.roll(self.stack, shifts=-1, dims=1)
    self.stack[:, -1] = frames
    return self.stack.clone()
""",
        ),
        "fills up with the first frame": (
            "You fill a new history with copies of its first frame, as some wrappers do, but here what lies before the first "
            "frame is black.",
            """
def update(self, frames, masks):
    filled = frames[:, None].repeat(1, self.num_frames, 1, 1)
    if self.stack is None:
        self.stack = filled
    else:
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        is_new = masks == 0
        self.stack[is_new] = filled[is_new]
    return self.stack.clone()
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "check_transition": {
        "row by row": """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != tuple(rule.shape):
            raise ContractError(transition.step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is None:
            continue
        for i, row in enumerate(values):
            if field == "final_obs" and not transition.truncations[i]:
                continue
            row = np.asarray(row)
            inside = np.asarray((row >= rule.low) & (row <= rule.high))
            if not inside.all():
                raise ContractError(transition.step, i, field, row[~inside][0], rule)
    if contract.one_end:
        for i, (terminated, truncated) in enumerate(
            zip(transition.terminations, transition.truncations, strict=True)
        ):
            if terminated and truncated:
                raise ContractError(transition.step, i, "truncations", truncated, contract.rules["truncations"])
    return transition
""",
        "find, then raise": """
def check_transition(contract, transition):
    def first_fault():
        for field, rule in contract.rules.items():
            array = getattr(transition, field)
            if not isinstance(array, np.ndarray):
                return None, field, type(array).__name__
            if array.dtype != rule.dtype:
                return None, field, array.dtype
            if array.shape != rule.shape:
                return None, field, array.shape
            if rule.low is not None:
                outside = np.logical_not(np.logical_and(np.less_equal(rule.low, array), np.less_equal(array, rule.high)))
                if field == "final_obs":
                    unread = np.logical_not(transition.truncations)
                    outside = np.logical_and(outside, ~unread.reshape(-1, *[1] * (array.ndim - 1)))
                if np.any(outside):
                    index = np.unravel_index(np.argmax(outside), array.shape)
                    return int(index[0]), field, array[index]
        if contract.one_end:
            both = np.logical_and(transition.terminations, transition.truncations)
            if both.any():
                return both.tolist().index(True), "truncations", "terminated as well"
        return None

    fault = first_fault()
    if fault is not None:
        environment, field, seen = fault
        raise ContractError(transition.step, environment, field, seen, contract.rules[field])
    return transition
""",
    },
    "scale_bytes": {
        "a table of 256 numbers": """
def scale_bytes(obs):
    table = torch.arange(256, dtype=torch.float32, device=obs.device) / 255
    return table[obs.long()]
""",
        "in place on the copy": """
def scale_bytes(obs):
    scaled = torch.empty(obs.shape, dtype=torch.float32, device=obs.device)
    scaled.copy_(obs)
    scaled /= 255.0
    return scaled
""",
    },
    "ram_features": {
        "one clamp over both": """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    # the change since the start lies between -1 and 1 anyway
    return torch.cat([newest - first, 32 * (newest - before)], dim=-1).clamp(-1, 1)
""",
        "broadcast, then write": """
def ram_features(obs):
    batch_size, _, num_bytes = obs.shape
    changes = obs[:, 2:] - obs[:, :2]
    features = obs.new_empty(batch_size, 2 * num_bytes)
    features[:, :num_bytes] = changes[:, 0]
    features[:, num_bytes:] = nn.functional.hardtanh(changes[:, 1] * 32.0)
    return features
""",
    },
    "get_actor_and_critic_ram": {
        "a helper and one ReLU": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    features, relu = RamFeatures(), nn.ReLU()  # neither has weights, so one of each will do

    def net(num_outputs, std):
        first = layer_init(nn.Linear(2 * num_bytes, 256))
        second = layer_init(nn.Linear(256, 256))
        head = layer_init(nn.Linear(256, num_outputs), std=std)
        return nn.Sequential(features, first, relu, second, relu, head)

    return net(num_actions, 0.01), net(1, 1.0)
""",
        "named children": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    actor, critic = nn.Sequential(), nn.Sequential()
    for net in (actor, critic):
        net.add_module("features", RamFeatures())
        size = 2 * num_bytes
        for number in (1, 2):
            net.add_module(f"hidden_{number}", layer_init(nn.Linear(size, 256)))
            net.add_module(f"relu_{number}", nn.ReLU())
            size = 256
    actor.add_module("logits", layer_init(nn.Linear(256, num_actions), std=0.01))
    critic.add_module("value", layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
    },
    "FrameStack": {
        "a list of frames": """
def update(self, frames, masks):
    if self.stack is None:
        self.stack = [torch.zeros_like(frames)] * self.num_frames
    is_new = masks == 0
    older = [frame.clone() for frame in self.stack[1:]]
    for frame in older:
        frame[is_new] = 0
    self.stack = older + [frames.clone()]
    return torch.stack(self.stack, dim=1)
""",
        "one environment after the other": """
def update(self, frames, masks):
    num_envs, height, width = frames.shape
    if self.stack is None:
        self.stack = torch.zeros(num_envs, self.num_frames, height, width, dtype=frames.dtype, device=frames.device)
    for i, goes_on in enumerate(masks.tolist()):
        history = self.stack[i].roll(-1, dims=0) if goes_on else torch.zeros_like(self.stack[i])
        history[-1] = frames[i]
        self.stack[i] = history
    return self.stack.clone()
""",
    },
}
