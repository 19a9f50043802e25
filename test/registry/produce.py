"""Registers schemas and writes payloads as Confluent's serializers do: a line each, with what the payload says.

    python produce.py REGISTRY OUT
"""

import base64
import json
import sys

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

registry, out = sys.argv[1], open(sys.argv[2], "w")
client = SchemaRegistryClient({"url": registry})


def write(name, topic, payload, says):
    """Integers that doubles can't have are written as texts."""
    says = {key: str(value) if isinstance(value, int) and value > 2**53 else value for key, value in says.items()}
    line = {"name": name, "subject": f"{topic}-value", "payload": base64.b64encode(payload).decode(), "says": says}
    out.write(json.dumps(line) + "\n")


def context(topic):
    return SerializationContext(topic, MessageField.VALUE)


ORDER = {"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "order_id", "type": "string"}, {"name": "units", "type": "long"},
    {"name": "note", "type": ["null", "string"], "default": None}]}
serialize = AvroSerializer(client, json.dumps(ORDER))
for value in ({"order_id": "o-1", "units": 2**53 + 1, "note": None}, {"order_id": "", "units": -1, "note": "é"}):
    write("avro", "avro.orders", serialize(value, context("avro.orders")), value)

JSON = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object",
        "required": ["order_id"], "properties": {"order_id": {"type": "string"}, "units": {"type": "integer"}}}
serialize = JSONSerializer(json.dumps(JSON), client)
for value in ({"order_id": "o-1", "units": 3}, {"order_id": "o-2"}):
    write("json", "json.orders", serialize(value, context("json.orders")), value)

file = descriptor_pb2.FileDescriptorProto(name="orders.proto", package="shop", syntax="proto3")
ping = file.message_type.add(name="Ping")
ping.field.add(name="id", number=1, type=9, label=1, json_name="id")
order = file.message_type.add(name="Order")
order.field.add(name="order_id", number=1, type=9, label=1, json_name="orderId")
order.field.add(name="units", number=2, type=3, label=1, json_name="units")
order.nested_type.add(name="Line").field.add(name="sku", number=1, type=9, label=1, json_name="sku")
order.field.add(name="lines", number=3, type=11, label=3, type_name=".shop.Order.Line", json_name="lines")
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
for name in ("shop.Ping", "shop.Order", "shop.Order.Line"):
    topic = f"proto.{name}"
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    serialize = ProtobufSerializer(kind, client, {"use.deprecated.format": False})
    values = {"shop.Ping": [{"id": "p"}], "shop.Order.Line": [{"sku": "s"}],
              "shop.Order": [{"orderId": "o-1", "units": str(2**53 + 1), "lines": [{"sku": "a"}, {"sku": "b"}]}, {}]}[name]
    for value in values:
        message = json_format.ParseDict(value, kind())
        says = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
        write(f"protobuf {name}", topic, serialize(message, context(topic)), says)
out.close()
