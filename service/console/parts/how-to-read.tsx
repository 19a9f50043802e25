import { literal } from '../../../etl/engine/sql.ts';
import type { PointerLayer } from '../../../etl/naming/datasets.ts';
import { tableName } from '../../../etl/naming/datasets.ts';
import type { Glue } from '../../service.ts';
import { byGlue } from './read-by-glue.ts';

/** A table, and where it is. */
interface Readable {
  readonly dataset: string;
  readonly layer: PointerLayer;
  /** Its metadata file as it is now; undefined where nothing was published yet. */
  readonly metadata: string | undefined;
  /** Where the service answers, e.g. `http://127.0.0.1:4180`. */
  readonly origin: string;
  /** What TOKEN stands for. */
  readonly token: string;
  /** On AWS: where Glue has it; other tools find it there, and not by the service. */
  readonly glue?: Glue | undefined;
  /** What people call the lake: its folder, where it is in one. */
  readonly lake: string;
}

/** How a table is read by Assay and by other tools, to be copied, with this lake's addresses in it. */
export function HowToRead({ dataset, layer, metadata, origin, token, glue, lake }: Readable) {
  const table = tableName(layer, dataset);
  const ways = [
    {
      tool: 'Assay',
      text: `assay query "SELECT * FROM ${table} LIMIT 10" ${glue === undefined ? `--lake ${shellWord(lake)}` : '--target aws'}`,
    },
    ...(glue === undefined ? byCatalog(table, `${origin}/iceberg`) : byGlue(table, glue)),
    ...(metadata === undefined ? [] : byFile(metadata)),
  ];
  return (
    <>
      <h2>How to read it</h2>
      <p>
        The table is an Iceberg table.{' '}
        {glue === undefined ? <>TOKEN is {token}.</> : <>Tools read it with your own credentials of AWS.</>}{' '}
        By the metadata's file, a tool sees the table as it is now, and not what is published later.
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

/** A word of a shell's line, quoted where it must be. */
const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

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
