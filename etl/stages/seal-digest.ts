import { createHash } from 'node:crypto';
import type { ControlTotal, Counts, Seal, SealedFile } from './documents.ts';

/**
 * The seal's digest: the same wherever, whenever and in whatever order the same files were refined under the
 * same contract on the same history. So no key, no time and no run goes into it. It follows from the seal as it is
 * read back, too: members are put in order by name here, not by how an object came to be.
 */
export function digestSeal(body: Omit<Seal, 'digest'>): string {
  const idOf = new Map(body.files.map((file) => [file.key, file.sourceFileId]));
  const content = {
    dataset: body.dataset,
    contract: [body.contractVersion, body.contractDigest],
    counts: countsOf(body.counts),
    reasons: body.reasons,
    files: body.files.map((file) => JSON.stringify(fileOf(file))).sort(),
    controlTotals: body.controlTotals
      .map((total) => JSON.stringify({ sourceFileId: idOf.get(total.key) ?? '', ...totalOf(total) }))
      .sort(),
    rejects: body.rejectsDigest,
    ...(body.repeatsDigest === undefined ? {} : { repeats: body.repeatsDigest }),
    ...(body.superseded === undefined
      ? {}
      : { superseded: [body.superseded.records, body.superseded.digest] }),
    ...(body.pii === undefined
      ? {}
      : { pii: body.pii.map(({ column, kind, records }) => [column, kind, records]) }),
  };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function countsOf({
  records,
  silver,
  quarantined,
  condemned,
  blank,
  footer,
  repeats,
  forgotten,
}: Counts): Counts {
  return {
    ...{ records, silver, quarantined, condemned, blank },
    ...(footer === undefined ? {} : { footer }),
    ...(repeats === undefined ? {} : { repeats }),
    ...(forgotten === undefined ? {} : { forgotten }),
  };
}

function fileOf(file: SealedFile) {
  return { sourceFileId: file.sourceFileId, ...countsOf(file), status: file.status };
}

function totalOf(total: ControlTotal): Omit<ControlTotal, 'key'> {
  const { measure, by, silver, quarantined, condemned, repeats, forgotten, declared, met } = total;
  const sums = {
    ...{ measure, by, in: total.in, silver, quarantined, condemned },
    ...(repeats === undefined ? {} : { repeats }),
    ...(forgotten === undefined ? {} : { forgotten }),
  };
  return declared === undefined ? { ...sums, met } : { ...sums, declared, met };
}
