import { literal } from '../../../etl/engine/sql.ts';
import { tableName } from '../../../etl/naming/datasets.ts';

/** A table, and where it is. */
interface Readable {
  readonly dataset: string;
  readonly layer: 'silver' | 'gold';
  /** Its metadata file as it is now; undefined where nothing was published yet. */
  readonly metadata: string | undefined;
  /** Where the service answers, e.g. `127.0.0.1:4180`. */
  readonly host: string;
}

/** How a table is read by Assay and by other tools, to be copied, with this lake's addresses in it. */
export function HowToRead({ dataset, layer, metadata, host }: Readable) {
  const table = tableName(layer, dataset);
  const ways = [
    { tool: 'Assay', text: `assay query "SELECT * FROM ${table} LIMIT 10"` },
    ...byCatalog(table, `http://${host}/iceberg`),
    ...(metadata === undefined ? [] : byFile(metadata)),
  ];
  return (
    <>
      <h2>How to read it</h2>
      <p>
        The table is an Iceberg table. TOKEN is what <code>assay serve</code> printed; by the metadata's file,
        a tool sees the table as it is now, and not what is published later.
      </p>
      {ways.map(({ tool, text }) => (
        <details>
          <summary>{tool}</summary>
          <pre>{text}</pre>
        </details>
      ))}
    </>
  );
}

/** By the service's Iceberg catalog, which follows what is published. */
const byCatalog = (table: string, uri: string) => [
  {
    tool: 'pandas, Polars and others, by PyIceberg',
    text: `from pyiceberg.catalog import load_catalog
lake = load_catalog('lake', type='rest', uri='${uri}', token='TOKEN')
lake.load_table('${table}').scan().to_pandas()  # or .to_polars(), .to_arrow()`,
  },
  {
    tool: 'Spark',
    text: `spark-sql --conf spark.sql.catalog.lake=org.apache.iceberg.spark.SparkCatalog \\
  --conf spark.sql.catalog.lake.type=rest --conf spark.sql.catalog.lake.uri=${uri} \\
  --conf spark.sql.catalog.lake.token=TOKEN -e "SELECT * FROM lake.${table} LIMIT 10"`,
  },
  {
    tool: 'Trino',
    text: `connector.name=iceberg
iceberg.catalog.type=rest
iceberg.rest-catalog.uri=${uri}
iceberg.rest-catalog.security=OAUTH2
iceberg.rest-catalog.oauth2.token=TOKEN`,
  },
];

/** By the metadata's file, as it is now. */
const byFile = (metadata: string) => [
  {
    tool: 'DuckDB',
    text: `INSTALL iceberg; LOAD iceberg;
SELECT * FROM iceberg_scan(${literal(metadata)}) LIMIT 10;`,
  },
  {
    tool: 'PyIceberg, without the service',
    text: `from pyiceberg.table import StaticTable
StaticTable.from_metadata(${JSON.stringify(metadata)}).scan().to_pandas()`,
  },
];
