import type { ObjectStore } from '../../etl/ports.ts';
import { landedFile, offsetOfRecord } from '../landing/claim.ts';
import { evidenceId } from './evidence-id.ts';

/** The id of the evidence of the event that a record of a Bronze file is; undefined where the file came from no topic. */
export async function evidenceOfRecord(
  objects: Pick<ObjectStore, 'get'>,
  { sourceFile, sourceRowNumber }: { readonly sourceFile: string; readonly sourceRowNumber: number },
): Promise<string | undefined> {
  const landed = await landedFile(objects, sourceFile);
  const offset = landed && offsetOfRecord(landed, sourceRowNumber);
  if (landed === undefined || offset === undefined) return undefined;
  const { cluster, topicId, partition } = landed;
  return evidenceId({ cluster, topicId, partition, offset, stage: 'OBSERVED_RAW' });
}
