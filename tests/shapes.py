"""Wrong shapes told in words: jaxtyping's annotations of the reference, checked without a type checker.

`check_calls` is put round the parts of the reference that a learner's method calls, `check_return` round the learner's own
function.
"""

import functools
import inspect
import re
from contextlib import ExitStack, contextmanager
from itertools import combinations
from typing import Any, get_args
from unittest.mock import patch

from jaxtyping import AbstractArray, Shaped, TypeCheckError, jaxtyped

Arrays = dict[str, tuple[Any, type[AbstractArray]]]
"""The annotated arrays among the arguments of a call: value and annotation, by name."""


class WrongShape(Exception):
    """Something has another shape than its annotation says; the message is one sentence."""


def fits(*arrays: tuple[Any, type[AbstractArray]]) -> bool:
    """Tell whether each value fits its annotation, with one size for each letter."""
    with jaxtyped("context"):
        return all(isinstance(value, annotation) for value, annotation in arrays)


def is_annotation(annotation) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, AbstractArray)


def arrays_given(function, args, kwargs) -> Arrays:
    signature = inspect.signature(function)
    given = signature.bind(*args, **kwargs).arguments
    annotations = {name: signature.parameters[name].annotation for name in given}
    return {name: (value, annotations[name]) for name, value in given.items() if is_annotation(annotations[name])}


def shape_of(value) -> tuple[int, ...] | None:
    return tuple(value.shape) if hasattr(value, "shape") else None


def in_brackets(letters: str) -> str:
    names = letters.split()
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


def disagreement(arrays: Arrays) -> str | None:
    """Name the first two arguments whose shapes cannot both be right."""
    for (name, one), (other_name, other) in combinations(arrays.items(), 2):
        shapes = shape_of(one[0]), shape_of(other[0])
        if None in shapes:
            continue
        if fits(one) and fits(other):
            wrong = not fits(one, other)
        else:  # two columns of the same wrong shape may do no harm
            wrong = one[1].dim_str == other[1].dim_str and shapes[0] != shapes[1]
        if wrong:
            return f"`{other_name}` has shape {shapes[1]}, `{name}` {shapes[0]}"
    return None


def misfit(arrays: Arrays) -> str | None:
    """Name the first argument that does not fit its annotation."""
    for name, (value, annotation) in arrays.items():
        kind = annotation.array_type
        if not isinstance(value, kind):
            return f"`{name}` is a {type(value).__name__}; expected a {kind.__name__}"
        if not fits((value, Shaped[kind, annotation.dim_str])):
            return f"`{name}` has shape {shape_of(value)}; expected {in_brackets(annotation.dim_str)}"
        if not fits((value, annotation)):
            return f"`{name}` has dtype {value.dtype}; expected {annotation.dtype.__name__.lower()}"
    return None


def check_calls(function):
    """Refuse arguments whose shapes disagree; where a call fails, say which argument is to blame."""

    @functools.wraps(function)
    def checked(*args, **kwargs):
        try:
            arrays = arrays_given(function, args, kwargs)
        except TypeError:  # arguments missing or too many: Python says it best
            arrays = {}
        if said := disagreement(arrays):
            raise WrongShape(f"In your call of {function.__qualname__}, {said}.")
        try:
            return function(*args, **kwargs)
        except Exception:
            if said := misfit(arrays):
                raise WrongShape(f"In your call of {function.__qualname__}, {said}.") from None
            raise

    return checked


@contextmanager
def checked_calls(*owners):
    """Put `check_calls` round every function with annotated arrays of some modules and classes."""
    with ExitStack() as stack:
        for owner in owners:
            home = owner.__module__ if isinstance(owner, type) else owner.__name__
            for name, function in list(vars(owner).items()):
                if inspect.isfunction(function) and function.__module__ == home:
                    parameters = inspect.signature(function).parameters.values()
                    if any(is_annotation(parameter.annotation) for parameter in parameters):
                        stack.enter_context(patch.object(owner, name, check_calls(function)))
        yield


def sizes_of(dim_str: str, shape: tuple[int, ...]) -> dict[str, int | tuple[int, ...]]:
    """Return the size of each letter of an annotation; of one with a star, such as `*shape`, all the sizes that it stands for."""
    before, star, after = re.fullmatch(r"([^*]*)(\*\w+)?(.*)", dim_str).groups()
    before, after = before.split(), after.split()
    end = len(shape) - len(after)
    sizes = dict(zip(before, shape, strict=False)) | dict(zip(after, shape[end:], strict=False))
    return sizes | ({star: shape[len(before) : end]} if star else {})


def shape_for(dim_str: str, sizes: dict) -> tuple[int, ...]:
    """Return the shape that an annotation stands for, given the size of each letter; `2*n` is worked out."""
    shape = []
    for entry in dim_str.split():
        shape += sizes[entry] if entry.startswith("*") else [eval(entry, {}, sizes)]
    return tuple(shape)


def are_known(dim_str: str, sizes: dict) -> bool:
    """Tell whether the sizes of all letters of an annotation are known."""
    return all(
        entry in sizes if entry.startswith("*") else set(re.findall(r"[A-Za-z_]\w*", entry)) <= set(sizes)
        for entry in dim_str.split()
    )


def check_return(function, reference):
    """Refuse tensors that have another shape than the reference's annotations say for the arguments given, where they say it."""
    annotation = inspect.signature(reference).return_annotation
    wanted = (annotation,) if is_annotation(annotation) else get_args(annotation)

    @functools.wraps(function)
    def checked(*args, **kwargs):
        returned = function(*args, **kwargs)
        values = returned if isinstance(returned, tuple) else (returned,)
        sizes = {}
        for value, of in arrays_given(reference, args, kwargs).values():
            sizes |= sizes_of(of.dim_str, tuple(value.shape))
        for value, of in zip(values, wanted, strict=False):
            if is_annotation(of) and isinstance(value, of.array_type) and are_known(of.dim_str, sizes):
                expected = shape_for(of.dim_str, sizes)
                if shape_of(value) != expected:
                    said = f"`{reference.__name__}` returns shape {shape_of(value)}; expected {'a scalar, ' * (not expected)}{expected}."
                    raise WrongShape(said)
        return returned

    return checked


def in_words(error: TypeCheckError) -> str:
    """Say in one sentence what jaxtyping's own error says."""
    said = str(error)
    where = re.search(r"whilst checking the (parameters|return value) of ([\w.<>]+?)\.?$", said, re.MULTILINE)
    if where is None:
        return said.splitlines()[0]
    function = where[2].rsplit(".", 1)[-1]
    parameter = re.search(r"parameter '(\w+)'", said)
    subject = f"In a call of {function}, `{parameter[1]}` is" if parameter else f"`{function}` returns"
    seen = re.search(r"Actual value: (\w+)\[([\d,]*)\]", said)
    seen = f"{seen[1]} of shape ({seen[2].replace(',', ', ')}{',' * (seen[2].isdigit())})" if seen else "something else"
    wanted = re.search(r"Expected type: .*?(\w+)\[\w+, '([^']*)'\]", said)
    wanted = f"{wanted[1].lower()} of shape {in_brackets(wanted[2])}" if wanted else "what its annotation says"
    sizes = ", ".join(f"{letter} = {size}" for letter, size in re.findall(r"^(\w+)=(\d+)\s*$", said, re.MULTILINE))
    return f"{subject} {seen}; expected {wanted}{f', where {sizes}' * bool(sizes)}."
