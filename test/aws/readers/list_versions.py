"""Lists what versioned buckets keep under some prefixes, and prints it as JSON.

Shares no code with Assay: boto3 lists every version and every delete marker. Takes {endpoint, prefixes} as JSON on stdin;
answers [{bucket, key, is_latest, is_marker}].
"""

import json
import sys

import boto3


def main():
    request = json.load(sys.stdin)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-west-2"}
    s3 = boto3.client("s3", endpoint_url=request["endpoint"], **keys)
    found = []
    for bucket in s3.list_buckets()["Buckets"]:
        for prefix in request["prefixes"]:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"], Prefix=prefix):
                for kind in ("Versions", "DeleteMarkers"):
                    found += [
                        {
                            "bucket": bucket["Name"],
                            "key": one["Key"],
                            "is_latest": one["IsLatest"],
                            "is_marker": kind == "DeleteMarkers",
                        }
                        for one in page.get(kind, [])
                    ]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
