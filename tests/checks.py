"""What every test of an exercise is made of: verdicts in words, in a notebook and under pytest alike."""

import _thread
import copy
import importlib
import io
import linecache
import random
import re
import signal
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stdout
from functools import cache
from unittest.mock import patch

import numpy as np
import torch
from jaxtyping import TypeCheckError
from torch import Tensor

from tests import shapes
from tests.devices import MIXED, TO_NUMPY, OnGPU, PretendedGPU, on_gpu
from utils import answers
from utils.course.exercises import Exercise, comes_from_stub
from utils.jupyter import PlainError

TIME_LIMIT = 20.0
"""Seconds that an answer may take where nobody sits at the button to interrupt it."""
NAMING_LIMIT = 5.0
"""Seconds for the search for a known mistake, once it is clear that an answer is wrong."""
MOST_FAILURES = 12
"""So many of an answer's failures are compared with those of the known mistakes."""
ENOUGH_FAILURES = 3
"""So many that agree are enough, where a known mistake and an answer differ in later ones."""


class Verdict(PlainError):
    """An exception that a notebook and pytest show as its message alone, without a traceback through the test."""


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
    """Return a value as text: tensors as rounded lists."""
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


_notes: list[WrongAnswer] | None = None


@contextmanager
def noting():
    """Note within the block what checks find wrong, and go on, where they otherwise end the test; yields the notes."""
    global _notes
    before, _notes = _notes, []
    try:
        yield _notes
    finally:
        _notes = before


def require(condition, message: str, evidence=None) -> None:
    """Raise WrongAnswer with the message unless the condition holds."""
    if condition:
        return
    error = WrongAnswer(message, evidence)
    if _notes is None:
        raise error
    _notes.append(error)


def expect_tensor(seen, shape: tuple[int, ...], what: str, floating: bool = True) -> None:
    """Require that `seen` is a tensor of a shape, of floats or of integers."""
    require(seen is not None, f"{what} is None. Does your function `return` it?")
    require(
        isinstance(seen, Tensor),
        f"{what} has the type {type(seen).__name__}; expected a torch.Tensor"
        + (" of no dimensions (a scalar)." if shape == () else "."),
        type(seen).__name__,
    )
    require(seen.device.type == "cpu", f"{what} is on the device {seen.device}; expected cpu, where the inputs are.", "device")
    require(tuple(seen.shape) == shape, f"{what} has shape {tuple(seen.shape)}; expected {shape}.", tuple(seen.shape))
    require(
        seen.is_floating_point() == floating,
        f"{what} has dtype {seen.dtype}; expected {'floats' if floating else 'integers'}.",
        str(seen.dtype),
    )


def expect_close(seen, expected: Tensor, what: str, because: str = "", tolerance: float = 1e-4) -> None:
    """Require that a tensor has the shape and, within a tolerance, the numbers of another."""
    expect_tensor(seen, tuple(expected.shape), what)
    wrong = _wrong_entries(seen, expected, tolerance)
    if not wrong.any():
        return
    where = ""
    if expected.ndim:
        index = tuple(wrong.nonzero()[0].tolist())
        numbers = seen[index].item(), expected[index].item()
        digits = next((n for n in range(4, 12) if f"{numbers[0]:.{n}f}" != f"{numbers[1]:.{n}f}"), 12)
        where = f" First difference at {list(index)}: seen {numbers[0]:.{digits}f}, expected {numbers[1]:.{digits}f}."
    require(
        False,
        f"{what} is not right{': ' + because if because else ''}.\n  seen     {show(seen)}\n  expected {show(expected)}\n{where.strip()}".rstrip(),
        seen.detach().double().cpu(),
    )


def _wrong_entries(seen: Tensor, expected: Tensor, tolerance: float) -> Tensor:
    difference = (seen.detach().double() - expected.double()).abs()
    return ~(difference <= tolerance * (1 + expected.double().abs()))  # the negation, so that NaN is wrong


def expect_recursion(seen, expected: Tensor, what: str, at: Callable[[tuple[int, ...]], tuple[str, str]], because: str) -> None:
    """Require the numbers of a recursion that runs from the last row to the first; name the last wrong one, where it went wrong.

    Args:
        seen: what the answer returned.
        expected: the right numbers, (T, ...).
        what: whose they are, such as "compute_advantages".
        at: an index -> the step it is, in words, and what the recursion says there.
        because: what the inputs are.
    """
    expect_tensor(seen, tuple(expected.shape), what)
    wrong = _wrong_entries(seen, expected, 1e-4)
    if not wrong.any():
        return
    places = wrong.nonzero()
    index = tuple(places[places[:, 0] == places[-1, 0]][0].tolist())
    step, says = at(index)
    later = "what comes after it is right" if index[0] < len(expected) - 1 else "it is the last step"
    number = f"{expected[index].item():.4f}"
    says = number if says == number else f"{says} = {number}"
    require(
        False,
        f"{step}: you return {seen[index].item():.4f}, the recursion gives {says}; {later}.\n  {what}, "
        f"{because}\n  seen     {show(seen)}\n  expected {show(expected)}",
        seen.detach().double().cpu(),
    )


def in_sum(number: Tensor) -> str:
    """Return a number as it stands in a sum or a product: in brackets if it is negative."""
    return f"({number:.4f})" if number < 0 else f"{number:.4f}"


@contextmanager
def unmodified(**tensors: Tensor):
    """Require that the tensors are the same after the block as before."""
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    yield
    for name, tensor in tensors.items():
        require(torch.equal(tensor, before[name]), f"Your code changes its input `{name}`. Work on a new tensor.")


def expect_own_result(call, what: str) -> None:
    """Require that what a call returned stays as it is when the next call comes. `call` is made with a number, 0 and then 1."""
    first = call(0)
    before = first.clone() if isinstance(first, Tensor) else copy.deepcopy(first)
    call(1)
    same = torch.equal(first, before) if isinstance(first, Tensor) else np.array_equal(first, before)
    require(
        same,
        f"What {what} has returned changes when it is called again, with other inputs: the second result is written over the first. "
        "Make a new one in every call.",
        "one result for all calls",
    )


def expect_no_graph(figure: Tensor, what: str) -> None:
    """Require that a figure for the log does not keep the graph of a network alive."""
    require(
        not figure.requires_grad,
        f"What {what} returns still hangs on the networks' graph, which a log would keep in memory for the whole run: put "
        "`@torch.no_grad()` above the function, or detach the figure.",
        "keeps the graph",
    )


@contextmanager
def seeds_untouched(what: str):
    """Require that PyTorch's random numbers are not seeded within the block."""
    with (
        patch.object(torch, "manual_seed", wraps=torch.manual_seed) as seeded,
        patch.object(torch, "seed", wraps=torch.seed) as anew,
    ):
        yield
    require(
        not seeded.called and not anew.called,
        f"{what} seeds PyTorch's random numbers, so that the same ones come each time: leave that to whoever starts the program.",
        "seeds",
    )


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


def expect_device_followed(
    call,
    *inputs,
    what: str,
    advice: str = "make new tensors where the inputs are: torch.zeros_like(x), or torch.zeros(..., device=x.device).",
) -> None:
    """Require that a call works, and stays, on the device of its inputs: a pretended GPU. Networks among them must be copies."""
    inputs = [on_gpu(x) for x in inputs]
    try:
        with PretendedGPU() as gpu:
            returned = call(*inputs)
    except Exception as error:
        require(MIXED not in str(error), f"On a GPU, {what} would mix tensors of two devices: {advice}", "mixes devices")
        require(
            TO_NUMPY not in str(error),
            f"On a GPU, {what} would end in an error: NumPy cannot read a GPU's tensor. Copy it with .cpu() before, or stay in PyTorch.",
            "numpy on a GPU",
        )
        return
    stays = not isinstance(returned, Tensor) or isinstance(returned, OnGPU) or gpu.lost_sight
    require(stays, f"On a GPU, {what} would give a tensor on the CPU: {advice}", "another device")


# One verdict, two callers: `judge` calls every test of an exercise, in a notebook and under pytest.


@contextmanager
def fenced(seconds: float | None = None):
    """Run code of a learner's so that it sees the same random numbers every time, and leaves nothing changed behind.

    Args:
        seconds: after which it is stopped; None never stops it.
    """

    def refuse_input(*_):
        raise WrongAnswer("It calls `input()`, but nobody is there to answer: everything it needs comes in its arguments.")

    state = random.getstate(), np.random.get_state(), torch.is_grad_enabled(), torch.get_default_dtype()
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)  # on small tensors, threads mostly wait for each other
        with torch.random.fork_rng(devices=[]), patch("builtins.input", refuse_input), limited(seconds):
            random.seed(0)
            np.random.seed(0)
            torch.random.default_generator.manual_seed(0)
            yield
    except SystemExit as error:
        raise WrongAnswer(f"It ends the whole program, with `exit` or `sys.exit`: `return` instead.{line_of(error)}") from None
    finally:
        random.setstate(state[0])
        np.random.set_state(state[1])
        torch.set_num_threads(threads)
        torch.set_grad_enabled(state[2])
        torch.set_default_dtype(state[3])


@contextmanager
def limited(seconds: float | None):
    """Stop what runs for longer, as an interrupt from the keyboard would."""
    if seconds is None or threading.current_thread() is not threading.main_thread():  # only that one can be interrupted
        yield
        return
    is_done, stopped_after = threading.Event(), []
    started, computed = time.monotonic(), time.process_time()

    def watch():
        while not is_done.wait(seconds / 20):
            waited, used = time.monotonic() - started, time.process_time() - computed
            if min(waited, 2 * used) > seconds or waited > 3 * seconds:  # on a busy machine a right answer waits long, too
                stopped_after.append(waited)
                if hasattr(signal, "pthread_kill"):
                    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # also out of a sleep
                else:  # Windows
                    _thread.interrupt_main()
                return

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started to ignore it
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except KeyboardInterrupt as error:
        if not stopped_after:
            raise
        message = f"It was stopped after {stopped_after[0]:.0f} s: does a loop in it never end?{line_of(error)}"
        raise WrongAnswer(message, "stopped") from None
    finally:
        is_done.set()
        signal.signal(signal.SIGINT, handler or signal.SIG_DFL)


def run(exercise: Exercise | None, test, answer, seconds: float | None = None, **options) -> None:
    """Call a test of an exercise; the shape of what the learner's function returns is checked on the way."""
    with fenced(seconds):
        if exercise is not None and not exercise.methods:
            answer = shapes.check_return(answer, answers.load_reference(exercise))
        test(answer, **options)


def judge(exercise: Exercise | None, test, answer, seconds: float | None = None, **options) -> None:
    """Test an answer among the reference's parts. Whatever goes wrong is raised as a Verdict with a message for the learner.

    Args:
        exercise: None for the dispatcher `get_actor_and_critic`, which is tested but is no exercise.
        test: a function of a module beside this one.
        answer: a function or class.
        seconds: after which the answer is stopped; None never stops it.
        options: of the test.
    """
    with answers.reference_parts():
        try:
            run(exercise, test, answer, seconds, **options)
            return
        except Exception as error:
            explanation = explained(exercise, test, answer, error)
    raise explanation


def verdict(exercise: Exercise, answer) -> str | None:
    """Return the message with which the test of an exercise rejects an answer, or None if it accepts it."""
    test = getattr(importlib.import_module("tests"), f"test_{exercise.name}").__wrapped__
    try:
        judge(exercise, test, answer, TIME_LIMIT)
    except Verdict as error:
        return str(error)
    return None


def explained(exercise: Exercise | None, test, answer, error: Exception) -> Verdict:
    """Turn an exception that a test of an answer raised into what the learner is told."""
    name = exercise.name if exercise else test.__name__.removeprefix("test_")
    if comes_from_stub(error):
        return NotAttempted(
            f"{name} is not attempted yet: write your code in the place of `raise NotImplementedError()`,\n"
            "run that cell, and then this one again."
        )
    if not isinstance(error, WrongAnswer):
        error = crashed(error)
    message = f"✗ {name}\n{error}"
    if exercise is not None and answer is not answers.load_reference(exercise):
        message += diagnosis(exercise, test, answer)
    return WrongAnswer(message, error.evidence)


def crashed(error: Exception) -> WrongAnswer:
    """Say what an exception means, and where in the learner's code it came from."""
    line = line_of(error) + inputs_of(error)
    if isinstance(error, shapes.WrongShape):
        return WrongAnswer(f"{error}{line}", str(error))
    if isinstance(error, TypeCheckError):
        return WrongAnswer(shapes.in_words(error) + line, shapes.in_words(error))
    said = f"{type(error).__name__}: {textwrap.shorten(str(error), 400) or 'no message'}"
    if "leaf Variable that requires grad" in str(error):
        said = (
            "RuntimeError: it changes in place, as `x -= y` or `x.add_(y)` do, a tensor that gradients flow to. A layer's own parameters "
            "may be changed so under `torch.no_grad()`; anything else is the caller's, so make a new tensor: `x = x - y`."
        )
    if isinstance(error, RecursionError):
        said = "RecursionError: it calls itself again and again, and nothing ends that."
    if line:
        return WrongAnswer(f"It raises {said}{line}", said)
    if isinstance(error, TypeError) and "argument" in said:
        return WrongAnswer(f"It cannot be called with the arguments of its stub: {said}", said)
    return WrongAnswer(f"The test cannot go on with its result: {said}", said)


def line_of(error: BaseException) -> str:
    """Return the last line of the learner's own that an exception came through, as an end of a message."""
    for frame, lineno in reversed(list(traceback.walk_tb(error.__traceback__))):
        if is_the_learners(filename := frame.f_code.co_filename):
            return f"\n  in your line  {linecache.getline(filename, lineno).strip()}"
    return ""


def inputs_of(error: BaseException) -> str:
    """Return the shapes that the learner's function was called with when it raised an exception, as an end of a message."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if is_the_learners(frame.f_code.co_filename):
            code, values = frame.f_code, frame.f_locals
            given = {name: values.get(name) for name in code.co_varnames[: code.co_argcount]}
            said = [f"{name} {tuple(one.shape)}" for name, one in given.items() if isinstance(one, Tensor | np.ndarray)]
            if said:
                return f"\n  with the shapes  {', '.join(said)}"
    return ""


def is_the_learners(filename: str) -> bool:
    """Tell whether code comes from a notebook's cell, or from an answer that pytest has read from there."""
    return filename.startswith("<") or "ipykernel" in filename or "ipython-input" in filename


def failures_of(exercise: Exercise | None, test, answer) -> list[WrongAnswer]:
    """Run a test to its end; returns everything that it finds wrong. What an answer gets right tells it from others, too."""
    with noting() as failures, redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        try:
            run(exercise, test, answer, NAMING_LIMIT)
        except WrongAnswer as error:
            failures.append(error.with_traceback(None))
        except Exception as error:
            failures.append(crashed(error))
    return failures[:MOST_FAILURES]


def same_failures(some: list[WrongAnswer], others: list[WrongAnswer]) -> bool:
    """Tell whether two answers failed the same checks, with the same seen in each."""
    return len(some) == len(others) and all(map(same_evidence, some, others))


def same_evidence(one: WrongAnswer, other: WrongAnswer) -> bool:
    """Tell whether two answers failed the same check with the same thing seen: the same numbers, the same words but for numbers,
    or, without evidence, the same message."""
    if isinstance(one.evidence, Tensor) and isinstance(other.evidence, Tensor):
        a, b = in_short(one.evidence), in_short(other.evidence)
        return (
            without_numbers(one) == without_numbers(other)
            and a.shape == b.shape
            and torch.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True)
        )
    if isinstance(one.evidence, str) and isinstance(other.evidence, str):
        return one.evidence == other.evidence and without_numbers(one) == without_numbers(other)
    return str(one) == str(other)


def in_short(numbers: Tensor) -> Tensor:
    """Return a few numbers that stand for many: how many there are, their mean, and two means with other weights."""
    numbers = numbers.double()
    if numbers.numel() <= 8:
        return numbers
    places = torch.arange(1, numbers.numel() + 1, dtype=torch.float64)
    flat = numbers.flatten()
    return torch.stack([places[-1], flat.mean(), (flat * places.sin()).mean(), (flat * places.sqrt().cos()).mean()])


def without_numbers(error: WrongAnswer) -> str:
    """Return the first line of a message without its numbers, which may hang on random draws."""
    return re.sub(r"[-+\d.]+", "#", str(error).splitlines()[0])


def diagnosis(exercise: Exercise, test, answer) -> str:
    """Return the sentences of the known mistakes that fail the test just as an answer does, as an end of a message.

    Named is who fails at the same checks, and at no others, with the same seen in each; if nobody does, who does so at the first
    three; and nobody, where that fits more than two.
    """
    from tests import evidence, mistakes

    known, kept = mistakes.of(exercise.name), evidence.read(exercise.name)
    if kept is None:
        kept = {one.name: failures_of_mistake(exercise, test, one) for one in known}
    failures = failures_of(exercise, test, answer)
    alike = [one.says for one in known if same_failures(failures, kept[one.name])]
    if not alike and len(failures) >= ENOUGH_FAILURES:
        first = slice(ENOUGH_FAILURES)
        alike = [one.says for one in known if same_failures(failures[first], kept[one.name][first])]
    sentences = list(dict.fromkeys(alike))
    return "\nThis looks as if " + "\n  or as if ".join(sentences) if 1 <= len(sentences) <= 2 else ""


@cache
def failures_of_mistake(exercise: Exercise, test, mistake) -> list[WrongAnswer]:
    """Return how a known mistake fails its test: the same way every time, because `run` sets the random numbers."""
    return failures_of(exercise, test, mistake.build())
