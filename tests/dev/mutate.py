"""Change each operator, number, argument, call and statement of a reference in turn: python -m tests.dev.mutate [exercise ...]

Prints, for each exercise, how many of these mutants its test rejects and how many of them it names; and each that survives,
unless survivors.json says why it is no mistake. Exits 1 if another survives.
"""

import ast
import contextlib
import copy
import importlib
import io
import json
import os
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest.mock import patch

import torch
import torch._dynamo  # the first optimizer imports it: not in the time of some mutant

from tests import checks
from utils.course.exercises import Exercise, exercises

SMALL = [
    "discounted_returns", "sample_actions", "reinforce_loss", "layer_init", "compute_advantages", "get_minibatch_indices",
    "fit_critic", "estimate_advantages", "side_after", "policy_loss", "value_loss", "entropy_bonus", "make_optimizer", "PPOScheduler",
    "approx_kl", "clipfrac", "explained_variance", "scale_bytes", "ram_features", "FrameStack", "TrueScore", "actor_critic_forward",
    "average_gradients",
]  # fmt: skip
SURVIVORS = Path(__file__).parent / "survivors.json"

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.FloorDiv: [ast.Mult], ast.Pow: [ast.Mult],
    ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd], ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.Lt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.And: [ast.Or], ast.Or: [ast.And],
}  # fmt: skip
TWINS = [
    ("mean", "sum"), ("min", "max"), ("minimum", "maximum"), ("softmax", "log_softmax"), ("argmin", "argmax"), ("zeros_like", "ones_like"),
    ("exp", "log"), ("zeros", "ones"), ("new_zeros", "new_ones"), ("square", "abs"), ("var", "std"), ("append", "insert"),
]  # fmt: skip


def variants(node: ast.AST) -> Iterator[ast.AST | None]:
    """Yield what could stand in the place of a node; None where a statement is left out."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        for operator in OPERATORS.get(type(node.op), []):
            yield changed(node, op=operator())
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in OPERATORS.get(type(node.ops[0]), []):
            yield changed(node, ops=[operator()])
    if isinstance(node, ast.UnaryOp):
        yield node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        for value in {node.value + 1, -node.value, 0, 2 * node.value} - {node.value}:
            yield ast.Constant(value)
    if isinstance(node, ast.Slice) and (node.lower or node.upper or node.step):
        for part in ("lower", "upper", "step"):
            if getattr(node, part):
                yield changed(node, **{part: None})
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            yield changed(node, keywords=[one for one in node.keywords if one is not keyword])
        if len(node.args) >= 2:
            yield changed(node, args=[node.args[1], node.args[0], *node.args[2:]])
        for i in range(len(node.args)):
            yield changed(node, args=node.args[:i] + node.args[i + 1 :])
        if isinstance(node.func, ast.Attribute):
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "np", "nn", "F", "self")):
                yield node.func.value
            for pair in TWINS:
                if node.func.attr in pair:
                    (twin,) = set(pair) - {node.func.attr}
                    yield changed(node, func=changed(node.func, attr=twin))
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    if isinstance(node, ast.Assign | ast.AugAssign | ast.If | ast.For | ast.Raise) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield None


def changed(node: ast.AST, **fields) -> ast.AST:
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def mutants(exercise: Exercise) -> list[tuple[str, str]]:
    """Return the mutants of a reference: what was changed, in words, and the source."""
    tree, found = ast.parse(exercise.reference_source()), {}
    for body in ast.walk(tree):
        if not isinstance(body, ast.FunctionDef) or body.name not in exercise.to_write:
            continue
        for node in (node for statement in body.body for node in ast.walk(statement)):
            for new in variants(node):
                said = f"{ast.unparse(node).splitlines()[0]}  ->  {'left out' if new is None else ast.unparse(new)}"
                found.setdefault(with_another(tree, node, ast.Pass() if new is None else new), said)
        for decorator in body.decorator_list:
            others = [one for one in body.decorator_list if one is not decorator]
            found.setdefault(
                with_another(tree, body, changed(body, decorator_list=others)), f"@{ast.unparse(decorator)}  ->  left out"
            )
    found.pop(ast.unparse(tree), None)
    return [(said, source) for source, said in found.items()]


def with_another(tree: ast.AST, node: ast.AST, new: ast.AST) -> str:
    """Return the source of a tree in which a node is replaced."""

    class Put(ast.NodeTransformer):
        def visit(self, one):
            return new if one is copied else self.generic_visit(one)

    copies: dict[int, ast.AST] = {}
    whole = copy.deepcopy(tree, copies)
    copied = copies[id(node)]
    return ast.unparse(ast.fix_missing_locations(Put().visit(whole)))


def survivors() -> dict[str, dict[str, str]]:
    """Return the mutants, by exercise, that are no mistakes, and why."""
    return json.loads(SURVIVORS.read_text("utf-8"))


def judge(name: str) -> tuple[str, int, int, list[str], list[tuple[str, str]]]:
    """Return the name, how many mutants there are, how many are named, who survives, and the messages of the nameless."""
    exercise, named, alive, nameless = exercises()[name], 0, [], []
    tried = mutants(exercise)
    for said, source in tried:
        with (
            patch.object(checks, "TIME_LIMIT", 5.0),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(action="ignore"),
        ):
            try:
                namespace = {**vars(importlib.import_module(exercise.module)), "__name__": "mutant"}
                exec(compile(source, "<mutant>", "exec"), namespace)
                message = checks.verdict(exercise, namespace[exercise.object_name])
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
        if message is None:
            alive.append(said)
        elif "This looks as if" in message:
            named += 1
        else:
            nameless.append((said, message))
    return name, len(tried), named, alive, nameless


def main() -> int:
    names = [name for name in sys.argv[1:] if name != "--nameless"] or SMALL
    known, unknown = survivors(), 0
    print(f"{'':26}{'mutants':>9}{'rejected':>10}{'named':>7}{'the same':>10}{'survive':>9}")
    with ProcessPoolExecutor(os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for name, number, named, alive, nameless in pool.map(judge, names):
            new = [said for said in alive if said not in known.get(name, {})]
            rejected = number - len(alive)
            print(f"{name:26}{number:9}{rejected:10}{named:7}{len(alive) - len(new):10}{len(new):9}", flush=True)
            for said in new:
                print(f"  survives: {said}")
            if "--nameless" in sys.argv:
                for said, message in nameless:
                    print(f"  no name: {said}\n    " + "\n    ".join(message.splitlines()[1:5]))
            unknown += len(new)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
