import type { SourceContract } from '../../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../../etl/errors.ts';
import type { Word } from '../../../etl/operations/decide-run.ts';
import { approveRelease, refuseRelease } from '../../../etl/quarantine/releases.ts';
import type { Permission } from '../../identity/permissions.ts';
import type { Choice, Edit } from '../../quarantine/record-desk.ts';
import { versionOf } from '../../quarantine/shown-record.ts';
import { quarantineOf, runAt } from '../addresses.ts';
import type { Action, PageView } from '../page.ts';
import { wordOf } from '../word-of.ts';
import { askToCondemn } from './ask-to-condemn.tsx';
import { conditionsOf, meantBy, readAsked } from './asked.ts';
import { tickedRecords, typedRecords } from './cells.ts';

type Request = Parameters<Action['act']>[0];

/** What somebody wants done with records of a dataset. */
interface Wanted {
  readonly request: Request;
  readonly contract: SourceContract;
  readonly word: Word;
  /** The filter of the page, as its address says it. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** One thing that can be done with a dataset's records: returns the address to show next, or a question first. */
function dealing(
  what: string,
  permission: Permission,
  act: (wanted: Wanted) => Promise<string | PageView>,
): Action {
  return {
    path: `/quarantine/{dataset}/${what}`,
    permission,
    async act(request) {
      const word = wordOf(request);
      const loaded = await loadContracts(request.service.lake.effects.contracts);
      const contract = requireSourceContract(loaded, request.params.dataset ?? '');
      const conditions = { ...conditionsOf(askedOf(request)), dataset: contract.dataset };
      const next = await act({ request, contract, word, conditions });
      if (typeof next === 'string') request.board.forget(contract.dataset);
      return next;
    },
  };
}

const askedOf = ({ form }: Request) =>
  readAsked(
    Object.fromEntries(
      Object.entries(form).flatMap(([name, value]) =>
        name.startsWith('asked.') ? [[name.slice('asked.'.length), value]] : [],
      ),
    ),
  );

/** The page with the same filter, saying what was done. */
const backTo = ({ conditions }: Wanted, done: string): string => quarantineOf({ ...conditions, done });

function editsOf({ form }: Request): Edit[] {
  return typedRecords(form).map(({ rowHash, values, version }) => ({
    ...{ rowHash, values },
    isAsSeen: (record) => versionOf(record) === version,
  }));
}

/** Keeps what was typed; returns how many records that were. */
async function saveTyped({ request, contract, word }: Wanted): Promise<number> {
  const edits = editsOf(request);
  if (edits.length === 0) return 0;
  return (await request.service.records.correct(contract, edits, word)).length;
}

/** The records that a button means; throws ConfigError `REQUEST` where none is ticked. */
function choiceOf({ request }: Wanted): Choice {
  const { form, service } = request;
  const { filter } = meantBy(askedOf(request), service.lake.effects.clock.now());
  if (form.which === 'all') return { filter, expected: Number(form.total) };
  // A retry of what is corrected takes what was typed just now, too, whatever the page was filtered by.
  if (form.which === 'corrected') return { filter: { ids: [], isCorrected: true } };
  const ids = tickedRecords(form);
  if (ids.length > 0) return { filter: { ids } };
  throw new ConfigError('REQUEST', 'No record is ticked: go back, and tick those that are meant.');
}

/** Keeps the values that were typed over others. */
export const correct = dealing('correct', 'quarantine.decide', async (wanted) => {
  const saved = await saveTyped(wanted);
  if (saved === 0)
    throw new ConfigError('NOTHING_TO_CORRECT', 'No value is another than before: go back, and type one.');
  return backTo(wanted, `corrected.${saved}`);
});

/** Keeps what was typed, tests records once more, and leads to the run that does so. */
export const retry = dealing('retry', 'quarantine.decide', async (wanted) => {
  const { request, contract, word } = wanted;
  const choice = choiceOf(wanted);
  await saveTyped(wanted);
  await request.service.records.retry(contract, choice, word);
  const [run] = await request.service.runs.start(contract.dataset, word.by);
  return run === undefined ? backTo(wanted, '') : runAt(run.runId);
});

/** Gives records up, when that was said twice. */
export const condemn = dealing('condemn', 'quarantine.decide', async (wanted) => {
  const { request, contract, word } = wanted;
  const choice = choiceOf(wanted);
  if (request.form.confirmed !== 'yes') {
    const { total } = await request.service.records.find(contract.dataset, {
      ...{ filter: choice.filter, states: ['open'], limit: 1 },
    });
    return askToCondemn(request, { dataset: contract.dataset, total, back: backTo(wanted, '') });
  }
  const { records } = await request.service.records.condemn(contract, choice, word);
  return backTo(wanted, `condemned.${records.length}`);
});

/** Asks for condemned records to be released. */
export const release = dealing('release', 'quarantine.release', async (wanted) => {
  const { request, contract, word } = wanted;
  const { records } = await request.service.records.askRelease(contract, choiceOf(wanted), word);
  return backTo(wanted, `asked.${records.length}`);
});

/** Releases what somebody else asked for. */
export const approveRequest = dealing(
  'approve',
  'quarantine.release',
  async ({ request, contract, word }) => {
    const { effects } = request.service.lake;
    const { dataset } = contract;
    const { records } = await approveRelease(effects, dataset, request.form.request ?? '', word);
    return quarantineOf({ dataset, done: `released.${records.length}` });
  },
);

/** Refuses a release. */
export const refuseRequest = dealing('refuse', 'quarantine.release', async ({ request, contract, word }) => {
  const { dataset } = contract;
  await refuseRelease(request.service.lake.effects, dataset, request.form.request ?? '', word);
  return quarantineOf({ dataset, state: 'condemned', done: 'refused.0' });
});

/** All that can be done with records. */
export const RECORD_ACTIONS: readonly Action[] = [
  correct,
  retry,
  condemn,
  release,
  approveRequest,
  refuseRequest,
];
