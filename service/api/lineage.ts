import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { madeOf } from '../../etl/contract/made-of.ts';
import { route } from './route.ts';

/** GET /v1/lineage. */
export const showLineage = route({
  method: 'get',
  path: '/v1/lineage',
  permission: 'catalogue.read',
  tag: 'Datasets',
  summary: 'Which datasets are made of which',
  answer: z.object({
    datasets: z.array(z.object({ dataset: z.string(), layer: z.enum(['silver', 'gold', 'projection']) })),
    links: z.array(z.object({ from: z.string(), to: z.string() })),
  }),
  async handle(_, { lake: { effects } }) {
    const contracts = [...(await loadContracts(effects.contracts)).contracts.values()];
    return {
      datasets: contracts.map(({ dataset, layer }) => ({ dataset, layer })),
      links: contracts.flatMap((contract) =>
        madeOf(contract).map((from) => ({ from, to: contract.dataset })),
      ),
    };
  },
});
