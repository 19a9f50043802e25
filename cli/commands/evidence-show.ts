import { ConfigError } from '../../etl/errors.ts';
import type { Evidence } from '../../stream/evidence/evidence.ts';
import { findEvidence } from '../../stream/evidence/find-evidence.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** The shortest beginning of an id that is searched for, `evd-` included. */
const LEAST_LENGTH = 12;

/** `assay evidence show`: everything that was found of one event. */
export const evidenceShow: Command = {
  name: 'evidence show',
  usage: 'EVIDENCE [--lake DIR]',
  description: `Everything that was found of one event: where it stands, who wrote it, by which policy and contract it was judged, and why it
passed or failed. EVIDENCE is an id that 'assay evidence list' or 'assay quarantine show' names, or at least its first
${LEAST_LENGTH} signs.`,
  options: {},
  examples: ['assay evidence show evd-3k2lw5ynq7mz4c6h'],
  positionals: { min: 1, max: 1, name: 'EVIDENCE' },
  async run(args, io) {
    const id = args.positionals[0] ?? '';
    if (!/^evd-[a-z2-7]+$/.test(id) || id.length < LEAST_LENGTH)
      throw usageError(
        `'${id}' is no evidence: write evd- and at least ${LEAST_LENGTH - 4} signs of the id.`,
      );
    const lake = await openLakeOf(args, io);
    const { evidence } = await findEvidence(lake.effects.objects, { id }, { limit: 2 });
    const [first] = evidence;
    if (first === undefined)
      throw new ConfigError(
        'NO_EVIDENCE',
        `There is no evidence ${id}: 'assay evidence list' lists what there is.`,
      );
    if (evidence.length > 1)
      throw usageError(`'${id}' means ${evidence.length} pieces of evidence: write more of it.`);
    io.out(args.has('json') ? JSON.stringify(first, null, 2) : evidenceText(first));
    return EXIT.ok;
  },
};

function evidenceText(evidence: Evidence): string {
  const { source, producer, schema, contract, policy, validation, otel, fingerprints } = evidence;
  const listed = (texts: readonly string[]): string => (texts.length === 0 ? '–' : texts.join(', '));
  const rows = [
    ['result', validation.result],
    ['failed gates', listed(validation.failed_gates)],
    ['reasons', listed(validation.reason_codes)],
    ['warnings', listed(validation.warnings)],
    ['not judged', listed(validation.not_judged)],
    ['dataset', evidence.dataset_urn],
    [
      'topic',
      `${source.raw_topic} (${source.topic_id}), partition ${source.partition}, offset ${source.offset}`,
    ],
    ['cluster', source.cluster],
    ['key', source.key ?? '–'],
    ['event time', source.event_time],
    ['broker time', source.broker_time],
    ['judged', evidence.timestamp],
    ['producer', `${producer.producer_id} (${producer.identity_confidence})`],
    ['schema', schema.schema_id ?? '–'],
    [
      'contract',
      contract.contract_id === null ? '–' : `${contract.contract_id} (${contract.contract_version})`,
    ],
    [
      'policy',
      `${policy.enforcement_mode}${policy.version === null ? ', the default' : `, version ${policy.version}`}`,
    ],
    ['payload', fingerprints.payload_hash ?? '–'],
    ['trace', otel.trace_id],
  ];
  return `${printable(evidence.evidence_id)}\n\n${table([{ name: '' }, { name: '' }], rows, { maxCell: 120 })}`;
}
