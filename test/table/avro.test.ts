import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import avro from 'avsc';
import { type AvroRecordSchema, decodeAvro, encodeAvro, optional, required } from '../../etl/table/avro.ts';

/** Judged by avsc's own streams, which know nothing of how Assay writes and reads containers. */

const SCHEMA: AvroRecordSchema = {
  type: 'record',
  name: 'thing',
  fields: [required('id', 'long', 1), optional('text', 'string', 2), optional('bytes', 'bytes', 3)],
};
const records = (count: number): object[] =>
  Array.from({ length: count }, (_, n) => ({
    id: n * 1_000_003,
    text: n % 3 === 0 ? null : `ünï ${'x'.repeat(n % 100)}`,
    bytes: n % 2 === 0 ? null : Buffer.from([n % 256, 0]),
  }));

const encoded = (count: number): Buffer =>
  Buffer.from(
    encodeAvro({ schema: SCHEMA, records: records(count), metadata: { 'format-version': '2' }, seed: 's' }),
  );

async function streamed(body: Buffer): Promise<{ records: unknown[]; schema: unknown; meta: unknown }> {
  let header: { schema: unknown; meta: unknown } = { schema: undefined, meta: undefined };
  const decoder = new avro.streams.BlockDecoder({
    parseHook: (schema) => {
      header = { ...header, schema };
      return avro.Type.forSchema(schema);
    },
  });
  decoder.on('metadata', (_type: unknown, codec: unknown) => {
    header = { ...header, meta: codec };
  });
  const found: unknown[] = [];
  for await (const record of Readable.from([body], { objectMode: false }).pipe(decoder)) found.push(record);
  return { records: found, ...header };
}

const plain = (rows: readonly unknown[]): unknown => JSON.parse(JSON.stringify(rows));

test.each([0, 1, 5_000])(
  'another reader finds the %i records, the schema with its field ids and the codec',
  async (count) => {
    const found = await streamed(encoded(count));
    expect(plain(found.records)).toEqual(plain(records(count)));
    if (count > 0) expect(found).toMatchObject({ schema: SCHEMA, meta: 'deflate' });
  },
);

test.each(['deflate', 'null'])('what another writer wrote by the codec %s is read', async (codec) => {
  const encoder = new avro.streams.BlockEncoder(SCHEMA as unknown as avro.Schema, {
    codec,
    blockSize: 1_000,
  });
  const chunks: Buffer[] = [];
  encoder.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => encoder.on('end', resolve));
  for (const record of records(500)) encoder.write(record);
  encoder.end();
  await ended;
  expect(plain(decodeAvro(Buffer.concat(chunks)))).toEqual(plain(records(500)));
});

test('a file that was cut anywhere, or changed where its blocks end, is refused', () => {
  const body = encoded(20);
  for (let length = 0; length < body.length; length++) {
    // Cut after its header it is a whole file without records, as in other formats of blocks.
    const cut = (): unknown[] => decodeAvro(body.subarray(0, length));
    if (isEndOfHeader(body, length)) expect(cut()).toEqual([]);
    else expect(cut).toThrow();
  }
  const changed = Buffer.from(body);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  expect(() => decodeAvro(changed)).toThrow('does not end as it should');
  expect(() => decodeAvro(Buffer.concat([body, Buffer.from('more')]))).toThrow();
});

/** The sync marker ends the header and each block: the file's last 16 bytes, first seen. */
function isEndOfHeader(body: Buffer, length: number): boolean {
  return body.indexOf(body.subarray(-16)) + 16 === length;
}

test('the same records and seed give the same bytes, and a codec that nobody knows is named', () => {
  expect(encoded(3).equals(encoded(3))).toBe(true);
  const other = Buffer.from(encoded(1).toString('latin1').replace('deflate', 'deflatX'), 'latin1');
  expect(() => decodeAvro(other)).toThrow("'deflatX'");
});
