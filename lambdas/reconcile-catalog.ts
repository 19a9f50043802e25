import { reconcileCatalog } from '../etl/stages/reconcile-catalog.ts';
import { lakeHandler } from './stage-handler.ts';

/** Moves the catalog to every pointer, on a schedule. */
export const handler = lakeHandler('reconcile-catalog', ['ASSAY_DATABASE_PREFIX'], (_event, { effects }) =>
  reconcileCatalog(effects),
);
