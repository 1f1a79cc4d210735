"""The same training, faster; tests hold each way to the plain trainer.

`solutions.train.trainer_class` chooses: under torchrun `distributed.RankTrainer`, else on a GPU `gpu.GPUTrainer`, else
`PPOTrainer` itself. Both subclasses learn by `updates.UpdateTrainer`, a copy of PPOTrainer's learning phase with a method for
one update; ranks neither record nor overlap. `overlap.py` lets emulators play while the network chooses, for GPUTrainer;
`precision.py` prepares the networks of every trainer.
"""
