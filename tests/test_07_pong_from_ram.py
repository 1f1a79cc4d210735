"""Tests of the exercises of chapter 07."""

import copy
from dataclasses import fields, replace

import numpy as np
import torch

from tests.checks import WrongAnswer, line_of, require
from utils.transitions import Contract, ContractError, Rule, Transition

N = 4
FLAG = Rule((N,), np.dtype(bool))
OBS = Rule((N, 3), np.dtype(np.float32), np.float32([-5, -1, -3]), np.float32([5, 1, 3]))
CONTRACT = Contract(
    {
        "actions": Rule((N,), np.dtype(np.int64), 0, 2),
        "rewards": Rule((N,), np.dtype(np.float32), -2, 1),
        "terminations": FLAG,
        "truncations": FLAG,
        "next_obs": OBS,
        "final_obs": OBS,
    }
)
BYTES = Contract(CONTRACT.rules | {name: Rule((N, 2, 2), np.dtype(np.uint8)) for name in ["next_obs", "final_obs"]})


def sound_transition() -> Transition:
    """Everything is allowed, much of it just so: values at their bounds, and a row of final_obs that nobody will read."""
    next_obs = np.float32([[5, -1, 0], [0, 1, -3], [-5, 0.5, 3], [4, 0, 2]])
    final_obs = next_obs.copy()
    final_obs[1] = [-4, 1, 1]
    final_obs[0] = [1e30, -7, 0]  # not truncated: as good as uninitialised memory
    return Transition(
        step=17,
        actions=np.array([0, 2, 1, 2]),
        rewards=np.float32([-2, 1, 0, -1.5]),
        terminations=np.array([False, False, False, True]),
        truncations=np.array([False, True, False, False]),
        next_obs=next_obs,
        final_obs=final_obs,
    )


def spoiled(transition: Transition, field: str, *entries) -> Transition:
    """A copy of a transition with wrong entries in one field: (index, value) each."""
    values = getattr(transition, field).copy()
    for index, value in entries:
        values[index] = value
    return replace(transition, **{field: values})


def arrays_of(transition: Transition) -> dict[str, np.ndarray]:
    arrays = {field.name: getattr(transition, field.name) for field in fields(transition)}
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}


def checked(check_transition, contract: Contract, transition: Transition):
    """Call check_transition with a contract of its own, and require that it stays as it is."""
    own = copy.deepcopy(contract)
    try:
        return check_transition(own, transition)
    except TypeError as error:
        require(
            transition.terminations is not None,
            f"Of a reset there is only `next_obs`; every other field is None, and check_transition raises TypeError there ({error}): look at "
            f"the fields that the contract's rules name, and at the flags only if `one_end` is True.{line_of(error)}",
            f"reset: {error}",
        )
        raise
    finally:
        require(repr(own) == repr(contract), "check_transition changes the contract. It only looks.", "changes the contract")


def expect_accepted(check_transition, contract: Contract, transition: Transition, what: str) -> None:
    before = {name: array.copy() for name, array in arrays_of(transition).items()}
    try:
        returned = checked(check_transition, contract, transition)
    except ContractError as error:
        raise WrongAnswer(f"A sound transition is refused ({what}): {error}", f"refused: {what}") from None
    for name, array in arrays_of(transition).items():
        same = array.dtype == before[name].dtype and np.array_equal(array, before[name], equal_nan=array.dtype.kind == "f")
        require(same, f"check_transition changes `{name}`. It only looks.", f"changes {name}")
    require(
        isinstance(returned, Transition),
        f"check_transition returns {'None' if returned is None else f'a {type(returned).__name__}'} for a sound transition; it must "
        "return the transition.",
        f"returns {type(returned).__name__}",
    )
    for name, array in before.items():
        seen = getattr(returned, name)
        same = isinstance(seen, np.ndarray) and seen.dtype == array.dtype and seen.shape == array.shape
        require(
            same and np.array_equal(seen, array, equal_nan=array.dtype.kind == "f"),
            f"The transition that check_transition returns has other `{name}` than the one it was given.",
            f"returns other {name}",
        )


def expect_refused(
    check_transition,
    contract: Contract,
    transition: Transition,
    what: str,
    field: str,
    environment: int | None,
    value: str = "",
    by_rule: bool = True,
) -> None:
    try:
        returned = checked(check_transition, contract, transition)
    except ContractError as raised:
        error = raised
    else:
        instead = "" if isinstance(returned, Transition) else f" (it returns {returned!r}; it must raise ContractError)"
        raise WrongAnswer(f"A transition is accepted although {what}{instead}.", f"accepts: {what}{instead}")
    require(
        error.field == field,
        f"Where {what}, the error names the field {error.field!r}; expected {field!r}.",
        f"field: {what}: {error.field}",
    )
    expected = "None, since the whole array is wrong" if environment is None else str(environment)
    same = error.environment is None if environment is None else error.environment == environment
    require(
        same,
        f"Where {what}, the error names environment {error.environment}; expected {expected}.",
        f"environment: {what}: {error.environment}",
    )
    require(
        error.step == transition.step,
        f"Where {what}, the error names step {error.step}; expected {transition.step}.",
        f"step: {what}: {error.step}",
    )
    require(
        value in str(error.seen),
        f"Where {what}, the error says that {error.seen!r} was seen; expected the value that is wrong: {value}.",
        f"seen: {what}",
    )
    require(
        environment is None or np.size(error.seen) == 1,
        f"Where {what}, the error says that {error.seen!r} was seen; expected the one entry that is wrong and not the whole row: {value}.",
        f"row seen: {what}",
    )
    require(
        error.allowed is not None and str(error.allowed),
        f"Where {what}, the error does not say what is allowed: give it the rule.",
        f"allowed: {what}",
    )
    if by_rule:
        require(
            str(error.allowed) == str(contract.rules[field]),
            f"Where {what}, the error says that {error.allowed} is allowed; expected the rule: {contract.rules[field]}.",
            f"other rule: {what}",
        )


def test_check_transition(check_transition):
    sound = sound_transition()
    nan, inf = np.nan, np.inf
    expect_accepted(
        check_transition, CONTRACT, sound, "values at their bounds; anything in a row of final_obs where nothing ended"
    )
    sound = spoiled(sound, "final_obs", ((3, 0), nan), ((3, 1), inf))
    expect_accepted(check_transition, CONTRACT, sound, "NaN in a row of final_obs that belongs to a termination")

    for what, field, environment, transition, value in [
        ("a reward is 1.5 in environment 0, and the highest is 1", "rewards", 0, spoiled(sound, "rewards", (0, 1.5)), "1.5"),
        ("a reward is 1.5 in environment 3, and the highest is 1", "rewards", 3, spoiled(sound, "rewards", (3, 1.5)), "1.5"),
        ("a reward is NaN in environment 2", "rewards", 2, spoiled(sound, "rewards", (2, nan)), "nan"),
        ("a reward is infinite in environment 1", "rewards", 1, spoiled(sound, "rewards", (1, inf)), "inf"),
        ("a reward is -2.5 in environment 2, and the lowest is -2", "rewards", 2, spoiled(sound, "rewards", (2, -2.5)), "-2.5"),
        ("rewards are NaN in environments 1 and 3", "rewards", 1, spoiled(sound, "rewards", (1, nan), (3, nan)), "nan"),
        ("rewards are NaN in environment 1 and 1.5 in environment 3", "rewards", 1, spoiled(sound, "rewards", (1, nan), (3, 1.5)), "nan"),
        ("rewards are 1.5 in environment 1 and NaN in environment 3", "rewards", 1, spoiled(sound, "rewards", (1, 1.5), (3, nan)), "1.5"),
        ("an action is 3 in environment 1, and the last is 2", "actions", 1, spoiled(sound, "actions", (1, 3)), "3"),
        ("an action is -1 in environment 2", "actions", 2, spoiled(sound, "actions", (2, -1)), "-1"),
        ("an action is 3 in environment 0", "actions", 0, spoiled(sound, "actions", (0, 3)), "3"),
        ("next_obs[2, 0] is NaN", "next_obs", 2, spoiled(sound, "next_obs", ((2, 0), nan)), "nan"),
        ("next_obs[1, 2] is -inf", "next_obs", 1, spoiled(sound, "next_obs", ((1, 2), -inf)), "-inf"),
        ("next_obs[3, 1] is 2, and the highest there is 1", "next_obs", 3, spoiled(sound, "next_obs", ((3, 1), 2)), "2"),
        ("next_obs[0, 0] is -6, and the lowest there is -5", "next_obs", 0, spoiled(sound, "next_obs", ((0, 0), -6)), "-6"),
        ("final_obs[1, 2] is NaN and the step truncated there", "final_obs", 1, spoiled(sound, "final_obs", ((1, 2), nan)), "nan"),
        ("final_obs[1, 1] is 2 and the step truncated there", "final_obs", 1, spoiled(sound, "final_obs", ((1, 1), 2)), "2"),
        (
            "a reward is NaN in environment 3 and an observation in environment 0 (the rewards come first)",
            "rewards", 3, spoiled(spoiled(sound, "next_obs", ((0, 0), nan)), "rewards", (3, nan)), "nan",
        ),
    ]:  # fmt: skip
        expect_refused(check_transition, CONTRACT, transition, what, field, environment, value)

    for what, field, values in [
        ("rewards are int64", "rewards", sound.rewards.astype(np.int64)),
        ("rewards are float64", "rewards", sound.rewards.astype(np.float64)),
        ("rewards are float16", "rewards", sound.rewards.astype(np.float16)),
        ("rewards are Python objects", "rewards", sound.rewards.astype(object)),
        ("rewards are a list", "rewards", sound.rewards.tolist()),
        ("rewards are a tensor", "rewards", torch.as_tensor(sound.rewards)),
        ("rewards are missing", "rewards", None),
        ("rewards have one row too few", "rewards", sound.rewards[:-1]),
        ("rewards have one row too many", "rewards", np.append(sound.rewards, np.float32(0))),
        ("rewards have the shape (4, 1)", "rewards", sound.rewards[:, None]),
        ("actions are float64", "actions", sound.actions.astype(np.float64)),
        ("terminations are a list", "terminations", sound.terminations.tolist()),
        ("terminations are int64", "terminations", sound.terminations.astype(np.int64)),
        ("truncations are uint8", "truncations", sound.truncations.astype(np.uint8)),
        ("truncations have one row too many", "truncations", np.append(sound.truncations, False)),
        ("next_obs is float64", "next_obs", sound.next_obs.astype(np.float64)),
        ("next_obs has one row too few", "next_obs", sound.next_obs[1:]),
        ("next_obs has the shape (4, 2)", "next_obs", sound.next_obs[:, :2]),
        ("final_obs has one row only", "final_obs", sound.final_obs[:1]),
        ("final_obs is float64", "final_obs", sound.final_obs.astype(np.float64)),
        ("final_obs is missing", "final_obs", None),
    ]:
        expect_refused(check_transition, CONTRACT, replace(sound, **{field: values}), what, field, None)

    two_wrong = replace(spoiled(sound, "rewards", (2, nan)), next_obs=sound.next_obs[1:])
    what = "a reward is NaN in environment 2 and next_obs has one row too few (the rewards come first)"
    expect_refused(check_transition, CONTRACT, two_wrong, what, "rewards", 2, "nan")
    turned = replace(CONTRACT, rules=dict(reversed(CONTRACT.rules.items())))
    expect_refused(check_transition, turned, two_wrong, "the same, with next_obs before rewards in the rules", "next_obs", None)

    calm = replace(spoiled(sound, "truncations", (1, False)), final_obs=sound.final_obs[:1])
    expect_refused(check_transition, CONTRACT, calm, "nothing truncated and final_obs has one row only", "final_obs", None)

    both = spoiled(sound, "terminations", (1, True))
    expect_accepted(check_transition, CONTRACT, both, "environment 1 terminates and truncates, and one_end is False")
    strict = replace(CONTRACT, one_end=True)
    what = (
        "environment 1 terminates and truncates, one_end is True, and a reward is NaN in environment 2 (the fields come first)"
    )
    expect_refused(check_transition, strict, spoiled(both, "rewards", (2, nan)), what, "rewards", 2, "nan")
    expect_accepted(check_transition, strict, sound, "each environment ends in one way at most, and one_end is True")
    what = "environment 1 terminates and truncates, and one_end is True"
    expect_refused(check_transition, strict, both, what, "truncations", 1, by_rule=False)
    flags = {"terminations": [True, True, False, True], "truncations": [False, True, False, True]}
    twice = replace(sound_transition(), **{name: np.array(values) for name, values in flags.items()})
    what = "environment 0 terminates, environments 1 and 3 terminate and truncate, and one_end is True"
    expect_refused(check_transition, strict, twice, what, "truncations", 1, by_rule=False)

    frames = np.arange(N * 4, dtype=np.uint8).reshape(N, 2, 2)
    pixels = replace(sound, next_obs=frames, final_obs=frames + np.uint8(240))
    expect_accepted(check_transition, BYTES, pixels, "observations are bytes, whose rule has no bounds")
    expect_refused(
        check_transition, BYTES, replace(pixels, next_obs=frames.astype(np.float32)), "bytes were expected and next_obs is float32",
        "next_obs", None,
    )  # fmt: skip

    at_reset, reset = CONTRACT.only("next_obs"), Transition(next_obs=sound.next_obs)
    expect_accepted(check_transition, at_reset, reset, "a reset, whose contract has only the rule of next_obs")
    wrong = spoiled(reset, "next_obs", ((3, 2), nan))
    expect_refused(check_transition, at_reset, wrong, "next_obs[3, 2] is NaN at a reset", "next_obs", 3, "nan")
