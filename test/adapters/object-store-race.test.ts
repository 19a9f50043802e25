import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lakeFolder } from '../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../adapters/local/object-store.ts';
import { tempFolder } from './temp-folder.ts';

const WORKER = path.join(import.meta.dirname, 'increment-worker.ts');
const KEY = 'silver/race/table/_LATEST.json';

interface Worker {
  readonly process: ChildProcess;
  /** Numbers whose commit was acknowledged. */
  readonly acknowledged: number[];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

function startWorker(lake: string, times: number): Worker {
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER, lake, KEY, String(times)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece) => {
    stdout += piece;
  });
  child.stderr.on('data', (piece) => {
    stderr += piece;
  });
  const acknowledged: number[] = [];
  const ended = new Promise<Awaited<Worker['ended']>>((resolve) => {
    child.on('close', (code, signal) => {
      acknowledged.push(...stdout.split('\n').filter(Boolean).map(Number));
      resolve({ code, signal, stderr });
    });
  });
  return { process: child, acknowledged, ended };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Freezes a process over and over, each time for longer than the others take for a commit. */
async function stutter(child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGSTOP');
    await pause(Math.random() * 60);
    child.kill('SIGCONT');
    await pause(Math.random() * 20);
  }
}

async function firstCommit(lake: string): Promise<void> {
  for (;;) {
    if (await readFile(path.join(lake, KEY)).catch(() => undefined)) return;
    await pause(5);
  }
}

/** What holds whatever happened: each version is one more than the one before, and none is missing. */
async function expectGaplessVersions(lake: string): Promise<number> {
  const folder = path.join(lake, '.versions', KEY);
  const versions = (await readdir(folder)).map(Number).sort((a, b) => a - b);
  expect(versions).toEqual(Array.from({ length: versions.length }, (_, i) => i + 1));
  for (const version of versions) {
    expect(await readFile(path.join(folder, String(version)), 'utf8')).toBe(String(version));
  }
  return versions.length;
}

describe('compare-and-swap among processes', () => {
  let lake: string;
  let dispose: () => Promise<void>;
  beforeEach(async () => {
    ({ folder: lake, dispose } = await tempFolder());
  });
  afterEach(() => dispose());

  test('no increment is lost or doubled, and the copy ends up the newest by itself', async () => {
    const workers = Array.from({ length: 5 }, () => startWorker(lake, 30));
    const [slow] = workers;
    await firstCommit(lake);
    if (slow) await stutter(slow.process);
    for (const { ended } of workers) expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });

    expect(await expectGaplessVersions(lake)).toBe(150);
    const acknowledged = workers.flatMap((worker) => worker.acknowledged).sort((a, b) => a - b);
    expect(acknowledged).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    expect(await readFile(path.join(lake, KEY), 'utf8')).toBe('150');
  });

  test('killed processes lose nothing that was acknowledged and hold up nobody', async () => {
    const enduring = Array.from({ length: 2 }, () => startWorker(lake, 60));
    const killed = Array.from({ length: 6 }, () => startWorker(lake, 1_000_000));
    await firstCommit(lake);
    for (const worker of killed) {
      await pause(Math.random() * 150);
      worker.process.kill('SIGKILL');
    }
    for (const { ended } of enduring) expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
    for (const { ended } of killed) expect(await ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });

    const count = await expectGaplessVersions(lake);
    const acknowledged = [...enduring, ...killed].flatMap((worker) => worker.acknowledged);
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(count).toBeGreaterThanOrEqual(acknowledged.length);
    expect(count).toBeLessThanOrEqual(acknowledged.length + killed.length);
    const object = await fileObjectStore(lakeFolder(lake)).get(KEY);
    expect(Buffer.from(object?.body ?? []).toString()).toBe(String(count));
    expect(await readFile(path.join(lake, KEY), 'utf8')).toBe(String(count));
  });
});
