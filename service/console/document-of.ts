/** The text of a document made of JSX, as browsers want it. */
export async function documentOf(element: { toString(): string | Promise<string> }): Promise<string> {
  return `<!doctype html>\n${await element.toString()}`;
}
