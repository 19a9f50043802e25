"""Values as JSON that says the same for every engine, and the loop that answers one request a line."""

import json
import sys
import traceback
from datetime import date, datetime, timezone
from decimal import Decimal


def cell(value):
    """Numbers but floats as exact text without zeros at the end, times in UTC with six places, structs and lists as lists of their values."""
    if value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        in_utc = value if value.tzinfo is None else value.astimezone(timezone.utc).replace(tzinfo=None)
        return in_utc.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return [cell(one) for one in value.values()]
    if isinstance(value, (list, tuple)):
        return [cell(one) for one in value]
    return str(value)


def serve(handle):
    """Answers each line of stdin, a JSON request, by a line of stdout; whatever else is printed goes to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            answer = {"answer": handle(json.loads(line))}
        except Exception as error:  # the test is to see whatever an engine says
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"[:4000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
