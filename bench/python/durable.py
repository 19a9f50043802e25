"""The durability that Assay gives, for those that are compared with it: a source is kept before it is read, and what was
written has reached the disk when the run is over."""

import hashlib
import os
from pathlib import Path

# As adapters/local/file-bytes.ts reads.
PIECE_BYTES = 1024 * 1024


def keep_source(file: str, directory: str) -> tuple[str, str]:
    """Copies the file below the directory, durably, and hashes it on the way: the copy's path and its SHA-256 in hex."""
    folder = Path(directory) / "bronze"
    folder.mkdir(parents=True)
    copy = folder / Path(file).name
    digest = hashlib.sha256()
    with open(file, "rb", buffering=0) as source, open(copy, "xb", buffering=0) as target:
        while piece := source.read(PIECE_BYTES):
            digest.update(piece)
            target.write(piece)
        os.fsync(target.fileno())
    sync(folder)
    return str(copy), digest.hexdigest()


def sync_tree(directory: str) -> None:
    """Returns when all files below the directory, and their names, are on the disk."""
    for folder, _, files in os.walk(directory, topdown=False):
        for name in files:
            sync(Path(folder) / name)
        sync(Path(folder))


def sync(path: Path) -> None:
    """Flushes one file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
