import type { SourceContract } from '../../etl/contract/contract.ts';
import { TransientError } from '../../etl/errors.ts';
import { linesOf } from '../../etl/lineage/traced-record.ts';
import type { Clock, DataStore, Effects } from '../../etl/ports.ts';
import type { RecordWithHistory } from './whole-record.ts';

/** A page waits no longer for a line that lies deep in a large file. */
const DEADLINE_MS = 1000;

/** The line on which a record begins in the file that it came in; null where that can't be read, or takes too long. */
export async function lineOfRecord(
  effects: Effects,
  contract: SourceContract,
  { record, dialect }: RecordWithHistory,
): Promise<number | null> {
  if (record.sourceLine !== null) return record.sourceLine;
  const { sourceFile: file, sourceRowNumber: n } = record;
  const scratch = await effects.openScratch('record-line');
  try {
    const data = readUntil(effects.data, effects.clock, effects.clock.now().getTime() + DEADLINE_MS);
    const lines = await linesOf([{ file, n, dialect }], {
      objects: effects.objects,
      data,
      contract,
      scratch,
    });
    return lines.get(file)?.get(n)?.line ?? null;
  } catch (error) {
    if (error instanceof TransientError && error.code === TOO_LONG) return null;
    throw error;
  } finally {
    await scratch.dispose();
  }
}

const TOO_LONG = 'LINE_TIME';

/** Reading that ends. */
function readUntil(data: DataStore, clock: Clock, untilMs: number): DataStore {
  return {
    ...data,
    async *stream(key, range) {
      for await (const piece of data.stream(key, range)) {
        if (clock.now().getTime() > untilMs)
          throw new TransientError(TOO_LONG, `Finding a line of ${key} took too long.`);
        yield piece;
      }
    },
  };
}
