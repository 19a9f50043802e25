import type { BrokenRecord } from '../../csv/broken-record.ts';
import type { Opened, Unopened } from '../../csv/opened.ts';
import { DataError } from '../../errors.ts';
import { readEnvelope } from '../../privacy/envelope.ts';
import { type FileRecord, fileRecords } from '../../privacy/file-records.ts';
import { fittingSubjectId } from '../../privacy/fitting-id.ts';
import { type CellOpener, type OpenedCell, openCells } from '../../privacy/open-cells.ts';
import { FORGOTTEN } from '../../privacy/protect-rows.ts';
import type { PlannedCell, ProtectionPlan } from '../../privacy/protection-plan.ts';
import type { Sodium } from '../../privacy/sodium.ts';
import type { Subject, Vault } from '../../privacy/vault.ts';

/** A file in the clear and the same one sealed, both opened at their first record. */
export interface TwoFiles {
  readonly name: string;
  readonly clear: Opened | Unopened;
  readonly sealed: Opened | Unopened;
  /** How the clear one's records are protected. */
  readonly plan: ProtectionPlan;
  readonly vault: Vault;
  readonly sodium: Sodium;
  readonly now: Date;
  /** A record of the sealed one with its cells in the places of the clear one's; as it stands where it isn't said. */
  readonly aligned?: (sealed: FileRecord) => FileRecord;
}

/** What two equal files have. */
export interface Proven {
  readonly records: number;
  /** Cells whose value is not sealed but gone: of people who were forgotten, and past their retention. */
  readonly withheld: number;
}

/** Records whose cells are opened together. */
const BATCH = 2000;

/**
 * Compares a sealed file with the clear one, record by record and cell by cell, as the vault opens it: the same records in
 * their order, the same values of the same people, and every other byte as it was. Throws DataError `NOT_EQUAL` where that
 * isn't so; what is said names no value.
 */
export async function proveEqual(files: TwoFiles): Promise<Proven> {
  const { clear, sealed } = files;
  if (clear.kind !== 'open' || sealed.kind !== 'open') {
    if (clear.kind === 'empty' && sealed.kind === 'empty') return { records: 0, withheld: 0 };
    throw notEqual(files, 0, `one is ${clear.kind}, the other ${sealed.kind}`);
  }
  const { aligned } = files;
  if (aligned === undefined && clear.layout.fields !== sealed.layout.fields)
    throw notEqual(files, 0, `it has ${sealed.layout.fields} fields instead of ${clear.layout.fields}`);
  const open = openCells({ vault: files.vault, sodium: files.sodium });
  let [records, withheld] = [0, 0];
  for await (const pairs of inBatches(fileRecords(clear), fileRecords(sealed), aligned)) {
    for (const { clear: one, sealed: other, row } of pairs)
      if (one === undefined || other === undefined)
        throw notEqual(files, row, other === undefined ? 'it is missing' : 'it is one too many');
    withheld += await compareBatch(pairs as readonly Pair[], { files, open });
    records += pairs.length;
  }
  return { records, withheld };
}

interface Pair {
  readonly row: number;
  readonly clear: FileRecord;
  readonly sealed: FileRecord;
}

type MaybePair = Pick<Pair, 'row'> & Partial<Pair>;

async function* inBatches(
  clear: AsyncGenerator<FileRecord>,
  sealed: AsyncGenerator<FileRecord>,
  aligned: (record: FileRecord) => FileRecord = (record) => record,
): AsyncGenerator<MaybePair[]> {
  let batch: MaybePair[] = [];
  for (let row = 1; ; row++) {
    const [one, other] = [await clear.next(), await sealed.next()];
    if (one.done === true && other.done === true) break;
    batch.push({
      row,
      ...(one.done === true ? {} : { clear: one.value }),
      ...(other.done === true ? {} : { sealed: aligned(other.value) }),
    });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A text that an envelope must open to, of whom, and where it stands. */
interface ToOpen {
  readonly row: number;
  readonly envelope: string;
  readonly isRight: (text: string) => boolean;
}

/** A reference that must be somebody's. */
interface ToName {
  readonly row: number;
  readonly subject: Subject;
  readonly group: string;
  readonly reference: string;
}

async function compareBatch(
  pairs: readonly Pair[],
  { files, open }: { readonly files: TwoFiles; readonly open: CellOpener },
): Promise<number> {
  const [toOpen, toName]: [ToOpen[], ToName[]] = [[], []];
  let withheld = 0;
  for (const pair of pairs) {
    const found = comparePair(pair, files);
    toOpen.push(...found.toOpen);
    toName.push(...found.toName);
    withheld += found.withheld;
  }
  const opened = await open(toOpen.map(({ envelope }) => envelope));
  for (const [n, { row, isRight }] of toOpen.entries()) {
    const cell = opened[n] as OpenedCell;
    if (cell.kind !== 'clear') throw notEqual(files, row, `a value of it can't be opened (${cell.kind})`);
    if (!isRight(cell.text)) throw notEqual(files, row, 'a value of it opens to another one');
  }
  await requireNames(toName, files);
  return withheld;
}

interface Found {
  readonly toOpen: ToOpen[];
  readonly toName: ToName[];
  readonly withheld: number;
}

function comparePair({ row, clear, sealed }: Pair, files: TwoFiles): Found {
  if (clear.broken !== undefined || sealed.broken !== undefined)
    return compareWhole({ row, clear, sealed }, files);
  const { plan } = files;
  const cells = new Map(plan.cells.map((cell) => [cell.place, cell]));
  const found = { toOpen: [] as ToOpen[], toName: [] as ToName[], withheld: 0 };
  for (const [place, text] of clear.cells.entries()) {
    const now = sealed.cells[place] ?? '';
    const cell = cells.get(place);
    if (plan.dropped.includes(place)) {
      if (now !== '') throw notEqual(files, row, 'a dropped value is still there');
    } else if (cell === undefined || cell.isNull(text)) {
      if (now !== text) throw notEqual(files, row, 'a value that is not protected is another one');
    } else if (now === FORGOTTEN || readEnvelope(now)?.payload === '') found.withheld += 1;
    else addCell({ row, text, now, cell, clear }, files, found);
  }
  return found;
}

function addCell(
  {
    row,
    text,
    now,
    cell,
    clear,
  }: { row: number; text: string; now: string; cell: PlannedCell; clear: FileRecord },
  files: TwoFiles,
  { toOpen, toName }: Pick<Found, 'toOpen' | 'toName'>,
): void {
  const envelope = readEnvelope(now);
  const subject = files.plan.subjects[cell.subject];
  const id = subject && fittingSubjectId(clear.cells[subject.place] ?? '', subject.column);
  if (envelope === undefined && (cell.as !== 'pseudonym' || id === undefined))
    throw notEqual(files, row, 'a protected value has no envelope');
  if (envelope !== undefined) toOpen.push({ row, envelope: now, isRight: (opened) => opened === text });
  if (subject !== undefined && id !== undefined)
    toName.push({
      ...{ row, group: cell.group, reference: envelope?.subject ?? now },
      subject: { kind: subject.kind, id },
    });
}

/** A record that is sealed whole: one that can't be parsed, or whose form says what envelopes would not. */
function compareWhole({ row, clear, sealed }: Pair, files: TwoFiles): Found {
  const envelope = sealed.broken?.text;
  if (envelope === undefined)
    throw notEqual(files, row, "it can't be parsed in the clear, and can be sealed");
  if (envelope === FORGOTTEN || readEnvelope(envelope)?.payload === '')
    return { toOpen: [], toName: [], withheld: 1 };
  const isRight = (text: string): boolean =>
    clear.broken === undefined ? text === clear.text : isWhole(text, clear.broken);
  return { toOpen: [{ row, envelope, isRight }], toName: [], withheld: 0 };
}

/** Of a record that is too long, its beginning and the digest of all of it. */
const isWhole = (text: string, { text: was, hash }: BrokenRecord): boolean =>
  hash === undefined ? text === was : text.startsWith(was) && text.includes(hash);

/** Throws where a reference is not that of whom the clear record names. */
async function requireNames(toName: readonly ToName[], files: TwoFiles): Promise<void> {
  const people = new Map(toName.map((one) => [JSON.stringify([one.subject, one.group]), one]));
  const groups = new Map<string, ToName[]>();
  for (const one of people.values()) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  const known = new Map<string, string>();
  for (const [group, ones] of groups) {
    // They are there, for their values were sealed: of now, since who was forgotten has no envelope.
    const found = await files.vault.subjects(
      ones.map(({ subject }) => ({ ...subject, dated: files.now })),
      [group],
    );
    for (const [n, { subject }] of ones.entries()) {
      const subjectNow = found[n];
      if (subjectNow?.kind === 'known') known.set(JSON.stringify([subject, group]), subjectNow.reference);
    }
  }
  for (const { row, subject, group, reference } of toName)
    if (known.get(JSON.stringify([subject, group])) !== reference)
      throw notEqual(files, row, "a value of it is under another person's key");
}

function notEqual({ name }: TwoFiles, row: number, why: string): DataError {
  const where = row === 0 ? '' : ` in record ${row}`;
  return new DataError(
    'NOT_EQUAL',
    `${name} and what was sealed of it are not equal${where}: ${why}. Nothing was removed, and nothing published; keep both, and report this.`,
    { context: { name, row } },
  );
}
