"""What watching a training costs: python tests/bench/dashboard.py [rounds]

Trains CartPole, and Breakout for a little while, in a notebook's kernel: without the live view, with it, and with films as well,
in turn and with the same seed, so that a change in the machine's speed meets all of them. Seconds are of the processor, those
that ffmpeg took included: on a machine that does other things as well they are steadier than the clock's.

What the view itself took is measured apart: while the run goes on it may be the share `utils.watching.live_figure.SHARE`; the first picture and
the last one come whatever they cost, so of a short run they are more.
"""

import json
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import tyro
from jupyter_client.manager import start_new_kernel

from solutions.args import require_counts
from utils.paths import ROOT

WAYS = ("bare", "live view", "live view and films")
SETUP = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import json, os, tempfile, torch
from dataclasses import replace
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from solutions.args import PRESETS
from solutions.trainer import PPOTrainer
from utils import jupyter
from utils.watching.live_figure import LiveFigure
is_notebook = jupyter.in_notebook
os.chdir(tempfile.mkdtemp())
spent = {{}}

def timed(name, function):
    def call(*arguments, **options):
        before = seconds()
        result = function(*arguments, **options)
        spent[name] = spent.get(name, 0) + seconds() - before
        return result
    return call

def seconds():
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))

LiveFigure.refresh = timed("view", LiveFigure.refresh)
PPOTrainer.film = timed("films", PPOTrainer.film)

def measure(way, args, films):
    jupyter.in_notebook = (lambda: False) if way == "bare" else is_notebook
    trainer = PPOTrainer(replace(args, video_log_freq=films if "films" in way else None))
    spent.clear()
    timed("whole", trainer.train)()
    trainer.envs.close()
    print("\\n" + json.dumps(spent | {{"number": len(trainer.log.videos)}}))
"""
GAMES = {
    "CartPole, 200,000 steps, a film every 200 games": ('PRESETS["cartpole"]', 200, 1),
    "Breakout, 8,192 steps, a film every 10 games": ('replace(PRESETS["breakout"], total_timesteps=8_192)', 10, 2),
}


def run(client, code: str) -> dict:
    said = []
    hook = lambda message: said.append(message["content"].get("text", ""))
    reply = client.execute_interactive(code, output_hook=hook, timeout=3600)["content"]
    if reply["status"] != "ok":
        sys.exit(f"The training failed: {reply['evalue']}")
    return json.loads("".join(said).strip().splitlines()[-1])


def main(rounds: tyro.conf.Positional[int] = 3) -> None:
    require_counts(rounds=rounds)
    manager, client = start_new_kernel()
    try:
        client.execute(SETUP, reply=True, timeout=300)
        run(client, 'measure("live view and films", replace(PRESETS["cartpole"], total_timesteps=20_000), 100)')  # warms up
        for title, (args, every, threads) in GAMES.items():
            measured = {way: [] for way in WAYS}
            for number in range(rounds):
                for way in WAYS if number % 2 else reversed(WAYS):
                    code = f"torch.set_num_threads({threads}); measure({way!r}, {args}, {every})"
                    measured[way].append(run(client, code))
            print(f"{title} (medians of {rounds})")
            of = lambda way, name, measured=measured: median(one.get(name, 0) for one in measured[way])
            bare = of("bare", "whole")
            for way in WAYS:
                whole, view, films, number = (of(way, name) for name in ("whole", "view", "films", "number"))
                line = f"  {way:<20} {whole:7.2f} s  {whole / bare - 1:+7.1%}"
                line += f"; pictures {view:.2f} s, {view / bare:.1%}" if way != "bare" else ""
                line += f"; {number:.0f} films {films:.2f} s, {films / bare:.1%}" if number else ""
                print(line, flush=True)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    tyro.cli(main)
