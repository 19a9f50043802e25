import type { Measure } from '../contract/contract.ts';
import { ISO_4217 } from '../contract/iso-4217.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import type { Scratch } from '../ports.ts';
import { chooseMeasures, choosePartition } from './choose-roles.ts';
import { type DecimalSign, decimalSignOf } from './decimal-signs.ts';
import { encodingsOf } from './encodings.ts';
import {
  extraNotes,
  headerNotes,
  headerOf,
  isHeaderAmong,
  repeatedHeaderNotes,
  sheetNotes,
} from './file-notes.ts';
import { footerOf } from './find-footer.ts';
import { findKey } from './find-key.ts';
import { type LoneRecord, takeLoneRecords } from './find-total-rows.ts';
import { guessClassification } from './guess-classification.ts';
import { guessType } from './guess-type.ts';
import { guessZones } from './guess-zones.ts';
import { type MatchedColumn, matchColumns } from './match-columns.ts';
import { counted, decide, type Note, review, seen, several } from './notes.ts';
import { noRecords, openFiles } from './open-files.ts';
import type { OpenedFile } from './opened-files.ts';
import { type ColumnProfile, countWhere, isClearNull, profileColumn } from './profile-column.ts';
import type { Proposal, ProposedColumn } from './proposal.ts';
import { applyNullValues, dropLast, FILE, SAMPLE_TABLE, sampleRecords } from './sample-table.ts';
import type { SourceFile } from './text-file.ts';
import { isEnough, readingSql, shareNotes } from './type-guess.ts';
import { headerMeaning } from './words.ts';

/** What inferring needs beside the files. */
export interface InferOptions {
  readonly domain: string;
  readonly name: string;
  readonly engine: Engine;
  readonly scratch: Scratch;
  /** Bytes of text to read, of all files together; each gets an equal share. */
  readonly sampleBytes: number;
}

/**
 * Proposes a contract for files, from what they hold. Memory is bounded by the engine's limit whatever their size.
 * Throws DataError where a file is no text (`UNREADABLE`), has no header and others do (`NO_HEADER`), has two columns of one name
 * (`REPEATED_HEADER`), holds two tables (`TWO_TABLES`), is written in another dialect than the others (`DIALECTS_DIFFER`), or where no file has a
 * record (`NO_RECORDS`).
 */
export async function inferContract(files: readonly SourceFile[], options: InferOptions): Promise<Proposal> {
  const { engine, scratch } = options;
  const { opened, skipped, dialect, columns: known } = await openFiles(files, options);
  const matched =
    known ?? matchColumns(opened.map(({ file, names, sample }) => ({ file: file.name, names, sample })));
  const read = await sampleRecords(
    engine,
    opened.map(({ file, stream }) => ({ name: file.name, stream })),
    { columns: matched, signs: dialect.signs, scratch },
  );
  const names = matched.map(({ name }) => name);
  const footer = footerOf(opened.map((file) => file.footer));
  if (footer.footerLines !== undefined)
    for (const [file, { wellFormed }] of opened.map((one) => one.footer).entries())
      await dropLast(engine, file, wellFormed);
  const lone = dialect.signs.format === undefined ? await takeLoneRecords(engine, names) : [];
  const profiles: ColumnProfile[] = [];
  for (const name of names) profiles.push(await profileColumn(engine, name));
  const decimalSign = decimalSignOf(profiles, dialect.signs.delimiter);
  const guessed = await guessColumns(engine, matched, { profiles, decimalSign });
  const nullValues = nullValuesOf(guessed, profiles);
  const zoned = await guessZones(engine, nullValues.columns, profiles);
  for (const { name, nullValues: own } of nullValues.columns)
    await applyNullValues(engine, [name], [...nullValues.values, ...own]);
  const records = await countRecords(engine);
  if (records === 0) throw noRecords(['Every record is blank.']);
  const present = await countWhere(
    engine,
    names.map((name) => `${identifier(name)} IS NOT NULL`),
  );
  const columns = zoned.map((column, n) => withPresence(column, present[n] ?? 0, records));
  const { key, notes: keyNotes } = await findKey(
    engine,
    columns.map((column, n) => ({
      name: column.name,
      words: meaningOf(matched[n]),
      distinct: profiles[n]?.distinct ?? 0,
      isRequired: column.required,
      isText: column.type.kind === 'string',
      isMeasure: ['decimal', 'double', 'boolean'].includes(column.type.kind),
    })),
    records,
  );
  const partition = choosePartition(columns, present, records);
  const { measures, notes: measureNotes } = chooseMeasures(columns);
  const totals = await totalNotes({ engine, lone, profiles, columns, measures, files: opened });
  const encodings = encodingsOf(opened, read);
  const extra = extraNotes(read);
  const repeated = repeatedHeaderNotes(read);
  return {
    domain: options.domain,
    name: options.name,
    files: opened.flatMap(({ report }, n) => {
      const found = read[n];
      if (found === undefined) return [];
      const { withExtraEmpty: _extra, repeatedHeaders: _headers, ...file } = found;
      return [{ ...report, ...file }];
    }),
    csv: {
      ...dialect.signs,
      ...(extra.length === 0 ? {} : { extraFields: 'empty' as const }),
      encodings: encodings.values,
      nullValues: nullValues.values,
      ...(footer.footerLines === undefined ? {} : { footerLines: footer.footerLines }),
      ...(totals.column === undefined ? {} : { totalRowColumn: totals.column }),
      ...headerOf(opened),
      ...(isHeaderAmong(opened, repeated) ? { repeatedHeader: 'skip' as const } : {}),
    },
    columns: columns.map((column) =>
      column.name === partition.column ? { ...column, required: true } : column,
    ),
    key,
    ...(partition.column === undefined ? {} : { partitionColumn: partition.column }),
    measures,
    notes: {
      contract: [
        decide('Write who owns it, and what it is for.'),
        review('Columns are internal where nothing speaks of a person; make public what anyone may know.'),
        ...skipped.map((text) => review(text)),
      ],
      csv: [
        ...headerNotes(opened),
        ...sheetNotes(opened),
        ...dialect.notes,
        ...extra,
        ...repeated,
        ...encodings.notes,
        ...nullValues.notes,
        ...totals.notes,
        ...footer.notes,
      ],
      key: keyNotes,
      partition: partition.notes,
      measures: measureNotes,
    },
  };
}

/** A column as far as its values say, and the null spellings found in it. */
interface GuessedColumn {
  readonly column: ProposedColumn;
  readonly nulls: ColumnProfile['nulls'];
}

async function guessColumns(
  engine: Engine,
  matched: readonly MatchedColumn[],
  {
    profiles,
    decimalSign,
  }: { readonly profiles: readonly ColumnProfile[]; readonly decimalSign: DecimalSign },
): Promise<GuessedColumn[]> {
  const guessed: GuessedColumn[] = [];
  for (const [n, one] of matched.entries()) {
    const profile = profiles[n];
    if (profile === undefined) continue;
    const words = meaningOf(one);
    const type = await guessType(engine, profile, { words, decimalSign });
    const isTime = type.type.kind === 'date' || type.type.kind === 'timestamptz';
    const { classification, notes } = await guessClassification(engine, profile, { words, isTime });
    const isText = type.type.kind === 'string';
    const currency = isText ? await currencyNotes(engine, profile) : [];
    const column: ProposedColumn = {
      name: one.name,
      headers: one.path === undefined ? one.spellings.map(({ header }) => header) : [],
      ...(one.path === undefined ? {} : { path: one.path }),
      type: type.type,
      formats: type.formats,
      number: type.number,
      nullValues: [],
      isCurrency: currency.length > 0,
      required: false,
      classification,
      notes: [
        ...spellingNotes(one),
        ...(classification === 'personal'
          ? type.notes.map((note) => withoutValues(note, profile))
          : type.notes),
        ...currency,
        ...valueNotes(profile, isText && classification === 'internal' && currency.length === 0),
        ...notes,
      ],
    };
    guessed.push({ column, nulls: profile.nulls.filter(({ value }) => !isText || isClearNull(value)) });
  }
  return guessed;
}

/** A note without its example values: a person's must not get into a contract. */
function withoutValues({ kind, text }: Note, { shapes }: ColumnProfile): Note {
  const bare = shapes.reduce((left, { example }) => left.replace(`, such as ${example},`, ','), text);
  return { kind, text: bare.replace(/ say yes or no: .*$/, ' say yes or no.') };
}

const meaningOf = (column: MatchedColumn | undefined): readonly string[] =>
  (column?.spellings ?? []).flatMap(({ header }) => headerMeaning(header));

function spellingNotes({ spellings, maybe }: MatchedColumn): Note[] {
  const guessed = spellings.flatMap(({ header, file, why }) =>
    why === undefined ? [] : [review(`'${header}' of ${file} is taken for it: ${why}.`)],
  );
  const text = `No file has both this and ${maybe?.name}, and ${maybe?.why}. If they are one, move its headers there and remove it.`;
  return maybe === undefined ? guessed : [...guessed, review(text)];
}

/** What speaks for a column of currency codes; empty where it is none. */
async function currencyNotes(engine: Engine, profile: ColumnProfile): Promise<Note[]> {
  const codes = ISO_4217.map(literal).join(', ');
  const [known = 0] = await countWhere(engine, [`list_contains([${codes}], ${profile.text})`]);
  return isEnough(known, profile) ? shareNotes(known, profile, 'are currency codes of ISO 4217') : [];
}

/** Lists a column's few values, so that a person may allow only those. */
function valueNotes({ distinct, values, frequent }: ColumnProfile, isShown: boolean): Note[] {
  if (!isShown || distinct < 1 || distinct > frequent.length || values < distinct * 20) return [];
  const list = frequent.map(({ value, count }) => `${JSON.stringify(value)} (${counted(count)})`).join(', ');
  return [seen(`Its values: ${list}. To allow no others, add a check of quality with validValues.`)];
}

/**
 * Texts that mean no value. Unmistakable ones apply to every column. Others, such as NA, apply only to columns that
 * they would spoil: elsewhere NA may be Namibia.
 */
function nullValuesOf(
  guessed: readonly GuessedColumn[],
  profiles: readonly ColumnProfile[],
): { values: string[]; columns: ProposedColumn[]; notes: Note[] } {
  const everywhere = new Map<string, string[]>();
  for (const { column, nulls } of guessed) {
    for (const { value, count } of nulls.filter((one) => isClearNull(one.value)))
      everywhere.set(value, [...(everywhere.get(value) ?? []), `${column.name} (${counted(count)})`]);
  }
  const notes = [...everywhere].map(([value, columns]) =>
    review(
      `${JSON.stringify(value)} stands for no value in ${columns.join(', ')}; it then does so in every column.`,
    ),
  );
  const columns = guessed.map(({ column, nulls }) => {
    const own = nulls.filter(({ value }) => !isClearNull(value));
    const told = own.map(({ value, count }) => ownNullNote(value, count, { column: column.name, profiles }));
    return { ...column, nullValues: own.map(({ value }) => value), notes: [...column.notes, ...told] };
  });
  return { values: [...everywhere.keys()], columns, notes };
}

function ownNullNote(
  value: string,
  count: number,
  { column, profiles }: { readonly column: string; readonly profiles: readonly ColumnProfile[] },
): Note {
  const others = profiles.flatMap(({ name, nulls }) =>
    nulls.flatMap((one) =>
      one.value === value && name !== column ? [`${name} (${counted(one.count)})`] : [],
    ),
  );
  const elsewhere =
    others.length === 0
      ? ''
      : ` What ${others.join(', ')} ${others.length === 1 ? 'has' : 'have'} of it is not touched by that.`;
  return review(`${JSON.stringify(value)} stands for no value here, ${counted(count)} times.${elsewhere}`);
}

async function countRecords(engine: Engine): Promise<number> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${SAMPLE_TABLE}`);
  return integerOf(row, 'n');
}

/** A column so few records lack that they may be mistakes. */
const RARE = 0.01;

function withPresence(column: ProposedColumn, present: number, records: number): ProposedColumn {
  const missing = records - present;
  const all = several(records, 'record');
  const note =
    missing === 0
      ? seen(`All ${all} have it.`)
      : missing <= records * RARE
        ? review(`${counted(missing)} of ${all} lack it; write required: true if none may.`)
        : seen(`${counted(present)} of ${all} have it.`);
  return { ...column, required: missing === 0, notes: [...column.notes, note] };
}

interface TotalOptions {
  readonly engine: Engine;
  readonly lone: readonly LoneRecord[];
  readonly profiles: readonly ColumnProfile[];
  readonly columns: readonly ProposedColumn[];
  readonly measures: readonly Measure[];
  readonly files: readonly OpenedFile[];
}

/** Which column holds the source's total rows, and whether they match the sums above. */
async function totalNotes(options: TotalOptions): Promise<{ column?: string; notes: Note[] }> {
  const { engine, lone, profiles, columns, measures, files } = options;
  const [first] = lone;
  const n = columns.findIndex(({ name }) => name === first?.column);
  const [profile, column] = [profiles[n], columns[n]];
  if (first === undefined || profile === undefined || column === undefined) return { notes: [] };
  if (!measures.some((measure) => measure.column === first.column)) {
    return {
      notes: [
        review(
          `The last record of ${several(lone.length, 'file')} holds a number alone, in ${first.column}; it would be quarantined.`,
        ),
      ],
    };
  }
  const notes: Note[] = [];
  for (const { file, value } of lone.filter((one) => one.column === first.column)) {
    const total = readingSql({ ...profile, text: literal(value) }, column);
    const [row = {}] = await engine.rows(
      `SELECT sum(${readingSql(profile, column)}) = any_value(${total}) AS met FROM ${SAMPLE_TABLE} WHERE ${FILE} = ${file}`,
    );
    const { file: source, report } = files[file] ?? {};
    const said = `The last record of ${source?.name} holds nothing but ${value} in ${first.column}`;
    if (row.met === true) notes.push(seen(`${said}: the sum of all others.`));
    else
      notes.push(
        review(
          report?.isSampled === true
            ? `${said}; whether it is the sum, the sample can't say.`
            : `${said}, which is not the sum of the others: such a file is rejected.`,
        ),
      );
  }
  return { column: first.column, notes };
}
