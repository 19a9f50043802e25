import type { SourceContract } from '../../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../../etl/contract/load-contracts.ts';
import { sourceName } from '../../../etl/naming/bronze.ts';
import { type RevealedRecord, revealRecord } from '../../../etl/personal/reveal-record.ts';
import { CONDEMNED_CODE } from '../../../etl/quarantine/current-rejects.ts';
import type { RecordEvent } from '../../../etl/quarantine/history.ts';
import { ID_LENGTH } from '../../../etl/quarantine/read-records.ts';
import type { FailedRecord } from '../../../etl/quarantine/records.ts';
import { valuesNow } from '../../../etl/quarantine/retry-records.ts';
import { groupsOf } from '../../identity/identity.ts';
import { lineOfRecord } from '../../quarantine/line-of-record.ts';
import { seenBy } from '../../quarantine/shown-record.ts';
import { findRecord } from '../../quarantine/whole-record.ts';
import { datasetAt, quarantineOf, recordAt, runAt } from '../addresses.ts';
import type { Action, Page, PageRequest, PageView } from '../page.ts';
import { Facts, Table } from '../parts/facts.tsx';
import { isSealed, StoredValue } from '../parts/stored-value.tsx';
import { count, Id, Time } from '../parts/text.tsx';
import { Reveal } from '../quarantine/reveal.tsx';
import { wordOf } from '../word-of.ts';

/** One record that failed, with all its reasons, its values, and what happened to it. */
export const record: Page = {
  path: '/quarantine/{dataset}/{record}',
  permission: 'quarantine.read',
  render: (request) => recordView(request),
};

/** The page of a record; with values that were revealed, those are shown in their place, this once. */
async function recordView(request: PageRequest, revealed?: RevealedRecord): Promise<PageView> {
  const { params, identity, service } = request;
  const loaded = await loadContracts(service.lake.effects.contracts);
  const contract = requireSourceContract(loaded, params.dataset ?? '');
  const whole = await findRecord(service, contract, params.record ?? '');
  const { record: found, history } = whole;
  const line = await lineOfRecord(service.lake.effects, contract, whole);
  const shown = seenBy(identity, contract, found);
  const id = shown.rowHash.slice(0, ID_LENGTH);
  const { dataset } = contract;
  return {
    title: `Record ${id}`,
    ...(revealed === undefined ? {} : { isAsking: true as const }),
    body: (
      <>
        <h1>
          Record {count(shown.sourceRowNumber)} of {sourceName(shown.sourceFile)}: {STATES[shown.state]}
        </h1>
        <Facts
          of={[
            ['dataset', <a href={datasetAt(dataset)}>{dataset}</a>],
            ['record', <code>{id}</code>],
            ['file', <span class="values">{shown.sourceFile}</span>],
            ['line', line === null ? 'not found in a second: the file is large, or is gone' : count(line)],
            ['failed', `${count(shown.failures)} ${shown.failures === 1 ? 'time' : 'times'}`],
            [
              'last in',
              <By id={shown.runId} isRun={!shown.reasons.some(({ code }) => code === CONDEMNED_CODE)} />,
            ],
          ]}
        />
        {shown.state === 'open' && (
          <p>
            <a class="button" href={quarantineOf({ dataset, record: id })}>
              Correct, retry or condemn it
            </a>
          </p>
        )}
        {shown.state === 'condemned' && (
          <p>
            <a class="button" href={quarantineOf({ dataset, record: id, state: 'condemned' })}>
              Ask for its release
            </a>
          </p>
        )}
        <h2>Why it failed</h2>
        <Table
          caption="Reasons"
          columns={['reason', 'column', 'value', 'rule']}
          rows={shown.reasons.map(({ code, column, value, rule }) => [
            code,
            column ?? '',
            value === null ? '' : <StoredValue value={value} most={MOST_CHARACTERS} />,
            rule ?? '',
          ])}
        />
        <Values contract={contract} record={shown} />
        <Reveal {...{ request, revealed }} record={shown} at={recordAt(dataset, id)} />
        <History events={history} />
      </>
    ),
  };
}

/** Opens the sealed values of the record, as far as they are of the asker's data groups. */
export const reveal: Action = {
  path: '/quarantine/{dataset}/{record}/reveal',
  permission: 'values.reveal',
  async act(request) {
    const { params, identity, service } = request;
    const { effects } = service.lake;
    const word = wordOf(request);
    const contract = requireSourceContract(await loadContracts(effects.contracts), params.dataset ?? '');
    const { record: found } = await findRecord(service, contract, params.record ?? '');
    const revealed = await revealRecord(
      effects,
      { contract, record: found },
      { groups: groupsOf(identity), word },
    );
    return await recordView(request, revealed);
  },
};

/** A value, or what couldn't be parsed, is cut here. */
const MOST_CHARACTERS = 5000;

const STATES: Readonly<Record<FailedRecord['state'], string>> = {
  open: 'open',
  retrying: 'waits in a run',
  condemned: 'condemned',
  silver: 'in Silver since',
  corrected: 'corrected, and published as another',
};

function Values({
  contract,
  record: shown,
}: {
  readonly contract: SourceContract;
  readonly record: FailedRecord;
}) {
  const came = valuesNow(contract, { record: shown.record, corrections: {} });
  return (
    <>
      <h2>Values</h2>
      {shown.rawText !== null && <RawText text={shown.rawText} />}
      <Table
        caption="Values"
        columns={['column', 'as it came', 'corrected to']}
        rows={Object.keys({ ...came, ...shown.corrections }).map((name) => [
          name,
          <Value value={came[name] ?? null} />,
          name in shown.corrections ? <Value value={shown.corrections[name] ?? null} /> : '',
        ])}
      />
    </>
  );
}

const RawText = ({ text }: { readonly text: string }) =>
  isSealed(text) ? (
    <p class="soft">The whole record is sealed: it couldn’t be parsed.</p>
  ) : (
    <pre class="values">{text.slice(0, MOST_CHARACTERS)}</pre>
  );

function Value({ value }: { readonly value: string | null }) {
  if (value === null) return <span class="soft">no value</span>;
  return <StoredValue value={value} most={MOST_CHARACTERS} />;
}

/** A run, which has a page, or the decision of somebody who condemned records, which has none. */
const By = ({ id, isRun }: { readonly id: string; readonly isRun: boolean }) =>
  isRun ? (
    <a href={runAt(id)}>
      <Id id={id} />
    </a>
  ) : (
    <Id id={id} />
  );

/** What is by a run leads to it; a decision's maker is named. */
function History({ events }: { readonly events: readonly RecordEvent[] }) {
  return (
    <>
      <h2>What happened</h2>
      <Table
        caption="What happened"
        columns={['when', 'what', 'by', '']}
        rows={events.map(({ at, what, by, details }) => [
          <Time at={at} />,
          what,
          what === 'corrected' || what === 'released' ? (
            by
          ) : (
            <By id={by} isRun={!details.split(', ').includes(CONDEMNED_CODE)} />
          ),
          details,
        ])}
      />
    </>
  );
}
