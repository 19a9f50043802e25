import { sourceName } from '../../../etl/naming/bronze.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { runAt } from '../addresses.ts';
import { Table } from './facts.tsx';
import { count, Time } from './text.tsx';

/** Files that are listed. */
const FILES = 15;

/** The files that the last runs of a dataset dealt with, newest runs first. */
export function LastFiles({ runs }: { readonly runs: readonly RunRecord[] }) {
  const files = runs.flatMap((run) => run.files.map((file) => ({ run, file })));
  if (files.length === 0) return null;
  const shown = files.slice(0, FILES);
  return (
    <>
      <h2>Files</h2>
      <Table
        caption="Files"
        columns={['file', 'status', 'run', 'records#', 'silver#', 'quarantined#', 'condemned#', 'note']}
        rows={shown.map(({ run, file }) => [
          sourceName(file.key),
          file.status,
          <a href={runAt(run.runId)}>
            <Time at={run.endedAt} />
          </a>,
          ...[file.records, file.silver, file.quarantined, file.condemned].map(count),
          file.note ?? '',
        ])}
      />
      {files.length > shown.length && (
        <p class="soft">
          The last {FILES} of {count(files.length)} files of these runs; each run's page has all of its own.
        </p>
      )}
    </>
  );
}
