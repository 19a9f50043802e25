import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type CommandVault, vaultOf } from '../vault-of.ts';

/** `assay vault renew`: seals the vault under a new key. */
export const vaultRenew: Command = {
  name: 'vault renew',
  usage: '[--lake DIR]',
  description: `Seals everything in the vault under a new key, and destroys the key before: copies of the vault that were made before
then say nothing any more, not even of people that were forgotten since. The file that has the vault's key gets a new one,
too: copy it to where you keep a copy, in the place of the old one. A key in $ASSAY_VAULT_KEY stays, and opens older copies of
the vault: exchange it where that matters (give both, the new one first, renew, then take the old one away).
With --target aws it gives new keys to the parts of the vault that somebody was erased from; called again half an hour
later, it destroys the old ones, and backups of the time before open no more.
The daily upkeep does this by itself every 13 days. Envelopes in the lake are not changed.`,
  options: {},
  examples: ['assay vault renew', 'assay vault renew --lake /data/lake --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const opened = await vaultOf(args, io);
    const { vault, name, key } = opened;
    const before = await vault.renewedAt();
    await vault.renewKey();
    const renewed = await vault.renewedAt();
    const isUnderWay = vault.renewalTakesMs !== undefined && renewed.getTime() === before.getTime();
    const renewedAt = renewed.toISOString();
    if (args.has('json'))
      io.out(JSON.stringify({ vault: name, key, renewedAt, ...(isUnderWay ? { isUnderWay } : {}) }, null, 2));
    else io.out((isUnderWay ? underWayText(opened) : renewedText(opened)).join('\n'));
    return EXIT.ok;
  },
};

const underWayText = ({ shown }: CommandVault): string[] => [
  `${shown.name}: what somebody was erased from has new keys beside the old ones, which other processes may still seal with.`,
  'Half an hour from now, or later, the same command destroys the old ones; the upkeep of the next day does so by itself.',
];

function renewedText({ shown, keyFile, key }: CommandVault): string[] {
  const first = `${shown.name} is sealed under a new key; copies made before now say nothing.`;
  if (key === 'KMS')
    return [
      `${shown.name} is sealed anew wherever somebody was erased from: backups of before say nothing of them.`,
    ];
  return keyFile === undefined
    ? [
        first,
        'The key in $ASSAY_VAULT_KEY is the same: exchange it where older copies must not be read with it.',
      ]
    : [first, `${shown.key} has a new key: copy it to where you keep a copy of it.`];
}
