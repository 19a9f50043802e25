import { setTimeout as sleep } from 'node:timers/promises';

/** So long a machine that is busy with everything else may take. */
const PATIENCE_MS = 150_000;

/** Waits until something is so, and asks soon, then five times a second. Throws what it waited for and what `seen` says, also where asking never ends. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  seen?: () => string,
): Promise<void> {
  const failure = (why: string) => new Error(`${why}: ${what}. ${seen?.() ?? ''}`.trimEnd());
  const over = new AbortController();
  let isOver = false;
  const end = sleep(PATIENCE_MS, undefined, { signal: over.signal }).then(
    () => {
      isOver = true;
    },
    () => undefined,
  );
  try {
    for (let pauseMs = 20; ; pauseMs = Math.min(200, 2 * pauseMs)) {
      const answer = await Promise.race([isSo(), end]);
      if (answer === true) return;
      if (answer === undefined) throw failure('It could not be asked');
      if (isOver) throw failure('It never came to be');
      await sleep(pauseMs);
    }
  } finally {
    over.abort();
  }
}
