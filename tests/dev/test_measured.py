"""Measured figures stand in the chapters' text by name, and the file that holds them says where they come from."""

import pytest
from matplotlib.figure import Figure

from utils.course import measured
from utils.paths import ROOT
from utils.style import draw_band

SOURCES = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "chapters" / "source").glob("*.md"))}


@pytest.mark.parametrize("stem", SOURCES)
def test_no_measured_figure_is_typed(stem):
    assert measured.typed(SOURCES[stem]) == []


@pytest.mark.parametrize(
    ("sentence", "is_typed"),
    [
        ("In our run the mean was 22.6 steps.", True),
        ("We measured it: 5 of them failed.", True),
        ("Over seeds 1 to 4 it was {{ section.mean : .1f }}.", True),
        ("In our run the mean was {{ scores.mean() : .1f }} steps.", False),
        ("In our run, as in [05 Train CartPole](05_train_cartpole.ipynb), it rose.", False),
        ("It takes 12 steps.", False),
    ],
)
def test_a_typed_figure_is_found(sentence, is_typed):
    assert bool(measured.typed(sentence)) == is_typed


def test_every_figure_of_the_file_is_named_and_says_where_it_comes_from():
    text = "".join(SOURCES.values())
    for section, entry in measured.read().items():
        assert {"command", "commit", "date", "machine", "versions", "figures"} <= set(entry), section
        for name in entry["figures"]:
            where = SOURCES.get(section, text)
            assert (name if section in SOURCES else f"{section}.{name}") in measured.expressions(where), (section, name)


def test_figures_are_filled_in(monkeypatch):
    file = {"07_x": {"figures": {"a[0]": -1.234}}, "runs": {"figures": {"n": 12345}}}
    monkeypatch.setattr(measured, "read", lambda: file)
    assert measured.fill_in("{{ a[0] : .1f }} after {{ runs.n : , }}, {{ runs.n : }}", "07_x") == "−1.2 after 12,345, 12345"
    with pytest.raises(ValueError, match=r"chapters/source/07_x\.md names the figure .* `python chapters/measure.py 07`"):
        measured.fill_in("{{ b : .1f }}", "07_x")


@pytest.mark.parametrize("text", ["{{ runs.n : .1f}}", "{{runs.n : .1f }}", "{{ runs.n }}"])
def test_a_broken_place_is_named(text):
    with pytest.raises(ValueError, match="has the form"):
        measured.fill_in(text, "07_x")


def test_what_is_older_than_its_code_is_named(monkeypatch):
    code = {"solutions/trainer.py": measured.digests_of("solutions/trainer.py"), "solutions/gone.py": ["0" * 6]}
    monkeypatch.setattr(measured, "read", lambda: {"07_x": {"command": "measure 07", "figures": {}, "code": code}})
    monkeypatch.setattr(measured, "read_curves", lambda: {"new": {"command": "measure --curves new", "code": {}}})
    assert measured.stale() == ["The figures of 07_x are older than solutions/gone.py: `measure 07` measures them again."]
    monkeypatch.setattr(measured, "read_curves", lambda: {"a_run": {"command": "measure --curves a_run", "code": code}})
    assert "The figures of a_run are older than solutions/gone.py: `measure --curves a_run`" in measured.stale()[1]


@pytest.mark.parametrize(
    ("changed", "is_older"),
    [
        ("from math import exp, log\n\nLIMIT = 3\n\n\ndef f(x):\n    return x + LIMIT\n\n\ndef g():\n    return log(2)", False),
        ('"""Prose."""\nfrom math import exp\nLIMIT = 3\ndef f(x):\n    """More prose."""\n    return x + LIMIT  # why', False),
        ("def f(x):\n    return x + LIMIT\n\nfrom math import exp\nLIMIT = 3", False),
        ("from math import exp\n\nLIMIT = 4\n\n\ndef f(x):\n    return x + LIMIT\n", True),
        ("from math import exp\n\nLIMIT = 3\n\n\ndef f(x):\n    return x - LIMIT\n", True),
        ("from cmath import exp\n\nLIMIT = 3\n\n\ndef f(x):\n    return x + LIMIT\n", True),
        ("from math import exp\n\nLIMIT = 3\n", True),
    ],
)
def test_what_is_added_beside_the_code_makes_no_figure_older(tmp_path, monkeypatch, changed, is_older):
    monkeypatch.setattr(measured, "ROOT", tmp_path)
    monkeypatch.setattr(measured, "read_curves", dict)
    (tmp_path / "a.py").write_text("from math import exp\n\nLIMIT = 3\n\n\ndef f(x):\n    return x + LIMIT\n")
    entry = {"command": "measure 07", "figures": {}, "code": {"a.py": measured.digests_of("a.py")}}
    monkeypatch.setattr(measured, "read", lambda: {"07_x": entry})
    assert measured.stale() == []
    (tmp_path / "a.py").write_text(changed)
    assert bool(measured.stale()) == is_older


def test_every_curve_is_whole_and_drawn_in_a_chapter():
    text = "".join(SOURCES.values())
    for name, entry in measured.read_curves().items():
        curve = measured.expected_curve(name)
        assert {"command", "commit", "date", "machine", "versions", "seeds"} <= set(entry), name
        assert f', "{name}"' in text, name
        assert all(low <= mean <= high for low, mean, high in zip(curve["low"], curve["mean"], curve["high"], strict=True))
        assert len(curve["steps"]) == len(curve["mean"]) > 1 and len(curve["seeds"]) > 1
    with pytest.raises(ValueError, match=r"has no curve 'gone', only .*measure.py --curves gone"):
        measured.expected_curve("gone")


def test_a_band_is_drawn_as_far_as_asked(monkeypatch):
    curve = {"seeds": [1, 2], "steps": [1, 2, 3], "low": [0, 0, 1], "mean": [1, 2, 3], "high": [2, 4, 5]}
    monkeypatch.setattr(measured, "read_curves", lambda: {"a": curve})
    ax = Figure().subplots()
    draw_band(ax, "a", until=2)
    assert ax.lines[0].get_xydata().tolist() == [[1, 1], [2, 2]]
    assert ax.collections[0].get_paths()[0].get_extents().bounds == (1, 0, 1, 4)
    assert "2 runs" in ax.get_legend_handles_labels()[1][0]
