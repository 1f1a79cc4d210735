"""A run in a notebook: its figure refreshes in place, an interrupt stops it cleanly, and it goes on."""

import itertools
import queue
import time
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel
from matplotlib.figure import Figure

from tests.dev.screen import until
from utils import jupyter
from utils.watching import live_figure

ROOT = Path(__file__).resolve().parents[2]
SETUP = """
import sys; sys.path.insert(0, "..")
import torch; torch.set_num_threads(1)
from dataclasses import replace
from solutions.args import PRESETS
from solutions.trainer import PPOTrainer
from utils.watching import live_figure; live_figure.SHARE = 0.5
trainer = PPOTrainer(replace(PRESETS["cartpole"], total_timesteps=STEPS))
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(cwd=str(ROOT / "chapters"))
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code, on_message=lambda kind, content: None, timeout=120):
    """Execute a cell; returns its messages as (kind, content)."""
    request, messages, deadline = client.execute(code), [], time.time() + timeout
    while time.time() < deadline:
        try:
            message = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        messages.append((kind, content))
        on_message(kind, content)
        if kind == "status" and content["execution_state"] == "idle":
            return messages
    raise AssertionError(f"not done after {timeout} s: {messages[-3:]}")


def test_the_figure_refreshes_in_place_and_an_interrupt_stops_the_run(kernel):
    manager, client = kernel
    run(client, SETUP.replace("STEPS", "50_000_000"))
    seen = []

    def interrupt_after_two_pictures(kind, content):
        seen.append(kind)
        if seen.count("update_display_data") == 2:
            seen.append("update_display_data")
            manager.interrupt_kernel()

    messages = run(client, "log = trainer.train()", interrupt_after_two_pictures)
    kinds = [kind for kind, _ in messages]
    assert kinds.count("display_data") == 1, "one figure, drawn anew, not one after the other"
    assert "error" not in kinds
    printed = "".join(content["text"] for kind, content in messages if kind == "stream")
    assert "Stopped after" in printed and "`train()` goes on from here" in printed
    assert kinds.index("display_data") < kinds.index("stream"), "the bar is below the figure"
    picture = next(content for kind, content in reversed(messages) if kind == "update_display_data")
    assert '<img alt="A figure. CartPole-v1, seed 1: ' in picture["data"]["text/html"]
    code = "rows = len(trainer.log.rows); trainer.train(on_iteration=lambda trainer: True); print(len(trainer.log.rows) - rows)"
    messages = run(client, code)
    assert [content["traceback"] for kind, content in messages if kind == "error"] == []
    assert "1\n" in "".join(content["text"] for kind, content in messages if kind == "stream")


def test_a_finished_run_says_so(kernel):
    _, client = kernel
    run(client, SETUP.replace("STEPS", "2048"))
    messages = run(client, "trainer.train()\nlog = trainer.train()")
    printed = "".join(content["text"] for kind, content in messages if kind == "stream")
    assert "has had all its 2,048 steps" in printed
    assert [kind for kind, _ in messages].count("display_data") == 1


@pytest.mark.parametrize("cost", [0.01, 0.1, 3.0])
def test_drawing_takes_its_share_of_the_time_and_no_more(monkeypatch, cost):
    """By a clock of its own: an hour of iterations of 0.05 s, each followed by `refresh`."""
    now, drawn = [0.0], []

    def draw():
        now[0] += cost
        drawn.append(now[0])
        return Figure(figsize=(1, 1))

    monkeypatch.setattr(live_figure.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(jupyter, "in_notebook", lambda: True)
    figure = live_figure.LiveFigure(draw)
    while now[0] < 3600:
        now[0] += 0.05
        figure.refresh()
    assert (len(drawn) - 1) * cost / now[0] <= live_figure.SHARE  # the first comes before it is known what it costs
    assert min(b - a for a, b in itertools.pairwise(drawn)) >= live_figure.PAUSE
    assert len(drawn) >= 15  # often enough all the same


def test_two_trainings_at_once_have_a_figure_each(kernel):
    _, client = kernel
    run(client, SETUP.replace("STEPS", "20_480"))
    code = """
from threading import Thread
other = PPOTrainer(replace(trainer.args, seed=2))
threads = [Thread(target=one.train) for one in (trainer, other)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(trainer.log.rows), len(other.log.rows))
"""
    messages = run(client, code)
    shown = [content["transient"]["display_id"] for kind, content in messages if kind == "display_data"]
    assert len(shown) == len(set(shown)) == 2
    assert {content["transient"]["display_id"] for kind, content in messages if kind == "update_display_data"} <= set(shown)
    assert "20 20\n" in "".join(content["text"] for kind, content in messages if kind == "stream")


def test_films_of_a_run_take_one_place_and_one_on_demand_is_shown_where_it_was_asked_for(kernel, tmp_path):
    _, client = kernel
    code = f"import os; os.chdir({str(tmp_path)!r}); trainer = PPOTrainer(replace(trainer.args, video_log_freq=5))"
    run(client, SETUP.replace("STEPS", "4096").replace('".."', repr(str(ROOT))) + code)
    shown = []
    for cell in ["log = trainer.train()", "trainer.film()", "trainer.film()"]:
        kinds = [kind for kind, content in run(client, cell) if "<video" in content.get("data", {}).get("text/html", "")]
        assert kinds[0] == "display_data" and set(kinds[1:]) <= {"update_display_data"}
        shown.append(len(kinds))
    assert shown[0] > 1 and shown[1:] == [1, 1]


def test_a_restart_in_the_middle_loses_nothing_that_was_written(kernel, tmp_path):
    manager, client = kernel
    path = tmp_path / "run.checkpoint.safetensors"
    setup = SETUP.replace("STEPS", "50_000_000") + f"from solutions import checkpoint\npath = {str(path)!r}"
    run(client, setup)
    client.execute("trainer.train(on_iteration=checkpoint.Checkpointer(path, every=2))")
    until(path.exists, "a checkpoint")
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=60)
    written = sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".unfinished")
    assert written == [path.name, "run.log.jsonl"]
    code = """
trainer = checkpoint.resume(path, trainer.args, PPOTrainer)
before = len(trainer.log.rows)
trainer.train(on_iteration=lambda trainer: True)
print("went on", before >= 2, len(trainer.log.rows) - before)
"""
    printed = "".join(content["text"] for kind, content in run(client, setup + code) if kind == "stream")
    assert "went on True 1\n" in printed
