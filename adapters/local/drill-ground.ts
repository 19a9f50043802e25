import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { drillContracts, protectedDrillContracts } from '../../etl/drill/drill-contracts.ts';
import type { DrillGround, Execution } from '../../etl/drill/ground.ts';
import type { Clock, ContractSource, Effects } from '../../etl/ports.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { streamDrillContracts } from '../../stream/drill/drill-contract.ts';
import { initLake, openLake } from './lake.ts';
import { DEFINITION } from './run-dataset.ts';
import { runStateMachine } from './state-machine.ts';
import { createVault } from './vault/folder-vault.ts';
import { type VaultSettings, vaultPlace } from './vault/vault-place.ts';

/** Lakes in temporary folders, and the workflow in this process. */
export const localDrillGround: DrillGround = {
  open: (clock) => openGround(clock, drillContracts),
  openProtected: async (clock) => {
    const { root, effects, dispose } = await openGround(clock, protectedDrillContracts);
    const vault = vaultPlace(root, { objects: effects.objects, clock }, vaultIn(root));
    await createVault(vault);
    return { effects, dispose };
  },
  execute: runWithoutWaits,
};

/** The same for streams: the lakes have the contract of the drill's events. */
export const localStreamDrillGround: DrillGround = {
  open: (clock) => openGround(clock, streamDrillContracts),
  execute: runWithoutWaits,
};

/** A vault in the lake's own folder, which goes with it; its key stands nowhere. */
const vaultIn = (root: string): VaultSettings => ({ folder: path.join(root, 'vault'), key: KEY });
const KEY = randomBytes(32).toString('hex');

async function openGround(clock: Clock, contracts: ContractSource) {
  const root = await mkdtemp(path.join(tmpdir(), 'assay-drill-'));
  await initLake(root, clock);
  const folders = { contractsDir: root, sqlDir: root, vault: vaultIn(root) };
  const { effects } = await openLake(root, { ...folders, clock, memoryLimitMb: 200, threads: 1 });
  const dispose = (): Promise<void> => rm(root, { recursive: true, force: true });
  return { root, effects: { ...effects, contracts }, dispose };
}

/** Runs the workflow of the state machine once, in this process, trying again at once where it would wait. */
export async function runWithoutWaits(
  run: { readonly dataset: string; readonly runId: string },
  effects: Effects,
): Promise<Execution> {
  const result = await runStateMachine({
    definitionText: withoutWaits(await readFile(DEFINITION, 'utf8')),
    handlers: bindStages(effects),
    readItems: (key) => getDocument(effects.objects, key, z.array(z.unknown())),
    input: { ...run, start: 'plan' },
  });
  return result.status === 'succeeded'
    ? { isSuccess: true, cause: '' }
    : { isSuccess: false, cause: `${result.error}: ${result.cause}` };
}

function withoutWaits(definition: string): string {
  return definition
    .replaceAll(/"IntervalSeconds": \d+/g, '"IntervalSeconds": 0')
    .replaceAll(/States\.MathRandom\(\d+, \d+\)/g, 'States.MathRandom(0, 0)');
}
