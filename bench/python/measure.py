"""How a Python contender is called and what it prints: the same as bench/measure.ts."""

import argparse
import json
import re
import resource
import sys
import time
from collections.abc import Callable


def main(ingest: Callable[[str, str, list[str]], dict[str, int]]) -> None:
    """Runs `ingest(file, directory, currencies)` and prints its counts with what they cost, without the imports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--in", dest="file", required=True)
    parser.add_argument("--out", dest="directory", required=True)
    parser.add_argument("--currencies", required=True, help="the codes that are allowed, separated by commas")
    options = parser.parse_args()
    started, started_cpu = time.perf_counter(), time.process_time()
    counts = ingest(options.file, options.directory, options.currencies.split(","))
    cpu, wall = time.process_time() - started_cpu, time.perf_counter() - started
    cost = {"durationMs": round(wall * 1000), "cpuMs": round(cpu * 1000), "peakRssBytes": peak_rss_bytes()}
    print(json.dumps({**counts, **cost}))


def peak_rss_bytes() -> int:
    """This process's highest resident memory; Linux's VmHWM where there is one, as in bench/measure.ts."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            kib = re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)
            if kib is not None:
                return int(kib[1]) * 1024
    except OSError:
        pass  # No /proc: not Linux.
    # macOS counts in bytes, the others in KiB.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
