import { Buffer } from 'node:buffer';
import path from 'node:path';
import { readPieces } from '../adapters/local/file-bytes.ts';
import { KIND_BYTES, notCsv, refusedKind } from '../etl/csv/file-kind.ts';

/** Why a file may not go into Bronze, which keeps everything for good: its first bytes are of another kind. */
export async function whyOtherKind(file: string): Promise<string | undefined> {
  const head: Uint8Array[] = [];
  for await (const piece of readPieces(file, file, { start: 0, end: KIND_BYTES }))
    head.push(Uint8Array.from(piece));
  const kind = refusedKind(path.basename(file), Buffer.concat(head));
  return kind === undefined ? undefined : notCsv(kind);
}
