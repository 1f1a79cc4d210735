"""Answers by readers of the notebooks alone, the second list."""

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "check_transition": {
        "NaN slips through": (
            "You look for entries that are below the low or above the high bound, and NaN is neither, so NaN is let through.",
            """
def check_transition(contract, transition):
    for name, rule in contract.rules.items():
        arr = getattr(transition, name)
        if not isinstance(arr, np.ndarray):
            raise ContractError(transition.step, None, name, type(arr).__name__, rule)
        if arr.dtype != rule.dtype or arr.shape != rule.shape:
            raise ContractError(transition.step, None, name, f"{arr.dtype} {arr.shape}", rule)
        if rule.low is None:
            continue
        bad = (arr < rule.low) | (arr > rule.high)
        if name == "final_obs":
            bad[~transition.truncations] = False
        if bad.any():
            where = tuple(np.argwhere(bad)[0])
            raise ContractError(transition.step, int(where[0]), name, arr[where], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(transition.step, int(both.argmax()), "truncations", "both", "one end")
    return transition
""",
        ),
        "final_obs read in every finished row": (
            "You check final_obs in all rows where an episode ended, also in those that only terminated, where it may hold anything.",
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
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            done = transition.terminations | transition.truncations
            allowed[~done] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = np.flatnonzero(transition.terminations & transition.truncations)
        if len(both):
            raise ContractError(step, int(both[0]), "truncations", "both ends", "at most one end")
    return transition
""",
        ),
        "a bound of 0 counts as no bound": (
            "You test `not rule.low` in the place of `rule.low is None`, so a rule with the lower bound 0 is never checked, and one with an array as bound crashes.",
            """
def check_transition(contract, transition):
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype}, {values.shape}", rule)
        if not rule.low:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(np.argmax(both)), "truncations", True, False)
    return transition
""",
        ),
        "index in the flattened array as environment": (
            "You name the position in the flattened array as the environment, which is right only where each environment has a single number.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        x = getattr(transition, field)
        if not isinstance(x, np.ndarray):
            raise ContractError(transition.step, None, field, type(x).__name__, rule)
        if (x.dtype, x.shape) != (rule.dtype, rule.shape):
            raise ContractError(transition.step, None, field, f"{x.dtype} of shape {x.shape}", rule)
        if rule.low is not None:
            ok = np.logical_and(x >= rule.low, x <= rule.high)
            if field == "final_obs":
                ok[np.logical_not(transition.truncations)] = True
            if not np.all(ok):
                first = int(np.argmin(ok))
                raise ContractError(transition.step, first, field, x.flat[first], rule)
    if contract.one_end:
        twice = np.logical_and(transition.terminations, transition.truncations)
        if np.any(twice):
            raise ContractError(transition.step, int(np.argmax(twice)), "truncations", "twice", "once")
    return transition
""",
        ),
        "one_end looked at before the fields": (
            "You look for both ends before you go through the rules, so a transition with a bad reward as well is reported for its truncations instead.",
            """
def check_transition(contract, transition):
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            env = int(np.flatnonzero(both)[0])
            raise ContractError(transition.step, env, "truncations", "terminated and truncated", "only one of them")
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            idx = tuple(np.argwhere(~allowed)[0])
            raise ContractError(transition.step, int(idx[0]), field, values[idx], rule)
    return transition
""",
        ),
        "ends of different environments together": (
            "You raise when some environment terminates and some environment truncates, even if these are two different environments.",
            """
def check_transition(contract, transition):
    t = transition
    for field, rule in contract.rules.items():
        values = getattr(t, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(t.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(t.step, None, field, f"{values.dtype}{values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~t.truncations] = True
        if not allowed.all():
            i = tuple(np.argwhere(~allowed)[0])
            raise ContractError(t.step, int(i[0]), field, values[i], rule)
    if contract.one_end and t.terminations.any() and t.truncations.any():
        raise ContractError(t.step, int(np.argmax(t.truncations)), "truncations", "both", "one")
    return t
""",
        ),
        "all formats first, then all entries": (
            "You check type, dtype and shape of all fields before any entries, so a later field's wrong dtype is reported before an earlier field's wrong entry.",
            """
def check_transition(contract, transition):
    step = transition.step
    # first the outside of everything
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, f"{values.dtype} {values.shape}", rule)
    # now the entries
    for field, rule in contract.rules.items():
        if rule.low is None:
            continue
        values = getattr(transition, field)
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "both", "one")
    return transition
""",
        ),
        "only the kind of the dtype": (
            "You compare only the kind of the dtype (float, integer, bool), so float64 is let through where float32 was announced.",
            """
def check_transition(contract, transition):
    def complain(env, field, seen, allowed):
        raise ContractError(transition.step, env, field, seen, allowed)

    for field, rule in contract.rules.items():
        data = getattr(transition, field)
        if not isinstance(data, np.ndarray):
            complain(None, field, type(data).__name__, rule)
        same_kind = data.dtype.kind == np.dtype(rule.dtype).kind
        if not same_kind or data.shape != tuple(rule.shape):
            complain(None, field, f"{data.dtype} {data.shape}", rule)
        if rule.low is None:
            continue
        allowed = (rule.low <= data) & (data <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            where = tuple(np.argwhere(~allowed)[0])
            complain(int(where[0]), field, data[where], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            complain(int(both.argmax()), "truncations", "both ends", "one end")
    return transition
""",
        ),
        "environment counted among the truncated rows": (
            "You keep only the truncated rows of final_obs and then name the index in what is left, which is not the environment's number.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"dtype {values.dtype}, shape {values.shape}", rule)
        if rule.low is None:
            continue
        if field == "final_obs":
            values = values[transition.truncations]
        wrong = np.argwhere(~((values >= rule.low) & (values <= rule.high)))
        if len(wrong) > 0:
            env, *rest = wrong[0]
            raise ContractError(transition.step, int(env), field, values[(env, *rest)], rule)
    if contract.one_end:
        both = np.flatnonzero(transition.terminations & transition.truncations)
        if both.size:
            raise ContractError(transition.step, int(both[0]), "truncations", "both", "one")
    return transition
""",
        ),
        "overwrites the unread rows of final_obs": (
            "You fill the rows of final_obs that nobody reads with the lower bound, in the transition's own array, although the transition has to be left as it is.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is None:
            continue
        if field == "final_obs":
            values[~transition.truncations] = rule.low  # nobody reads these
        allowed = (values >= rule.low) & (values <= rule.high)
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(transition.step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(transition.step, int(np.argmax(both)), "truncations", "both", "one of them")
    return transition
""",
        ),
        "stops at the first field without bounds": (
            "You leave the loop at the first rule that has no bounds, so no field after it is checked at all.",
            """
def check_transition(contract, transition):
    step = transition.step
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(step, None, field, str(values.dtype) + str(values.shape), rule)
        if rule.low is None or rule.high is None:
            break
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not np.all(allowed):
            pos = tuple(np.argwhere(~allowed)[0])
            raise ContractError(step, int(pos[0]), field, values[pos], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if np.any(both):
            raise ContractError(step, int(np.argmax(both)), "truncations", "both", "one")
    return transition
""",
        ),
        "takes final_obs out of the contract": (
            "You pop the rule for final_obs out of the caller's contract to treat it on its own, so from the second call on final_obs is not checked any more.",
            """
def check_transition(contract, transition):
    def outside(field, rule):
        v = getattr(transition, field)
        if not isinstance(v, np.ndarray):
            raise ContractError(transition.step, None, field, type(v).__name__, rule)
        if v.dtype != rule.dtype or v.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{v.dtype} {v.shape}", rule)
        return v

    def entries(field, rule, v, ok):
        if not ok.all():
            i = tuple(np.argwhere(~ok)[0])
            raise ContractError(transition.step, int(i[0]), field, v[i], rule)

    rules = contract.rules
    final_rule = rules.pop("final_obs", None)
    for field, rule in rules.items():
        v = outside(field, rule)
        if rule.low is not None:
            entries(field, rule, v, (v >= rule.low) & (v <= rule.high))
    if final_rule is not None:
        v = outside("final_obs", final_rule)
        if final_rule.low is not None:
            ok = (v >= final_rule.low) & (v <= final_rule.high)
            ok[~transition.truncations] = True
            entries("final_obs", final_rule, v, ok)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(transition.step, int(both.argmax()), "truncations", "both", "one")
    return transition
""",
        ),
        "makes an array of whatever comes": (
            "You turn the value into an array with np.asarray before you look at it, so a list of the right numbers, or a tensor, is taken for an array.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        raw = getattr(transition, field)
        try:
            values = np.asarray(raw)
        except Exception:
            raise ContractError(transition.step, None, field, type(raw).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype}, {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~np.asarray(transition.truncations)] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(transition.step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = np.logical_and(transition.terminations, transition.truncations)
        if both.any():
            raise ContractError(transition.step, int(both.argmax()), "truncations", "both", "one")
    return transition
""",
        ),
        "NaN refused in rows nobody reads": (
            "You refuse NaN in a test of its own on the whole array, so NaN in the rows of final_obs that did not truncate is an error too.",
            """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is None:
            continue
        outside = (values < rule.low) | (values > rule.high)
        if field == "final_obs":
            outside[~transition.truncations] = False
        bad = outside | np.isnan(values)
        if bad.any():
            index = tuple(np.argwhere(bad)[0])
            raise ContractError(transition.step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(transition.step, int(both.argmax()), "truncations", "both", "one end")
    return transition
""",
        ),
    },
    "scale_bytes": {
        "256ths": (
            "You divide by 256, so 255 becomes 0.996 and not 1.",
            """
def scale_bytes(obs):
    return obs.float() / 256
""",
        ),
        "divides by the largest byte of the batch": (
            "You divide by the largest byte of this tensor, so the same byte means different numbers in different batches (and all zeros give NaN).",
            """
def scale_bytes(obs):
    obs = obs.to(torch.float32)
    return obs / obs.max()
""",
        ),
        "double": (
            "You go through NumPy with float64 numbers, so the result is float64 and not float32.",
            """
def scale_bytes(obs):
    scaled = obs.numpy().astype(float) / 255.0
    return torch.from_numpy(scaled)
""",
        ),
        "divides the bytes in place": (
            "You divide the uint8 tensor in place, which PyTorch refuses, because the result cannot be put back into bytes.",
            """
def scale_bytes(obs):
    obs.div_(255)
    return obs.float()
""",
        ),
        "whole-number division": (
            "You divide with //, which rounds down, so everything below 255 becomes 0.",
            """
def scale_bytes(obs):
    return (obs // 255).float()
""",
        ),
        "divides in half precision": (
            "You divide in float16 and make float32 of it afterwards, so the numbers have only three digits that are right.",
            """
def scale_bytes(obs):
    # half saves memory, and 0..255 fit exactly
    small = obs.half() / 255
    return small.to(torch.float32)
""",
        ),
        "to -1 and 1": (
            "You scale to the range from -1 to 1, so 0 becomes -1 and not 0.",
            """
def scale_bytes(obs):
    return obs.float() / 127.5 - 1.0
""",
        ),
        "signed bytes": (
            "You read the bytes as signed numbers first, so everything from 128 on becomes negative.",
            """
def scale_bytes(obs):
    signed = obs.to(torch.int8)
    return signed.to(torch.float32).div(255)
""",
        ),
        "takes small bytes for scaled ones": (
            "You return the tensor undivided if its largest entry is at most 1, but bytes of 0 and 1 are still bytes: 1 has to become 1/255.",
            """
def scale_bytes(obs):
    x = obs.float()
    if x.numel() > 0 and x.max() <= 1:  # has been scaled already
        return x
    return x / 255
""",
        ),
        "one buffer for all calls": (
            "You write the result into a buffer that is kept for each shape, so the next call with the same shape overwrites what you returned before.",
            """
_buffers = {}


def scale_bytes(obs):
    key = tuple(obs.shape), obs.device
    if key not in _buffers:
        _buffers[key] = torch.empty(obs.shape, dtype=torch.float32, device=obs.device)
    out = _buffers[key]
    out.copy_(obs)
    out /= 255
    return out
""",
        ),
        "row by row": (
            "You go over the rows one by one, which crashes for a tensor without dimensions, although any shape is promised.",
            """
def scale_bytes(obs):
    out = torch.zeros(obs.shape, dtype=torch.float32, device=obs.device)
    for i, row in enumerate(obs):
        out[i] = row.float() / 255.0
    return out
""",
        ),
        "loses dimensions of size 1": (
            "You squeeze the result, so a batch of one observation, or one channel, loses a dimension.",
            """
def scale_bytes(obs):
    return torch.squeeze(obs.type(torch.float32) * (1.0 / 255.0))
""",
        ),
        "flattens each observation": (
            "You flatten everything behind the first dimension, so the shape is not that of the input.",
            """
def scale_bytes(obs):
    flat = obs.reshape(obs.shape[0], -1) if obs.dim() > 1 else obs
    return flat.float() / 255
""",
        ),
        "stretches each row to the full range": (
            "You subtract the smallest byte of each row and divide by its range, so the same byte becomes a different number in each row.",
            """
def scale_bytes(obs):
    x = obs.float()
    if x.dim() == 0:
        return x / 255
    low = x.amin(dim=-1, keepdim=True)
    high = x.amax(dim=-1, keepdim=True)
    return (x - low) / (high - low).clamp(min=1)
""",
        ),
    },
    "ram_features": {
        "last step first": (
            "You put the changes of the last step before the changes since the start.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    step = (32 * (newest - before)).clamp(-1, 1)
    return torch.cat([step, newest - first], dim=-1)
""",
        ),
        "cuts off, then multiplies": (
            "You cut off at -1 and 1 before you multiply by 32, so the feature goes up to 32.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    since_start = newest - first
    last_step = 32 * torch.clamp(newest - before, -1, 1)
    return torch.cat((since_start, last_step), dim=-1)
""",
        ),
        "both halves times 32": (
            "You multiply and cut off the change since the start as well, where only the last step's change is meant.",
            """
def ram_features(obs):
    start, prev, now = obs[:, 0], obs[:, 1], obs[:, 2]
    changes = torch.cat([now - start, now - prev], dim=1)
    return (32 * changes).clamp(-1, 1)
""",
        ),
        "differences of neighbours": (
            "You use torch.diff, whose first difference is that between the snapshot before and the first one, not that between the newest and the first.",
            """
def ram_features(obs):
    d = torch.diff(obs, dim=1)  # (B, 2, num_bytes)
    return torch.cat([d[:, 0], (d[:, 1] * 32).clamp(-1.0, 1.0)], dim=-1)
""",
        ),
        "the two changes of a byte side by side": (
            "You put the two changes of each byte next to each other, where first all changes since the start belong and then all of the last step.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(1)
    total = newest - first
    recent = ((newest - before) * 32).clamp(-1, 1)
    return torch.stack([total, recent], dim=-1).flatten(1)
""",
        ),
        "unpacks along the batch": (
            "You unpack the tensor itself, which takes it apart along the batch: an error for most batch sizes, and nonsense for a batch of three.",
            """
def ram_features(obs):
    first, before, newest = obs
    since_start = newest - first
    last_step = torch.clamp(32 * (newest - before), min=-1, max=1)
    return torch.cat([since_start, last_step], dim=-1)
""",
        ),
        "subtracts inside the observations": (
            "You subtract in place, and since the snapshots are views you change the caller's observations.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    last_step = (32 * (newest - before)).clamp_(-1, 1)
    newest -= first
    return torch.cat([newest, last_step], dim=-1)
""",
        ),
        "tanh for the cut": (
            "You squash with tanh in the place of cutting off, which changes also the values between -1 and 1.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    return torch.cat([newest - first, torch.tanh(32 * (newest - before))], dim=-1)
""",
        ),
        "undoes the wrap": (
            "You undo the wrap from 255 to 0 before you multiply, so a counter from 255 to 3 gives 0.5 where the features promise -1.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    step = newest - before
    period = 256 / 255
    step = torch.where(step > period / 2, step - period, step)
    step = torch.where(step < -period / 2, step + period, step)
    return torch.cat([newest - first, (32 * step).clamp(-1, 1)], dim=-1)
""",
        ),
        "squeezes a batch of one": (
            "You squeeze the result, so a batch of one observation comes back without its batch dimension.",
            """
def ram_features(obs):
    first, before, newest = torch.split(obs, 1, dim=1)
    long_term = newest - first
    short_term = (32.0 * (newest - before)).clamp(-1.0, 1.0)
    return torch.cat([long_term, short_term], dim=2).squeeze()
""",
        ),
        "takes three neighbouring bytes for the snapshots": (
            "You reshape to (B, num_bytes, 3), which does not move the snapshots to the end but mixes neighbouring bytes.",
            """
def ram_features(obs):
    batch, _, num_bytes = obs.shape
    per_byte = obs.reshape(batch, num_bytes, 3)
    change = per_byte[..., 2] - per_byte[..., 0]
    speed = (per_byte[..., 2] - per_byte[..., 1]).mul(32).clamp(-1, 1)
    return torch.cat([change, speed], dim=-1)
""",
        ),
        "cut off only above": (
            "You cut off only at 1, so a byte that falls a long way gives a number far below -1.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    motion = torch.minimum(32 * (newest - before), torch.ones_like(newest))
    return torch.hstack([newest - first, motion])
""",
        ),
        "always 128 bytes": (
            "You take it that the second half begins at column 128, which is right only for a memory of 128 bytes.",
            """
def ram_features(obs):
    first, before, newest = obs.unbind(dim=1)
    features = torch.cat([newest - first, newest - before], dim=-1)
    features[:, 128:] = (features[:, 128:] * 32).clamp(-1, 1)
    return features
""",
        ),
        "the first game's start for all": (
            "You subtract the first snapshot of row 0 from every row, but each row has a first snapshot of its own.",
            """
def ram_features(obs):
    start = obs[0, 0]  # where the game began
    newest, before = obs[:, 2], obs[:, 1]
    return torch.cat([newest - start, (32 * (newest - before)).clamp(-1, 1)], dim=-1)
""",
        ),
    },
    "get_actor_and_critic_ram": {
        "as many inputs as bytes": (
            "You give the first linear layer num_bytes inputs, but RamFeatures gives two numbers for each byte, so the first forward pass crashes.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(num_bytes, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(num_bytes, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "one list of hidden layers for both": (
            "You put the same hidden layers into both networks, so they share their weights and are not separate.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    hidden = [
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
    ]
    actor = nn.Sequential(*hidden, layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(*hidden, layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
        ),
        "the last layer's std in every layer": (
            "You initialise the hidden layers with the std of the last layer, where they should have layer_init's default.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def mlp(outputs, std):
        sizes = [2 * num_bytes, 256, 256, outputs]
        layers = [RamFeatures()]
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            layers += [layer_init(nn.Linear(n_in, n_out), std=std), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    return mlp(num_actions, 0.01), mlp(1, 1.0)
""",
        ),
        "the last layers are initialised again": (
            "You initialise the last layers with their own std and then go over all linear layers with the default, which overwrites it.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    actor = nn.Sequential(
        RamFeatures(), nn.Linear(2 * num_bytes, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, num_actions)
    )
    critic = nn.Sequential(
        RamFeatures(), nn.Linear(2 * num_bytes, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1)
    )
    layer_init(actor[-1], std=0.01)
    layer_init(critic[-1], std=1.0)
    for net in (actor, critic):
        for module in net:
            if isinstance(module, nn.Linear):
                layer_init(module)
    return actor, critic
""",
        ),
        "ReLU after the last layer too": (
            "You put a ReLU after every linear layer, the last one included, so no logit and no value can be negative.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def block(i, o, **init):
        return [layer_init(nn.Linear(i, o), **init), nn.ReLU()]

    actor = nn.Sequential(
        RamFeatures(), *block(2 * num_bytes, 256), *block(256, 256), *block(256, num_actions, std=0.01)
    )
    critic = nn.Sequential(
        RamFeatures(), *block(2 * num_bytes, 256), *block(256, 256), *block(256, 1, std=1.0)
    )
    return actor, critic
""",
        ),
        "probabilities for logits": (
            "You end the actor with a softmax, so it returns probabilities where logits are promised.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    features = RamFeatures()
    width = 256
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(num_bytes * 2, width)),
        nn.ReLU(),
        layer_init(nn.Linear(width, width)),
        nn.ReLU(),
        layer_init(nn.Linear(width, num_actions), std=0.01),
        nn.Softmax(dim=-1),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(num_bytes * 2, width)),
        nn.ReLU(),
        layer_init(nn.Linear(width, width)),
        nn.ReLU(),
        layer_init(nn.Linear(width, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "a value for each action": (
            "You give the critic num_actions outputs, as in Q-learning, where one value for each observation is wanted.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    nets = []
    for std in (0.01, 1.0):
        nets.append(
            nn.Sequential(
                RamFeatures(),
                layer_init(nn.Linear(2 * num_bytes, 256)),
                nn.ReLU(),
                layer_init(nn.Linear(256, 256)),
                nn.ReLU(),
                layer_init(nn.Linear(256, num_actions), std=std),
            )
        )
    actor, critic = nets
    return actor, critic
""",
        ),
        "values without their column": (
            "You flatten the critic's output, so the values have shape (B,) and not (B, 1).",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def body():
        return [
            RamFeatures(),
            layer_init(nn.Linear(2 * num_bytes, 256)), nn.ReLU(),
            layer_init(nn.Linear(256, 256)), nn.ReLU(),
        ]

    actor = nn.Sequential(*body(), layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(*body(), layer_init(nn.Linear(256, 1), std=1.0), nn.Flatten(0))
    return actor, critic
""",
        ),
        "256 inputs whatever num_bytes is": (
            "You write 256 inputs into the first layer and ignore num_bytes, so the networks fit only a memory of 128 bytes.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    ramfeat = RamFeatures()

    def net(n_out, std):
        return nn.Sequential(
            ramfeat,
            layer_init(nn.Linear(256, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, n_out), std=std),
        )

    return net(num_actions, 0.01), net(1, 1.0)
""",
        ),
        "the features one level too deep": (
            "You nest the trunk in a Sequential of its own, so the first child of each network is that Sequential and not a RamFeatures.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def make_trunk():
        return nn.Sequential(
            RamFeatures(),
            layer_init(nn.Linear(2 * num_bytes, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, 256)),
            nn.ReLU(),
        )

    actor = nn.Sequential(make_trunk(), layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(make_trunk(), layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
        ),
        "the same networks at every call": (
            "You cache the function, so a second call returns the networks of the first, trained as they may be by then, and builds nothing.",
            """
from functools import lru_cache


@lru_cache(maxsize=None)
def get_actor_and_critic_ram(num_bytes, num_actions):
    features = RamFeatures()

    def build(out, std):
        return nn.Sequential(
            features,
            layer_init(nn.Linear(2 * num_bytes, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, 256)),
            nn.ReLU(),
            layer_init(nn.Linear(256, out), std=std),
        )

    return build(num_actions, 0.01), build(1, 1.0)
""",
        ),
        "the std given as the bias": (
            "You pass the last layers' numbers as bias_const, so their weights keep the default std and their biases are 0.01 and 1.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    actor = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), bias_const=0.01),
    )
    critic = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 1), bias_const=1.0),
    )
    return actor, critic
""",
        ),
        "the critic sees plain bytes": (
            "You give the critic the three flattened snapshots in the place of the features, which both networks should have in front.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    actor = nn.Sequential(
        RamFeatures(),
        layer_init(nn.Linear(2 * num_bytes, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        nn.Flatten(),
        layer_init(nn.Linear(3 * num_bytes, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 256)), nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic
""",
        ),
        "no ReLU before the last layer": (
            "You leave out the ReLU after the second hidden layer, so the last two linear layers are together only one.",
            """
def get_actor_and_critic_ram(num_bytes, num_actions):
    features = RamFeatures()
    hidden = lambda: (layer_init(nn.Linear(2 * num_bytes, 256)), nn.ReLU(), layer_init(nn.Linear(256, 256)))
    actor = nn.Sequential(features, *hidden(), layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = nn.Sequential(features, *hidden(), layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
        ),
    },
}

RIGHT: dict[str, dict[str, str]] = {
    "check_transition": {
        "environment by environment": """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype} with shape {values.shape}", rule)
        if rule.low is None:
            continue
        for env in range(len(values)):
            if field == "final_obs" and not transition.truncations[env]:
                continue
            row = values[env]
            good = np.asarray((row >= rule.low) & (row <= rule.high))
            if good.all():
                continue
            place = np.unravel_index(int(np.argmin(good)), good.shape) if good.ndim else ()
            raise ContractError(transition.step, env, field, row[place], rule)
    if contract.one_end:
        for env, (terminated, truncated) in enumerate(zip(transition.terminations, transition.truncations)):
            if terminated and truncated:
                raise ContractError(transition.step, env, "truncations", "terminated and truncated", "one end at most")
    return transition
""",
        "NaN asked for by name": """
def check_transition(contract, transition):
    step = transition.step
    for name, rule in contract.rules.items():
        x = getattr(transition, name)
        if not isinstance(x, np.ndarray):
            raise ContractError(step, None, name, x.__class__.__name__, rule)
        if x.shape != tuple(rule.shape) or x.dtype != rule.dtype:
            raise ContractError(step, None, name, (x.dtype, x.shape), rule)
        if rule.low is not None:
            bad = (x < rule.low) | (x > rule.high) | (x != x)
            if name == "final_obs":
                bad[np.logical_not(transition.truncations)] = False
            hits = np.nonzero(bad)
            if hits[0].size > 0:
                where = tuple(int(h[0]) for h in hits)
                raise ContractError(step, where[0], name, x[where], rule)
    if contract.one_end:
        both = np.logical_and(transition.terminations, transition.truncations)
        if both.any():
            raise ContractError(step, int(both.argmax()), "truncations", "both flags", "one flag")
    return transition
""",
        "helpers that return the complaint": """
def _complaint(field, values, rule, readable):
    if not isinstance(values, np.ndarray):
        return None, type(values).__name__
    if (values.dtype, values.shape) != (rule.dtype, rule.shape):
        return None, f"{values.dtype}{values.shape}"
    if rule.low is None:
        return None
    inside = np.logical_and(np.greater_equal(values, rule.low), np.less_equal(values, rule.high))
    if field == "final_obs":
        inside = inside | ~readable().reshape(-1, *[1] * (values.ndim - 1))
    for index in np.argwhere(np.logical_not(inside)):
        return int(index[0]), values[tuple(index)]
    return None


def check_transition(contract, transition):
    for field in contract.rules:
        rule = contract.rules[field]
        found = _complaint(field, getattr(transition, field), rule, lambda: transition.truncations)
        if found is not None:
            environment, seen = found
            raise ContractError(transition.step, environment, field, seen, rule)
    if contract.one_end:
        twice = np.flatnonzero(transition.terminations & transition.truncations)
        if len(twice):
            raise ContractError(transition.step, int(twice[0]), "truncations", True, "not both")
    return transition
""",
        "only the rows that count": """
def check_transition(contract, transition):
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, type(values).__name__, rule)
        if not (values.dtype == rule.dtype and values.shape == rule.shape):
            raise ContractError(transition.step, None, field, f"{values.dtype} {values.shape}", rule)
        if rule.low is None:
            continue
        envs = np.flatnonzero(transition.truncations) if field == "final_obs" else np.arange(len(values))
        rows = values[envs]
        wrong = np.argwhere(~((rule.low <= rows) & (rows <= rule.high)))
        if wrong.size:
            index = tuple(wrong[0])
            raise ContractError(transition.step, int(envs[index[0]]), field, rows[index], rule)
    if contract.one_end and (transition.terminations & transition.truncations).any():
        env = int(np.argmax(transition.terminations & transition.truncations))
        raise ContractError(transition.step, env, "truncations", "both", "one")
    return transition
""",
    },
    "scale_bytes": {
        "plain true division": """
def scale_bytes(obs):
    return obs / 255
""",
        "a table of 256 entries": """
def scale_bytes(obs):
    table = torch.arange(256, dtype=torch.float32, device=obs.device) / 255
    return table[obs.long()]
""",
        "copied into a new float tensor": """
def scale_bytes(obs):
    out = torch.empty_like(obs, dtype=torch.float32)
    out.copy_(obs)
    return out.div_(255.0)
""",
        "times the reciprocal": """
def scale_bytes(obs):
    return torch.mul(obs.to(dtype=torch.float32), 1.0 / 255.0)
""",
    },
    "ram_features": {
        "hardtanh": """
def ram_features(obs):
    from torch.nn import functional as F

    start, previous, now = obs[:, 0, :], obs[:, 1, :], obs[:, 2, :]
    return torch.cat((now - start, F.hardtanh((now - previous) * 32.0)), dim=1)
""",
        "einsum with a small matrix": """
def ram_features(obs):
    weights = torch.tensor([[-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]], dtype=obs.dtype, device=obs.device)
    both = torch.einsum("ks,bsn->bkn", weights, obs)
    both = torch.stack([both[:, 0], (32 * both[:, 1]).clip(-1, 1)], dim=1)
    return both.flatten(start_dim=1)
""",
        "filled half by half": """
def ram_features(obs):
    batch, _, n = obs.shape
    out = obs.new_empty(batch, 2 * n)
    out[:, :n] = obs[:, -1] - obs[:, 0]
    step = (obs[:, -1] - obs[:, 1]) * 32
    step = torch.where(step > 1, torch.ones_like(step), step)
    out[:, n:] = torch.where(step < -1, -torch.ones_like(step), step)
    return out
""",
        "broadcast, then cut": """
def ram_features(obs):
    changes = obs[:, 2:] - obs[:, :2]  # (B, 2, num_bytes): since the start, since the step before
    slow, fast = changes.chunk(2, dim=1)
    fast = fast.mul(32).clamp(min=-1).clamp(max=1)
    return torch.cat([slow, fast], dim=2).squeeze(1)
""",
    },
    "get_actor_and_critic_ram": {
        "a loop over the sizes": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    def build(num_outputs, last_std):
        net = nn.Sequential(RamFeatures())
        size = 2 * num_bytes
        for width in (256, 256):
            net.append(layer_init(nn.Linear(size, width)))
            net.append(nn.ReLU())
            size = width
        net.append(layer_init(nn.Linear(size, num_outputs), last_std))
        return net

    return build(num_actions, 0.01), build(1, 1.0)
""",
        "layers with names": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    from collections import OrderedDict

    shared = RamFeatures()
    networks = {}
    for who, outputs, gain in [("critic", 1, 1.0), ("actor", num_actions, 0.01)]:
        networks[who] = nn.Sequential(
            OrderedDict(
                features=shared,
                hidden1=layer_init(nn.Linear(2 * num_bytes, 256)),
                relu1=nn.ReLU(),
                hidden2=layer_init(nn.Linear(256, 256)),
                relu2=nn.ReLU(),
                head=layer_init(nn.Linear(256, outputs), std=gain),
            )
        )
    return networks["actor"], networks["critic"]
""",
        "initialised afterwards": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    pair = []
    for outputs, std in ((num_actions, 0.01), (1, 1.0)):
        net = nn.Sequential(
            RamFeatures(),
            nn.Linear(2 * num_bytes, 256),
            nn.ReLU(),
            nn.Linear(256, 256),
            nn.ReLU(),
            nn.Linear(256, outputs),
        )
        *inner, last = [m for m in net.modules() if isinstance(m, nn.Linear)]
        for layer in inner:
            layer_init(layer)
        layer_init(last, std=std)
        pair.append(net)
    return tuple(pair)
""",
        "one ReLU for all places": """
def get_actor_and_critic_ram(num_bytes, num_actions):
    features, relu = RamFeatures(), nn.ReLU()

    def network(head):
        return nn.Sequential(
            features,
            layer_init(nn.Linear(num_bytes + num_bytes, 256)),
            relu,
            layer_init(nn.Linear(256, 256)),
            relu,
            head,
        )

    actor = network(layer_init(nn.Linear(256, num_actions), std=0.01))
    critic = network(layer_init(nn.Linear(256, 1), std=1.0))
    return actor, critic
""",
    },
}
