"""Asks PyIceberg over a REST catalog. Takes {do, …}; see the functions for what else.

Argument: the catalog's address.
"""

import sys

import pyarrow.compute as pc
from cells import cell, serve
from pyarrow import parquet
from pyiceberg.catalog import load_catalog
from pyiceberg.table import StaticTable


def open_table(catalog, request):
    """By a metadata file's address, or by its name in the catalog."""
    if "metadata" in request:
        return StaticTable.from_metadata(request["metadata"])
    return catalog.load_table(request["table"])


def read(catalog, request):
    """All rows of a table, perhaps of a `snapshot` or those that a `filter` leaves."""
    table = open_table(catalog, request)
    options = {"row_filter": request["filter"]} if "filter" in request else {}
    scan = table.scan(snapshot_id=request.get("snapshot"), **options)
    arrow = scan.to_arrow()
    return {
        "columns": arrow.column_names,
        "rows": [[cell(value) for value in row.values()] for row in arrow.to_pylist()],
        "files": len(list(scan.plan_files())),
    }


def holding(catalog, request):
    """How many of a table's data files have, by the values in them, something to say to a filter: of a `run`, or of a
    `time` in a `column` that is `from` or later and before `to`."""
    column = "run_id" if request["kind"] == "run" else request["column"]
    count = 0
    for task in open_table(catalog, request).scan().plan_files():
        values = parquet.read_table(task.file.file_path.removeprefix("file://"), columns=[column])[column]
        least, most = (value.as_py() for value in pc.min_max(values).values())
        if request["kind"] == "run":
            count += least <= request["runId"] <= most
        else:
            least, most = (cell(value)[:10] for value in (least, most))
            count += least < request["to"] and most >= request["from"]
    return count


def append(catalog, request):
    """Appends the rows that a `filter` leaves once more."""
    table = open_table(catalog, request)
    table.append(table.scan(row_filter=request["filter"]).to_arrow())


def delete(catalog, request):
    """Deletes the rows that a `filter` finds."""
    open_table(catalog, request).delete(request["filter"])


def overwrite(catalog, request):
    """Writes all rows into new files: PyIceberg has no compaction."""
    table = open_table(catalog, request)
    table.overwrite(table.scan().to_arrow())


def expire(catalog, request):
    """Expires every snapshot but the current one."""
    table = open_table(catalog, request)
    current = table.current_snapshot().snapshot_id
    old = [one.snapshot_id for one in table.snapshots() if one.snapshot_id != current]
    table.maintenance.expire_snapshots().by_ids(old).commit()


def location(catalog, request):
    """Address of a table's metadata file."""
    return open_table(catalog, request).metadata_location


def snapshots(catalog, request):
    """How many snapshots a table has."""
    return len(open_table(catalog, request).snapshots())


if __name__ == "__main__":
    rest = load_catalog("lake", type="rest", uri=sys.argv[1])
    actions = {do.__name__: do for do in (read, holding, append, delete, overwrite, expire, location, snapshots)}
    serve(lambda request: actions[request["do"]](rest, request))
