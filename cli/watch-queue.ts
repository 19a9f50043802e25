/** Work for one dataset: files to ingest, then a run. */
export interface Work {
  readonly dataset: string;
  readonly files: readonly string[];
  /** Whether a run was asked for whatever files there are. */
  readonly isSwept: boolean;
}

/** What waits to be done, by dataset, so that a burst of drops becomes one run and no two runs of a dataset overlap. */
export interface WatchQueue {
  addFile(dataset: string, file: string): void;
  /** Asks for a run of the dataset, with or without files. */
  addRun(dataset: string): void;
  /** Takes the work of the dataset that waits longest; undefined where nothing waits. */
  take(): Work | undefined;
  /** Resolves when something waits or the queue is closed. */
  arrival(): Promise<void>;
  close(): void;
  readonly isClosed: boolean;
}

/** An empty queue. */
export function watchQueue(): WatchQueue {
  const waiting = new Map<string, { readonly files: Set<string>; isSwept: boolean }>();
  let isClosed = false;
  let wake = (): void => undefined;
  const workOf = (dataset: string) => {
    const work = waiting.get(dataset) ?? { files: new Set<string>(), isSwept: false };
    waiting.set(dataset, work);
    return work;
  };
  return {
    addFile(dataset, file) {
      workOf(dataset).files.add(file);
      wake();
    },
    addRun(dataset) {
      workOf(dataset).isSwept = true;
      wake();
    },
    take() {
      const [first] = waiting;
      if (first === undefined) return undefined;
      const [dataset, { files, isSwept }] = first;
      waiting.delete(dataset);
      return { dataset, files: [...files], isSwept };
    },
    arrival: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (isClosed || waiting.size > 0) resolve();
      }),
    close() {
      isClosed = true;
      wake();
    },
    get isClosed() {
      return isClosed;
    },
  };
}
