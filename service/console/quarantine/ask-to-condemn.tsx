import { decideAt } from '../addresses.ts';
import type { Action, PageView } from '../page.ts';
import { plural } from '../parts/text.tsx';

/** What is about to be condemned. */
interface Condemning {
  readonly dataset: string;
  readonly total: number;
  /** The page from which it was asked. */
  readonly back: string;
}

/** What the form must say again: which records are meant, and why. */
const isSaidAgain = (name: string): boolean =>
  ['which', 'total', 'reason'].includes(name) || name.startsWith('tick.') || name.startsWith('asked.');

/** Asks once more before records are condemned: only two people bring them back. */
export function askToCondemn(
  { form, csrf }: Parameters<Action['act']>[0],
  { dataset, total, back }: Condemning,
): PageView {
  const what = plural(total, 'record');
  return {
    title: `Condemn ${what}?`,
    isAsking: true,
    body: (
      <>
        <h1>
          Condemn {what} of {dataset}?
        </h1>
        <p>
          They are given up, and condemned at once should they come again. They come back only by a release
          that one person asks for and another approves. The reason that is kept: <q>{form.reason}</q>
        </p>
        <form method="post" action={decideAt(dataset, 'condemn')} class="beside">
          <input type="hidden" name="csrf" value={csrf ?? ''} />
          {Object.entries(form)
            .filter(([name]) => isSaidAgain(name))
            .map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
          <input type="hidden" name="confirmed" value="yes" />
          <button type="submit">Condemn {what}</button>
          <a href={back}>No, go back</a>
        </form>
      </>
    ),
  };
}
