import {
  type AttributeValue,
  BatchWriteItemCommand,
  DeleteTableCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dynamoVault } from '../../../adapters/aws/vault/dynamo-vault.ts';
import type { DynamoVaultPlace } from '../../../adapters/aws/vault/open-vault.ts';
import { type handClock, memoryLog } from '../../adapters/vault/support.ts';
import { vaultSuite } from '../../adapters/vault/vault-suite.ts';
import { dynamo, kms, makePlace, makeTable, wrappingKeys } from './test-vault.ts';

afterAll(() => {
  dynamo.destroy();
  kms.destroy();
});

/** By data group; made once. */
let wrapping: ReadonlyMap<string, string>;
beforeAll(async () => {
  wrapping = await wrappingKeys('contact', 'birth', 'marketing', 'to_string');
});

vaultSuite('DynamoDB and KMS', async (clock) => {
  const { place, dispose } = await makePlace(wrapping, clock);
  return { open: () => dynamoVault(place), subjects: 40, dispose };
});

const ANN = { kind: 'customer', id: 'ann@example.org', dated: new Date('2026-11-01T00:00:00Z') };
const BEN = { ...ANN, id: 'ben@example.org' };
const FORGETTING = { by: 'Vera', reason: 'letter', until: new Date('2030-01-01T00:00:00Z') };

type Attributes = Record<string, AttributeValue>;

async function scan(TableName: string): Promise<Attributes[]> {
  const items: Attributes[] = [];
  let ExclusiveStartKey: Attributes | undefined;
  do {
    const page = await dynamo.send(
      new ScanCommand({ TableName, ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }) }),
    );
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

/** A table as it was: what a restore to a point in time gives. */
async function restored(items: readonly Attributes[]): Promise<string> {
  const table = await makeTable('shard', 'name');
  for (let n = 0; n < items.length; n += 25) {
    const some = items.slice(n, n + 25).map((Item) => ({ PutRequest: { Item } }));
    await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [table]: some } }));
  }
  return table;
}

describe('the vault on AWS', () => {
  let place: DynamoVaultPlace;
  let clock: ReturnType<typeof handClock>;
  let dispose: () => Promise<void>;
  beforeAll(async () => {
    ({ place, clock, dispose } = await makePlace(wrapping));
  });
  afterAll(() => dispose());

  const known = async (of = ANN, groups = ['contact', 'birth'], at = place) => {
    const [found] = await dynamoVault(at).subjects([of], groups);
    if (found?.kind !== 'known') throw new Error(`${of.id} is ${found?.kind}`);
    return found;
  };

  test('holds neither ids nor keys in the clear', async () => {
    const { keys } = await known();
    const [period] = await dynamoVault(place).periodKeys(
      [{ dataset: 'shop.orders', group: 'contact', period: '202611' }],
      'make',
    );
    const secrets = [...keys, period].map((key) => Buffer.from(key as Uint8Array));
    const items = [...(await scan(place.table)), ...(await scan(place.keysTable))];
    expect(items.length).toBeGreaterThan(8);
    const text = items
      .map((item) =>
        JSON.stringify(item, (_, value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
        ),
      )
      .join('\n');
    expect(text).not.toContain('ann@');
    for (const item of items)
      for (const { B, M } of Object.values(item))
        for (const bytes of [B, ...Object.values(M ?? {}).map((one) => one.B)])
          for (const secret of secrets) expect(Buffer.from(bytes ?? []).includes(secret)).toBe(false);
  });

  test('a backup of before a forgetting gives nothing back: at once with the log, and without it once sealed anew', async () => {
    const ann = await known();
    const ben = await known(BEN);
    const backup = await scan(place.table);
    await dynamoVault(place).forget(ANN, FORGETTING);
    const older = { ...place, table: await restored(backup) };
    const asked = [ann, ben].map(({ reference }) => ({ reference, group: 'contact' }));
    expect(await dynamoVault(older).subjectKeys(asked)).toEqual([undefined, ben.keys[0]]);
    expect(await dynamoVault(older).subjects([ANN], ['contact'])).toEqual([{ kind: 'forgotten' }]);
    // Without the log it does: what follows is worth something.
    const without = { ...older, log: memoryLog() };
    expect(await dynamoVault(without).subjectKeys(asked)).toEqual([ann.keys[0], ben.keys[0]]);

    clock.set('2026-12-10T00:00:00Z');
    await dynamoVault(place).renewKey();
    // Begun: both keys are there, so that nobody who knows only the older one loses anything.
    expect(await dynamoVault(place).renewedAt()).not.toEqual(new Date('2026-12-10T00:00:00Z'));
    expect(await dynamoVault(without).subjectKeys(asked)).toEqual([ann.keys[0], ben.keys[0]]);
    clock.set('2026-12-11T00:00:00Z');
    await dynamoVault(place).renewKey();
    expect(await dynamoVault(place).renewedAt()).toEqual(new Date('2026-12-10T00:00:00Z'));
    await expect(dynamoVault(without).subjectKeys(asked)).rejects.toMatchObject({ code: 'VAULT_UNREADABLE' });
    expect(await dynamoVault(place).subjectKeys(asked)).toEqual([undefined, ben.keys[0]]);
    expect(await known(BEN)).toEqual(ben);
    await dynamo.send(new DeleteTableCommand({ TableName: older.table }));
  });

  test('who is forgotten while the vault is sealed anew is unreadable in backups at its end, too', async () => {
    const [eve, fay] = ['eve@example.org', 'fay@example.org'].map((id) => ({ ...ANN, id }));
    const both = [await known(eve), await known(fay)];
    const backup = { ...place, table: await restored(await scan(place.table)), log: memoryLog() };
    const asked = both.map(({ reference }) => ({ reference, group: 'birth' }));
    clock.set('2026-12-20T00:00:00Z');
    await dynamoVault(place).forget(eve as typeof ANN, FORGETTING);
    await dynamoVault(place).renewKey();
    clock.set('2026-12-20T12:00:00Z');
    await dynamoVault(place).forget(fay as typeof ANN, FORGETTING);
    await dynamoVault(place).renewKey();
    expect(await dynamoVault(backup).subjectKeys(asked)).toEqual(both.map(({ keys }) => keys[1]));
    clock.set('2026-12-20T13:00:00Z');
    await dynamoVault(place).renewKey();
    for (const one of asked)
      await expect(dynamoVault(backup).subjectKeys([one])).rejects.toMatchObject({
        code: 'VAULT_UNREADABLE',
      });
    await dynamo.send(new DeleteTableCommand({ TableName: backup.table }));
  });

  test('a process that sealed under the older key while the vault was sealed anew loses nothing', async () => {
    const carl = { ...ANN, id: 'carl@example.org' };
    await known(carl);
    await dynamoVault(place).forget(carl, FORGETTING);
    const slow = dynamoVault(place);
    const many = Array.from({ length: 40 }, (_, n) => ({ ...ANN, id: `early-${n}` }));
    // It has the keys of all shards in memory now.
    await slow.subjects(many, ['contact']);
    clock.set('2027-01-10T00:00:00Z');
    await dynamoVault(place).renewKey();
    clock.set('2027-01-10T00:09:00Z');
    const late = many.map(({ id }) => ({ ...ANN, id: `late-${id}` }));
    const given = await slow.subjects(late, ['contact']);
    await dynamoVault(place).renewKey();
    clock.set('2027-01-10T01:00:00Z');
    await dynamoVault(place).renewKey();
    expect(await dynamoVault(place).subjects(late, ['contact'])).toEqual(given);
    expect(await slow.subjects(late, ['contact'])).toEqual(given);
  });

  test('without a group’s key, another group’s values open all the same', async () => {
    const { reference, keys } = await known(BEN);
    await kms.send(new DisableKeyCommand({ KeyId: wrapping.get('birth') }));
    try {
      const vault = dynamoVault(place);
      expect(await vault.subjectKeys([{ reference, group: 'contact' }])).toEqual([keys[0]]);
      const refused = { name: 'ConfigError', code: 'VAULT_UNUSABLE' };
      await expect(vault.subjectKeys([{ reference, group: 'birth' }])).rejects.toMatchObject(refused);
      const before = (await scan(place.table)).length;
      await expect(vault.subjects([{ ...ANN, id: 'new' }], ['birth'])).rejects.toMatchObject(refused);
      expect((await scan(place.table)).length).toBe(before);
    } finally {
      await kms.send(new EnableKeyCommand({ KeyId: wrapping.get('birth') }));
    }
    expect((await known({ ...ANN, id: 'new' }, ['birth'])).kind).toBe('known');
  });

  test('what is missing is named: a table, a key', async () => {
    const fresh = await makePlace(wrapping);
    const noTable = { ...fresh.place, table: 'no-such-table' };
    const noKey = { ...fresh.place, wrappingKeyOf: () => 'alias/no-such-key' };
    for (const [at, name] of [
      [noTable, 'no-such-table'],
      [noKey, 'alias/no-such-key'],
    ] as const) {
      const error = await known(ANN, ['contact'], at).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'ConfigError', code: 'VAULT_UNUSABLE' });
      expect(String(error)).toContain(name);
    }
    // Nothing but that there is such a group.
    expect((await scan(fresh.place.table)).map(({ shard }) => shard?.S)).toEqual(['groups']);
    expect((await known(ANN, ['contact'], fresh.place)).kind).toBe('known');
    await fresh.dispose();
  });

  test('a process that dies between the log and the table leaves nothing that outlives the next sealing', async () => {
    const dora = { ...ANN, id: 'dora@example.org' };
    const { reference } = await known(dora);
    const dying = { ...place, log: memoryLog() };
    await dynamoVault({ ...dying, table: await restored(await scan(place.table)) }).forget(dora, FORGETTING);
    for (const erasure of dying.log.entries) await place.log.add(erasure);
    const stored = async (): Promise<boolean> =>
      (await scan(place.table)).some(({ name }) => name?.S === reference);
    expect(await stored()).toBe(true);
    expect(await dynamoVault(place).subjectKeys([{ reference, group: 'contact' }])).toEqual([undefined]);
    for (const at of ['2028-01-01T00:00:00Z', '2028-01-02T00:00:00Z', '2028-01-03T00:00:00Z']) {
      clock.set(at);
      await dynamoVault(place).renewKey();
    }
    expect(await stored()).toBe(false);
  });
});
