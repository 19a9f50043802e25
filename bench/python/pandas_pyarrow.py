"""The same work as bench/row-by-row.ts in pandas with Arrow's columns.

All is vectorised but SHA-256, which is hashlib's and row by row, since neither library has one. The whole file is in
memory at once, as pandas has it.
"""

import hashlib
import uuid
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.dataset as ds
from durable import keep_source, sync_tree
from measure import main
from source import AMOUNT, COLUMNS, KEY, TIMESTAMP, record_pattern, width_of

TEXT = pd.ArrowDtype(pa.string())
DECIMAL = pd.ArrowDtype(pa.decimal128(18, 2))
REASONS = pd.ArrowDtype(
    pa.list_(pa.struct({"column": pa.string(), "code": pa.string(), "value": pa.string()}))
)
MONTHS = ds.partitioning(pa.schema({"year": pa.int32(), "month": pa.int32()}), flavor="hive")
# Smaller groups are gathered before they are written.
ROW_GROUP_ROWS = 100_000


def ingest(file: str, directory: str, currencies: list[str]) -> dict[str, int]:
    file, digest = keep_source(file, directory)
    lineage = {
        "source_file_id": digest,
        "attempt_count": 0,
        "ingestion_timestamp": datetime.now(timezone.utc),
        "run_id": str(uuid.uuid4()),
    }
    lines = read_lines(file)
    whole = pc.match_substring_regex(lines, record_pattern(width_of(file)))
    numbered = pd.DataFrame({"line": pd.Series(lines, dtype=TEXT), "source_row_number": range(len(lines))})
    records, broken = numbered[whole.to_numpy()][1:], numbered[~whole.to_numpy()]
    records = judge(records.join(parse(lines.filter(whole)).set_index(records.index)), currencies)
    silver, failed = records[records["verdict"] == "silver"], records[records["verdict"] != "silver"]
    rejects = pd.concat([with_reasons(failed, currencies), with_structure_error(broken)])
    write(silver_columns(silver), lineage, Path(directory) / "silver", MONTHS)
    write(
        rejects[["line", "reasons", "row_hash", "source_row_number"]],
        lineage,
        Path(directory) / "rejects",
        None,
    )
    sync_tree(directory)
    return {
        "rows": len(lines) - 1,
        "silver": len(silver),
        "rejected": len(rejects),
        "duplicates": int((records["verdict"] == "duplicate").sum()),
    }


def read_lines(file: str) -> pa.ChunkedArray:
    """The file's lines as they stand, header first."""
    return csv.read_csv(
        file,
        read_options=csv.ReadOptions(column_names=["line"], block_size=1 << 24),
        parse_options=csv.ParseOptions(delimiter="\x01", quote_char=False, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(column_types={"line": pa.string()}),
    )["line"]


def parse(lines: pa.ChunkedArray) -> pd.DataFrame:
    """The contract's columns of the records in these lines, as text, header first."""

    def joined(chunk: pa.Array) -> memoryview:
        return memoryview(
            pc.binary_join(pa.ListArray.from_arrays([0, len(chunk)], chunk), "\n")[0].as_buffer()
        )

    table = csv.read_csv(
        pa.BufferReader(b"\n".join(map(joined, lines.chunks))),
        convert_options=csv.ConvertOptions(
            include_columns=list(COLUMNS.values()),
            column_types=dict.fromkeys(COLUMNS.values(), pa.string()),
            strings_can_be_null=False,
        ),
    )
    return table.rename_columns(list(COLUMNS)).to_pandas(types_mapper=pd.ArrowDtype)


def judge(records: pd.DataFrame, currencies: list[str]) -> pd.DataFrame:
    """Adds typed values, row hash and verdict; the empty field is NULL."""
    amount, timestamp = records["transaction_amount"], records["transaction_timestamp"]
    typed = records.assign(
        amount=amount.where(amount.str.match(AMOUNT)).astype(DECIMAL),
        timestamp=pd.to_datetime(
            timestamp.where(timestamp.str.match(TIMESTAMP)), format="ISO8601", utc=True, errors="coerce"
        ),
        row_hash=row_hashes(records),
    )
    passed = (
        (typed["transaction_id"] != "")
        & (typed["customer_id"] != "")
        & typed["amount"].notna()
        & typed["currency"].isin(currencies)
        & typed["timestamp"].notna()
    )
    repeated = typed.loc[passed, ["transaction_id", "timestamp"]].duplicated()
    verdict = pd.Series("failed", index=typed.index)
    verdict[passed] = repeated.map({False: "silver", True: "duplicate"})
    return typed.assign(verdict=verdict)


def row_hashes(records: pd.DataFrame) -> pd.Series:
    """SHA-256 over the raw values, each behind `=` unless it is empty, joined by NUL."""
    columns = pa.Table.from_pandas(records[list(COLUMNS)], preserve_index=False).columns
    values = [pc.if_else(pc.equal(c, ""), "", pc.binary_join_element_wise("", c, "=")) for c in columns]
    texts = pc.binary_join_element_wise(*values, "\0").cast(pa.binary())
    hashes = [hashlib.sha256(text).hexdigest() for text in texts.to_pylist()]
    return pd.Series(pa.array(hashes), index=records.index, dtype=TEXT)


def with_reasons(failed: pd.DataFrame, currencies: list[str]) -> pd.DataFrame:
    """Every reason against the records that are not silver: few enough for a loop."""
    allowed = set(currencies)
    typed = {"transaction_amount": "amount", "transaction_timestamp": "timestamp"}

    def code(record: dict, column: str) -> str | None:
        if record[column] == "":
            return "NULL_VALUE"
        if column in typed and pd.isna(record[typed[column]]):
            return "TYPE_ERROR"
        if column == "currency" and record[column] not in allowed:
            return "DOMAIN_ERROR"
        return None

    def reasons(record: dict) -> list[dict]:
        if record["verdict"] == "duplicate":
            return [{"column": KEY[0], "code": "DUPLICATE", "value": record[KEY[0]]}]
        codes = {column: code(record, column) for column in COLUMNS}
        return [{"column": c, "code": found, "value": record[c]} for c, found in codes.items() if found]

    found = pd.Series(map(reasons, failed.to_dict("records")), index=failed.index, dtype=REASONS)
    return failed.assign(reasons=found)


def with_structure_error(broken: pd.DataFrame) -> pd.DataFrame:
    reason = [[{"column": "", "code": "STRUCTURE_ERROR", "value": None}]]
    return broken.assign(reasons=pd.Series(reason * len(broken), index=broken.index, dtype=REASONS))


def silver_columns(silver: pd.DataFrame) -> pd.DataFrame:
    timestamp = silver["timestamp"]
    return pd.DataFrame(
        {
            "transaction_id": silver["transaction_id"],
            "customer_id": silver["customer_id"],
            "transaction_amount": silver["amount"],
            "currency": silver["currency"],
            "transaction_timestamp": timestamp,
            "row_hash": silver["row_hash"],
            "source_row_number": silver["source_row_number"],
            "year": timestamp.dt.year,
            "month": timestamp.dt.month,
        }
    )


def write(frame: pd.DataFrame, lineage: dict, directory: Path, partitioning: ds.Partitioning | None) -> None:
    """Writes Parquet with the lineage, which is the same for all rows and so kept as a dictionary of one."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for name, value in lineage.items():
        index = pa.repeat(pa.scalar(0, pa.int8()), len(table))
        table = table.append_column(name, pa.DictionaryArray.from_arrays(index, pa.array([value])))
    ds.write_dataset(
        table,
        directory,
        format="parquet",
        partitioning=partitioning,
        file_options=ds.ParquetFileFormat().make_write_options(compression="zstd", compression_level=1),
        min_rows_per_group=ROW_GROUP_ROWS,
    )


if __name__ == "__main__":
    main(ingest)
