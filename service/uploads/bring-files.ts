import { ConfigError } from '../../etl/errors.ts';
import { atOnce } from '../http/at-once.ts';
import type { SentFile } from '../http/read-files.ts';
import type { Service } from '../service.ts';
import type { BroughtFile } from './intake.ts';

/** Requests whose files are received at once: more would wait for the disk. */
const enter = atOnce(4);

/** Brings files that a request sends into a dataset's Bronze, in their order. Those before one that is refused are there. */
export async function bringFiles(
  { intake }: Pick<Service, 'intake'>,
  dataset: string,
  files: (use: (file: SentFile) => Promise<void>) => Promise<unknown>,
): Promise<(BroughtFile & { readonly name: string })[]> {
  if (intake === undefined)
    throw new ConfigError(
      'NO_INTAKE',
      'No files are taken here: send them by POST /v1/uploads, or drop them where the source drops its own.',
    );
  const leave = await enter();
  const brought: (BroughtFile & { readonly name: string })[] = [];
  try {
    await files(async (file) => {
      const { key, sizeBytes, digest, existed } = await intake.add(dataset, file);
      brought.push({ name: file.name, key, sizeBytes, digest, existed });
    });
  } finally {
    leave();
  }
  if (brought.length === 0) throw new ConfigError('REQUEST', 'No file was sent: choose one.');
  return brought;
}
