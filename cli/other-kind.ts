import { Buffer } from 'node:buffer';
import path from 'node:path';
import { readPieces } from '../adapters/local/file-bytes.ts';
import type { SourceContract } from '../etl/contract/contract.ts';
import { KIND_BYTES, notOfFormat, refusedKind } from '../etl/csv/file-kind.ts';

/** Why a file may not go into Bronze, which keeps everything for good: its first bytes are of another kind than its contract's files. */
export async function whyOtherKind(
  file: string,
  { csv: { format } }: Pick<SourceContract, 'csv'>,
): Promise<string | undefined> {
  const head: Uint8Array[] = [];
  for await (const piece of readPieces(file, file, { start: 0, end: KIND_BYTES }))
    head.push(Uint8Array.from(piece));
  const kind = refusedKind(path.basename(file), Buffer.concat(head), format);
  return kind === undefined ? undefined : notOfFormat(kind, format);
}
