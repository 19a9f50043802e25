"""Asks PyIceberg over a REST catalog. Takes {do, …}; see the functions for what else.

Arguments: the catalog's address, and a token where it wants one.
"""

import json
import sys
from decimal import Decimal
from hashlib import sha256

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
    """All rows of a table, perhaps of a `snapshot`, of that which a `tag` names, or those that a `filter` leaves."""
    table = open_table(catalog, request)
    options = {"row_filter": request["filter"]} if "filter" in request else {}
    snapshot = table.snapshot_by_name(request["tag"]).snapshot_id if "tag" in request else request.get("snapshot")
    scan = table.scan(snapshot_id=snapshot, **options)
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


def digest(arrow, month):
    """The digest of a month's rows as docs/cli.md says that anybody can compute it."""
    columns = [name for name in arrow.column_names if name != "silver_snapshot_id"]
    rows = [row for row in arrow.to_pylist() if row["as_of_month"].isoformat()[:7] == month]
    line = lambda values: json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    hashes = sorted(sha256(line([text(row[name]) for name in columns]).encode()).hexdigest() for row in rows)
    return sha256((line(columns) + "\n" + "\n".join(hashes)).encode()).hexdigest()


def text(value):
    """A value as text: decimals with all their places."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def closed(catalog, request):
    """Digests of a closed `month`: of its rows where the `tag` says that they are, now, and in the Parquet `file` of the closing."""
    table = open_table(catalog, request)
    tagged = table.snapshot_by_name(request["tag"])
    by_tag = table.scan(snapshot_id=tagged.snapshot_id).to_arrow()
    kept = parquet.read_table(request["file"])
    found = {"tag": by_tag, "now": table.scan().to_arrow(), "file": kept}
    digests = {name: digest(rows, request["month"]) for name, rows in found.items()}
    return {**digests, "snapshot": tagged.snapshot_id}


def snapshots(catalog, request):
    """How many snapshots a table has."""
    return len(open_table(catalog, request).snapshots())


if __name__ == "__main__":
    secret = {"token": sys.argv[2]} if len(sys.argv) > 2 else {}
    rest = load_catalog("lake", type="rest", uri=sys.argv[1], **secret)
    actions = {do.__name__: do for do in (read, holding, append, delete, overwrite, expire, location, snapshots, closed)}
    serve(lambda request: actions[request["do"]](rest, request))
