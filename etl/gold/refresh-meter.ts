import type { Clock } from '../ports.ts';

/** What a snapshot says of what its refresh took: keys of its summary. */
export const COST_KEYS = {
  wallMs: 'assay.wall-ms',
  cpuMs: 'assay.cpu-ms',
  readBytes: 'assay.read-bytes',
  engine: 'assay.engine',
} as const;

/** Measures a refresh while it goes on. */
export interface RefreshMeter {
  /** Says that so many bytes of the inputs' files are read. */
  read(bytes: number): void;
  /** Says which engine computed what is made, where it was not DuckDB. */
  computedBy(engine: string): void;
  /** What was measured until now, for the summary of the snapshot that the refresh makes. */
  summary(): Readonly<Record<string, string>>;
}

/** Begins to measure. Processor time is that of the whole process, and left out where the clock knows none;
 * bytes that are read are left out where nobody says how many. */
export function startMeter(clock: Clock): RefreshMeter {
  const begunMs = clock.now().getTime();
  const cpuMs = clock.cpuMs?.();
  let readBytes: number | undefined;
  let by: string | undefined;
  return {
    read: (bytes) => {
      readBytes = (readBytes ?? 0) + bytes;
    },
    computedBy: (engine) => {
      by = engine;
    },
    summary: () => ({
      [COST_KEYS.wallMs]: String(Math.max(clock.now().getTime() - begunMs, 0)),
      ...(cpuMs === undefined
        ? {}
        : { [COST_KEYS.cpuMs]: String(Math.round((clock.cpuMs?.() ?? 0) - cpuMs)) }),
      ...(readBytes === undefined ? {} : { [COST_KEYS.readBytes]: String(readBytes) }),
      ...(by === undefined ? {} : { [COST_KEYS.engine]: by }),
    }),
  };
}
