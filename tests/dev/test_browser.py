"""The chapters as their readers meet them: a real browser with a real JupyterLab, clicks, keys and looks."""

import time

import numpy as np
import pytest

from chapters import build
from tests import mistakes
from tests.dev.browser import BADGE
from tests.dev.screen import until
from utils.course.exercises import exercises

SOURCES = build.read_sources()
SETUP, IMPORTS, PROGRESS = "import tests\n", "import numpy as np\n", "# How far you are"  # texts of a chapter's cells

TRAINING = [
    """\
import sys; sys.path.insert(0, "..")
import torch; torch.set_num_threads(1)
from dataclasses import replace
from solutions.args import PRESETS
from solutions.trainer import PPOTrainer
from utils.watching import live_figure; live_figure.SHARE = 1
trainer = PPOTrainer(replace(PRESETS["cartpole"], total_timesteps=50_000_000))""",
    "log = trainer.train()",
    "rows = len(trainer.log.rows)\ntrainer.train(on_iteration=lambda trainer: True)\nprint(len(trainer.log.rows) - rows, 'more')",
]


def flaws(page):
    """What cannot be read in the notebook, with eyes or without."""
    broken = page.locator(".jp-Notebook img").evaluate_all("all => all.filter(one => !one.naturalWidth).map(one => one.src)")
    broken = [source for source in broken if source != BADGE]
    silent = page.locator(".jp-Notebook :is(img, video)").evaluate_all(  # JupyterLab itself says "Image" where nothing is said
        "all => all.filter(one => !one.ariaLabel && (one.alt || 'Image') === 'Image').map(one => one.src.slice(0, 100))"
    )
    wide = page.locator(".jp-RenderedMarkdown, .jp-OutputArea-output").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText.slice(0, 100))"
    )
    formulas = page.locator("mjx-merror").evaluate_all("all => all.map(one => one.innerText)")
    found = {"broken pictures": broken, "pictures without words": silent, "wider than the page": wide, "formulas": formulas}
    return {what: which for what, which in found.items() if which}


def test_the_chapters_open(page, open_notebook, shoot):
    """One after the other, from the list of files; the first from its address."""
    notebook = open_notebook(next(iter(SOURCES)))
    for stem, source in SOURCES.items():
        page.locator(f".jp-DirListing-item[title^='Name: {stem}.ipynb']").dblclick()
        page.get_by_role("heading", name=source.metadata["title"], exact=True).wait_for()
        notebook.wait_for_kernel()
        assert not page.locator(".jp-Dialog").count(), stem
        assert not page.get_by_text("Select Kernel").count(), stem
        assert not flaws(page), stem
        shoot(f"chapter-{stem}")
        notebook.close()


def body_of(source: str) -> list[str]:
    """The lines of a function below its docstring, which the learner has to write."""
    return source[source.rindex('"""\n') + 4 :].splitlines()


@pytest.mark.parametrize("name", ["discounted_returns", "layer_init"])
def test_an_exercise_is_solved(page, open_notebook, shoot, name):
    exercise, mistake = exercises()[name], mistakes.of(name)[0]
    notebook = open_notebook(exercise.chapter)
    for text in (SETUP, IMPORTS, PROGRESS):
        notebook.run(text)
    panel = notebook.cell(PROGRESS).locator(".jp-OutputArea-output")
    assert panel.locator("progress").get_attribute("value") == "0"
    assert f"○\xa0{name}" in panel.inner_text()

    cells = [notebook.cell(f"## Exercise: `{name}`"), notebook.cell(exercise.call, after=1)]
    for cell, text in zip(cells, ("Hint 1", "Solution"), strict=True):
        fold = cell.locator("details").first
        hidden = fold.locator(":scope > :not(summary)").first
        assert not hidden.is_visible()
        fold.locator("summary", has_text=text).click()
        hidden.wait_for()
        fold.locator("summary").click()
        hidden.wait_for(state="hidden")

    stub = notebook.run(exercise.stub())
    assert "is not attempted yet" in notebook.run(exercise.call).inner_text()

    lines = notebook.type_body(stub, body_of(mistake.source()))
    notebook.run(exercise.stub())
    check = notebook.run(exercise.call)
    assert f"This looks as if {mistake.says}" in check.inner_text()
    assert not {"Traceback", "Error"} & set(check.inner_text().split())
    shoot(f"exercise-{name}-mistake", check)
    assert f"✗\xa0{name}" in notebook.run(PROGRESS).inner_text()

    notebook.type_body(stub, body_of(exercise.reference_source()), lines)
    notebook.run(exercise.stub())
    check = notebook.run(exercise.call)
    assert f"✓ {name} passes. 1 of {len(exercises())} solved" in check.inner_text()
    shoot(f"exercise-{name}-solved", check)
    notebook.run(PROGRESS)
    assert panel.locator("progress").get_attribute("value") == "1"
    assert f"✓\xa0{name}" in panel.inner_text()
    shoot(f"exercise-{name}-progress", panel)


@pytest.mark.parametrize(
    "stem",
    [
        "00_start_here",
        "02_actor_critic",
        "11_look_inside",
        "12_what_if",
        "13_compare_runs",
        "14_what_matters",
        "15_find_the_bug",
        "16_harder_bugs",
        "17_hidden_bugs",
    ],
)
def test_a_chapter_runs_whole(page, open_notebook, shoot, stem):
    notebook = open_notebook(stem, build.unfold(stem, SOURCES, solved=True))
    notebook.menu("Run", "Run All Cells")
    notebook.wait_for(notebook.cell(PROGRESS), minutes=20)  # it trains, or plays many games
    assert not notebook.stderr(page)
    assert not flaws(page)
    for film in page.locator("video").all():
        # scrolled to each time, because a long page moves while it is laid out
        plays = "film => { film.scrollIntoView(); return film.currentTime > 0 }"
        until(lambda film=film, plays=plays: film.evaluate(plays), "the film to play")
    shoot(f"figure-{stem}", *page.locator(".jp-OutputArea-output :is(img, video):visible").all())


def test_a_training_is_seen_and_stopped_and_survives_a_restart(page, open_notebook, shoot):
    notebook = open_notebook("training", TRAINING)
    notebook.run("import sys")
    picture = notebook.cell("log = ").locator("img")
    seen = set()

    def has_changed():
        if picture.count():
            assert picture.count() == 1, "one figure, drawn anew, not one after the other"
            seen.add(picture.get_attribute("src"))
        return len(seen) > 1

    stops = {
        "button": page.get_by_title("Interrupt the kernel").click,
        "keys": lambda: [page.keyboard.press(key) for key in ("Escape", "i", "i")],
    }
    for name, stop in stops.items():
        training = notebook.run("log = ", wait=False)
        until(has_changed, "the figure to change")
        if name == "button":
            assert training.locator(".jp-OutputArea-output").count() == 2, "the figure, and below it one bar"
            shoot("training-running", training)
        stop()
        notebook.wait_for(training)
        assert "Stopped after" in training.inner_text() and "`train()` goes on from here" in training.inner_text()
        assert "KeyboardInterrupt" not in training.inner_text()
        assert picture.count() == 1 and picture.evaluate("one => one.naturalWidth > 0 && one.alt")
        seen.clear()
        assert "1 more" in notebook.run("rows = ").inner_text()
    assert not flaws(page)
    shoot("training-stopped", training)

    training = notebook.run("log = ", wait=False)
    until(has_changed, "the figure to change")
    notebook.restart()  # in the middle of the training
    assert notebook.prompt(training) in ("[ ]:", "[*]:")
    training.locator(".cm-content").click()
    notebook.menu("Run", "Run All Above Selected Cell")
    notebook.wait_for(notebook.cell("import sys"))
    seen.clear()
    training = notebook.run("log = ", wait=False)
    until(has_changed, "the figure to change")
    page.get_by_title("Interrupt the kernel").click()
    until(lambda: "Stopped after" in training.inner_text(), "the training to stop")
    assert "1 more" in notebook.run("rows = ").inner_text()


def test_cartpole_is_played_in_a_cell(page, open_notebook, shoot):
    notebook = open_notebook(
        "game",
        ["import sys; sys.path.insert(0, '..')\nfrom utils.notebook_play import play_here\nplay_here('CartPole-v1')", "1"],
    )
    game, canvas = page.locator(".play-here"), page.locator(".play-here-canvas")
    notebook.run("play_here(")
    game.wait_for()
    data = lambda: game.evaluate("element => ({...element.dataset})")
    until(lambda: canvas.evaluate("canvas => canvas.width") == 600, "the first picture")
    assert game.get_attribute("aria-label").startswith("CartPole-v1, a game")
    assert not page.get_by_text("This is a still picture").is_visible()

    def cart():
        """Where the middle of the cart is, in pixels from the left."""
        row = canvas.evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 308, canvas.width, 1).data]")
        return np.median(np.flatnonzero((np.reshape(row, (-1, 4))[:, :3] == 0).all(axis=1)))

    assert data()["state"] == "paused"
    assert "Click here to play" in game.inner_text()
    shoot("game", game)
    page.keyboard.press("ArrowRight")  # not for the game, which has no focus
    canvas.click()
    until(lambda: data()["state"] == "ready", "the keyboard's being the game's")
    assert data()["steps"] == "0"

    scrolled = page.locator(".jp-WindowedPanel-outer").first
    place = scrolled.evaluate("element => element.scrollTop")
    for hold, let_go, sign in (
        (lambda: page.keyboard.down("ArrowRight"), lambda: page.keyboard.up("ArrowRight"), 1),
        (lambda: page.keyboard.down("ArrowLeft"), lambda: page.keyboard.up("ArrowLeft"), -1),
        (lambda: (page.locator("[data-control=RIGHT]").hover(), page.mouse.down()), page.mouse.up, 1),
    ):
        start = cart()
        hold()
        until(lambda: data()["state"] == "over", "the pole to fall")
        let_go()
        until(lambda start=start, sign=sign: sign * (cart() - start) > 8, f"the cart to go {sign:+}")
        score = int(data()["score"])
        assert 8 <= score <= 12
        assert f"Game over: you {score}, agent 500" in game.inner_text()
        page.keyboard.press("r")
        until(lambda: data()["state"] == "ready", "a new game")

    for key in ("d", "d", "Shift+Enter", "Space", "ArrowDown"):  # JupyterLab would delete the cell, run it, scroll
        page.keyboard.press(key)
    assert page.locator(".jp-CodeCell").count() == 2
    assert scrolled.evaluate("element => element.scrollTop") == place

    page.keyboard.press("ArrowLeft")
    until(lambda: data()["state"] == "playing", "the game to go on after a key is let go")
    page.keyboard.press("Escape")
    until(lambda: data()["state"] == "paused", "a pause")
    still = data()
    time.sleep(0.5)
    assert int(data()["steps"]) <= int(still["steps"]) + 4  # the answers that were on their way

    notebook.restart()
    page.locator(".play-here button", has_text="New game").click()
    until(lambda: data()["state"] == "silent", "the game to notice that its kernel is gone")
    assert "run this cell again" in game.inner_text()
