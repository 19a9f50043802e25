import type { Effects } from '../../ports.ts';
import { listWithheld } from '../../stages/list-sources.ts';
import { changeWithheld } from '../../stages/withheld.ts';

/** Changes the keys of what is set aside with any run of a dataset, those that were refused among them. */
export async function changeWithheldKeys(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
  change: (keys: readonly string[]) => string[],
): Promise<void> {
  for (const { runId } of await listWithheld({ objects }, dataset))
    await changeWithheld(objects, { dataset, runId }, (now) => {
      if (now === undefined) return now;
      const { refused, ...main } = now;
      const changed = { ...main, keys: change(main.keys) };
      return refused === undefined
        ? changed
        : { ...changed, refused: { ...refused, keys: change(refused.keys) } };
    });
}
