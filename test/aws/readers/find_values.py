"""Looks for planted values wherever a deployed platform keeps anything, and prints where they stand as JSON.

Shares no code with what protects them, nor with `assay privacy verify`: boto3 reads every version of every object of every
bucket (one that was replaced or removed has `?earlier` behind its key), every item of every table, every log, queue, execution and query of the account; folders are read from disk. Parquet
is unpacked by pyarrow; gzip, zip and the blocks of Avro files by Python's own library. What was written before `since`, in
seconds, is left out: the values didn't exist then. Takes {endpoint, values, folders, since} as JSON on stdin; answers
{looked: {kind: count}, found: [{where, value, form}]}.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import sys
import urllib.parse
import zipfile
import zlib

import boto3
import pyarrow.parquet as parquet


def forms_of(value):
    """Everything that tells a value: encodings, escapes, plain digests."""
    raw = value.encode()
    forms = {
        "UTF-8": raw,
        "UTF-16LE": value.encode("utf-16-le"),
        "UTF-16BE": value.encode("utf-16-be"),
        "Latin-1": value.encode("latin-1", "replace"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "URL": urllib.parse.quote(value, safe="").encode(),
        "form": urllib.parse.quote_plus(value).encode(),
        "JSON": json.dumps(value)[1:-1].encode(),
    }
    for shift in range(3):
        # What stands before decides on the first digits, what follows on the last.
        text = base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]
        forms[f"base64+{shift}"] = text
        forms[f"base64url+{shift}"] = text.replace(b"+", b"-").replace(b"/", b"_")
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        digest = hashlib.new(name, raw)
        forms[f"{name} hex"] = digest.hexdigest().encode()
        forms[name] = digest.digest()
    return forms


def avro_blocks(data):
    """The blocks of an Avro file, inflated wherever something can be: no schema is needed to look for bytes."""
    parts, at = [], data.find(b"avro.codec")
    sync = data[-16:]
    for block in data.split(sync) if at >= 0 else []:
        for start in range(0, min(len(block), 24)):
            try:
                parts.append(zlib.decompressobj(-15).decompress(block[start:]))
            except zlib.error:
                continue
    return parts


def unpacked(data):
    """The bytes, and those of what is packed in them."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield from unpacked(gzip.decompress(data))
    elif data[:4] == b"PK\x03\x04":
        for name in (archive := zipfile.ZipFile(io.BytesIO(data))).namelist():
            yield from unpacked(archive.read(name))
    elif data[:4] == b"PAR1":
        table = parquet.read_table(io.BytesIO(data))
        yield json.dumps(table.to_pydict(), default=str, ensure_ascii=False).encode()
    elif data[:4] == b"Obj\x01":
        yield from avro_blocks(data)


def objects(s3, since):
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get("Versions", []):
                if one["LastModified"].timestamp() < since - 1:
                    continue
                place = {"Bucket": name, "Key": one["Key"]}
                if one.get("VersionId", "null") != "null":
                    place["VersionId"] = one["VersionId"]
                answer = s3.get_object(**place)
                told = json.dumps([one["Key"], answer["Metadata"]])
                earlier = "" if one["IsLatest"] else "?earlier"
                yield f"s3://{name}/{one['Key']}{earlier}", told.encode() + b"\n", answer["Body"].read()


def items(dynamodb):
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                text = json.dumps(item, default=lambda raw: raw.hex())
                yield f"dynamodb {table}", text.encode(), b""


def lines(logs, since):
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], startTime=int(since * 1000)
        ):
            for event in page["events"]:
                yield f"log {group['logGroupName']}", event["message"].encode(), b""


def executions(states, since):
    for machine in states.list_state_machines()["stateMachines"]:
        for page in states.get_paginator("list_executions").paginate(stateMachineArn=machine["stateMachineArn"]):
            for one in page["executions"]:
                if one["startDate"].timestamp() < since - 1:
                    continue
                arn = one["executionArn"]
                told = [states.describe_execution(executionArn=arn), states.get_execution_history(executionArn=arn)]
                yield f"execution {one['name']}", json.dumps(told, default=str, ensure_ascii=False).encode(), b""


def queries(athena):
    for group in athena.list_work_groups()["WorkGroups"]:
        for query in athena.list_query_executions(WorkGroup=group["Name"])["QueryExecutionIds"]:
            told = athena.get_query_execution(QueryExecutionId=query)
            yield f"query {query}", json.dumps(told, default=str, ensure_ascii=False).encode(), b""


def tables(glue):
    for database in glue.get_databases()["DatabaseList"]:
        for table in glue.get_tables(DatabaseName=database["Name"])["TableList"]:
            yield f"glue {table['Name']}", json.dumps(table, default=str, ensure_ascii=False).encode(), b""


def files(folders, since):
    for folder in folders:
        for parent, below, names in os.walk(folder):
            # What functions are made of: unpacked when one is first called.
            below[:] = [name for name in below if name not in ("code", "layer_0")]
            for name in set(names) - {"code.zip", "layer_0.zip"}:
                place = os.path.join(parent, name)
                try:
                    if os.stat(place).st_mtime < since:
                        continue
                    with open(place, "rb") as file:
                        yield place, place.encode(), file.read()
                except OSError:
                    # Gone since it was listed, or no file to read.
                    continue


def main():
    request = json.load(sys.stdin)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-west-2"}

    def client(name):
        return boto3.client(name, endpoint_url=request["endpoint"], **keys)

    since = request["since"]
    needles = [(value, form, text) for value in request["values"] for form, text in forms_of(value).items()]
    sources = {
        "objects": objects(client("s3"), since),
        "items": items(client("dynamodb")),
        "lines": lines(client("logs"), since),
        "executions": executions(client("stepfunctions"), since),
        "queries": queries(client("athena")),
        "tables": tables(client("glue")),
        "files": files(request["folders"], since),
    }
    looked, found = {}, []
    for kind, source in sources.items():
        looked[kind] = 0
        for where, told, body in source:
            looked[kind] += 1
            for data in (told, *unpacked(body)):
                found += [
                    {"where": where, "value": value, "form": form} for value, form, text in needles if text in data
                ]
    print(json.dumps({"looked": looked, "found": found}))


if __name__ == "__main__":
    main()
