import { join } from 'node:path';
import { z } from 'zod';
import type { SourceContract } from '../contract/contract.ts';
import { integerOf, withEngine } from '../engine/engine.ts';
import { retryKeys } from '../naming/decisions.ts';
import type { DataStore, Effects } from '../ports.ts';
import { type FailedRecord, Reason } from '../quarantine/records.ts';
import { csvLines, planRetry } from '../quarantine/retry-records.ts';
import { sealedEngine } from '../refining/sealed-reading.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { replay } from './replay.ts';

/** Why records would fail again, by their row_hash; those that would pass are not in it. */
export type CorrectedTrial = ReadonlyMap<string, FailedRecord['reasons']>;

const Reasons = z.array(Reason);

/**
 * Tests open records as a retry would, with what was corrected, by what can be said of each alone: its types and the
 * checks of its own values. Whether another record has its key is found by the retry. Writes nothing but scratch.
 */
export async function tryCorrected(
  effects: Effects,
  contract: SourceContract,
  records: readonly FailedRecord[],
): Promise<CorrectedTrial> {
  const { rows } = planRetry(contract, records);
  if (rows.length === 0) return new Map();
  const { records: key } = retryKeys(contract.dataset, 'tried');
  const bytes = Buffer.from([...csvLines(contract, rows)].join(''));
  const scratch = await effects.openScratch('try-corrected');
  try {
    return await withEngine(
      sealedEngine(effects.engine, contract),
      join(scratch.directory, 'spill'),
      async (engine) => {
        const file = { key, sourceFileId: key, arrivedAt: effects.clock.now().toISOString() };
        const tried = { ...effects, data: withFile(effects.data, key, bytes) };
        const read = await readKnownPointer(effects.objects, 'silver', contract.dataset);
        const trial = { engine, effects: tried, scratch, proposed: contract, files: [file] };
        await replay({ ...trial, published: read?.pointer });
        const failed = await engine.rows(
          'SELECT row$, reasons$ FROM tried WHERE NOT passes$ ORDER BY row$ DESC',
        );
        return new Map(
          failed.flatMap((row) => {
            const tested = rows[integerOf(row, 'row$') - 1];
            return tested === undefined ? [] : [[tested.origin.rowHash, Reasons.parse(row.reasons$)]];
          }),
        );
      },
    );
  } finally {
    await scratch.dispose();
  }
}

/** The store with one more file, of which nobody else knows. */
function withFile(data: DataStore, key: string, bytes: Uint8Array): DataStore {
  return {
    ...data,
    async *stream(asked, range) {
      if (asked === key) yield bytes.subarray(range?.start, range?.end);
      else yield* data.stream(asked, range);
    },
  };
}
