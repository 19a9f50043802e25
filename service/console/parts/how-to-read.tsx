import type { Contract } from '../../../etl/contract/contract.ts';
import { tableName } from '../../../etl/naming.ts';
import type { Service } from '../../service.ts';

/** How other tools read a dataset's table, to be copied, with this lake's address in it. */
export function HowToRead({ contract, service }: { readonly contract: Contract; readonly service: Service }) {
  const { dataset, layer } = contract;
  const table = tableName(layer, dataset);
  const uri = service.lake.effects.objects.uri(`${layer}/${dataset.replace('.', '/')}`);
  return (
    <>
      <h2>How to read it</h2>
      <p>With Assay:</p>
      <pre>{`assay query "SELECT * FROM ${table} LIMIT 10"`}</pre>
      <p>
        Other engines read the table as it is, an Iceberg table at <code>{uri}</code>:{' '}
        <code>_LATEST.json</code> in it names its <code>metadata_location</code>. With DuckDB:
      </p>
      <pre>{`INSTALL iceberg; LOAD iceberg;
SELECT * FROM iceberg_scan('METADATA_LOCATION') LIMIT 10;`}</pre>
      <p>With PyIceberg, for pandas and Polars:</p>
      <pre>{`from pyiceberg.table import StaticTable
table = StaticTable.from_metadata("METADATA_LOCATION")
table.scan().to_pandas()    # or .to_polars()`}</pre>
    </>
  );
}
