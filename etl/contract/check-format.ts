import { OPERATION, ROW_AFTER } from '../jsonl/changed-row.ts';
import { columnPointer } from '../jsonl/pointer.ts';
import type { CustomValues } from './custom-properties.ts';
import { isMap } from './fields.ts';
import type { Problems } from './problems.ts';
import type { ColumnDraft } from './read-column.ts';

/** What assay.csv may say of JSON Lines. */
const KEPT_FIELDS: readonly string[] = ['nullValues', 'encodings'];

/** Adds a problem for each property that doesn't go with the format of the files, and for two columns in one place. */
export function checkFormat(
  format: 'jsonl' | undefined,
  drafts: readonly ColumnDraft[],
  { custom, problems }: { readonly custom: CustomValues; readonly problems: Problems },
): void {
  if (format === 'jsonl') {
    checkJsonSettings(custom, problems);
    checkEnvelope(drafts, { custom, problems });
    checkPlaces(drafts, problems);
    return;
  }
  const envelope = custom.get('assay.envelope');
  if (envelope !== undefined)
    problems.add(envelope.path, 'is for records of JSON; write assay.format: jsonl beside it, or remove it');
  for (const draft of drafts) {
    const given = draft.custom.get('assay.path');
    if (given !== undefined)
      problems.add(
        given.path,
        'is for records of JSON; write assay.format: jsonl on the contract, or remove it',
      );
  }
}

function checkJsonSettings(custom: CustomValues, problems: Problems): void {
  const csv = custom.get('assay.csv');
  for (const field of csv !== undefined && isMap(csv.value) ? Object.keys(csv.value) : []) {
    const at = [...(csv?.path ?? []), field];
    const isUtf8 = field === 'encodings' && isMap(csv?.value) && String(csv.value.encodings) === 'utf-8';
    if (!KEPT_FIELDS.includes(field))
      problems.add(at, 'is for CSV, and the files are JSON Lines (assay.format); remove it');
    else if (field === 'encodings' && !isUtf8)
      problems.add(at, 'names other encodings than utf-8, and JSON Lines are UTF-8; remove it');
  }
  const sheet = custom.get('assay.xlsx');
  if (sheet !== undefined)
    problems.add(sheet.path, 'is for workbooks, and the files are JSON Lines (assay.format); remove it');
}

/** A contract of changes has a column that says what changed, and reads the row. */
function checkEnvelope(
  drafts: readonly ColumnDraft[],
  { custom, problems }: { readonly custom: CustomValues; readonly problems: Problems },
): void {
  const envelope = custom.get('assay.envelope');
  if (envelope === undefined) return;
  const places = drafts.map(({ column }) => columnPointer(column));
  for (const { column, custom: own, path } of drafts)
    if (column.otherPaths !== undefined)
      problems.add(
        own.get('assay.path')?.path ?? path,
        'is a list, and in a contract of changes each column has one place; write one',
      );
  if (!places.some((place) => place.startsWith(ROW_AFTER)))
    problems.add(
      envelope.path,
      `is debezium, and no column reads the row; give its columns an assay.path like ${ROW_AFTER}id`,
    );
  if (!places.includes(OPERATION))
    problems.add(
      envelope.path,
      `is debezium, and no column says whether a row was deleted; add a required one with assay.path: ${OPERATION}`,
    );
}

function checkPlaces(drafts: readonly ColumnDraft[], problems: Problems): void {
  const owners = new Map<string, string>();
  for (const { column, custom, path } of drafts) {
    const headers = custom.get('assay.headers');
    if (headers !== undefined)
      problems.add(
        headers.path,
        'is for files with a header, and JSON Lines have none; write assay.path, where the value stands in a record, or remove it',
      );
    for (const place of [columnPointer(column), ...(column.otherPaths ?? [])]) {
      const owner = owners.get(place);
      if (owner === undefined) owners.set(place, column.name);
      else
        problems.add(
          custom.get('assay.path')?.path ?? path,
          `is ${place}, where column ${owner} stands; write another place, or remove one of the two`,
        );
    }
  }
}
