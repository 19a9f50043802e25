"""Lints and renders a chart by Helm's own code, and has every object of Kubernetes' own checked by its published schemas.

Reads JSON: {"chart": folder, "kubernetes": version, "cases": {name: values}}. Answers JSON: {name: {"lint": [...], "objects": [...],
"wrong": [...], "error": text or null}}.
"""

import json
import sys

import helm_python as helm
import kubernetes_validate
import yaml

asked = json.load(sys.stdin)
# Objects of other makers, whose schemas Kubernetes doesn't publish.
OTHERS = ("keda.sh/", "monitoring.coreos.com/")


def objects_of(templates):
    for name, text in sorted(templates.items()):
        if name.endswith(".yaml"):
            yield from (one for one in yaml.safe_load_all(text) if one)


def wrong(one):
    if one["apiVersion"].startswith(OTHERS):
        return []
    try:
        kubernetes_validate.validate(one, asked["kubernetes"], strict=True)
        return []
    except kubernetes_validate.ValidationError as error:
        return [f"{one['kind']} {one['metadata']['name']}: {error.message}"]


def judge(values):
    found = helm.lint(asked["chart"], values, namespace="prod")
    lint = [message["error"] for message in found["messages"] if message["severity"] > 1] + found["errors"]
    try:
        with helm.Chart.load(asked["chart"]) as chart:
            templates = chart.render(values, name="assay", namespace="prod")
    except helm.HelmError as error:
        return {"lint": lint, "objects": [], "wrong": [], "error": str(error)}
    objects = list(objects_of(templates))
    return {"lint": lint, "objects": objects, "wrong": [text for one in objects for text in wrong(one)], "error": None}


json.dump({name: judge(values) for name, values in asked["cases"].items()}, sys.stdout, default=str)
