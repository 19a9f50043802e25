"""The same work as bench/row-by-row.ts in Polars: one lazy query, run by the streaming engine, with two Parquet sinks.

SHA-256 comes from the plugin polars-hash; Polars itself has no cryptographic hash.
"""

import uuid
from datetime import datetime, timezone
from pathlib import Path

import polars as pl
import polars_hash as plh
from durable import keep_source, sync_tree
from measure import main
from source import AMOUNT, COLUMNS, KEY, TIMESTAMP, ZONE, record_pattern, width_of


def ingest(file: str, directory: str, currencies: list[str]) -> dict[str, int]:
    file, digest = keep_source(file, directory)
    lineage = [
        pl.lit(digest).alias("source_file_id"),
        pl.lit(0).alias("attempt_count"),
        pl.lit(datetime.now(timezone.utc)).alias("ingestion_timestamp"),
        pl.lit(str(uuid.uuid4())).alias("run_id"),
    ]
    judged = judge(read(file), currencies)
    silver = judged.filter(verdict="silver").select(
        "transaction_id",
        "customer_id",
        pl.col("amount").alias("transaction_amount"),
        "currency",
        pl.col("timestamp").alias("transaction_timestamp"),
        "row_hash",
        "source_row_number",
        *lineage,
    )
    rejects = judged.filter(pl.col("verdict") != "silver").select(
        "line", reasons(currencies).alias("reasons"), "row_hash", "source_row_number", *lineage
    )
    months = pl.PartitionBy(
        Path(directory) / "silver",
        key=[
            pl.col("transaction_timestamp").dt.year().alias("year"),
            pl.col("transaction_timestamp").dt.month().alias("month"),
        ],
        include_key=False,
    )
    *_, found = pl.collect_all(
        [
            silver.sink_parquet(months, compression_level=1, mkdir=True, lazy=True),
            rejects.sink_parquet(Path(directory) / "rejects.parquet", mkdir=True, lazy=True),
            judged.group_by("verdict").len(),
        ],
        engine="streaming",
    )
    sync_tree(directory)
    counts = dict(found.rows())
    silver_count = counts.get("silver", 0)
    rows = sum(counts.values())
    return {
        "rows": rows,
        "silver": silver_count,
        "rejected": rows - silver_count,
        "duplicates": counts.get("duplicate", 0),
    }


def read(file: str) -> pl.LazyFrame:
    """Each line as it stands and its fields as far as the CSV reader makes them out, side by side."""
    lines = pl.scan_lines(file, row_index_name="source_row_number").slice(1)
    fields = pl.scan_csv(
        file,
        infer_schema=False,
        empty_string_is_null=True,
        extra_columns="ignore",
        missing_columns="insert",
        truncate_ragged_lines=True,
    ).select(pl.col(header).alias(column) for column, header in COLUMNS.items())
    return pl.concat([lines, fields], how="horizontal").with_columns(
        whole=pl.col("line").str.contains(record_pattern(width_of(file)))
    )


def judge(records: pl.LazyFrame, currencies: list[str]) -> pl.LazyFrame:
    """Adds typed values, row hash and verdict; the empty field is NULL."""
    timestamp = pl.col("transaction_timestamp")
    zoned = pl.when(timestamp.str.contains(ZONE)).then(timestamp).otherwise(timestamp + "Z")
    typed = records.with_columns(
        amount=pl.when(pl.col("transaction_amount").str.contains(AMOUNT)).then(
            pl.col("transaction_amount").cast(pl.Decimal(18, 2), strict=False)
        ),
        timestamp=pl.when(timestamp.str.contains(TIMESTAMP)).then(
            zoned.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
        ),
        row_hash=pl.when("whole").then(row_hash()),
    )
    passed = (
        pl.col("whole")
        & pl.col("transaction_id").is_not_null()
        & pl.col("customer_id").is_not_null()
        & pl.col("amount").is_not_null()
        & pl.col("currency").is_in(currencies).fill_null(False)
        & pl.col("timestamp").is_not_null()
    )
    # Records that failed claim no key: `passed` is part of what is compared.
    first = pl.struct("passed", "transaction_id", "timestamp").is_first_distinct()
    return typed.with_columns(passed=passed).with_columns(
        verdict=pl.when(~pl.col("passed"))
        .then(pl.lit("failed"))
        .when(first)
        .then(pl.lit("silver"))
        .otherwise(pl.lit("duplicate"))
    )


def row_hash() -> pl.Expr:
    """SHA-256 over the raw values, each behind `=` unless it is empty, joined by NUL."""
    values = [
        pl.when(pl.col(column).is_not_null()).then("=" + pl.col(column)).otherwise(pl.lit(""))
        for column in COLUMNS
    ]
    return plh.concat_str(values, separator="\0").chash.sha2_256()


def reasons(currencies: list[str]) -> pl.Expr:
    """Every reason against a record that is not silver."""

    def reason(when: pl.Expr, code: str, column: str, value: pl.Expr) -> pl.Expr:
        parts = {"column": pl.lit(column), "code": pl.lit(code), "value": value}
        return pl.when(when).then(pl.struct(**parts))

    def against(column: str) -> list[pl.Expr]:
        value, whole = pl.col(column), pl.col("whole")
        found = [reason(whole & value.is_null(), "NULL_VALUE", column, value)]
        typed = {"transaction_amount": "amount", "transaction_timestamp": "timestamp"}.get(column)
        if typed is not None:
            bad = value.is_not_null() & pl.col(typed).is_null()
            found.append(reason(whole & bad, "TYPE_ERROR", column, value))
        if column == "currency":
            found.append(reason(whole & ~value.is_in(currencies), "DOMAIN_ERROR", column, value))
        return found

    structure = reason(~pl.col("whole"), "STRUCTURE_ERROR", "", pl.lit(None, pl.String))
    duplicate = reason(pl.col("verdict") == "duplicate", "DUPLICATE", KEY[0], pl.col(KEY[0]))
    each = [found for column in COLUMNS for found in against(column)]
    return pl.concat_list(structure, *each, duplicate).list.drop_nulls()


if __name__ == "__main__":
    main(ingest)
