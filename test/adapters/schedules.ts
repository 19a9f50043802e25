import { AsyncLocalStorage } from 'node:async_hooks';
import * as files from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as quick from '../../adapters/local/quick-files.ts';

/** One of several "processes" that share a folder; its file-system calls happen one by one, when it is let. */
interface Actor {
  readonly waiting: (() => Promise<void>)[];
  callsLeft: number;
  finished: boolean;
}

const current = new AsyncLocalStorage<Actor>();

/** `node:fs/promises` whose calls wait for their turn where `interleave` runs them. */
export function gatedFiles(): typeof files {
  const gated = { ...files };
  const names = [
    'copyFile',
    'link',
    'lstat',
    'mkdir',
    'open',
    'readFile',
    'readdir',
    'rename',
    'rm',
    'unlink',
  ];
  for (const name of names) {
    const call: unknown = Reflect.get(files, name);
    Reflect.set(gated, name, (...args: unknown[]) =>
      inTurn(() => Reflect.apply(call as typeof files.rm, files, args)),
    );
  }
  return gated;
}

/** The adapter's own quick calls, as far as its object store makes them, likewise. */
export function gatedQuickFiles(): typeof quick {
  const { lstat, exactLstat, readFile } = quick;
  return {
    ...quick,
    lstat: (file) => inTurn(() => lstat(file)),
    exactLstat: (file) => inTurn(() => exactLstat(file)),
    readFile: (file) => inTurn(() => readFile(file)),
  };
}

function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const actor = current.getStore();
  if (actor === undefined) return call();
  return new Promise<T>((resolve, reject) => {
    actor.waiting.push(() => call().then(resolve, reject));
  });
}

/** What an actor does, and after how many file-system calls it is killed. */
export interface Script {
  readonly run: () => Promise<void>;
  readonly killedAfter: number;
}

/**
 * Runs the scripts with one file-system call at a time, the next number of `choices` saying whose; returns
 * when all have finished or been killed. A killed one just never gets its turn again.
 */
export async function interleave(scripts: readonly Script[], choices: Iterator<number>): Promise<void> {
  const actors = scripts.map(({ run, killedAfter }) => {
    const actor: Actor = { waiting: [], callsLeft: killedAfter, finished: false };
    void current.run(actor, run).finally(() => {
      actor.finished = true;
    });
    return actor;
  });
  for (;;) {
    const live = actors.filter((actor) => !actor.finished && actor.callsLeft > 0);
    if (live.length === 0) return;
    if (live.some((actor) => actor.waiting.length === 0)) {
      await nextTurn();
      continue;
    }
    const choice = Number(choices.next().value ?? 0) % actors.length;
    const actor = live.find((one) => one === actors[choice]) ?? live[0];
    if (actor === undefined) return;
    actor.callsLeft -= 1;
    await actor.waiting.shift()?.();
    await nextTurn();
  }
}
