import type { Header } from '../event.ts';
import { bufferOf } from '../landing/payload.ts';

/** The text of the first header of a name, whatever its case; undefined where there is none that is a text. */
export function headerText(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const found = headers.find((one) => one.name.toLowerCase() === wanted && one.value !== null);
  return found?.value === undefined || found.value === null
    ? undefined
    : bufferOf(found.value).toString('utf8');
}

/** The texts of all headers of some names, whatever their case, each once; those without a value name nothing. */
export function headerTexts(headers: readonly Header[], names: readonly string[]): readonly string[] {
  const texts = names.flatMap((name) =>
    headers.flatMap((one) =>
      one.name.toLowerCase() === name && one.value !== null ? [bufferOf(one.value).toString('utf8')] : [],
    ),
  );
  return [...new Set(texts)];
}
