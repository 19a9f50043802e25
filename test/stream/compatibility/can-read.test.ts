import { describe, expect, test } from '@jest/globals';
import { canRead } from '../../../stream/compatibility/can-read.ts';
import { checkMode, isTransitive } from '../../../stream/compatibility/check-mode.ts';
import { COMPATIBILITY_MODES, type RegisteredSchema } from '../../../stream/registry/registry.ts';
import { PAIRS } from './pairs.ts';

const registered = (format: RegisteredSchema['format'], text: string, version = 1): RegisteredSchema => ({
  ...{ id: `folder:a:${version}`, subject: 'a', version, format, text, compatibility: 'NONE' },
});

describe('whether a newer version reads an older one, and the reverse', () => {
  test.each(PAIRS)('$format: $name', async ({ format, older, newer, backward, forward }) => {
    const [was, is] = [registered(format, older, 1), registered(format, newer, 2)];
    const [back, forth] = [await canRead(is, was), await canRead(was, is)];
    expect({ backward: back.length === 0, forward: forth.length === 0, back, forth }).toMatchObject({
      backward,
      forward,
    });
  });

  test('a format does not follow another', async () => {
    const [json, avro] = [registered('json', '{}'), registered('avro', '"long"')];
    expect(await canRead(json, avro)).toEqual(["avro can't be read as json"]);
  });

  test.each(['json', 'avro', 'protobuf'] as const)('%s that is none can not be compared', async (format) => {
    const [a, b] = [registered(format, '{"type":'), registered(format, '{"type": ')];
    await expect(canRead(a, b)).rejects.toMatchObject({ code: 'SCHEMA_UNUSABLE' });
  });
});

test('each mode promises what it says', async () => {
  const record = (...fields: readonly object[]) => JSON.stringify({ type: 'record', name: 'A', fields });
  const [a, b] = [
    { name: 'a', type: 'long' },
    { name: 'b', type: 'long' },
  ];
  const [older, newer] = [registered('avro', record(a), 1), registered('avro', record(a, b), 2)];
  const holds = async (pair: Parameters<typeof checkMode>[1]): Promise<string[]> => {
    const found: string[] = [];
    for (const mode of COMPATIBILITY_MODES) if ((await checkMode(mode, pair)).length === 0) found.push(mode);
    return found;
  };
  expect(await holds({ older, newer })).toEqual(['NONE', 'FORWARD', 'FORWARD_TRANSITIVE']);
  expect(await holds({ older: newer, newer: older })).toEqual(['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE']);
  expect(COMPATIBILITY_MODES.filter(isTransitive)).toEqual([
    'BACKWARD_TRANSITIVE',
    'FORWARD_TRANSITIVE',
    'FULL_TRANSITIVE',
  ]);
});
