"""Starts the AWS API emulator with five corrections.

AWS reports an error that a Node handler throws under the error's own name, and state machines retry and
catch by that name. The emulator's Node worker passes on only the message and calls every error
"Runtime.HandlerError", a process that ended included ("Runtime.ExitError" on AWS).

S3 tells policies whether a request makes an object, and under which condition
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html); the emulator does not, so
that a policy that demands conditional writes would allow every write.

Athena allows what is done with a query on the workgroup that the query runs in
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html); the emulator doesn't look
up in which that is, so that only who may touch any workgroup could wait for an answer.

Cognito's addresses are https on AWS. Requests come here by a proxy that says so, though it speaks http; the emulator takes
it at its word, and names addresses that nobody listens at.

AWS tells policies of a process that took a role the ARN of the role (aws:PrincipalArn,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn); the
emulator tells them that of the session, so that a bucket could let no function in by its role.

Athena unloads what a query selects as Parquet (https://docs.aws.amazon.com/athena/latest/ug/unload.html), reads tables of
Iceberg by their metadata, and begins a query with a token once; the emulator's does none of it. Here PyIceberg reads the
tables, sqlglot makes the SQL DuckDB's, and DuckDB answers it.

What is corrected is checked to be there, so that another release of the emulator fails loudly instead of correcting nothing.
"""

import asyncio
import json
import os
import re
import tempfile
import threading
import uuid

import boto3
import duckdb
import sqlglot
from ministack.app import main
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import athena, cognito, lambda_svc
from pyiceberg.table import StaticTable

_UNNAMED = "Runtime.HandlerError"
_CRASHED = "Runtime.ExitError"
_CRASHES = ("Worker process died", "Worker returned no response")
_last_error = threading.local()


def replace_once(text: str, old: str, new: str) -> str:
    """The text with its one occurrence of `old` replaced; ends the process where there isn't exactly one."""
    if text.count(old) != 1:
        raise SystemExit(f"The emulator is not the pinned release: expected once in its worker: {old!r}")
    return text.replace(old, new)


def name_errors() -> None:
    """Lets a handler's error reach its caller under its own name, as the Node runtime of AWS does."""
    script = replace_once(
        lambda_runtime._NODEJS_WORKER_SCRIPT,
        'status: "error", error: String(err.message || err), trace: err.stack || ""',
        'status: "error", error: String(err.message || err), trace: err.stack || "", name: err.name || ""',
    )
    lambda_runtime._NODEJS_WORKER_SCRIPT = script
    invoke = lambda_runtime.Worker.invoke
    execute = lambda_svc._execute_function_warm

    def invoke_and_remember(self, *args, **kwargs):
        result = invoke(self, *args, **kwargs)
        _last_error.name = _CRASHED if result.get("error") in _CRASHES else result.get("name", "")
        return result

    def execute_and_name(*args, **kwargs):
        _last_error.name = ""
        response = execute(*args, **kwargs)
        body = response.get("body")
        if response.get("error") and isinstance(body, dict) and body.get("errorType") == _UNNAMED:
            body["errorType"] = _last_error.name or "Error"
        return response

    lambda_runtime.Worker.invoke = invoke_and_remember
    lambda_svc._execute_function_warm = execute_and_name


def say_write_conditions() -> None:
    """Gives policies the condition keys of S3's writes: s3:if-match, s3:if-none-match, s3:ObjectCreationOperation."""
    known = iam_actions.s3_service_context
    if "s3:ObjectCreationOperation" in known("s3:PutObject", {}, "/bucket/key", {"if-none-match": "*"}):
        raise SystemExit("The emulator is not the pinned release: it knows the conditions of writes by itself.")

    def with_write_conditions(iam_action, query_params, path="", headers=None):
        context = known(iam_action, query_params, path, headers)
        if iam_action != "s3:PutObject":
            return context
        is_part = any(name in (query_params or {}) for name in ("uploads", "partNumber"))
        context["s3:ObjectCreationOperation"] = "false" if is_part else "true"
        for name in ("if-match", "if-none-match"):
            if (headers or {}).get(name):
                context[f"s3:{name}"] = headers[name]
        return context

    iam_actions.s3_service_context = with_write_conditions


def say_workgroups() -> None:
    """Gives policies the workgroup of a query that a request names by its id."""
    known = iam_actions.extract_resource_arn
    by_id = b'{"QueryExecutionId": "some"}'
    if known("athena", "POST", "/", {}, by_id, {}, "eu-west-2", "000000000000") != "*":
        raise SystemExit("The emulator is not the pinned release: it knows the workgroup of a query by itself.")

    def with_workgroups(service, method, path, headers, body, query_params, region, account_id):
        arn = known(service, method, path, headers, body, query_params, region, account_id)
        if service != "athena" or arn != "*":
            return arn
        query = json.loads(body or b"{}").get("QueryExecutionId")
        execution = athena._executions.get_scoped(account_id, region, query)
        if execution is None:
            return arn
        return f"arn:aws:athena:{region}:{account_id}:workgroup/{execution['WorkGroup']}"

    iam_actions.extract_resource_arn = with_workgroups


def say_roles() -> None:
    """Gives policies the ARN of the role that a process took, and not that of its session."""
    known = iam_evaluator._resolve_condition_key

    class Asked:
        principal_arn = "arn:aws:sts::000000000000:assumed-role/some/session"

    if known("aws:PrincipalArn", Asked()) != Asked.principal_arn:
        raise SystemExit("The emulator is not the pinned release: it tells policies of roles by itself.")

    def with_roles(key, ctx):
        value = known(key, ctx)
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in (value or ""):
            return value
        head, rest = value.split(":assumed-role/", 1)
        return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/', 1)[0]}"

    iam_evaluator._resolve_condition_key = with_roles


def say_plain_addresses() -> None:
    """Names Cognito's addresses as they can be asked here: by http."""
    known = cognito.well_known_openid_configuration
    if b"https://here/" not in known("eu-west-2_x", "eu-west-2", "here", "https")[2]:
        raise SystemExit("The emulator is not the pinned release: it names Cognito's addresses otherwise.")

    def with_plain_addresses(pool_id, region=None, host=None, scheme="http"):
        return known(pool_id, region, host, "http")

    cognito.well_known_openid_configuration = with_plain_addresses


UNLOAD = re.compile(r"UNLOAD \((.*)\) TO '(s3://[^']*/)' WITH \(format = 'PARQUET', compression = 'ZSTD'\)", re.DOTALL)


def unload(text: str) -> None:
    """Runs an UNLOAD over tables of Iceberg in Glue; fails where its folder isn't empty, as Athena does."""
    port = os.environ.get("GATEWAY_PORT", "4566")
    client = lambda name: boto3.client(name, endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-west-2")  # noqa: E731
    s3, glue = client("s3"), client("glue")
    select, place = UNLOAD.fullmatch(text).groups()
    bucket, prefix = place.removeprefix("s3://").split("/", 1)
    if s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("KeyCount", 0) > 0:
        raise ValueError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {place}")
    tree = sqlglot.parse_one(select, read="athena")
    database = duckdb.connect(":memory:")
    for n, table in enumerate(tree.find_all(sqlglot.exp.Table)):
        if table.db == "":
            continue
        found = glue.get_table(DatabaseName=table.db, Name=table.name)["Table"]["Parameters"]
        version = table.args.get("version")
        access = {"s3.endpoint": f"http://127.0.0.1:{port}", "s3.region": "eu-west-2"}
        rows = StaticTable.from_metadata(found["metadata_location"], access).scan(
            snapshot_id=None if version is None else int(version.expression.name)
        )
        database.register(f"table_{n}", rows.to_arrow())
        table.replace(sqlglot.exp.to_table(f"table_{n}", alias=table.alias or None))
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "rows.parquet")
        database.execute("SET TimeZone = 'UTC'")
        database.execute(f"CREATE TABLE answer AS {tree.sql(dialect='duckdb')}")
        if database.execute("SELECT count(*) FROM answer").fetchall() == [(0,)]:
            return
        database.execute(f"COPY answer TO '{file}' (FORMAT parquet)")
        s3.upload_file(file, bucket, f"{prefix}{uuid.uuid4()}")


def unload_tables() -> None:
    """Has Athena answer UNLOAD, and begin a query with a token once."""
    start, run = athena._start_query_execution, athena._run_duckdb
    begun = {}

    def start_once(data):
        token = data.get("ClientRequestToken") if data.get("QueryString", "").startswith("UNLOAD") else None
        if token is None or token not in begun:
            answer = start(data)
            if token is not None:
                begun[token] = answer
            return answer
        return begun[token]

    async def run_unload(query, database, catalog=None):
        if UNLOAD.fullmatch(query) is None:
            return await run(query, database, catalog)
        await asyncio.to_thread(unload, query)
        return {"columns": [], "rows": [], "column_types": []}

    athena._start_query_execution = start_once
    athena._run_duckdb = run_unload


if __name__ == "__main__":
    unload_tables()
    name_errors()
    say_write_conditions()
    say_workgroups()
    say_roles()
    say_plain_addresses()
    main()
