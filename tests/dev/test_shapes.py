"""Wrong shapes are told in words, whoever finds them."""

import re

import numpy as np
import pytest
import torch
from beartype import beartype
from jaxtyping import Float, TypeCheckError, jaxtyped
from torch import Tensor

from solutions import advantages, losses, networks, rollout
from tests import checks, mistakes, shapes
from utils.course.exercises import exercises

EXERCISES = exercises()


def rows(*shape):
    return torch.zeros(*shape)


def flags(*shape):
    return torch.zeros(*shape, dtype=torch.bool)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: advantages.compute_advantages(rows(5, 2), rows(5, 3), rows(5, 2), flags(5, 2), flags(5, 2), 0.9, 0.9),
            "In your call of compute_advantages, `values` has shape (5, 3), `rewards` (5, 2).",
        ),
        (
            lambda: advantages.compute_advantages(rows(5, 2), rows(5, 2), rows(5, 2), rows(5, 2), flags(5, 2), 0.9, 0.9),
            "In your call of compute_advantages, `terminations` has dtype torch.float32; expected bool.",
        ),
        (lambda: losses.value_loss(rows(6, 1), rows(6)), "In your call of value_loss, `returns` has shape (6,), `new_values` (6, 1)."),
        (lambda: losses.entropy_bonus(rows(6).long()), "In your call of entropy_bonus, `logits` has shape (6,); expected (B, num_actions)."),
        (lambda: losses.value_loss([1.0], rows(1)), "In your call of value_loss, `new_values` is a list; expected a Tensor."),
        (
            lambda: rollout.Rollout(3, torch.device("cpu")).add(
                obs=rows(4, 3), actions=rows(4).long(), logprobs=rows(4), values=rows(4, 1), rewards=np.zeros(4, np.float32),
                terminations=np.zeros(4, bool), truncations=np.zeros(4, bool), final_obs=np.zeros((4, 3), np.float32),
            ),
            "In your call of Rollout.add, `values` has shape (4, 1), `actions` (4,).",
        ),
    ],
)  # fmt: skip
def test_wrong_arguments(call, said):
    with shapes.checked_calls(advantages, losses, networks, rollout.Rollout), pytest.raises(shapes.WrongShape) as raised:
        call()
    assert str(raised.value) == said


def test_columns_that_are_alike_do_no_harm_and_python_says_what_it_says_best():
    loss = shapes.check_calls(lambda new_values, returns: (new_values - returns).mean())
    loss.__wrapped__.__annotations__ = losses.value_loss.__annotations__
    assert loss(torch.ones(6, 1), torch.ones(6, 1)) == 0
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        loss(torch.ones(6))


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("policy_loss", ".mean()", "", "`policy_loss` returns shape (9,); expected a scalar, ()."),
        ("discounted_returns", "return returns", "return returns[1:]", "`discounted_returns` returns shape (5,); expected (6,)."),
        ("compute_advantages", "return advantages", "return advantages.T", "`compute_advantages` returns shape (3, 8); expected (8, 3)."),
        ("actor_critic_forward", ".squeeze(-1)", "", "`actor_critic_forward` returns shape (5, 1); expected (5,)."),
        ("sample_actions", "actions.squeeze(-1), ", "actions, ", "`sample_actions` returns shape (6000, 1); expected (6000,)."),
    ],
)  # fmt: skip
def test_wrong_returns(name, old, new, said):
    wrong = mistakes.mistake(name, "", "", (old, new)).build()
    assert said in checks.verdict(EXERCISES[name], wrong)


def test_a_learners_own_type_checker_is_put_in_words():
    @jaxtyped(typechecker=beartype)
    def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
        return rewards.sum()

    said = checks.verdict(EXERCISES["discounted_returns"], discounted_returns)
    assert "`discounted_returns` returns f32 of shape (); expected float of shape (T,), where T = 6." in said

    @jaxtyped(typechecker=beartype)
    def inner(values: Float[Tensor, "T N"], rewards: Float[Tensor, "T N"]):
        pass

    with pytest.raises(TypeCheckError) as raised:
        inner(rows(5, 2), rows(5, 3))
    sentence = "In a call of inner, `rewards` is f32 of shape (5, 3); expected float of shape (T, N), where T = 5, N = 2."
    assert shapes.in_words(raised.value) == sentence


def test_a_column_of_values_is_named_where_a_method_makes_it():
    said = checks.verdict(
        EXERCISES["learning_phase"],
        next(one for one in mistakes.of("learning_phase") if one.name == "values in a column").build(),
    )
    assert re.search(r"In your call of value_loss, `returns` has shape \((\d+),\), `new_values` \(\1, 1\)\.", said)
