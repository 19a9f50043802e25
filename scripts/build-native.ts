import { buildNativePart } from './build-native-part.ts';

/** Builds Assay's native part where there is a C compiler for this system; says what it did. */
const built = await buildNativePart();
console.log(
  built.kind === 'built' ? `Built ${built.file}.` : `No native part: ${built.why}. Assay does without it.`,
);
