import { Buffer } from 'node:buffer';
import { DataError } from '../../etl/errors.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { Evidence } from './evidence.ts';

/** The evidence in an object, in the order of emission; throws DataError `EVIDENCE_DAMAGED` where it is missing or can't be read. */
export async function readEvidence(objects: Pick<ObjectStore, 'get'>, key: string): Promise<Evidence[]> {
  const stored = await objects.get(key);
  if (stored === undefined) throw damaged(key, 'it is missing');
  const lines = Buffer.from(stored.body).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line, n) => parseLine(line, `${key} line ${n + 1}`));
}

function parseLine(line: string, place: string): Evidence {
  try {
    return Evidence.parse(JSON.parse(line));
  } catch (error) {
    throw damaged(place, 'it is no evidence', error);
  }
}

const damaged = (place: string, why: string, cause?: unknown): DataError =>
  new DataError('EVIDENCE_DAMAGED', `${place} can't be read: ${why}.`, { context: { place }, cause });
