"""What every test of an exercise is made of: verdicts in words, in a notebook and under pytest alike."""

import importlib
import inspect
import linecache
import re
import textwrap
from contextlib import contextmanager

import torch
from torch import Tensor

from utils import answers


class Verdict(Exception):
    """An exception that a notebook and pytest show as its message alone, without a traceback through the test."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class WrongAnswer(Verdict, AssertionError):
    """The answer was run, and is not right.

    `evidence` is what was seen; an answer that makes the same mistake leaves the same evidence at the same check.
    """

    def __init__(self, message: str, evidence=None):
        super().__init__(message)
        self.evidence = evidence


class NotAttempted(Verdict, NotImplementedError):
    """The exercise is still its stub."""


def show(value) -> str:
    """A value as one reads it: tensors as rounded lists."""
    if isinstance(value, Tensor):
        with torch.no_grad():
            rounded = (
                value.detach().double().cpu().mul(1e4).round().div(1e4).tolist()
                if value.dtype != torch.bool
                else value.tolist()
            )
        text = str(rounded)
        return text if len(text) < 120 else f"{text[:110]}... (shape {tuple(value.shape)})"
    return repr(value)


def require(condition, message: str, evidence=None) -> None:
    """Raise WrongAnswer with the message unless the condition holds."""
    if not condition:
        raise WrongAnswer(message, evidence)


def expect_tensor(seen, shape: tuple[int, ...], what: str, floating: bool = True) -> None:
    """Require that `seen` is a tensor of a shape, of floats or of integers."""
    require(seen is not None, f"{what} is None. Does your function `return` it?")
    require(
        isinstance(seen, Tensor),
        f"{what} is a {type(seen).__name__}; expected a torch Tensor"
        + (" of no dimensions (a scalar)." if shape == () else "."),
        type(seen).__name__,
    )
    require(tuple(seen.shape) == shape, f"{what} has shape {tuple(seen.shape)}; expected {shape}.", tuple(seen.shape))
    require(
        seen.is_floating_point() == floating,
        f"{what} has dtype {seen.dtype}; expected {'floats' if floating else 'integers'}.",
        str(seen.dtype),
    )


def expect_close(seen, expected: Tensor, what: str, because: str = "", tolerance: float = 1e-4) -> None:
    """Require that a tensor has the shape and, within a tolerance, the numbers of another."""
    expect_tensor(seen, tuple(expected.shape), what)
    difference = (seen.detach().double() - expected.double()).abs()
    wrong = ~(difference <= tolerance * (1 + expected.double().abs()))  # the negation, so that NaN is wrong
    if not wrong.any():
        return
    where = ""
    if expected.ndim:
        index = tuple(wrong.nonzero()[0].tolist())
        where = f" First difference at {list(index)}: seen {seen[index].item():.4f}, expected {expected[index].item():.4f}."
    raise WrongAnswer(
        f"{what} is not right{': ' + because if because else ''}.\n  seen     {show(seen)}\n  expected {show(expected)}\n{where.strip()}".rstrip(),
        seen.detach().double().cpu(),
    )


@contextmanager
def unmodified(**tensors: Tensor):
    """Require that the tensors are the same after the block as before."""
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    yield
    for name, tensor in tensors.items():
        require(torch.equal(tensor, before[name]), f"Your function changes its input `{name}`. Work on a new tensor.")


def expect_gradient(loss: Tensor, of: Tensor, expected: Tensor, what: str, sign_matters: str = "") -> None:
    """Require that a loss has a graph back to a tensor, and the right gradient there."""
    require(
        loss.requires_grad,
        f"{what} carries no gradient: something detached it from the graph (`detach`, `.item()`, `torch.no_grad`, or a new tensor "
        "built from numbers), so nothing could learn from it.",
    )
    (gradient,) = torch.autograd.grad(loss, of, allow_unused=True, retain_graph=True)
    require(gradient is not None, f"{what} does not depend on its input in the graph, so nothing could learn from it.")
    expect_close(gradient, expected, f"The gradient of {what}", sign_matters)


# One verdict, two callers: `judged` is round every test of an exercise, in a notebook and under pytest.


@contextmanager
def judged(exercise: answers.Exercise | None, test, answer):
    """Turn whatever a test of an answer raises into a Verdict with a message for the learner."""
    try:
        yield
    except Verdict as verdict:
        error = verdict
    except Exception as raised:
        error = raised
    else:
        return
    name = exercise.name if exercise else test.__name__.removeprefix("test_")
    if answers.comes_from_stub(error):
        raise NotAttempted(
            f"Not attempted yet: write the code in place of `raise NotImplementedError()`, then run this cell again. ({name})"
        ) from None
    if isinstance(error, answers.AnswerError):
        raise WrongAnswer(str(error)) from None
    if not isinstance(error, WrongAnswer):
        error = crashed(error)
    message = f"✗ {name}\n{error}"
    if exercise is not None and not is_reference(exercise, answer):
        message += diagnosis(exercise, test, error)
    raise WrongAnswer(message, error.evidence) from None


def verdict(exercise: answers.Exercise, answer) -> str | None:
    """The message with which the test of an exercise rejects an answer, or None if it accepts it."""
    test = getattr(importlib.import_module("tests"), f"test_{exercise.name}").__wrapped__
    try:
        with answers.reference_parts(), judged(exercise, test, answer):
            test(answer)
    except Verdict as error:
        return str(error)
    return None


def is_reference(exercise: answers.Exercise, answer) -> bool:
    return answer is answers.load_reference(exercise)


def crashed(error: Exception) -> WrongAnswer:
    """Say where in the learner's code an exception came from."""
    frames = inspect.getinnerframes(error.__traceback__) if error.__traceback__ else []
    line = ""
    for frame in reversed(frames):
        text = linecache.getline(frame.filename, frame.lineno).strip()
        if frame.filename.startswith("<") or "ipykernel" in frame.filename or "ipython-input" in frame.filename:
            line = f"\n  in your line  {text}"
            break
    said = textwrap.shorten(str(error), 400) or "no message"
    return WrongAnswer(f"It raises {type(error).__name__}: {said}{line}", f"{type(error).__name__}: {said}")


def same_evidence(one: WrongAnswer, other: WrongAnswer) -> bool:
    """Whether two answers failed the same check with the same thing seen."""
    if isinstance(one.evidence, Tensor) and isinstance(other.evidence, Tensor):
        a, b = one.evidence, other.evidence
        same_check = str(one).splitlines()[0] == str(other).splitlines()[0]
        return same_check and a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True)
    if isinstance(one.evidence, str) and isinstance(other.evidence, str):
        return one.evidence == other.evidence and shape_of(one) == shape_of(other)
    return str(one) == str(other)


def shape_of(error: WrongAnswer) -> str:
    """The first line of a message without its numbers, which may hang on random draws."""
    return re.sub(r"[-+\d.]+", "#", str(error).splitlines()[0])


def diagnosis(exercise: answers.Exercise, test, error: WrongAnswer) -> str:
    """The sentences of the known mistakes that fail the test just as the answer did, at the end of a message."""
    from tests import mistakes

    sentences = []
    for mistake in mistakes.of(exercise.name):
        try:
            test(mistake.build())
        except WrongAnswer as other:
            if same_evidence(error, other):
                sentences.append(mistake.says)
        except Exception as other:
            if same_evidence(error, crashed(other)):
                sentences.append(mistake.says)
    if not sentences:
        return ""
    return "\nThis looks as if " + "\n  or as if ".join(dict.fromkeys(sentences))
