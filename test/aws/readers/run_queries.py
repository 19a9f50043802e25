"""Runs the analysts' named queries over the Iceberg tables of the Glue catalog and prints their rows as JSON.

The emulator's Athena knows no Iceberg, so PyIceberg reads the tables that a query names and DuckDB runs the query,
which sqlglot parses as Athena's SQL and writes as DuckDB's. Takes {endpoint, queries: [{name, sql}]} as JSON on
stdin; answers rows by name.
"""

import json
import re
import sys

import duckdb
import sqlglot
from pyiceberg.catalog import load_catalog
from sqlglot import exp


def tables_of(tree):
    """The tables that a query names with a database, once each."""
    return sorted({(table.db, table.name) for table in tree.find_all(exp.Table) if table.db})


def in_duckdb(tree):
    """The query in DuckDB's SQL; Trino unnests an array of rows into columns, which sqlglot leaves as it is."""
    unnest = r"CROSS JOIN UNNEST\(([\w.]+)\) AS (\w+)\("
    return re.sub(unnest, r"CROSS JOIN LATERAL (SELECT UNNEST(\1, recursive := TRUE)) AS \2(", tree.sql(dialect="duckdb"))


def run(catalog, sql):
    """Columns and rows of one query."""
    tree = sqlglot.parse_one(sql, read="athena")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for database, name in tables_of(tree):
        arrow = catalog.load_table(f"{database}.{name}").scan().to_arrow()
        connection.register("arrow_rows", arrow)
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{database}"')
        connection.execute(f'CREATE TABLE "{database}"."{name}" AS SELECT * FROM arrow_rows')
        connection.unregister("arrow_rows")
    result = connection.execute(in_duckdb(tree))
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row)) for row in result.fetchall()]


if __name__ == "__main__":
    request = json.load(sys.stdin)
    keys = {"client.region": "eu-west-2", "client.access-key-id": "test", "client.secret-access-key": "test"}
    endpoints = {"glue.endpoint": request["endpoint"], "s3.endpoint": request["endpoint"]}
    glue = load_catalog("assay", type="glue", **endpoints, **keys)
    print(json.dumps({query["name"]: run(glue, query["sql"]) for query in request["queries"]}, default=str))
