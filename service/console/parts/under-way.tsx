import type { RunState } from '../../runs/run-state.ts';
import { datasetAt, runAt } from '../addresses.ts';
import { Status } from './status.tsx';
import { Id, plural, Time } from './text.tsx';

/** What is done in a stage, in words. */
const DOING: Readonly<Record<string, string>> = {
  plan: 'looking for files',
  survey: 'measuring large files',
  align: 'cutting large files',
  refine: 'testing records',
  seal: 'proving that no record was lost',
  gate: 'deciding whether it may be published',
  hold: 'putting it aside for a decision',
  promote: 'publishing',
  'refresh-gold': 'bringing the Gold tables up to date',
  sweep: 'looking for files that came meanwhile',
};

/** What a run does now. */
const doing = ({ status, stage }: RunState): string => {
  if (status === 'queued') return 'waits for its turn';
  if (status === 'silent') return 'silent for long: its process may have been ended';
  return DOING[stage ?? ''] ?? 'begins';
};

const MB = 1_000_000;
const megabytes = (bytes: number): string =>
  (bytes / MB).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** The runs under way, each with its stage and how far it is. Nothing where there is none. */
export function UnderWay({ runs }: { readonly runs: readonly RunState[] }) {
  if (runs.length === 0) return null;
  return (
    <section class="under-way" aria-labelledby="under-way" aria-live="polite">
      <h2 id="under-way">Under way</h2>
      <ul>
        {runs.map((run) => (
          <li>
            <Status mood={run.status === 'silent' ? 'bad' : 'wait'} word={doing(run)} />{' '}
            <a href={runAt(run.runId)}>
              <Id id={run.runId} />
            </a>{' '}
            of <a href={datasetAt(run.dataset)}>{run.dataset}</a>, since <Time at={run.since} />
            {run.by === null ? '' : `, started by ${run.by}`}
            <HowFar run={run} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function HowFar({ run: { doneBytes, totalBytes, records, stage } }: { readonly run: RunState }) {
  if (doneBytes === null || totalBytes === null || totalBytes === 0) return null;
  return (
    <p class="beside">
      <progress max={totalBytes} value={doneBytes} aria-label={`Read in stage ${stage ?? ''}`} />
      <span>
        {megabytes(doneBytes)} of {megabytes(totalBytes)} MB
        {records === null || records === 0 ? '' : `, ${plural(records, 'record')}`}
      </span>
    </p>
  );
}
