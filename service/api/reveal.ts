import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { revealRecord } from '../../etl/personal/reveal-record.ts';
import { groupsOf } from '../identity/identity.ts';
import { findRecord } from '../quarantine/whole-record.ts';
import { RECORD } from './quarantine.ts';
import { REASON } from './quarantine-decisions.ts';
import { route } from './route.ts';

/** POST /v1/datasets/{dataset}/quarantine/records/{record}/reveal. */
export const reveal = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/quarantine/records/{record}/reveal',
  permission: 'values.reveal',
  tag: 'Quarantine',
  summary:
    'The sealed values of a record, of the data groups that the asker is a member of; that they were seen is kept',
  params: RECORD,
  body: z.strictObject({ reason: REASON }),
  isSecret: true,
  answer: z.object({
    dataset: z.string(),
    record: z.string(),
    values: z.record(z.string(), z.string()).meta({ description: 'by column, those that were opened' }),
    sealed: z
      .array(z.string())
      .meta({ description: 'columns that stay sealed: of other groups, or readable no more' }),
  }),
  async handle({ params, body: { reason }, identity }, service) {
    const { effects } = service.lake;
    const contract = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    const { record } = await findRecord(service, contract, params.record);
    const word = { by: identity.name, reason };
    const { values, sealed } = await revealRecord(
      effects,
      { contract, record },
      { groups: groupsOf(identity), word },
    );
    return { dataset: contract.dataset, record: params.record, values: { ...values }, sealed: [...sealed] };
  },
});
