"""Reads the spreadsheet whose path comes on standard input with openpyxl, and prints its rows as JSON."""

import datetime
import json
import sys

import openpyxl


def plain(value):
    return value.isoformat() if isinstance(value, datetime.datetime) else value


sheet = openpyxl.load_workbook(sys.stdin.read().strip()).active
print(json.dumps([[plain(value) for value in row] for row in sheet.iter_rows(values_only=True)]))
