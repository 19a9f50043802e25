import { DataError } from '../../etl/errors.ts';
import { digestMemoKey } from '../../etl/naming/upkeep.ts';
import { EraseRequest, requireErasable } from '../../etl/personal/adopting/erasable.ts';
import type { AwsLake } from './aws-lake.ts';
import { s3Eraser } from './s3-eraser.ts';

/** One call takes about this long, so that no connection to it is given up. */
const CALL_MS = 25_000;

/** Where queries leave their results, of whatever they were asked. */
const RESULTS = ['athena-results/', 'service-answers/'];

/** Whether all is gone that was asked for; else the same is to be asked again. */
export interface Erased {
  readonly isDone: boolean;
}

/**
 * Removes for good what an adoption leaves in the clear, where `requireErasable` finds that it may go: objects with all their
 * versions, or every earlier version of what the dataset and the reports on it are, and all results of queries in their bucket.
 */
export async function eraseAdopted(
  event: unknown,
  { effects, place: { s3, bucketOf } }: Pick<AwsLake, 'effects' | 'place'>,
  resultsBucket: string,
): Promise<Erased> {
  const parsed = EraseRequest.safeParse(event);
  if (!parsed.success)
    throw new DataError(
      'ERASE_REQUEST',
      `What is to be erased is not said as it must be: ${parsed.error.message}`,
    );
  const request = parsed.data;
  const prefixes = await requireErasable(effects, request);
  const nowMs = (): number => effects.clock.now().getTime();
  const untilMs = nowMs() + CALL_MS;
  const eraser = s3Eraser(s3, nowMs);
  if (request.kind === 'objects') {
    for (const key of request.keys) {
      if (nowMs() > untilMs) return { isDone: false };
      await eraser.erase(bucketOf(digestMemoKey(key)), digestMemoKey(key));
      await eraser.erase(bucketOf(key), key);
    }
    return { isDone: true };
  }
  for (const prefix of prefixes)
    if (!(await eraser.eraseHistory(bucketOf(prefix), prefix, untilMs))) return { isDone: false };
  for (const prefix of RESULTS)
    if (!(await eraser.eraseAll(resultsBucket, prefix, untilMs))) return { isDone: false };
  return { isDone: true };
}
