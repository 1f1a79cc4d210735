"""Modules that have moved since an earlier version of the course, under the names that a learner's own cells still use."""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "solutions.checkpoint": "solutions.saving.checkpoint",
    "solutions.graphs": "solutions.fast.gpu",
    "solutions.speed": "solutions.fast.precision",
    "utils.cards": "utils.playing.cards",
    "utils.contract": "utils.transitions",
    "utils.dashboard": "utils.watching.log",
}


class OldNames(MetaPathFinder, Loader):
    """Finds the modules in `MOVED` where they are now. Python asks it last, once nothing else has found a module."""

    def find_spec(self, fullname: str, path=None, target=None) -> ModuleSpec | None:
        """See MetaPathFinder."""
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that has moved."""
        module = import_module(MOVED[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own spec back: it has been executed already."""
        module.__spec__ = module.__spec__.loader_state


sys.meta_path.append(OldNames())
