/** The mark of a long in the JSON of a state: `{"$long": "9007199254740993"}` is 9007199254740993n. */
const MARK = '"$long"';

/** The value of a state's JSON, longs as bigints. */
export function readStateJson(json: string): unknown {
  return json.includes(MARK) ? JSON.parse(json, untagged) : JSON.parse(json);
}

function untagged(_key: string, value: unknown): unknown {
  const isTagged =
    typeof value === 'object' &&
    value !== null &&
    '$long' in value &&
    typeof value.$long === 'string' &&
    Object.keys(value).length === 1;
  return isTagged ? BigInt(value.$long as string) : value;
}
