"""Reads the spreadsheet whose path comes on standard input with openpyxl, and prints the rows of each of its sheets as JSON."""

import datetime
import json
import sys

import openpyxl


def plain(value):
    return value.isoformat() if isinstance(value, datetime.datetime) else value


book = openpyxl.load_workbook(sys.stdin.read().strip())
print(json.dumps({sheet.title: [[plain(value) for value in row] for row in sheet.iter_rows(values_only=True)] for sheet in book}))
