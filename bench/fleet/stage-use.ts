import { gigabytes, type Table, whole } from '../scale/section.ts';
import { addUse, NO_USE, type StoreUse } from './counted-stores.ts';
import type { CallUse } from './worker.ts';

/** What all calls of one stage took: the most of one for memory, disk and payloads, the sum for the rest. */
export interface StageUse {
  readonly stage: string;
  readonly calls: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Of the call that took longest. */
  readonly longestMs: number;
  readonly peakRssBytes: number;
  readonly peakDiskBytes: number;
  readonly payloadBytes: number;
  readonly stores: StoreUse;
}

/** Calls by stage, in the order in which stages first ended. */
export function useOfStages(uses: readonly CallUse[]): StageUse[] {
  const stages = new Map<string, StageUse>();
  for (const use of uses) {
    const before = stages.get(use.stage);
    stages.set(use.stage, {
      stage: use.stage,
      calls: 1 + (before?.calls ?? 0),
      cpuMs: use.cpuMs + (before?.cpuMs ?? 0),
      wallMs: use.wallMs + (before?.wallMs ?? 0),
      longestMs: Math.max(use.wallMs, before?.longestMs ?? 0),
      peakRssBytes: Math.max(use.peakRssBytes, before?.peakRssBytes ?? 0),
      peakDiskBytes: Math.max(use.peakDiskBytes, before?.peakDiskBytes ?? 0),
      payloadBytes: Math.max(use.payloadBytes, before?.payloadBytes ?? 0),
      stores: addUse(use.stores, before?.stores ?? NO_USE),
    });
  }
  return [...stages.values()];
}

/** A column for each measurement, a line for each stage. */
export function compareUse(
  title: string,
  runs: readonly { readonly name: string; readonly stages: readonly StageUse[] }[],
  cell: (use: StageUse) => string,
): Table {
  const names = [...new Set(runs.flatMap(({ stages }) => stages.map(({ stage }) => stage)))];
  const lines = names.map((name) => [
    name,
    ...runs.map(({ stages }) => {
      const found = stages.find(({ stage }) => stage === name);
      return found === undefined ? '' : cell(found);
    }),
  ]);
  return { title, columns: ['stage', ...runs.map(({ name }) => name)], lines };
}

export const memoryCell = (use: StageUse): string => whole(use.peakRssBytes / 1024 / 1024);
export const diskCell = (use: StageUse): string => gigabytes(use.peakDiskBytes);
export const longestCell = (use: StageUse): string => (use.longestMs / 1000).toFixed(1);
export const cpuCell = (use: StageUse): string => (use.cpuMs / 1000).toFixed(1);
