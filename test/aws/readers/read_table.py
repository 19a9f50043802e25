"""Reads Iceberg tables with PyIceberg, which shares no code with Assay, and prints JSON.

Takes a list of requests as JSON on stdin: {table, metadata?, filter?, sums?, rows?}. `table` is a Glue table,
`database.name`, unless `metadata` names a metadata file, which then is read without a catalog. Answers for each:
{location, count, sums, rows, files, all_files}: `files` are the data files that the filter leaves to be read.
"""

import json
import sys
from decimal import Decimal

import pyarrow.compute as pc
from pyiceberg.catalog import load_catalog
from pyiceberg.table import StaticTable


def open_table(request):
    """The table that a request names."""
    if "metadata" in request:
        return StaticTable.from_metadata(request["metadata"])
    endpoint = {"glue.endpoint": request["endpoint"], "s3.endpoint": request["endpoint"]}
    keys = {"client.region": "eu-west-2", "client.access-key-id": "test", "client.secret-access-key": "test"}
    catalog = load_catalog("assay", type="glue", **endpoint, **keys)
    return catalog.load_table(request["table"])


def read(request):
    """The answer to one request."""
    table = open_table(request)
    scan = table.scan(row_filter=request["filter"]) if "filter" in request else table.scan()
    arrow = scan.to_arrow()
    rows = arrow.select(request["rows"]).to_pylist() if "rows" in request else []
    return {
        "location": table.metadata_location,
        "count": arrow.num_rows,
        "sums": {name: str(pc.sum(arrow[name]).as_py() or Decimal(0)) for name in request.get("sums", [])},
        "rows": sorted(rows, key=lambda row: json.dumps(row, default=str)),
        "files": len(list(scan.plan_files())),
        "all_files": len(list(table.scan().plan_files())),
    }


if __name__ == "__main__":
    print(json.dumps([read(request) for request in json.load(sys.stdin)], default=str))
