"""The same training, faster: bfloat16, recorded CUDA operations, several processes. Tests hold each to the plain trainer."""
