import { Buffer } from 'node:buffer';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { openFile } from '../csv/open-file.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { planProtection } from '../privacy/plan-protection.ts';
import { protectedFile } from '../privacy/protect-file.ts';
import { protectionOf } from '../privacy/protection.ts';
import { Sodium } from '../privacy/sodium.ts';
import { DRILL_DATASET } from './drill-contracts.ts';

/** A source's file as it goes to the Bronze of the protected drill. */
export async function drillBytes(effects: Effects, text: string): Promise<Uint8Array> {
  const { vault, clock } = effects;
  if (vault === undefined) throw new ConfigError('NO_VAULT', 'The protected drill has no vault.');
  const contract = requireSourceContract(await loadContracts(effects.contracts), DRILL_DATASET);
  const scratch = await effects.openScratch('drill-protect');
  const data = {
    async *stream() {
      yield Buffer.from(text);
    },
  };
  const opened = await openFile({ index: 0, key: 'source.csv' }, { contract, data, scratch });
  const parts: Buffer[] = [];
  const sodium = await Sodium.open();
  try {
    if (opened.kind !== 'open') return Buffer.from('');
    const planned = planProtection(contract, protectionOf(contract), opened.layout);
    const file = { ...planned, name: 'source.csv', opened, contract, vault, sodium, arrived: clock.now() };
    for await (const part of protectedFile(file)) parts.push(Buffer.from(part));
    await opened.window.close();
  } finally {
    sodium.dispose();
    await scratch.dispose();
  }
  return Buffer.concat(parts);
}
