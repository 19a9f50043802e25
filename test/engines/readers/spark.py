"""Asks Spark, in its default settings, over a REST catalog. Takes {sql}; answers {columns, rows, files}, where `files`
are the data files that the scan was left with, or null where Spark had no scan.

Arguments: Iceberg's jar, the catalog's address, a folder for Spark's own files; and for a second catalog, `assay`, its
address and token.
"""

import sys

from cells import cell, serve
from pyspark.sql import SparkSession


def open_session(jar, catalog, folder, assay, token):
    """A session with two catalogs, `lake` and `assay`."""
    settings = {
        "spark.jars": jar,
        "spark.driver.memory": "1500m",
        # Of many short queries, the better compiler takes more than it gives.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "rest",
        "spark.sql.catalog.lake.uri": catalog,
        "spark.sql.catalog.assay": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.assay.type": "rest",
        "spark.sql.catalog.assay.uri": assay,
        "spark.sql.catalog.assay.token": token,
    }
    builder = SparkSession.builder.master("local[2]").appName("assay")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def scanned_files(plan):
    """What Iceberg's scan says of itself, wherever in the plan it is."""
    metric = plan.metrics().get("resultDataFiles")
    if metric.isDefined():
        return metric.get().value()
    children = plan.children()
    found = [scanned_files(children.apply(n)) for n in range(children.size())]
    return next((files for files in found if files is not None), None)


def ask(spark, request):
    """All rows of one statement."""
    frame = spark.sql(request["sql"])
    rows = [[cell(value) for value in row] for row in frame.collect()]
    return {"columns": frame.columns, "rows": rows, "files": scanned_files(frame._jdf.queryExecution().executedPlan())}


if __name__ == "__main__":
    session = open_session(*sys.argv[1:])
    session.sparkContext.setLogLevel("ERROR")
    serve(lambda request: ask(session, request))
