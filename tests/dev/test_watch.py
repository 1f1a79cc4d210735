"""play/watch.py, watched: in a window on a screen that exists only in memory, and in films."""

import json
import re
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from solutions import networks
from solutions.args import PRESETS
from solutions.evaluate import choose_actions, evaluate
from solutions.saving.checkpoint import load_agent, save_agent
from solutions.saving.make_card import Card, make_card
from solutions.trainer import PPOTrainer
from tests.dev import commands
from tests.dev.screen import PATIENCE, PLAY, pictures_of, says_one_sentence, until
from utils.envs import make_envs
from utils.paths import AGENTS
from utils.playing import cards
from utils.playing import scores as playing_scores

sys.path.insert(0, str(PLAY))
import agent_game
import watch


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    """A folder with an agent for each preset, as it is before any training."""
    folder = tmp_path_factory.mktemp("agents")
    for name, args in PRESETS.items():
        torch.manual_seed(0)
        save_agent(
            folder / f"{name}.safetensors",
            *networks.get_actor_and_critic(make_envs(args.env_id, 1, args.mode), args.mode),
            args,
        )
    return folder


def run(folder, *options, **environment):
    """Run the script where there is no display."""
    return commands.run(PLAY / "watch.py", *options, cwd=folder, env=environment, timeout=5 * PATIENCE)


def scores(text):
    return [float(score) for score in re.findall(r"^Game \d+: score (-?[\d.]+) in ", text, re.M)]


def test_space_invaders_in_a_window(start, agents):
    game = start("watch.py", agents / "space-invaders.safetensors")
    first = game.picture()
    assert first.shape == (630, 480, 3)
    assert "P            take over" in game.out.read_text()
    assert (first == (134, 134, 29)).all(axis=2).sum() > 1000  # the invaders, in their colour
    assert re.fullmatch(r"ALE/SpaceInvaders-v5: score \d+, lives 3, game 1 of 3", game.title)
    until(lambda: (game.picture() != first).any(), "the picture to move")
    game.end(lambda: game.press("q"))
    assert "sampled, no sticky actions, seed" in game.out.read_text()
    assert "mean" not in game.out.read_text()  # no game was finished


def test_cartpole_plays_its_games_and_closes_the_window(start, agents):
    game = start("watch.py", agents / "cartpole.safetensors", "--episodes", "4", "--seed", "3")
    assert game.picture().shape == (400, 600, 3)
    assert game.process.wait(PATIENCE) == 0
    said = game.out.read_text()
    played = scores(said)
    assert len(played) == 4
    last = said.splitlines()[-1]
    assert last == f"mean {np.mean(played):.1f}, standard deviation {np.std(played):.1f} over 4 games of CartPole-v1: sampled."
    assert game.err.read_text() == ""


@pytest.mark.parametrize(("how", "code"), [("sigint", 130), ("window", 0)])
def test_it_can_be_stopped(start, agents, how, code):
    game = start("watch.py", agents / "cartpole.safetensors", "--episodes", "1000", "--speed", "2")
    until(lambda: len(scores(game.out.read_text())) > 1, "the end of two games")
    game.end(lambda: game.process.send_signal({"sigint": signal.SIGINT, "window": signal.SIGTERM}[how]), code)
    assert re.search(r"^mean .* over \d+ games of CartPole-v1: sampled.$", game.out.read_text(), re.M)


@pytest.mark.parametrize("way", ["greedy", "sampled"])
def test_scores_are_those_of_evaluate(tmp_path, agents, way):
    path = agents / "cartpole.safetensors"
    done = run(tmp_path, path, f"--{way}", "--seed", "5", "--episodes", "4", "--record", "film.mp4")
    assert done.returncode == 0, done.stderr
    assert f"CartPole-v1: {way}." in done.stdout.splitlines()[-1]
    actor, _, args = load_agent(path)
    torch.manual_seed(5)
    expected = evaluate(actor, make_envs(args.env_id, 1, args.mode, render=True), 4, way == "greedy", seed=5)
    assert scores(done.stdout) == expected.tolist()
    assert pictures_of(tmp_path / "film.mp4").shape == (sum(scores(done.stdout)), 428, 600, 3)


@pytest.mark.parametrize(("option", "sticky"), [("as-trained", True), ("yes", True), ("no", False)])
def test_sticky_actions_as_trained_unless_told_otherwise(tmp_path, agents, option, sticky):
    actor, critic, args = load_agent(agents / "breakout.safetensors")
    path = save_agent(tmp_path / "agent.safetensors", actor, critic, replace(args, sticky_actions=True))
    options = ["--sticky-actions", option, "--seed", "3", "--episodes", "1", "--max-steps", "150", "--record", "film.mp4"]
    done = run(tmp_path, path, *options)
    protocol = f"sampled, {'' if sticky else 'no '}sticky actions"
    assert f"{protocol}, seed 3," in done.stdout and done.stdout.endswith(f"game of ALE/Breakout-v5: {protocol}.\n"), (
        done.stderr
    )

    def score(sticky_actions):
        torch.manual_seed(3)
        envs = make_envs(args.env_id, 1, "atari", sticky_actions=sticky_actions, render=True)
        return evaluate(actor, envs, 1, greedy=False, max_steps=150, seed=3).tolist()

    assert scores(done.stdout) == score(sticky) != score(not sticky)


def test_the_card_beside_an_agent_is_read_out(tmp_path, agents):
    actor, critic, args = load_agent(agents / "cartpole.safetensors")
    path = save_agent(tmp_path / "run.safetensors", actor, critic, args)
    made = make_card(Card(path, "own", episodes=6, max_steps=9), tmp_path)
    written = json.loads(made.read_text("utf-8"))
    for way in ("greedy", "sampled"):
        done = run(tmp_path, "own.safetensors", f"--{way}", "--episodes", "1", "--record", "film.gif")
        (line,) = [line for line in done.stdout.splitlines() if "card" in line]
        assert f"mean {written[way]['mean']:.1f}, standard deviation {written[way]['std']:.1f}: {way}, 6 whole games" in line
    for broken in ["", "[]", "{}", '{"greedy": 1, "sampled": {"mean": 1}}']:
        made.write_text(broken)
        assert watch.read_card(tmp_path / "own.safetensors", "sampled") == ""
    assert watch.read_card(agents / "cartpole.safetensors", "sampled") == ""


def test_a_film_shows_every_frame_in_colour(tmp_path, agents):
    done = run(tmp_path, agents / "breakout.safetensors", "--record", "a/film.mp4", "--episodes", "1", "--seed", "1")
    assert done.returncode == 0 and done.stderr == ""
    steps = int(re.search(r"in ([\d,]+) steps", done.stdout)[1].replace(",", ""))
    pictures = pictures_of(tmp_path / "a" / "film.mp4")
    assert 0 < len(pictures) - 4 * steps <= 1 + 30 + 4  # the reset, no-ops and FIRE come before the agent's first step
    assert pictures.shape[1:] == (436, 320, 3)  # twice as large as the console's
    reddest = pictures[0, 114:126, 16:304].astype(int)  # the uppermost row of bricks
    assert (reddest[..., 0] - reddest[..., 2]).mean() > 50
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["film.mp4"]


def test_the_camera_sees_no_frame_of_the_next_game():
    envs = make_envs("ALE/Breakout-v5", 1, "atari", render=True)
    look, fps = agent_game.camera(envs, PRESETS["breakout"])
    screen = envs.env.envs[0].unwrapped.render
    assert fps == 60
    envs.reset(seed=0)
    look(False)
    rng, game_over = np.random.default_rng(0), False
    while not game_over:
        *_, infos = envs.step(rng.integers(4, size=1))
        game_over = infos["game_over"][0]
        pictures = look(game_over)
        if not game_over:
            assert len(pictures) == 4
            assert (pictures[-1] == screen()).all()
    assert 1 <= len(pictures) <= 4
    assert (pictures[-1][:15] != screen()[:15]).any()  # another number of lives above the field


def test_a_film_stopped_by_ctrl_c_is_kept(tmp_path, agents):
    options = ["--episodes", "1000", "--record", "film.mp4"]
    process = commands.start(
        PLAY / "watch.py", agents / "breakout.safetensors", *options,
        cwd=tmp_path, stdout=tmp_path / "out", stderr=tmp_path / "err",
    )  # fmt: skip
    try:
        until(lambda: "Game 1:" in (tmp_path / "out").read_text(), "the end of a game")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    finally:
        process.kill()
    assert (tmp_path / "err").read_text() == ""
    said = (tmp_path / "out").read_text()
    assert re.search(r"was stopped at score .*The film is in film.mp4.\nmean ", said, re.S)
    assert len(pictures_of(tmp_path / "film.mp4")) > 200


def test_a_greedy_agent_that_waits_is_cut_short(tmp_path, agents):
    done = run(
        tmp_path, agents / "cartpole.safetensors", "--greedy", "--episodes", "1", "--max-steps", "3", "--record", "film.gif"
    )
    assert "Game 1: score 3 in 3 steps: cut short, perhaps because the greedy agent waits for a key.\n" in done.stdout
    assert (tmp_path / "film.gif").read_bytes()[:3] == b"GIF"


def test_without_a_display_it_names_record(tmp_path, agents):
    said = says_one_sentence(tmp_path, {}, "watch.py", str(agents / "cartpole.safetensors"))
    assert "no display" in said and "--record film.mp4" in said


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("tetris", {}, "no agent 'tetris': choose "),
        ("nothing.safetensors", {}, "There is no file nothing.safetensors"),
        ("broken.safetensors", {}, "does not hold a whole agent"),
        ("cartpole", {"greedy": True, "sampled": True}, "choose one of --greedy and --sampled"),
        ("cartpole", {"episodes": 0}, "episodes must be"),
        ("cartpole", {"max_steps": 0}, "max_steps must be"),
        ("cartpole", {"seed": -1}, "seed must be"),
        ("cartpole", {"speed": 0}, "speed must lie"),
        ("cartpole", {"zoom": 100}, "zoom must lie"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(tmp_path, agents, monkeypatch, name, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.safetensors").write_bytes((agents / "cartpole.safetensors").read_bytes()[:1000])
    with pytest.raises(ValueError, match=said) as error:
        watch.main(name, **options)
    assert re.fullmatch(r"[^\n]+\.", str(error.value))


@pytest.mark.parametrize(
    ("place", "said"),
    [("film.avi", "neither"), ("file/film.mp4", "could not be written"), ("/proc/film.gif", "not be written")],
)
def test_a_film_that_cannot_be_written_is_one_sentence(tmp_path, agents, place, said):
    (tmp_path / "file").write_text("not a folder")
    done = run(tmp_path, agents / "cartpole.safetensors", "--record", place)
    assert done.returncode == 1
    assert said in done.stderr and re.fullmatch(r"[^\n]+\.\n", done.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_without_ffmpeg_there_is_no_mp4(tmp_path, agents):
    done = run(tmp_path, agents / "cartpole.safetensors", "--record", "film.mp4", IMAGEIO_FFMPEG_EXE="/none")
    assert done.returncode == 1
    assert re.fullmatch(r"error: An .mp4 needs the program ffmpeg.*, or write a .gif\.\n", done.stderr)
    assert not list(tmp_path.iterdir())


def test_what_the_agent_observes_stays_right_while_a_person_plays(agents):
    actor, _, args = load_agent(agents / "breakout.safetensors")
    game, envs = agent_game.AgentGame(actor, args, seed=3), make_envs(args.env_id, 1, "atari", render=True)
    game.new()
    envs.reset(seed=3)
    game.agent_plays = False
    for held, action in [("FIRE", 1), ("RIGHT", 2), ("", 0), ("LEFT RIGHT", 0), ("LEFT", 3), ("LEFT FIRE", 1)]:
        assert len(game.step(frozenset(held.split()))) in (4, 4 + 1 + 30 + 4)
        obs, *_ = envs.step(np.array([action]))
        assert (game.obs == obs).all()
    game.agent_plays = True
    torch.manual_seed(0)
    game.step(frozenset(["LEFT"]))
    torch.manual_seed(0)
    obs, *_ = envs.step(choose_actions(actor, obs, greedy=False))
    assert (game.obs == obs).all()
    assert game.finish().endswith(", with your help.")
    assert game.scores == []


def test_the_value_is_drawn_under_the_game(tmp_path, agents):
    actor, critic, args = load_agent(agents / "cartpole.safetensors")
    options = {"episodes": 2, "max_steps": 6, "seed": 3}
    row = 27  # of a strip 600 pixels wide; the value's line is three rows high
    for with_value, height in ((critic, 400 + 4 * row), (None, 400 + row + 1)):  # films have even sizes
        game = agent_game.AgentGame(actor, args, critic=with_value, **options)
        path = tmp_path / "film.mp4"
        watch.film(watch.play_alone(game), game, path, speed=1)
        assert pictures_of(path).shape == (14, height, 600, 3)
    envs = make_envs(args.env_id, 1)
    game = agent_game.AgentGame(actor, args, critic=critic, **options)
    game.new()
    obs, _ = envs.reset(seed=3)
    assert game.values == [pytest.approx(critic(torch.as_tensor(obs)).item())]
    game.step()
    assert len(game.values) == 2
    obs, _ = envs.reset(seed=4)
    game.new()
    assert game.values == [pytest.approx(critic(torch.as_tensor(obs)).item())]


def test_agents_are_found_by_the_names_of_their_cards(tmp_path, agents, monkeypatch):
    monkeypatch.setattr(cards, "AGENTS", tmp_path)
    with pytest.raises(ValueError, match=r"no agent 'space-invaders'.*python -m solutions.train space-invaders`\.$") as error:
        agent_game.find_agent("space-invaders")
    assert "\n" not in str(error.value)

    make_card(Card(agents / "breakout.safetensors", "breakout-100k", episodes=1, max_steps=9), tmp_path)
    *_, args, path = agent_game.find_agent("breakout-100k")
    assert (args.env_id, path) == ("ALE/Breakout-v5", tmp_path / "breakout-100k.safetensors")
    assert re.search(r"^  breakout-100k +ALE/Breakout-v5 .*sampled", agent_game.list_agents(), re.M)
    with pytest.raises(ValueError, match=r"no agent 'breakout': choose breakout-100k or the \.safetensors"):
        agent_game.find_agent("breakout")


CARD = json.loads((AGENTS / "cartpole.json").read_text("utf-8")) | {
    "curve": {"global_step": [1, 2], "episodic_return": [9, 8.5]}
}
BROKEN = {
    "empty": "",
    "cut off": json.dumps(CARD)[:300],
    "not JSON": "{steps}",
    "a list": "[]",
    "deep": "[" * 100_000,
    "no text": b"\xff\xfe\xfa",
    "env_id a number": CARD | {"env_id": 3},
    "mode null": CARD | {"mode": None},
    "steps a text": CARD | {"steps": "many"},
    "greedy missing": {name: entry for name, entry in CARD.items() if name != "greedy"},
    "a score missing": CARD | {"sampled": {"mean": 1.0}},
    "a score without end": CARD | {"greedy": CARD["greedy"] | {"mean": float("nan")}},
    "curve null": CARD | {"curve": None},
    "curve of texts": CARD | {"curve": {"global_step": ["1"], "episodic_return": ["2"]}},
    "curve of no columns": CARD | {"curve": {"global_step": "", "episodic_return": ""}},
    "columns of two lengths": CARD | {"curve": {"global_step": [1, 2], "episodic_return": [9.0]}},
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_card_is_named_once_and_stops_nothing(content, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cards, "AGENTS", tmp_path)
    content = json.dumps(content) if isinstance(content, dict) else content
    (tmp_path / "broken.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "whole.json").write_text(json.dumps(CARD | {"steps": None, "seconds": None}))
    (tmp_path / "without_curve.json").write_text(json.dumps({name: CARD[name] for name in CARD if name != "curve"}))
    assert list(cards.read_cards()) == ["whole", "without_curve"]
    (line,) = PPOTrainer(PRESETS["cartpole"]).log.plot().axes[0].lines
    assert line.get_ydata().tolist() == [9, 8.5]
    assert playing_scores.agent_score("CartPole-v1") == (500, 100)
    assert re.search(r"^  whole +CartPole-v1 +0 steps", agent_game.list_agents(), re.M)
    assert [bool(watch.read_card(tmp_path / f"{name}.safetensors", "greedy")) for name in ("broken", "whole")] == [False, True]
    said = capsys.readouterr()
    assert said.err == "" and said.out.count("\n") == 1
    assert re.match(rf"The card {re.escape(str(tmp_path / 'broken.json'))} .* remove it, or make it again with .*\.$", said.out)


def test_without_arguments_it_lists_the_agents(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  cartpole +CartPole-v1 +40,960 steps +greedy 500.0, sampled 500.0$", done.stdout, re.M)


def test_a_person_who_takes_over_has_to_serve():
    actor, _ = networks.get_actor_and_critic_atari((4, 84, 84), 4)
    game = agent_game.AgentGame(actor, PRESETS["breakout"], seed=1)
    game.new()
    assert not game.to_serve  # the environment has pressed FIRE
    game.agent_plays = False
    while game.lives == 5:
        assert not game.to_serve
        game.step()
    assert game.to_serve
    game.step(frozenset({"RIGHT"}))
    assert game.to_serve
    game.new()
    assert not game.to_serve
    while game.lives == 5:
        game.step()
    game.step(frozenset({"FIRE"}))
    assert not game.to_serve
