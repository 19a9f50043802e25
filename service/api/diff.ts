import { z } from 'zod';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { RowsDiff } from '../../etl/query/compare-rows.ts';
import { bySeen, maskChanges } from '../../etl/query/mask-changes.ts';
import { diffSnapshots } from '../../etl/query/snapshot-diff.ts';
import { publishedContract } from '../../etl/stages/kept-contracts.ts';
import { inTurn } from '../http/turns.ts';
import { isAllowed } from '../identity/identity.ts';
import { readerOf } from '../identity/reader.ts';
import { DATASET } from './datasets.ts';
import { mutable } from './mutable.ts';
import { DIFFERENCE, MostKeys } from './report-changes.ts';
import { route } from './route.ts';

const SnapshotId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** GET /v1/diff. */
export const showDiff = route({
  method: 'get',
  path: '/v1/diff',
  permission: 'gold.read',
  tag: 'Datasets',
  summary: "What differs between two snapshots of a dataset's Silver, or of a Gold table",
  query: DATASET.extend({ from: SnapshotId, to: SnapshotId, limit: MostKeys }),
  answer: z.object({ dataset: z.string(), from: z.int(), to: z.int(), ...DIFFERENCE }),
  async handle({ query: { dataset, from, to, limit }, identity }, service) {
    const { effects } = service.lake;
    const written = requireContract(await loadContracts(effects.contracts), dataset);
    if (!readerOf(identity).schemas.has(written.layer))
      throw new ConfigError('NOT_PERMITTED', `${identity.name} may not read the records behind reports.`);
    const contract = await publishedContract(effects.objects, written);
    const span = { fromId: from, toId: to, mostKeys: limit };
    const found = await inTurn(() =>
      withScratchEngine(effects, 'diff', (engine) => diffSnapshots(engine, effects, contract, span)),
    );
    const seen = isAllowed(identity, 'protected.read', service)
      ? found
      : unordered(maskChanges(found, contract));
    return { dataset, from, to, ...mutable(seen) };
  },
});

const unordered = (masked: RowsDiff): RowsDiff => ({ ...masked, keys: [...masked.keys].sort(bySeen) });
