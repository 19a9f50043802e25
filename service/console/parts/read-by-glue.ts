import { identifier } from '../../../etl/engine/sql.ts';
import type { Glue } from '../../service.ts';

/** How a table is read on AWS: by Athena, and by Glue's own Iceberg REST catalog. */
export function byGlue(table: string, { region, account, databasePrefix, workgroup }: Glue) {
  const [schema = '', name = ''] = table.split('.');
  const database = `${databasePrefix}${schema}`;
  const uri = `https://glue.${region}.amazonaws.com/iceberg`;
  return [
    {
      tool: `Athena, in workgroup ${workgroup}`,
      text: `SELECT * FROM ${identifier(database)}.${identifier(name)} LIMIT 10`,
    },
    {
      tool: 'pandas, Polars and others, by PyIceberg',
      text: `from pyiceberg.catalog import load_catalog
lake = load_catalog('lake', **{
    'type': 'rest', 'uri': '${uri}', 'warehouse': '${account}',
    'rest.sigv4-enabled': 'true', 'rest.signing-name': 'glue', 'rest.signing-region': '${region}',
})
lake.load_table('${database}.${name}').scan().to_pandas()  # or .to_polars(), .to_arrow()`,
    },
    {
      tool: 'Spark',
      text: `spark-sql --conf spark.sql.catalog.lake=org.apache.iceberg.spark.SparkCatalog \\
  --conf spark.sql.catalog.lake.type=rest --conf spark.sql.catalog.lake.uri=${uri} \\
  --conf spark.sql.catalog.lake.warehouse=${account} --conf spark.sql.catalog.lake.rest.sigv4-enabled=true \\
  --conf spark.sql.catalog.lake.rest.signing-name=glue --conf spark.sql.catalog.lake.rest.signing-region=${region} \\
  -e "SELECT * FROM lake.${database}.${name} LIMIT 10"`,
    },
    {
      tool: 'Trino',
      text: `connector.name=iceberg
iceberg.catalog.type=rest
iceberg.rest-catalog.uri=${uri}
iceberg.rest-catalog.warehouse=${account}
iceberg.rest-catalog.security=SIGV4
iceberg.rest-catalog.signing-name=glue
fs.native-s3.enabled=true
s3.region=${region}`,
    },
    {
      tool: 'DuckDB',
      text: `INSTALL iceberg; LOAD iceberg; INSTALL aws; LOAD aws;
CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION '${region}');
ATTACH '${account}' AS lake (TYPE iceberg, ENDPOINT 'glue.${region}.amazonaws.com/iceberg', AUTHORIZATION_TYPE 'sigv4');
SELECT * FROM lake.${identifier(database)}.${identifier(name)} LIMIT 10;`,
    },
  ];
}
