import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isInCatalog } from './support/assay-catalog.ts';
import { type EngineTable, putBack, tablesOf } from './support/lake.ts';
import { Reader } from './support/reader.ts';
import { compareFiles, compareSnapshots, compareTables, compareTags } from './support/reading.ts';
import { readSession } from './support/session.ts';
import { type SparkEngine, sparkEngine } from './support/spark-engine.ts';
import { SPARK_ICEBERG } from './support/tools.ts';
import { compareWrites } from './support/writing.ts';

/** Spark 3.5 in its default settings, with the versions of Iceberg that Glue 5.0 and 5.1 have. */

const { tools, folder, rest, assay } = readSession();
const { python } = tools;

describe.each(SPARK_ICEBERG.map((version) => [version]))('Spark with Iceberg %s', (version) => {
  let reader: Reader;
  let pyiceberg: Reader;
  let spark: SparkEngine;

  beforeAll(async () => {
    const own = path.join(folder, `spark-${version}`);
    reader = new Reader({
      python,
      script: 'spark',
      args: [tools.sparkIceberg[version] ?? '', rest, own, assay.url, assay.token],
      env: { JAVA_HOME: path.dirname(path.dirname(tools.sparkJava)), SPARK_LOCAL_IP: '127.0.0.1' },
      logFile: path.join(folder, `spark-${version}.log`),
    });
    pyiceberg = new Reader({
      python,
      script: 'pyiceberg_engine',
      args: [rest],
      logFile: path.join(folder, 'pyiceberg.log'),
    });
    const prefix = `spark_${version.replaceAll('.', '_')}_`;
    spark = await sparkEngine(reader, { rest, prefix, tables: await tablesOf(folder) });
  });

  afterAll(async () => {
    await reader?.stop();
    await pyiceberg?.stop();
    await putBack(folder);
  });

  test('finds the tables by the address of `assay serve`', async () => {
    const read = ({ namespace, name }: EngineTable) => spark.ask(`SELECT * FROM assay.${namespace}.${name}`);
    const { compared, found } = await compareTables({ read }, folder, isInCatalog);
    expect(found).toEqual([]);
    expect(compared).toBe(19);
    await expect(spark.ask('DELETE FROM assay.silver.lab_samples')).rejects.toThrow();
  });

  test('reads every value of every row of every table as `assay query` does', async () => {
    const { compared, found } = await compareTables(spark, folder);
    expect(found).toEqual([]);
    expect(compared).toBe(23);
  });

  test('travels to every kept snapshot of every table', async () => {
    const { compared, found } = await compareSnapshots(spark, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  test('travels to the tags of closed months', async () => {
    expect(await compareTags(spark, folder)).toEqual({ compared: 2, found: [] });
  });

  test('plans exactly the files that have something to say to a month or a run', async () => {
    const { compared, found } = await compareFiles(spark, pyiceberg, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(15);
  });

  test('appends, changes, rewrites, deletes and expires, and every row is as it should be', async () => {
    expect(await compareWrites(spark, pyiceberg, folder)).toEqual([]);
  });
});
