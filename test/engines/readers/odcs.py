"""Prints as JSON, for each contract file named on stdin (a JSON list), what datacontract-cli has against it."""

import json
import sys

from datacontract.data_contract import DataContract

found = {}
for file in json.load(sys.stdin):
    checks = DataContract(data_contract_file=file).lint().checks
    found[file] = [f"{check.result}: {check.reason}" for check in checks if check.result != "passed"] if checks else ["not checked"]
json.dump(found, sys.stdout)
