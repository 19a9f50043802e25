import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { cutSegments } from '../../etl/csv/segments.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { memoryScratch } from './memory-scratch.ts';

const CONTRACT = parseContract('c.yaml', contractText(PAYMENTS)) as SourceContract;
const MB = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const HEADER = 'id,paid_on,amount,note\n';
const good = (id: number): string => `${id},2024-01-02,3,x\n`;

/** A text, or a piece of one repeated up to a size. */
type Part = string | { readonly repeat: string; readonly sizeBytes: number };

function* bytesOf(parts: readonly Part[]): Generator<Uint8Array> {
  for (const part of parts) {
    if (typeof part === 'string') {
      yield Buffer.from(part);
      continue;
    }
    const piece = Buffer.from(part.repeat.repeat(Math.ceil((64 * 1024) / part.repeat.length)));
    for (let left = part.sizeBytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
  }
}

/** The bytes of buffers that something still holds: what waits to be collected is collected first. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Reads a file that is never whole anywhere; returns what is broken, what isn't, and the most memory it held, looked at every 16 MB. */
async function read(parts: readonly Part[]) {
  const heldBefore = heldBytes();
  let [mostBytes, sinceLook] = [0, 0];
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    for (const piece of bytesOf(parts)) {
      sinceLook += piece.byteLength;
      if (sinceLook > 16 * MB) {
        mostBytes = Math.max(mostBytes, heldBytes() - heldBefore);
        sinceLook = 0;
      }
      yield Uint8Array.from(piece);
    }
  };
  const scratch = memoryScratch();
  const options = { contract: CONTRACT, data: { stream }, scratch, segmentBytes: 8 * MB };
  const broken = [];
  let records = 0;
  for await (const event of cutSegments([{ index: 0, key: 'a.csv' }], options)) {
    if (event.kind === 'segment') broken.push(...event.segment.broken);
    else if (event.outcome.kind === 'read') records = event.outcome.records;
  }
  return { broken, records, mostBytes };
}

function digestOf(parts: readonly Part[]): string {
  const hash = createHash('sha256');
  for (const piece of bytesOf(parts)) hash.update(piece);
  return hash.digest('hex');
}

describe('a record longer than the limit', () => {
  test.each<[string, Part[]]>([
    ['an unquoted line', ['2,2024-01-02,3,', { repeat: 'y', sizeBytes: 300 * MB }]],
    ['a line of delimiters', [{ repeat: ',', sizeBytes: 100 * MB }]],
    ['a line of quotes', [{ repeat: '"', sizeBytes: 100 * MB }]],
    ['a quoted line', ['2,2024-01-02,3,"', { repeat: 'é,', sizeBytes: 99 * MB }, '"']],
  ])('%s is one broken record, in little memory, with the digest of all its bytes', async (_, line) => {
    const { broken, records, mostBytes } = await read([HEADER, good(1), ...line, '\n', good(3)]);
    expect(records).toBe(3);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatchObject({
      row: 2,
      line: 3,
      lines: 1,
      problem: 'a record longer than the limit',
    });
    expect(broken[0]?.hash).toBe(digestOf(line));
    expect(broken[0]?.text.length).toBeLessThanOrEqual(4096);
    expect(mostBytes).toBeLessThan(60 * MB);
  });

  test('of lines that an open quote swallows, only the first is one, however many follow', async () => {
    const lines = { repeat: good(7), sizeBytes: good(7).length * 2_000_000 };
    const { broken, records, mostBytes } = await read([HEADER, '1,2024-01-02,3,"open\n', lines]);
    expect(records).toBe(2_000_001);
    expect(broken.map(({ row, problem }) => [row, problem])).toEqual([[1, 'a quote that is never closed']]);
    expect(mostBytes).toBeLessThan(110 * MB);
  });

  test('many of them are many, beside lines that end with a CR alone', async () => {
    const line: Part[] = ['2,2024-01-02,3,', { repeat: 'y', sizeBytes: 2 * MB }, '\r'];
    const many = Array.from({ length: 50 }, () => [...line, good(1).replace('\n', '\r')]).flat();
    const { broken, records } = await read([HEADER, ...many]);
    expect([records, broken.length]).toEqual([100, 50]);
    expect(new Set(broken.map(({ hash }) => hash))).toEqual(new Set([digestOf(line.slice(0, -1))]));
  });

  test('a header of any length refuses its file', async () => {
    const { records, broken } = await read([{ repeat: 'y', sizeBytes: 100 * MB }, '\n', good(1)]);
    expect([records, broken.length]).toEqual([0, 0]);
  });
});
