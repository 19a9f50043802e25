import { randomBytes } from 'node:crypto';
import {
  CreateDatabaseCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CLIENT_CONFIG } from '../../../adapters/aws/client-config.ts';
import { glueCatalog, glueName } from '../../../adapters/aws/glue-catalog.ts';
import type { Catalog, CatalogTable } from '../../../etl/ports.ts';

/** The Glue catalog follows the pointers, and never goes backwards. */

const DATASET = 'shop.orders';
const glue = new GlueClient(CLIENT_CONFIG);

let prefix: string;
let catalog: Catalog;

beforeEach(async () => {
  prefix = `t${randomBytes(4).toString('hex')}_`;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: `${prefix}silver` } }));
  catalog = glueCatalog({ glue, databasePrefix: prefix });
});
afterEach(async () => {
  const { database, table } = glueName(prefix, 'silver', DATASET);
  await glue.send(new DeleteTableCommand({ DatabaseName: database, Name: table })).catch(() => undefined);
  await glue.send(new DeleteDatabaseCommand({ Name: database }));
});

const metadataOf = (version: number): string => `s3://lake/silver/shop/orders/metadata/v${version}.json`;

function at(version: number): CatalogTable {
  return {
    layer: 'silver',
    dataset: DATASET,
    location: 's3://lake/silver/shop/orders',
    metadataLocation: metadataOf(version),
    version,
    columns: [
      { name: 'order_id', type: { kind: 'string' }, required: true, doc: 'Number of\nthe order.' },
      { name: 'amount', type: { kind: 'decimal', precision: 18, scale: 2 }, required: false },
    ],
    description: 'Orders',
  };
}

async function stands(): Promise<{ metadata: string; previous: string; version: string; columns: unknown }> {
  const { database, table } = glueName(prefix, 'silver', DATASET);
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: database, Name: table }));
  const parameters = Table?.Parameters ?? {};
  return {
    metadata: parameters.metadata_location ?? '',
    previous: parameters.previous_metadata_location ?? '',
    version: parameters['assay.version'] ?? '',
    columns: Table?.StorageDescriptor?.Columns?.map(({ Name, Type, Comment }) => [Name, Type, Comment]),
  };
}

test('a table is made where there is none, as Iceberg tables are', async () => {
  await catalog.follow(at(1));
  expect(await stands()).toEqual({
    metadata: metadataOf(1),
    previous: '',
    version: '1',
    columns: [
      ['order_id', 'string', 'Number of the order.'],
      ['amount', 'decimal(18,2)', undefined],
    ],
  });
});

test('it moves on, and remembers where it was', async () => {
  await catalog.follow(at(1));
  await catalog.follow(at(2));
  expect(await stands()).toMatchObject({ metadata: metadataOf(2), previous: metadataOf(1), version: '2' });
});

test('it never goes backwards, and a repeat changes nothing', async () => {
  await catalog.follow(at(3));
  await catalog.follow(at(2));
  await catalog.follow(at(3));
  expect(await stands()).toMatchObject({ metadata: metadataOf(3), previous: '', version: '3' });
});

describe('two who move it at once', () => {
  test.each([1, 2, 3, 4])('leave the later version (%#)', async () => {
    // Fewer than the tries: each try that fails is one that somebody else won.
    const versions = [1, 2, 3, 4];
    await Promise.all(versions.map((version) => catalog.follow(at(version))));
    expect(await stands()).toMatchObject({ metadata: metadataOf(4), version: '4' });
  });

  test('one who read before the other wrote sees that, and moves nothing back', async () => {
    await catalog.follow(at(1));
    // Between the late one's read and its write, the table moves on.
    const late = glueCatalog({ glue: delayedAfterRead(() => catalog.follow(at(3))), databasePrefix: prefix });
    await late.follow(at(2));
    expect(await stands()).toMatchObject({ metadata: metadataOf(3), version: '3' });
  });
});

test('a database that is not there is a ConfigError that names it', async () => {
  const elsewhere = glueCatalog({ glue, databasePrefix: 'nowhere_' });
  const error = await elsewhere.follow(at(1)).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'ConfigError', code: 'AWS_MISSING' });
  expect(String(error)).toContain('nowhere_silver');
});

/** The same client, but that something happens once, after its first read. */
function delayedAfterRead(happens: () => Promise<void>): GlueClient {
  const client = new GlueClient(CLIENT_CONFIG);
  let isFirst = true;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (isFirst && context.commandName === 'GetTableCommand') {
        isFirst = false;
        await happens();
      }
      return result;
    },
    { step: 'initialize' },
  );
  return client;
}
