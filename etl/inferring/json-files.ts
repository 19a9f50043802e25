import { pointerOf } from '../jsonl/pointer.ts';
import { MOST_LEVELS } from '../jsonl/problem.ts';
import { RecordScanner } from '../jsonl/scan-record.ts';
import { columnNames } from './column-names.ts';
import type { MatchedColumn } from './match-columns.ts';
import { counted, type Note, review, seen, several } from './notes.ts';
import type { OpenedFile, OpenedFiles } from './opened-files.ts';
import { stretchesOf, wholeLines } from './stretches.ts';
import type { TextFile } from './text-file.ts';

/** The signs in which records of JSON are handed on. */
const SIGNS = { format: 'jsonl', delimiter: ',', quote: '"', escape: '"' } as const;

/** An object with more members than this over all records is taken for a map, whose names are data. */
const MOST_MEMBERS = 200;

/** Whether a text's first line with anything on it is a JSON object. */
export function isJsonLines(head: Uint8Array, isWhole: boolean): boolean {
  const scanner = new RecordScanner({ pointers: [], commas: [], keepsUnknown: false });
  for (let at = 0; at < head.length; ) {
    const found = head.indexOf(LF, at);
    if (found < 0 && !isWhole) return head[at] === OPEN;
    const end = found < 0 ? head.length : found;
    if (Buffer.from(head.subarray(at, end)).toString('latin1').trim() !== '')
      return scanner.scan(head, at, end);
    at = end + 1;
  }
  return false;
}

const [LF, OPEN] = [10, 0x7b];

/** Files of JSON Lines as `inferContract` needs them: a column for each value in them that is no object. */
export async function openJsonFiles(
  files: readonly TextFile[],
  limitBytes: number,
): Promise<Omit<OpenedFiles, 'skipped'> & { readonly columns: readonly MatchedColumn[] }> {
  const places = new Places();
  const opened: OpenedFile[] = [];
  let [records, regular] = [0, 0];
  for (const file of files) {
    const stretches = stretchesOf(file.text.start, file.text.end, limitBytes);
    const stream = (): AsyncIterable<Uint8Array> =>
      wholeLines((range) => file.read(range), stretches, file.text);
    for await (const line of linesOf(stream())) {
      records++;
      if (places.add(line, file.name)) regular++;
    }
    opened.push({
      file,
      names: [],
      hasHeader: true,
      isHeaderUtf8: true,
      sample: [],
      footer: { file: file.name, lines: 0, wellFormed: 0 },
      stream,
      report: {
        sizeBytes: file.sizeBytes,
        readBytes: stretches.reduce((sum, { start, end }) => sum + end - start, 0),
        isSampled: file.isCut || stretches.length > 1,
        packing: file.packing,
        preambleLines: 0,
      },
    });
  }
  const note = `Each line is a record in JSON: ${counted(regular)} of ${several(records, 'line')} can be read.`;
  const notes = [regular === records ? seen(note) : review(note), ...places.notes()];
  return { opened, dialect: { signs: SIGNS, notes }, columns: places.columns() };
}

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') yield rest;
}

/** A place in records, and what stands there. */
interface Place {
  readonly steps: readonly string[];
  /** Where it was first seen. */
  readonly file: string;
  readonly below: Map<string, Place>;
  /** Whether anything but an object or nothing stands there in some record. */
  isValue: boolean;
}

/** The places of values in records of JSON. */
class Places {
  readonly #root: Place = { steps: [], file: '', below: new Map(), isValue: false };

  /** Takes in a line; false where it is no object. */
  add(line: string, file: string): boolean {
    try {
      const record: unknown = JSON.parse(line);
      if (!isObject(record)) return false;
      this.#take(record, this.#root, file);
      return true;
    } catch {
      return false;
    }
  }

  #take(value: Readonly<Record<string, unknown>>, place: Place, file: string): void {
    for (const [name, inner] of Object.entries(value)) {
      if (place.below.size > MOST_MEMBERS && place !== this.#root) return;
      const known = place.below.get(name);
      const below = known ?? { steps: [...place.steps, name], file, below: new Map(), isValue: false };
      if (known === undefined) place.below.set(name, below);
      if (isObject(inner) && below.steps.length < MOST_LEVELS) this.#take(inner, below, file);
      else if (inner !== null) below.isValue = true;
    }
  }

  /** A column for each, in the order in which they were first seen. */
  columns(): MatchedColumn[] {
    const found = this.#values(this.#root);
    const pointers = found.map(({ steps }) => pointerOf(steps));
    const names = columnNames(found.map(({ steps }) => steps.join(' ')));
    return found.map(({ file }, n) => {
      const path = pointers[n] ?? '';
      return { name: names[n] ?? '', path, spellings: [{ header: path, file }] };
    });
  }

  #values({ below }: Place): Place[] {
    return [...below.values()].flatMap((place) =>
      place.isValue || place.below.size === 0 || isMap(place) ? [place] : this.#values(place),
    );
  }

  /** Objects that become one column since their names are data. */
  notes(): Note[] {
    const maps = this.#values(this.#root).filter((place) => !place.isValue && isMap(place));
    return maps.map(({ steps }) =>
      review(
        `${pointerOf(steps)} has more than ${MOST_MEMBERS} different members: it is one column, its text JSON.`,
      ),
    );
  }
}

const isMap = ({ below }: Place): boolean => below.size > MOST_MEMBERS;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
