import type { Ailment } from '../../../etl/operations/ailment.ts';
import { quarantineOf, reportAt, runAt } from '../addresses.ts';

/** What a command that comes next is, in the console: where, and in which words. */
interface Place {
  readonly at: string;
  readonly text: string;
}

/** Commands that have a page, with what they name. */
const PAGES: readonly { readonly form: RegExp; readonly place: (name: string) => Place }[] = [
  { form: /^show (\S+)$/, place: (run) => ({ at: runAt(run), text: 'Look at the run' }) },
  {
    form: /^quarantine release --approve \S+ --dataset (\S+)$/,
    place: (dataset) => ({
      at: quarantineOf({ dataset, state: 'condemned' }),
      text: 'Decide on the release',
    }),
  },
  {
    form: /^quarantine list --dataset (\S+)$/,
    place: (dataset) => ({ at: quarantineOf({ dataset }), text: 'Look at the quarantine' }),
  },
  {
    form: /^restatements (\S+)$/,
    place: (report) => ({ at: reportAt(report), text: 'Look at the report' }),
  },
];

/** Where to act on an ailment: the page to decide on, or the command. */
export function NextStep({ ailment: { next } }: { readonly ailment: Ailment }) {
  for (const { form, place } of PAGES) {
    const [, name] = form.exec(next) ?? [];
    if (name === undefined) continue;
    const { at, text } = place(name);
    return (
      <a class="button" href={at}>
        {text}
      </a>
    );
  }
  return <code>assay {next}</code>;
}
