"""Judges lines of JSON by Python's own parser: reads a JSON document {pointers, lines (base64)} from stdin, and prints
for each line null where it is no record, else [values, unknown]: texts by pointer, and the unknown members as text."""

import base64
import json
import sys

MOST_LEVELS = 200


class Number(str):
    """A number as it was written."""


def refuse(what):
    raise ValueError(what)


def members(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        refuse("a member twice")
    return dict(pairs)


DECODER = json.JSONDecoder(
    object_pairs_hook=members, parse_float=Number, parse_int=Number, parse_constant=refuse, strict=True
)


def check(value, level=1):
    if isinstance(value, str):
        if any(ord(sign) == 0 or 0xD800 <= ord(sign) <= 0xDFFF for sign in value):
            refuse("a sign that no table can hold")
    elif isinstance(value, (dict, list)):
        if level > MOST_LEVELS:
            refuse("too deep")
        for inner in value.values() if isinstance(value, dict) else value:
            check(inner, level + 1)
        if isinstance(value, dict):
            for name in value:
                check(name)


def text(value):
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    return canonical(value)


def canonical(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(name)}:{canonical(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def steps(pointer):
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def find(value, path):
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and str(int(step)) == step and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def unknown(value, paths):
    """What is left of a value once all that the paths lead to is taken away; None where nothing is."""
    if value is None or [] in paths:
        return None
    if isinstance(value, dict) and paths:
        left = {}
        for name, inner in value.items():
            rest = unknown(inner, [path[1:] for path in paths if path[0] == name])
            if rest is not None:
                left[name] = rest
        return left or None
    if isinstance(value, list) and paths:
        each = [unknown(inner, [p[1:] for p in paths if p[0] == str(n)]) for n, inner in enumerate(value)]
        return value if any(rest is not None for rest in each) else None
    return value


def judge(line, pointers):
    try:
        record = DECODER.decode(line.decode("utf-8", errors="strict"))
        if not isinstance(record, dict):
            return None
        check(record)
    except (ValueError, RecursionError):
        return None
    paths = [steps(pointer) for pointer in pointers]
    left = unknown(record, paths)
    return [[text(find(record, path)) for path in paths], None if left is None else canonical(left)]


asked = json.load(sys.stdin)
sys.setrecursionlimit(5000)
json.dump([judge(base64.b64decode(line), asked["pointers"]) for line in asked["lines"]], sys.stdout)
