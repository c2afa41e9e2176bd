/* What the server says in English, in the words of the page where they are known: by pattern, for it has no codes. */

/** The server's sentence, `{name}` for what changes; and ours with the same names. */
export type Said = readonly [theirs: string, ours: string];

interface Compiled {
  match: RegExp;
  ours: string;
}

const compiled = new Map<readonly Said[], Compiled[]>();

/** A sentence as an expression; the server quotes names one way or the other. */
function expression(theirs: string): RegExp {
  const source = theirs
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replaceAll("'", `['"]`)
    .replace(/\{(\w+)\}/g, "(?<$1>.+?)");
  return new RegExp(`^${source}$`, "s");
}

/** In the words of the page; what is not known stays as it is. Inside of a sentence, the reason is translated, too. */
export function retold(sentence: string, words: readonly Said[]): string {
  let made = compiled.get(words);
  if (!made) compiled.set(words, (made = words.map(([theirs, ours]) => ({ match: expression(theirs), ours }))));
  for (const { match, ours } of made) {
    const found = match.exec(sentence);
    if (found) return ours.replace(/\{(\w+)\}/g, (_, name: string) => retold(found.groups?.[name] ?? "", words));
  }
  return sentence;
}
