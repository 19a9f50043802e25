"""Reads what an enforcer told: bodies sent to /v1/traces by OpenTelemetry's own message types, metrics by Prometheus's parser."""
import base64
import json
import sys

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

IDS = ("traceId", "spanId", "parentSpanId")


def with_bytes(value):
    """OTLP's JSON has ids in hex where protobuf's own JSON has Base64."""
    if isinstance(value, list):
        return [with_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(one)).decode() if name in IDS else with_bytes(one)
        for name, one in value.items()
    }


def plain(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(one) for one in value.array_value.values]
    return getattr(value, kind)


def spans(body):
    # An unknown member, or a value of another type, is an error here.
    request = ParseDict(with_bytes(json.loads(body)), ExportTraceServiceRequest())
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield {
                    "trace": span.trace_id.hex(),
                    "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "nanos": span.end_time_unix_nano - span.start_time_unix_nano,
                    "status": span.status.code,
                    "attributes": {one.key: plain(one.value) for one in span.attributes},
                }


asked = json.load(sys.stdin)
print(
    json.dumps(
        {
            "spans": [one for body in asked["traces"] for one in spans(body)],
            "families": {
                family.name: {
                    "type": family.type,
                    "samples": [[one.name, one.labels, one.value] for one in family.samples],
                }
                for family in text_string_to_metric_families(asked["metrics"])
            },
        }
    )
)
