import { ConfigError } from '../../../etl/errors.ts';
import { NAME } from '../../../etl/naming/datasets.ts';
import { type Evidence, GATE_ORDER } from '../../../stream/evidence/evidence.ts';
import { type EvidenceFilter, findEvidence } from '../../../stream/evidence/find-evidence.ts';
import { UNKNOWN_DATASET, urnOfDataset } from '../../../stream/policy/dataset-urn.ts';
import { evidenceOf, streamsAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Facts } from '../parts/facts.tsx';
import { plural, Time } from '../parts/text.tsx';
import { EvidenceForm, type EvidenceQuery, FIELDS } from '../streams/evidence-form.tsx';
import { EvidenceTable } from '../streams/evidence-table.tsx';
import { streamStates } from '../streams/stream-states.ts';

const ROWS = 50;

/** Evidence that meets some conditions, the newest batches first; of one event, all of it. */
export const evidence: Page = {
  path: '/streams/evidence',
  permission: 'policies.read',
  isAsked: true,
  async render({ query, service }) {
    const asked: EvidenceQuery = Object.fromEntries(
      FIELDS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name].trim()]])),
    );
    const { objects, clock } = service.lake.effects;
    const skip = Number(/^\d{1,7}$/.exec(query.skip ?? '')?.[0] ?? 0);
    const before = query.before === undefined ? {} : { before: query.before };
    const page = await findEvidence(objects, filterOf(asked), {
      ...{ limit: skip + ROWS + 1, now: clock.now() },
      ...before,
    });
    const shown = page.evidence.slice(skip, skip + ROWS);
    const [one] = shown;
    // An object of evidence is read as a whole, and may hold many pages.
    const next =
      page.evidence.length > skip + ROWS
        ? { ...query, skip: String(skip + ROWS) }
        : page.next === undefined
          ? undefined
          : { ...query, skip: undefined, before: page.next };
    return {
      title: 'Evidence',
      body: (
        <>
          <h1>
            {asked.id !== undefined && one !== undefined && shown.length === 1
              ? 'Evidence of an event'
              : 'Evidence'}
          </h1>
          <EvidenceForm datasets={(await streamStates(service)).map(({ name }) => name)} asked={asked} />
          {one === undefined ? (
            <Empty>
              There is no such evidence. Each event that an enforcer judged has some: leave conditions out, or
              have events judged by <code>assay enforce</code>.
            </Empty>
          ) : (
            <EvidenceTable found={shown} />
          )}
          {asked.id !== undefined && shown.length === 1 && one !== undefined && <Whole one={one} />}
          <p class="beside">
            {next !== undefined && <a href={evidenceOf(next)}>Older evidence</a>}
            {(skip > 0 || query.before !== undefined) && <a href={evidenceOf(asked)}>From the newest</a>}
            <a href={streamsAt}>All streams</a>
          </p>
          {shown.length > 1 && <p class="soft">{plural(shown.length, 'event')} on this page.</p>}
        </>
      ),
    };
  },
};

function filterOf(asked: EvidenceQuery): EvidenceFilter {
  const { dataset, result, gate, reason, topic, id } = asked;
  if (result !== undefined && result !== 'PASS' && result !== 'FAIL')
    throw wrong(`The result is '${result}': choose PASS or FAIL.`);
  if (gate !== undefined && !GATE_ORDER.some((one) => one === gate))
    throw wrong(`There is no gate '${gate}'.`);
  const [partition, offset] = [numberOf(asked, 'partition'), numberOf(asked, 'offset')];
  return {
    ...(dataset === undefined ? {} : { datasetUrn: urnOf(dataset) }),
    ...(result === undefined ? {} : { result }),
    ...(gate === undefined ? {} : { gate }),
    ...(reason === undefined ? {} : { reason }),
    ...(topic === undefined ? {} : { topic }),
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset }),
    ...(id === undefined ? {} : { id }),
  };
}

function urnOf(dataset: string): string {
  if (dataset === 'unknown') return UNKNOWN_DATASET;
  const [domain = '', name = '', ...rest] = dataset.split('.');
  if (rest.length > 0 || !NAME.test(domain) || !NAME.test(name))
    throw wrong(`'${dataset}' is no dataset: write <domain>.<name>, or unknown.`);
  return urnOfDataset(dataset);
}

function numberOf(asked: EvidenceQuery, name: 'partition' | 'offset'): number | undefined {
  const text = asked[name]?.replaceAll(',', '');
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw wrong(`The ${name} is '${text}': write a whole number.`);
  return Number(text);
}

const wrong = (message: string): ConfigError => new ConfigError('REQUEST', message);

/** Everything that was found of one event. */
function Whole({ one }: { readonly one: Evidence }) {
  const { contract, policy, schema, validation, fingerprints, otel, source } = one;
  return (
    <Facts
      of={[
        ['evidence', <code>{one.evidence_id}</code>],
        ['failed gates', validation.failed_gates.join(', ') || '—'],
        ['reasons', validation.reason_codes.join(', ') || '—'],
        ['warnings', validation.warnings.join(', ') || '—'],
        ['not judged', validation.not_judged.join(', ') || '—'],
        ['broker', <Time at={source.broker_time} />],
        ['judged', <Time at={one.timestamp} />],
        [
          'contract',
          contract.contract_id === null ? '—' : `${contract.contract_id} (${contract.contract_version})`,
        ],
        ['schema', schema.schema_id ?? '—'],
        [
          'policy',
          `${policy.enforcement_mode}${policy.version === null ? ', the default' : `, version ${policy.version}`}`,
        ],
        ['key', <code>{source.key ?? '—'}</code>],
        ['payload', <code>{fingerprints.payload_hash ?? '—'}</code>],
        ['trace', <code>{otel.trace_id}</code>],
      ]}
    />
  );
}
