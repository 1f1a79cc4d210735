"""Known-wrong answers of chapters 15 to 17: each other letter, the part as it was, and the mistakes that the part's own exercise knows."""

from dataclasses import replace

from solutions.sick_runs import CAUSES, REPAIRS, RUNS
from tests.mistakes import losses, mistake, networks, ram, rollouts, training

OF_PARTS = [one for module in (losses, networks, ram, rollouts, training) for one in module.MISTAKES]

MISTAKES = [
    *(
        mistake(
            f"diagnosis_{number}",
            f"cause {letter}",
            f"you took it for {letter}. Then you would see {cause.shows}.",
            (f'return "{run.cause}"', f'return "{letter}"'),
        )
        for number, run in RUNS.items()
        for letter, cause in CAUSES.items()
        if letter != run.cause
    ),
    *(
        mistake(f"repair_{number}", "not repaired", "it were still the broken part.", *CAUSES[RUNS[run].cause].changes)
        for number, run in REPAIRS.items()
    ),
    *(
        replace(one, exercise=f"repair_{number}")
        for number, run in REPAIRS.items()
        for one in OF_PARTS
        if one.exercise == CAUSES[RUNS[run].cause].part
    ),
]
