/** Tokenizer of `where` predicates. */

export type Token =
  | { readonly type: 'name'; readonly text: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'variable'; readonly text: string }
  | { readonly type: 'sign'; readonly text: string };

/** Error of an unreadable predicate or a missing variable. */
export class PredicateError extends Error {}

// A name can start with a digit (ids and locales in custom fields), so only digits alone form a number.
const PATTERN =
  /\s+|"((?:\\.|[^"\\])*)"|`([^`]+)`|:([A-Za-z0-9_.-]+)|(-?\d+(?:\.\d+)?)(?![A-Za-z0-9_-])|([A-Za-z0-9_-]+)|(<>|!=|<=|>=|[=<>(),])/y;

/** Returns the tokens of a predicate. Throws PredicateError at the first unexpected character. */
export function tokens(predicate: string): Token[] {
  const found: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < predicate.length) {
    const position = PATTERN.lastIndex;
    const match = PATTERN.exec(predicate);
    if (match === null) {
      throw new PredicateError(
        `Syntax error while parsing 'where'. Invalid input '${predicate[position]}' (column ${position + 1})`,
      );
    }
    const token = tokenOf(match);
    if (token !== undefined) found.push(token);
  }
  return found;
}

function tokenOf(match: RegExpExecArray): Token | undefined {
  const [, text, quotedName, variable, digits, name, sign] = match;
  if (text !== undefined) return { type: 'text', text: text.replaceAll(/\\(.)/g, '$1') };
  if (quotedName !== undefined) return { type: 'name', text: quotedName };
  if (variable !== undefined) return { type: 'variable', text: variable };
  if (digits !== undefined) return { type: 'number', value: Number(digits) };
  if (name !== undefined) return { type: 'name', text: name };
  if (sign !== undefined) return { type: 'sign', text: sign };
  return undefined;
}
