import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { StageHandlers } from '../../adapters/local/stage-calls.ts';
import { STAGES, type StageName } from '../../etl/stages/handlers.ts';
import type { Answer, CallUse, Job, WorkerOptions } from './worker.ts';

/** Processes that work on a run's stages. */
export interface WorkerPool {
  /** The stages: each call goes to a worker that is free, and waits until one is. */
  readonly handlers: StageHandlers;
  /** What each call took, in the order of their ends. */
  readonly uses: readonly CallUse[];
  close(): void;
}

/** Starts so many workers, each with a folder of its own below `folder` as its disk. */
export async function openWorkerPool(
  size: number,
  script: string,
  { folder, ...options }: WorkerOptions,
): Promise<WorkerPool> {
  const workers = Array.from({ length: size }, (_, n) => {
    const own = path.join(folder, `worker-${n}`);
    mkdirSync(own, { recursive: true });
    const argument = JSON.stringify({ ...options, folder: own } satisfies WorkerOptions);
    return fork(script, ['--worker', argument], { execArgv: ['--import', 'tsx'] });
  });
  await Promise.all(workers.map(answerOf));
  const free = [...workers];
  const waiting: ((worker: ChildProcess) => void)[] = [];
  const uses: CallUse[] = [];
  const take = async (): Promise<ChildProcess> =>
    free.pop() ?? (await new Promise<ChildProcess>((resolve) => waiting.push(resolve)));
  const giveBack = (worker: ChildProcess): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(worker);
    else next(worker);
  };
  const call = async (stage: StageName, input: unknown): Promise<unknown> => {
    const worker = await take();
    try {
      const answer = answerOf(worker);
      worker.send({ stage, input } satisfies Job);
      const { use, output, error } = (await answer) as Answer;
      uses.push(use);
      if (error === undefined) return output;
      throw Object.assign(new Error(error.message), { name: error.name });
    } finally {
      giveBack(worker);
    }
  };
  const names = Object.keys(STAGES) as StageName[];
  const handlers = Object.fromEntries(
    names.map((stage) => [stage, (input: unknown) => call(stage, input)] as const),
  ) as StageHandlers;
  return {
    handlers,
    uses,
    close: () => {
      for (const worker of workers) worker.kill();
    },
  };
}

/** A worker's next message; rejects where it ends instead. */
function answerOf(worker: ChildProcess): Promise<unknown> {
  return new Promise((fulfil, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`A worker ended with ${code ?? signal}.`));
    worker.once('exit', ended);
    worker.once('message', (message) => {
      worker.off('exit', ended);
      fulfil(message);
    });
  });
}
