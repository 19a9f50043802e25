import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import type { EmbeddedLake } from './embedded.ts';
import type { Platform } from './platform.ts';

/** Has the embedded platform do the same runs: the same files together, in the same order. Returns its records. */
export async function replay(
  { store }: Platform,
  embedded: EmbeddedLake,
  runs: readonly RunRecord[],
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const { dataset, files } of runs) {
    const bodies: Record<string, Uint8Array> = {};
    for (const { key } of files)
      bodies[key.split('/').at(-1) ?? ''] = (await store.get(key)) ?? new Uint8Array();
    records.push(await embedded.run(dataset, bodies));
  }
  return records;
}
