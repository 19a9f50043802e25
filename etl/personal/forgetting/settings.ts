import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { PRIVACY_DATASET, PRIVACY_SETTINGS_KEY } from '../../naming/privacy.ts';
import { keepDecision, type Word } from '../../operations/decide-run.ts';
import type { Effects } from '../../ports.ts';
import { parseDocument } from '../../stages/stored-documents.ts';

/** How people are forgotten in a lake. */
export const PrivacySettings = z.object({
  format: z.literal(1),
  /** How many people it takes: one who asks, and another who approves; or the same. */
  persons: z.union([z.literal(1), z.literal(2)]),
  /** For how many years records of somebody forgotten are known when they come again. */
  rememberYears: z.number().int().min(1).max(100),
});
export type PrivacySettings = z.infer<typeof PrivacySettings>;

const DEFAULT: PrivacySettings = { format: 1, persons: 2, rememberYears: 10 };

/** The settings of a lake: two persons and ten years unless somebody set something else. */
export async function readPrivacySettings({ objects }: Pick<Effects, 'objects'>): Promise<PrivacySettings> {
  const stored = await objects.get(PRIVACY_SETTINGS_KEY);
  return stored === undefined ? DEFAULT : parseDocument(stored.body, PRIVACY_SETTINGS_KEY, PrivacySettings);
}

/** Changes settings, and keeps who did and why. */
export async function changePrivacySettings(
  effects: Effects,
  changes: Partial<Omit<PrivacySettings, 'format'>>,
  word: Word,
): Promise<PrivacySettings> {
  const was = await readPrivacySettings(effects);
  const settings = PrivacySettings.parse({ ...was, ...changes });
  await effects.objects.put(PRIVACY_SETTINGS_KEY, Buffer.from(`${JSON.stringify(settings, null, 1)}\n`));
  const details = { was, now: settings };
  await keepDecision(effects, {
    kind: 'privacy-set',
    dataset: PRIVACY_DATASET,
    ...word,
    runId: null,
    details,
  });
  return settings;
}
