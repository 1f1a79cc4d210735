"""The check that every transition passes before it may enter a rollout (chapter 07)."""

import numpy as np

from utils.transitions import Contract, ContractError, Transition


def check_transition(contract: Contract, transition: Transition) -> Transition:
    """Hold one step of N environments to a contract.

    For each field of `contract.rules`, in their order: it is a NumPy array of the rule's dtype and shape, and each entry
    lies between the rule's bounds (inclusive; a rule whose bounds are None has none). NaN is never between them. Of `final_obs`
    only the rows count where the step truncated. And if `contract.one_end`, no environment terminates and truncates at once.

    Args:
        contract: what is allowed.
        transition: what the environments did; it is left as it is.

    Returns:
        The transition, if it keeps the contract.

    Raises:
        ContractError: it does not: ContractError(step, environment, field, seen, allowed), for the first field that is
            wrong, and the first environment in it. Where the whole array is wrong (not an array, or its dtype or its
            shape), the environment is None. `allowed` is the rule. Both ends at once are an error of the field "truncations".
    """
    for field, rule in contract.rules.items():
        values = getattr(transition, field)
        if not isinstance(values, np.ndarray):
            raise ContractError(transition.step, None, field, f"a {type(values).__name__}", rule)
        if values.dtype != rule.dtype or values.shape != rule.shape:
            raise ContractError(transition.step, None, field, f"{values.dtype} of shape {values.shape}", rule)
        if rule.low is None:
            continue
        allowed = (values >= rule.low) & (values <= rule.high)
        if field == "final_obs":
            allowed[~transition.truncations] = True
        if not allowed.all():
            index = tuple(np.argwhere(~allowed)[0])
            raise ContractError(transition.step, int(index[0]), field, values[index], rule)
    if contract.one_end:
        both = transition.terminations & transition.truncations
        if both.any():
            raise ContractError(
                transition.step, int(both.argmax()), "truncations", "True beside a termination", "one end at once"
            )
    return transition
