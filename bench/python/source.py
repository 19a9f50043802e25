"""What both Python contenders know of the source file: its columns and its forms, as bench/row-checks.ts has them."""

# The contract's columns, in contract order, each with its header in the source.
COLUMNS = {
    "transaction_id": "TransactionID",
    "customer_id": "CustomerID",
    "transaction_amount": "TransactionAmount",
    "currency": "Currency",
    "transaction_timestamp": "TransactionTimestamp",
}
KEY = ["transaction_id", "transaction_timestamp"]

AMOUNT = r"^[+-]?\d{1,13}(?:\.\d{1,2})?$"
TIMESTAMP = r"^\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?$"
ZONE = r"(?:Z|[+-]\d\d:\d\d)$"


def record_pattern(width: int) -> str:
    """What a line with so many fields looks like by RFC 4180.

    No CSV reader of pandas, Arrow or Polars tells which records it stretched a point for, so the lines are asked
    first. A newline within quotes is more than this can do; the generator makes none.
    """
    field = r'(?:"(?:[^"]|"")*"|[^",]*)'
    return f"^{field}(?:,{field}){{{width - 1}}}$"


def width_of(file: str) -> int:
    """How many fields the header has."""
    with open(file, encoding="utf-8") as lines:
        return lines.readline().count(",") + 1
