import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { initLake, type Lake, openLake } from '../../../adapters/local/lake.ts';
import { runOnce } from '../../../adapters/local/run-dataset.ts';
import { BronzeIntake } from '../../../etl/bronze.ts';
import { bronzePrefix } from '../../../etl/naming/bronze.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { type Pointer, readPointer } from '../../../etl/table/pointer.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { ROOT } from './python.ts';

/** The same platform on one machine, with the contracts and Gold SQL that are deployed. */
export interface EmbeddedLake {
  readonly lake: Lake;
  /** One run over these files, dropped together. */
  run(dataset: string, files: Readonly<Record<string, Uint8Array>>): Promise<RunRecord>;
  pointer(layer: 'silver' | 'gold', dataset: string): Promise<Pointer | undefined>;
  dispose(): Promise<void>;
}

/** Makes an empty lake. */
export async function embeddedLake(): Promise<EmbeddedLake> {
  const { folder, dispose } = await tempFolder();
  const root = path.join(folder, 'lake');
  await initLake(root);
  const lake = await openLake(root, {
    contractsDir: path.join(ROOT, 'contracts'),
    sqlDir: path.join(ROOT, 'sql/gold'),
    threads: 2,
  });
  const { effects, data } = lake;

  async function add(dataset: string, name: string, bytes: Uint8Array): Promise<void> {
    const source = path.join(folder, 'incoming', name);
    await mkdir(path.dirname(source), { recursive: true });
    await writeFile(source, bytes);
    const intake = new BronzeIntake(
      {
        dataset,
        date: effects.clock.now().toISOString().slice(0, 10),
        clock: effects.clock,
        isReplacing: false,
      },
      { objects: await effects.objects.list(bronzePrefix(dataset)), digest: (key) => data.digest(key) },
    );
    await intake.add({
      name,
      sizeBytes: bytes.byteLength,
      digest: async () => createHash('sha256').update(bytes).digest('hex'),
      copyTo: (key, arrivedMs) => data.addFile(source, key, { arrivedMs }),
    });
  }

  return {
    lake,
    run: async (dataset, files) => {
      for (const [name, bytes] of Object.entries(files)) await add(dataset, name, bytes);
      return runOnce(dataset, effects);
    },
    pointer: async (layer, dataset) => (await readPointer(effects.objects, layer, dataset))?.pointer,
    dispose,
  };
}

/** What must not depend on where a run ran: everything but its id, its times, its snapshot and where its files lie. */
export function figuresOf(record: RunRecord): unknown {
  const idOf = new Map(record.files.map(({ key, sourceFileId }) => [key, sourceFileId]));
  const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return {
    status: record.status,
    counts: record.counts,
    reasons: record.reasons,
    sealDigest: record.sealDigest,
    contractVersion: record.contractVersion,
    files: record.files.map(({ key: _key, note: _note, ...rest }) => rest).sort(byText),
    controlTotals: record.controlTotals
      .map(({ key, ...rest }) => ({ sourceFileId: idOf.get(key), ...rest }))
      .sort(byText),
  };
}
