import { stat } from 'node:fs/promises';
import type { SourceFile } from '../../etl/inferring/text-file.ts';
import { readPieces } from './file-bytes.ts';
import { guarded } from './file-errors.ts';

/** A file on this machine, to be looked at; `name` is how people know it. */
export async function localSourceFile(file: string, name: string): Promise<SourceFile> {
  const { size } = await guarded(`reading ${name}`, () => stat(file));
  return { name, sizeBytes: size, read: (range) => readPieces(file, name, range) };
}
