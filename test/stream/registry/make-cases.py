"""Writes cases.json: payloads as fastavro and Google's protobuf write them, and what they read of them, as JSON.

    pip install fastavro==1.12.2 protobuf==7.36.2 grpcio-tools==1.85.1
    python test/stream/registry/make-cases.py
"""

import base64
import datetime as dt
import decimal
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import uuid

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.internal import encoder

RANDOM = random.Random(7)
CASES = []


def add(name, kind, text, payload, expected, framed=False):
    CASES.append(
        {
            "name": name,
            "format": kind,
            "text": text,
            "isFramed": framed,
            "payload": base64.b64encode(payload).decode(),
            "json": expected,
        }
    )


class Exact(json.JSONEncoder):
    """Numbers of decimals are written as they are, by way of a mark that is taken out again."""

    def default(self, value):
        if isinstance(value, decimal.Decimal):
            return f"\0{value:f}\0"
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, uuid.UUID):
            return str(value)
        if isinstance(value, dt.datetime):
            text = value.astimezone(dt.timezone.utc).isoformat().replace("+00:00", "") if value.tzinfo else value.isoformat()
            return text + ("Z" if value.tzinfo else "")
        if isinstance(value, (dt.date, dt.time)):
            return value.isoformat()
        return super().default(value)


def exact(value):
    return json.dumps(value, cls=Exact).replace('"\\u0000', "").replace('\\u0000"', "")


def avro(name, schema, *values):
    parsed = fastavro.parse_schema(json.loads(json.dumps(schema)))
    for n, value in enumerate(values):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, value)
        out.seek(0)
        read = fastavro.schemaless_reader(out, parsed)
        add(f"{name} {n}", "avro", json.dumps(schema), out.getvalue(), exact(read))


def record(*fields, name="Order", namespace="shop"):
    return {"type": "record", "name": name, "namespace": namespace, "fields": [{"name": f, "type": t} for f, t in fields]}


UTC = dt.timezone.utc
avro("primitives", record(("a", "null"), ("b", "boolean"), ("c", "int"), ("d", "long"), ("e", "double"), ("f", "bytes"), ("g", "string")),
     {"a": None, "b": True, "c": -(2**31), "d": 2**63 - 1, "e": 0.1, "f": b"\x00\xff", "g": "Zoë \"quoted\" \u2028"},
     {"a": None, "b": False, "c": 2**31 - 1, "d": -(2**63), "e": 1e300, "f": b"", "g": ""},
     {"a": None, "b": False, "c": 0, "d": 9007199254740993, "e": -5e-324, "f": b"a", "g": "\U0001f600"})
avro("logical types", record(
    ("day", {"type": "int", "logicalType": "date"}),
    ("at", {"type": "long", "logicalType": "timestamp-millis"}),
    ("micros", {"type": "long", "logicalType": "timestamp-micros"}),
    ("local", {"type": "long", "logicalType": "local-timestamp-micros"}),
    ("time", {"type": "int", "logicalType": "time-millis"}),
    ("time_us", {"type": "long", "logicalType": "time-micros"}),
    ("amount", {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}),
    ("fixed_amount", {"type": {"type": "fixed", "name": "Amount", "size": 16, "logicalType": "decimal", "precision": 38, "scale": 10}}["type"]),
    ("id", {"type": "string", "logicalType": "uuid"})),
     {"day": dt.date(2026, 1, 13), "at": dt.datetime(2026, 1, 13, 12, 1, 2, 120000, UTC), "micros": dt.datetime(2026, 1, 13, 12, 1, 2, 120001, UTC),
      "local": dt.datetime(2026, 1, 13, 12, 1, 2, 5), "time": dt.time(12, 1, 2, 120000), "time_us": dt.time(0, 0, 0, 1),
      "amount": decimal.Decimal("123456789012345678901234567890123456.78"), "fixed_amount": decimal.Decimal("-0.0000000001"),
      "id": uuid.UUID("b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63")},
     {"day": dt.date(1900, 2, 28), "at": dt.datetime(1969, 12, 31, 23, 59, 59, 999000, UTC), "micros": dt.datetime(1, 1, 1, 0, 0, 0, 0, UTC),
      "local": dt.datetime(9999, 12, 31, 23, 59, 59, 999999), "time": dt.time(23, 59, 59, 999000), "time_us": dt.time(23, 59, 59, 999999),
      "amount": decimal.Decimal("-0.05"), "fixed_amount": decimal.Decimal("0E-10"), "id": uuid.UUID(int=0)})
avro("unions, lists, maps, enums, names", {
    "type": "record", "name": "Order", "namespace": "shop", "fields": [
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "PAID"]}},
        {"name": "again", "type": ["null", "State", "long", "string"]},
        {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "namespace": "shop.parts", "fields": [
            {"name": "sku", "type": "string"}, {"name": "of", "type": ["null", "shop.Order"]}]}}},
        {"name": "other", "type": ["null", "shop.parts.Line", {"type": "map", "values": "long"}, {"type": "array", "items": "int"}]},
        {"name": "tags", "type": {"type": "map", "values": ["null", {"type": "long", "logicalType": "timestamp-millis"}, "double"]}}]},
     {"state": "OPEN", "again": None, "lines": [], "other": None, "tags": {}},
     {"state": "PAID", "again": ("shop.State", "OPEN"), "lines": [{"sku": "a", "of": {"state": "OPEN", "again": 7, "lines": [], "other": None, "tags": {}}}],
      "other": {"sku": "b", "of": None}, "tags": {"a": None, "b": 0.5, "c": dt.datetime(2026, 1, 13, tzinfo=UTC)}},
     {"state": "PAID", "again": "text", "lines": [], "other": {"x": 2**60}, "tags": {}},
     {"state": "PAID", "again": 2**62, "lines": [], "other": [1, 2, 3], "tags": {}})
avro("orders.created", record(("order_id", "string"), ("customer_id", ["null", "string"]),
                              ("placed_at", {"type": "long", "logicalType": "timestamp-millis"}), name="Created", namespace="orders"),
     {"order_id": "o-1", "customer_id": "c-1", "placed_at": dt.datetime(2026, 1, 13, 12, 1, 2, 120000, UTC)},
     {"order_id": "o-2", "customer_id": None, "placed_at": dt.datetime(2026, 1, 13, 12, 1, 2, 120000, UTC)})
for n in range(40):
    avro(f"chance {n}", record(("i", "long"), ("l", {"type": "array", "items": "int"}), ("u", ["string", "bytes", "null"]),
                               ("d", {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": n % 5})),
         {"i": RANDOM.randint(-(2**63), 2**63 - 1), "l": [RANDOM.randint(-(2**31), 2**31 - 1) for _ in range(n % 4)],
          "u": RANDOM.choice(["x" * n, b"y" * n, None]),
          "d": decimal.Decimal(RANDOM.randint(-(10**18), 10**18)).scaleb(-(n % 5))})

PROTO = """syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
message Ping { string id = 1; message Inner { int32 n = 1; } }
message Order {
  enum State { STATE_UNSPECIFIED = 0; OPEN = 1; PAID = 2; }
  message Line { string sku = 1; int64 units = 2; optional double price = 3; }
  string order_id = 1;
  int64 big = 2;
  uint64 bigger = 3;
  sint32 below = 4;
  fixed64 fixed = 5;
  bool is_paid = 6;
  double ratio = 7;
  float small = 8;
  bytes raw = 9;
  State state = 10;
  repeated Line lines = 11;
  map<string, int64> counts = 12;
  map<int32, Line> by_number = 13;
  optional string note = 14;
  oneof payer { string person = 15; int32 company = 16; Line line = 17; }
  google.protobuf.Timestamp placed_at = 18;
  google.protobuf.Duration took = 19;
  google.protobuf.StringValue maybe = 20;
  google.protobuf.Struct extra = 21;
  repeated int32 packed = 22;
  repeated State states = 23;
}
"""


def pool_of(text):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "order.proto").write_text(text)
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", "--include_imports",
                        f"--descriptor_set_out={folder}/set", "order.proto"], check=True, cwd=folder)
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(folder, "set").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


def protobuf(name, message, indexes=None):
    expected = json_format.MessageToJson(message, always_print_fields_with_no_presence=True, indent=None)
    payload = message.SerializeToString(deterministic=True)
    if indexes is None:
        add(name, "protobuf", PROTO, payload, expected)
        return
    framed = b"\0" if indexes == [0] else zigzag(len(indexes)) + b"".join(zigzag(i) for i in indexes)
    add(name, "protobuf", PROTO, framed + payload, expected, True)


def zigzag(number):
    return encoder._VarintBytes(number << 1)


POOL = pool_of(PROTO)
message = lambda name: message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))
Order, Ping, Inner = message("shop.v1.Order"), message("shop.v1.Ping"), message("shop.v1.Ping.Inner")
full = Order(order_id="o-1", big=2**63 - 1, bigger=2**64 - 1, below=-5, fixed=2**63, is_paid=True, ratio=0.1, small=0.5, raw=b"\0\xff",
             state=2, note="", company=0, packed=[1, -1], states=[0, 2])
full.lines.add(sku="a", units=-3)
full.lines.add(sku="b", units=3, price=0)
full.counts["x"] = 2**62
full.by_number[7].sku = "c"
full.placed_at.FromDatetime(dt.datetime(2026, 1, 13, 12, 1, 2, 120000))
full.took.FromMilliseconds(1500)
full.maybe.value = ""
full.extra.update({"a": [1, None, True, {"b": "c"}]})
protobuf("everything, the second message", full, [1])
protobuf("nothing, the second message", Order(), [1])
protobuf("the first message, in short", Ping(id="p"), [0])
protobuf("a message within", Inner(n=7), [0, 0])
protobuf("the first message, bare", Ping(id="p"))
nan = Order(ratio=float("nan"), small=float("-inf"), person="Ann", state=99)
protobuf("numbers that are none, a symbol that nobody knows", nan, [1])
early = Order()
early.placed_at.FromJsonString("0001-01-01T00:00:00.000000001Z")
early.took.FromJsonString("-0.000000001s")
early.line.units = 1
protobuf("the first moment", early, [1])

lines = ",\n ".join(json.dumps(case) for case in CASES)
pathlib.Path(__file__).with_name("cases.json").write_text(f"[\n {lines}\n]\n")
print(f"{len(CASES)} cases")
