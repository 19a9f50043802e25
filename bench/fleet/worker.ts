import { openLake } from '../../adapters/local/lake.ts';
import { nameOf, outwardMessage } from '../../etl/errors.ts';
import type { Effects } from '../../etl/ports.ts';
import { bindStages, type StageName } from '../../etl/stages/handlers.ts';
import { countedStores, type StoreUse } from './counted-stores.ts';
import { peakMemory, restartPeakMemory } from './peak-memory.ts';
import { openWorkerDisk } from './worker-disk.ts';

/** What a worker is started with, as JSON in its arguments. */
export interface WorkerOptions {
  readonly lake: string;
  readonly contractsDir: string;
  readonly sqlDir: string;
  readonly chunkBytes: number;
  /** Bytes of Silver to be written anew from which the Map's workers do it; never unless said. */
  readonly rewriteFromBytes?: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  /** Its own disk: a folder on the lake's file system. */
  readonly folder: string;
  /** The size with which each file in Bronze is listed, where what lies there is a sample of it. */
  readonly listedBytes?: number;
}

/** One call of a stage. */
export interface Job {
  readonly stage: StageName;
  readonly input: unknown;
}

/** What one call took. */
export interface CallUse {
  readonly stage: StageName;
  readonly wallMs: number;
  /** User and system time of all of the worker's threads. */
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  readonly peakDiskBytes: number;
  readonly stores: StoreUse;
  /** What goes in and out by value, as JSON. */
  readonly payloadBytes: number;
}

/** What a worker answers. */
export interface Answer {
  readonly use: CallUse;
  readonly output?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}

/** What Node and the handler need beside DuckDB, and DuckDB's share of the rest: as functions are deployed. */
const OVERHEAD_MB = 256;
const engineMb = (memoryMb: number): number => Math.floor(((memoryMb - OVERHEAD_MB) * 2) / 3);

/** Works on the calls that it is sent, one at a time, until it is let go. */
export async function work({
  lake: root,
  memoryMb,
  diskMb,
  folder,
  listedBytes,
  ...options
}: WorkerOptions): Promise<void> {
  const lake = await openLake(root, { ...options, threads: 1, memoryLimitMb: engineMb(memoryMb) });
  const disk = await openWorkerDisk(folder, diskMb * 1024 * 1024);
  const counted = countedStores();
  const stages = bindStages(counted.on(disk.on(withListedBytes(lake.effects, listedBytes))));
  process.on('message', async ({ stage, input }: Job) => {
    restartPeakMemory();
    const [cpu, startedMs] = [process.cpuUsage(), performance.now()];
    const ended = await stages[stage](input).then(
      (output) => ({ output }),
      (error: unknown) => ({ error: { name: nameOf(error), message: outwardMessage(error) } }),
    );
    const { user, system } = process.cpuUsage(cpu);
    const use: CallUse = {
      stage,
      wallMs: performance.now() - startedMs,
      cpuMs: (user + system) / 1000,
      peakRssBytes: peakMemory(),
      peakDiskBytes: await disk.clear(),
      stores: counted.take(),
      payloadBytes: Math.max(...[input, ended].map((value) => Buffer.byteLength(JSON.stringify(value)))),
    };
    process.send?.({ ...ended, use } satisfies Answer);
  });
  process.send?.('ready');
}

function withListedBytes(effects: Effects, listedBytes: number | undefined): Effects {
  if (listedBytes === undefined) return effects;
  const list: Effects['objects']['list'] = async (...of) => {
    const listed = await effects.objects.list(...of);
    return listed.map((one) => (one.key.startsWith('bronze/') ? { ...one, sizeBytes: listedBytes } : one));
  };
  return { ...effects, objects: { ...effects.objects, list } };
}
