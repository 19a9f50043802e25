import { rename, writeFile } from 'node:fs/promises';
import { guarded } from '../../adapters/local/file-errors.ts';
import { landedLine } from '../../stream/landing/landed-line.ts';
import { readPayload } from '../../stream/landing/payload.ts';
import type { Redriven } from '../../stream/redrive/plan-redrive.ts';
import { redrivenEvent } from '../../stream/redrive/run-redrive.ts';

/**
 * The events of a redrive as lines that `assay enforce --from` takes: a life of the topic by the redrive's id, so that the
 * same file again is known.
 */
export function redriveLines(events: readonly Redriven[], redriveId: string, now: Date): string[] {
  const topics = [...new Set(events.map(({ topic }) => topic))];
  return events.map((one, offset) => {
    const { cluster, topic } = one;
    const partition = { cluster, topic, topicId: `redrive-${redriveId}`, partition: topics.indexOf(topic) };
    const event = { ...redrivenEvent(one, redriveId), offset, timestampMs: now.getTime() };
    return Buffer.from(landedLine(partition, event, readPayload(event.value))).toString('utf8');
  });
}

/** Writes lines to a file, all or nothing. */
export async function writeLines(file: string, lines: readonly string[]): Promise<void> {
  await guarded(`writing ${file}`, async () => {
    await writeFile(`${file}.part`, lines.map((line) => `${line}\n`).join(''));
    await rename(`${file}.part`, file);
  });
}
