/** So long a machine that is busy with everything else may take. */
const PATIENCE_MS = 150_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is so, and asks five times a second. Throws what it waited for and what `seen` says, also where asking never ends. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  seen?: () => string,
): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  const failure = (why: string) => new Error(`${why}: ${what}. ${seen?.() ?? ''}`.trimEnd());
  for (;;) {
    const answer = await Promise.race([isSo(), wait(Math.max(0, end - Date.now()))]);
    if (answer === true) return;
    if (answer === undefined) throw failure('It could not be asked');
    if (Date.now() > end) throw failure('It never came to be');
    await wait(200);
  }
}
