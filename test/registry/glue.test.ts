import { randomBytes } from 'node:crypto';
import {
  CreateRegistryCommand,
  CreateSchemaCommand,
  GlueClient,
  RegisterSchemaVersionCommand,
} from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CLIENT_CONFIG } from '../../adapters/aws/client-config.ts';
import { glueRegistry } from '../../adapters/aws/glue-registry.ts';

const glue = new GlueClient(CLIENT_CONFIG);
const RegistryName = `events-${randomBytes(4).toString('hex')}`;
const SchemaName = 'orders.created';
const [FIRST, SECOND] = [
  '{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}',
  '{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"n","type":"int","default":0}]}',
];
let ids: (string | undefined)[];

beforeAll(async () => {
  await glue.send(new CreateRegistryCommand({ RegistryName }));
  const made = await glue.send(
    new CreateSchemaCommand({
      ...{ RegistryId: { RegistryName }, SchemaName, DataFormat: 'AVRO' },
      ...{ Compatibility: 'BACKWARD_ALL', SchemaDefinition: FIRST },
    }),
  );
  const next = await glue.send(
    new RegisterSchemaVersionCommand({ SchemaId: { RegistryName, SchemaName }, SchemaDefinition: SECOND }),
  );
  ids = [made.SchemaVersionId, next.SchemaVersionId];
});
afterAll(() => glue.destroy());

describe('schemas of a registry of Glue', () => {
  const expected = (version: number, text: string) => ({
    ...{ id: `glue:${SchemaName}:${version}`, subject: SchemaName, version, format: 'avro', text },
    compatibility: 'BACKWARD_TRANSITIVE',
  });

  test('are found by the UUID of a payload, by name and version, and the newest', async () => {
    const registry = glueRegistry({ registryName: RegistryName });
    expect(await registry.schema(ids[0] ?? '')).toEqual(expected(1, FIRST));
    expect(await registry.schema(`glue:${SchemaName}:2`)).toEqual(expected(2, SECOND));
    expect(await registry.latest(SchemaName)).toEqual(expected(2, SECOND));
  });

  test('that are not there, or of another registry, are unknown', async () => {
    const registry = glueRegistry({ registryName: RegistryName });
    for (const id of ['glue:none:1', `glue:${SchemaName}:9`, 'folder:orders.created:1', '7'])
      expect(await registry.schema(id)).toBeUndefined();
    expect(await registry.schema('b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63')).toBeUndefined();
    expect(await registry.latest('none')).toBeUndefined();
    expect(await glueRegistry({ registryName: 'other' }).schema(ids[0] ?? '')).toBeUndefined();
  });
});
