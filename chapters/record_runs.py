"""Record the logs of the runs of chapters 15 to 17, and of healthy runs beside them: python chapters/record_runs.py

They go to chapters/sick_runs.json, each with the command, the versions and the machine. It takes a few minutes on two cores.
"""

import argparse
import math
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, replace
from hashlib import sha256
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

from chapters import measure
from solutions.args import PPOArgs
from solutions.sick_runs import CAUSES, FILE, RUNS, args_of, sick_trainer
from solutions.trainer import PPOTrainer
from utils.files import read_records


def one_log(name: str, number: int | None, args: PPOArgs) -> tuple[str, dict[str, list[float | None]]]:
    """Train a run, or a healthy one, and return its name and the columns of its log to four digits."""
    trainer_class = PPOTrainer if number is None else sick_trainer(number)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        rows = trainer_class(args).train().rows
    return name, {figure: [short(row[figure]) for row in rows] for figure in rows[0]}


def short(value: float) -> float | None:
    """Return a figure to four digits: a whole number as it is, and none as None."""
    if isinstance(value, int):
        return value
    return None if math.isnan(value) else float(f"{value:.4g}")


def trainings(numbers: list[int]) -> dict[str, tuple[int | None, PPOArgs]]:
    """Return what is to be trained for some runs, by the name of its record: a run's number, None for a healthy one; its settings."""
    found = {}
    for number in numbers:
        run = RUNS[number]
        found |= {f"{run.game}, seed {seed}": (None, replace(run.args, seed=seed)) for seed in run.healthy_seeds}
        found[f"run {number}"] = (number, args_of(number))
    return found


def fingerprint(number: int | None, args: PPOArgs) -> str:
    """Return some digits that change with the settings or the cause of a run, so that an old record is found out."""
    settings = {name: value for name, value in asdict(args).items() if value != getattr(PPOArgs, name, None)}
    changes = CAUSES[RUNS[number].cause].changes if number else ()
    return sha256(repr((settings, changes)).encode()).hexdigest()[:12]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2, help="runs at a time, each on one core")
    parser.add_argument(
        "--only", nargs="+", type=int, choices=RUNS, default=list(RUNS), metavar="RUN", help="the others stay as they are"
    )
    arguments = parser.parse_args()
    wanted = trainings(arguments.only)
    longest_first = sorted(wanted, key=lambda name: -wanted[name][1].total_timesteps)
    started, logs = time.time(), {}
    tasks = [(name, *wanted[name]) for name in longest_first]
    measure.side_by_side(one_log, tasks, arguments.processes, lambda result: logs.update([result]))
    command, kept = "python chapters/record_runs.py", {}
    if arguments.only != list(RUNS):
        kept = read_records(FILE, command)
        command += f" --only {' '.join(map(str, arguments.only))}"
    facts = measure.facts(command, started)
    measure.write(
        FILE, kept | {name: facts | {"fingerprint": fingerprint(*wanted[name]), "log": logs[name]} for name in wanted}
    )
    print(f"{len(wanted)} runs in {time.time() - started:.0f} seconds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
