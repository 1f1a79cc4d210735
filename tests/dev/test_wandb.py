"""Weights & Biases, by a stand-in for its package: what it is given, and that it neither asks nor stops anything."""

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import pytest

from solutions.args import PPOArgs
from solutions.evaluate import Evaluator
from solutions.trainer import PPOTrainer

ARGS = PPOArgs(num_envs=2, num_steps=16, num_minibatches=2, update_epochs=2, total_timesteps=2 * 16 * 3, device="cpu")
ARGS = replace(ARGS, use_wandb=True, wandb_project_name="mine")


class Package(SimpleNamespace):
    """As much of the package as the course uses."""

    class Error(Exception):
        pass

    def __init__(self):
        self.unreachable, self.has_login = False, False
        self.runs = []
        super().__init__(Video=lambda path, format: (path, format))

    def Settings(self, **given):
        return SimpleNamespace(**given)

    def login(self, prompt: bool = True, verify: bool = True) -> bool:
        assert not prompt and not verify, "it would ask, or wait for the site"
        return self.has_login

    def init(self, **options):
        if self.unreachable and options["mode"] != "offline":
            raise self.Error("Timed out while retrying.\nConsider this and that.")
        logged = []
        run = SimpleNamespace(
            id=options["id"] or f"run{len(self.runs)}",
            options=options,
            logged=logged,
            log=lambda figures, step: logged.append((step, figures)),
            finished=0,
        )
        run.finish = lambda: setattr(run, "finished", run.finished + 1)
        self.runs.append(run)
        return run


@pytest.fixture
def wandb(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    package = Package()
    monkeypatch.setitem(sys.modules, "wandb", package)
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("a prompt"))
    return package


def test_without_a_login_it_is_offline_and_gets_figures_films_and_evaluations(wandb, capsys):
    trainer = PPOTrainer(replace(ARGS, video_log_freq=1))
    assert not wandb.runs  # nothing before the training begins
    trainer.train(on_iteration=Evaluator(ARGS, every=1, num_episodes=2, max_steps=10))
    (run,) = wandb.runs
    assert (run.options["mode"], run.options["project"]) == ("offline", "mine")
    assert run.options["config"]["num_envs"] == 2
    said = [line for line in capsys.readouterr().out.splitlines() if "wandb" in line]
    assert said == ["wandb: no login found, so this run is logged offline; `wandb login`, then `wandb sync`, uploads it."]
    rows = [figures for _, figures in run.logged if "entropy" in figures]
    assert rows == trainer.log.rows
    assert [step for step, figures in run.logged if "evaluation_mean" in figures] == [32, 64, 96]
    assert trainer.log.videos and all(path.stat().st_size > 0 for path in trainer.log.videos)
    films = [figures["video"] for _, figures in run.logged if "video" in figures]
    assert films == [(str(path), path.suffix[1:]) for path in trainer.log.videos]
    assert run.finished == 1


def test_with_a_login_it_is_online(wandb, capsys):
    wandb.has_login = True
    PPOTrainer(ARGS).train()
    assert wandb.runs[0].options["mode"] is None
    assert "no login" not in capsys.readouterr().out


def test_the_environment_s_mode_is_the_user_s_wish(wandb, monkeypatch, capsys):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    PPOTrainer(ARGS).train()
    assert wandb.runs[0].options["mode"] == "disabled"
    assert "no login" not in capsys.readouterr().out


def test_a_site_that_does_not_answer_costs_a_line(wandb, capsys):
    wandb.unreachable, wandb.has_login = True, True
    log = PPOTrainer(ARGS).train()
    assert len(log.rows) == 3
    (run,) = wandb.runs
    assert run.options["mode"] == "offline" and len(run.logged) == 3
    assert (
        "wandb: Timed out while retrying. So this run is logged offline; `wandb sync` uploads it.\n" in capsys.readouterr().out
    )


def test_a_training_that_goes_on_goes_on_in_its_run_and_another_has_its_own(wandb):
    first, second = PPOTrainer(ARGS), PPOTrainer(ARGS)
    first.train(on_iteration=lambda trainer: True)
    second.train()
    first.train()
    first.train()  # has had all its steps
    assert [(run.id, run.options.get("resume")) for run in wandb.runs] == [("run0", None), ("run1", None), ("run0", "allow")]
    assert all(run.options["reinit"] == "create_new" and run.finished == 1 for run in wandb.runs)
    assert [len(run.logged) for run in wandb.runs] == [1, 3, 2]


class OldPackage(ModuleType):
    init = staticmethod(lambda **options: None)
    login = staticmethod(lambda key=None: True)


@pytest.mark.parametrize(
    "found", [None, ModuleType("wandb"), OldPackage("wandb")], ids=["nothing", "the folder that a run leaves", "an old one"]
)
def test_without_the_package_one_sentence(monkeypatch, found):
    monkeypatch.setitem(sys.modules, "wandb", found)
    with pytest.raises(ValueError, match=r"^[^\n]*run `pip install -U wandb`[^\n]*$"):
        PPOTrainer(ARGS)
