"""Processes that start in a moment: copies of one that has imported PyTorch and the course already."""

import multiprocessing

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["torch._dynamo", "solutions.train"])
