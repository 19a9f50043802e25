import { isAllowed } from '../../identity/identity.ts';
import { uploadAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { originOf } from './origin-of.ts';
import { SendByProgram } from './send-by-program.tsx';
import { plural } from './text.tsx';

const GB = 1_000_000_000;

/** A form that brings source files of a dataset; nothing for who may not, or where none are taken. */
export function Upload({ request, dataset }: { readonly request: PageRequest; readonly dataset: string }) {
  const { csrf, identity, service } = request;
  const { intake, uploads } = service;
  if (!isAllowed(identity, 'files.upload', service)) return null;
  if (uploads !== undefined) return <SendByProgram dataset={dataset} origin={originOf(service)} />;
  if (intake === undefined || csrf === undefined) return null;
  return (
    <form method="post" action={uploadAt(dataset)} enctype="multipart/form-data" class="beside">
      <input type="hidden" name="csrf" value={csrf} />
      {isAllowed(identity, 'runs.start', service) && (
        <label class="choice">
          <input type="checkbox" name="run" value="yes" checked /> and run them
        </label>
      )}
      <label for="files">Bring source files</label>
      <input
        id="files"
        type="file"
        name="file"
        multiple
        required
        accept=".csv,.tsv,.txt,.dat,.psv,.jsonl,.ndjson,.gz,.zst,.zip,.xlsx,.xlsm"
      />
      <button type="submit" class="plain">
        Bring them
      </button>
      <span class="soft">{(intake.mostBytes / GB).toFixed(0)} GB each at most; kept for good</span>
    </form>
  );
}

/** What came of it, as the address of the page says after it. */
export function Brought({ request: { query } }: { readonly request: PageRequest }) {
  const [, all = '', known = ''] = /^(\d{1,4})-(\d{1,4})$/.exec(query.brought ?? '') ?? [];
  if (all === '') return null;
  const [files, there] = [Number(all), Number(known)];
  return (
    <p role="status" class="lead">
      {plural(files, 'file')} received
      {there === 0 ? '' : `, of which ${there} ${there === 1 ? 'was' : 'were'} there already`}. A run tests
      and publishes what no run has dealt with.
    </p>
  );
}
