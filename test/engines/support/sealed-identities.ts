import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Seal, type SealedFile } from '../../../etl/stages/documents.ts';

/** The accepted files of every seal of a session's lake, by `<run>/<source_file_id>`. */
export async function sealedIdentities(folder: string): Promise<ReadonlyMap<string, SealedFile>> {
  const silver = path.join(folder, 'lake/silver');
  const names = (await readdir(silver, { recursive: true })).filter((name) => name.endsWith('/_SUCCESS'));
  const seals = await Promise.all(
    names.map(async (name) => Seal.parse(JSON.parse(await readFile(path.join(silver, name), 'utf8')))),
  );
  return new Map(
    seals.flatMap(({ runId, files }) =>
      files
        .filter(({ status }) => status === 'accepted')
        .map((file) => [`${runId}/${file.sourceFileId}`, file] as const),
    ),
  );
}
