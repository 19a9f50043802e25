"""Runs the evaluator of the benchmark that PYTHONPATH names, in the current folder, for the one system in results/.

Its own main() does everything. Two things are set before: the systems whose lines it prints at the end, of which all but
one are missing here, and a memory for the normal form of a cell, which is a function of the cell alone and which it
would work out 3.4 million times (it did: ten minutes and more became seconds of CPU).
"""

import functools
import os
import sys

import evaluate
from pollock import metrics

evaluate.SUT_ORDER = sorted(name for name in os.listdir("results") if os.path.isdir(f"results/{name}"))
metrics.normalize_cell = functools.lru_cache(maxsize=None)(metrics.normalize_cell)
sys.argv += ["--njobs", "1000000"]  # More than there are processors: one after the other, in this process.
evaluate.main()
