"""Asks a Trino server, by its HTTP protocol. Takes {sql, catalog}; answers {columns, rows}."""

import json
import sys
import time
from decimal import Decimal
from urllib.request import Request, urlopen

from cells import cell, serve


def converted(value, kind):
    """A value of Trino's JSON; a time says its zone, and the session's is UTC."""
    if isinstance(value, str) and kind.startswith("timestamp"):
        return value.removesuffix(" UTC")
    if isinstance(value, str) and kind.startswith("decimal"):
        return cell(Decimal(value))
    return float(value) if kind == "double" and value is not None else cell(value)


#: How long a server that has just started may take to know of itself as the one that runs queries.
PATIENCE = 60


def ask(server, request):
    """All rows of one statement. One that was begun nowhere, since no node was known yet, is asked again."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return ask_once(server, request)
        except NoNodes:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


class NoNodes(RuntimeError):
    """No node was there to begin a statement."""


def ask_once(server, request):
    headers = {
        "X-Trino-User": "test",
        "X-Trino-Catalog": request["catalog"],
        "X-Trino-Time-Zone": "UTC",
        # Without it, times come with three places.
        "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
    }
    page = json.load(urlopen(Request(f"{server}/v1/statement", data=request["sql"].encode(), headers=headers)))
    columns, rows = [], []
    while True:
        if "error" in page:
            kind = NoNodes if page["error"]["errorName"] == "NO_NODES_AVAILABLE" else RuntimeError
            raise kind(page["error"]["message"])
        columns = page.get("columns", columns)
        rows += page.get("data", [])
        if "nextUri" not in page:
            break
        page = json.load(urlopen(page["nextUri"]))
    kinds = [column["type"] for column in columns]
    return {
        "columns": [column["name"] for column in columns],
        "rows": [[converted(value, kind) for value, kind in zip(row, kinds)] for row in rows],
    }


if __name__ == "__main__":
    serve(lambda request: ask(sys.argv[1], request))
