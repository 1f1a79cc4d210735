"""Environments in processes of their own, which never leave the main process waiting."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import wait

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.vector.async_vector_env import _async_worker


class WorkerError(RuntimeError):
    """The process of an environment died, hangs, or raised an exception; says which, and what to do."""


class ProcessVectorEnv(AsyncVectorEnv):
    """Gymnasium's AsyncVectorEnv, resetting in the same step, whose failing workers are errors that name them.

    In Gymnasium's own a dead worker is a bare EOFError, and a hanging one is waited for without end. Here each is a
    WorkerError, after which every process is gone.
    """

    def __init__(self, env_fns: Sequence[Callable[[], gym.Env]], timeout: float = 60.0):
        """Start a process for each environment.

        Args:
            env_fns: what each process calls to make its environment.
            timeout: seconds that all environments together may take for a step, a reset, or to start.

        Raises:
            WorkerError: an environment cannot be made in its process.
        """
        if not timeout > 0:
            raise ValueError(f"timeout must be greater than 0 seconds; you gave {timeout!r}.")
        self.timeout = timeout
        super().__init__(env_fns, worker=_worker, autoreset_mode=AutoresetMode.SAME_STEP)

    def reset(self, *, seed=None, options=None):
        return self._ask(lambda: self.reset_async(seed, options), self.reset_wait)

    def step(self, actions):
        return self._ask(lambda: self.step_async(actions), self.step_wait)

    def call(self, name: str, *args, **kwargs):
        return self._ask(lambda: self.call_async(name, *args, **kwargs), self.call_wait)

    def _check_spaces(self):
        self.call("spec")  # super's waits without end, so have them all answer once before
        super()._check_spaces()

    def _ask(self, send: Callable, receive: Callable):
        try:
            send()
            return receive(self.timeout)
        except KeyboardInterrupt:
            with suppress(Exception):
                receive(self.timeout)  # or the next question would get the answer to this one
            raise
        except Exception as error:
            fault = self._find_fault(error)
            if fault is None:
                raise
            self.close(terminate=True)
            raise WorkerError(fault) from None

    def _find_fault(self, error: Exception) -> str | None:
        """Say in a sentence which environment failed, how, and what to do; None if none did."""
        raised = [str(number) for number, pipe in enumerate(self.parent_pipes) if pipe is None]  # so Gymnasium marks them
        if raised:
            return (
                f"Environment {' and '.join(raised)} raised {type(error).__name__} in its process: {error}. Repair the "
                "environment; the traceback is above."
            )
        died = isinstance(error, EOFError | OSError)
        dead = wait([process.sentinel for process in self.processes], timeout=5 if died else 0)
        for number, process in enumerate(self.processes):
            if process.sentinel in dead:
                process.join()
                code = process.exitcode
                cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
                return (
                    f"The process of environment {number} died ({cause}). If memory ran out, use fewer "
                    "environments; else make them without processes, to see what happens."
                )
        for number, pipe in enumerate(self.parent_pipes):
            if isinstance(error, multiprocessing.TimeoutError) and not pipe.poll():
                return (
                    f"The process of environment {number} has not answered for {self.timeout:g} seconds. If a step may take "
                    "so long, give make_envs a longer timeout; else make them without processes, to see where it hangs."
                )
        return None

    def close_extras(self, timeout: float | None = None, terminate: bool = False) -> None:
        """End the processes; those that have not ended within 5 seconds (or `timeout`) are killed, or all at once if `terminate`."""
        for pipe in self.parent_pipes:
            with suppress(OSError, AttributeError):  # it is closed, or None
                pipe.send(("close", None))
        deadline = time.monotonic() + (0 if terminate else 5 if timeout is None else timeout)
        for process in self.processes:
            process.join(max(0, deadline - time.monotonic()))
            process.kill()
        for process in self.processes:
            process.join()
        for pipe in self.parent_pipes:
            with suppress(AttributeError):
                pipe.close()


def _worker(*args) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the main process may treat it in its own way
    for name in ("SIGINT", "SIGHUP"):  # an interrupt is for the main process, which may go on afterwards
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _async_worker(*args)
