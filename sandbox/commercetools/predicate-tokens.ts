/** Cuts a `where` predicate into tokens. */

export type Token =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'variable'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string };

/** A predicate that cannot be read, or a variable that was not sent. */
export class PredicateError extends Error {}

// A name may start with a digit (ids and locales do in custom fields), so a number is what has nothing but digits.
const PATTERN =
  /\s+|"((?:\\.|[^"\\])*)"|`([^`]+)`|:([A-Za-z0-9_.-]+)|(-?\d+(?:\.\d+)?)(?![A-Za-z0-9_-])|([A-Za-z0-9_-]+)|(<>|!=|<=|>=|[=<>(),])/y;

/** Tokens of a predicate; throws PredicateError at the first character that fits nothing. */
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
  if (text !== undefined) return { kind: 'text', text: text.replaceAll(/\\(.)/g, '$1') };
  if (quotedName !== undefined) return { kind: 'name', text: quotedName };
  if (variable !== undefined) return { kind: 'variable', text: variable };
  if (digits !== undefined) return { kind: 'number', value: Number(digits) };
  if (name !== undefined) return { kind: 'name', text: name };
  if (sign !== undefined) return { kind: 'sign', text: sign };
  return undefined;
}
