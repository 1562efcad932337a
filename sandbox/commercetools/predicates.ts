/**
 * commercetools' query predicates: `masterData(current(slug(en="x")))`, `id in :ids`, `not (a = 1 or b <> "c")`.
 * The grammar: https://docs.commercetools.com/api/predicates/query
 */
import { field, isObject, textField } from './json.ts';
import { PredicateError, type Token, tokens } from './predicate-tokens.ts';

export type Matches = (record: unknown) => boolean;
export type Variables = ReadonlyMap<string, readonly string[]>;
type Compare = (actual: unknown, wanted: unknown) => boolean;

const DATE_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Compiles a predicate; throws PredicateError when it cannot be read or a variable is missing. */
export function compilePredicate(predicate: string, variables: Variables): Matches {
  const parser = new Parser(tokens(predicate), variables);
  const matches = parser.or();
  parser.end();
  return matches;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #variables: Variables;
  #position = 0;

  constructor(list: readonly Token[], variables: Variables) {
    this.#tokens = list;
    this.#variables = variables;
  }

  or(): Matches {
    const parts = [this.#and()];
    while (this.#skip('or')) parts.push(this.#and());
    return (record) => parts.some((part) => part(record));
  }

  end(): void {
    const rest = this.#tokens[this.#position];
    if (rest !== undefined) throw unexpected(rest);
  }

  #and(): Matches {
    const parts = [this.#unary()];
    while (this.#skip('and')) parts.push(this.#unary());
    return (record) => parts.every((part) => part(record));
  }

  #unary(): Matches {
    if (this.#peek('not') && signAt(this.#tokens, this.#position + 1, '(')) {
      this.#position += 1;
      const inner = this.#inParentheses();
      return (record) => !inner(record);
    }
    if (signAt(this.#tokens, this.#position, '(')) return this.#inParentheses();
    return this.#comparison();
  }

  #inParentheses(): Matches {
    this.#expect('(');
    const inner = this.or();
    this.#expect(')');
    return inner;
  }

  #comparison(): Matches {
    const token = this.#next();
    if (token.kind !== 'name') throw unexpected(token);
    const name = token.text;
    if (signAt(this.#tokens, this.#position, '(')) {
      const inner = this.#inParentheses();
      return (record) => nested(read(record, name), inner);
    }
    if (this.#skip('is')) return this.#is(name);
    if (this.#skip('contains')) return this.#contains(name);
    if (this.#skip('not')) {
      this.#expectWord('in');
      const list = this.#values();
      return (record) => !anyOf(read(record, name), (actual) => list.some((wanted) => same(actual, wanted)));
    }
    if (this.#skip('in')) {
      const list = this.#values();
      const quick = new Set(list);
      return (record) =>
        anyOf(read(record, name), (actual) => quick.has(actual) || list.some((wanted) => same(actual, wanted)));
    }
    return this.#operator(name);
  }

  #is(name: string): Matches {
    const wanted = !this.#skip('not');
    if (this.#skip('defined')) return (record) => (read(record, name) !== undefined) === wanted;
    this.#expectWord('empty');
    return (record) => isEmpty(read(record, name)) === wanted;
  }

  #contains(name: string): Matches {
    const all = this.#skip('all');
    if (!all) this.#expectWord('any');
    const list = this.#values();
    return (record) => {
      const has = (wanted: unknown) => anyOf(read(record, name), (actual) => same(actual, wanted));
      return all ? list.every(has) : list.some(has);
    };
  }

  #operator(name: string): Matches {
    const sign = this.#next();
    const compare = sign.kind === 'sign' ? OPERATORS[sign.text] : undefined;
    if (compare === undefined) throw unexpected(sign);
    const [wanted] = this.#value();
    // "Not equal" must hold for every element of a list, the others for one.
    if (compare === differs) return (record) => !anyOf(read(record, name), (actual) => same(actual, wanted));
    return (record) => anyOf(read(record, name), (actual) => compare(actual, wanted));
  }

  #values(): unknown[] {
    if (!signAt(this.#tokens, this.#position, '(')) return this.#value();
    this.#expect('(');
    const list = this.#value();
    while (signAt(this.#tokens, this.#position, ',')) {
      this.#position += 1;
      list.push(...this.#value());
    }
    this.#expect(')');
    return list;
  }

  #value(): unknown[] {
    const token = this.#next();
    if (token.kind === 'text') return [token.text];
    if (token.kind === 'number') return [token.value];
    if (token.kind === 'name' && token.text === 'true') return [true];
    if (token.kind === 'name' && token.text === 'false') return [false];
    if (token.kind !== 'variable') throw unexpected(token);
    const sent = this.#variables.get(token.text);
    if (sent === undefined) throw new PredicateError(`Missing parameter value for '${token.text}'.`);
    return [...sent];
  }

  #next(): Token {
    const token = this.#tokens[this.#position];
    if (token === undefined) throw new PredicateError("Syntax error while parsing 'where'. Unexpected end of input");
    this.#position += 1;
    return token;
  }

  #peek(word: string): boolean {
    const token = this.#tokens[this.#position];
    return token?.kind === 'name' && token.text.toLowerCase() === word;
  }

  #skip(word: string): boolean {
    if (!this.#peek(word)) return false;
    this.#position += 1;
    return true;
  }

  #expectWord(word: string): void {
    const token = this.#next();
    if (token.kind !== 'name' || token.text.toLowerCase() !== word) throw unexpected(token);
  }

  #expect(sign: string): void {
    const token = this.#next();
    if (token.kind !== 'sign' || token.text !== sign) throw unexpected(token);
  }
}

function signAt(list: readonly Token[], position: number, sign: string): boolean {
  const token = list[position];
  return token?.kind === 'sign' && token.text === sign;
}

function unexpected(token: Token): PredicateError {
  const text = token.kind === 'number' ? String(token.value) : token.text;
  return new PredicateError(`Syntax error while parsing 'where'. Unexpected input '${text}'`);
}

/** A field; of a list the fields of its elements. `variants` means the master variant too, as in commercetools. */
function read(record: unknown, name: string): unknown {
  if (Array.isArray(record)) {
    const found = record.map((element) => field(element, name)).filter((value) => value !== undefined);
    return found.length === 0 ? undefined : found;
  }
  // Customers can be asked for by it, but never show it.
  if (name === 'lowercaseEmail') return textField(record, 'email')?.toLowerCase();
  const value = field(record, name);
  const master = field(record, 'masterVariant');
  return name === 'variants' && master !== undefined && Array.isArray(value) ? [master, ...value] : value;
}

function nested(value: unknown, inner: Matches): boolean {
  if (Array.isArray(value)) return value.some(inner);
  return isObject(value) && inner(value);
}

function anyOf(actual: unknown, test: (value: unknown) => boolean): boolean {
  return Array.isArray(actual) ? actual.some(test) : test(actual);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** Variables arrive as text: they are compared in the type of the field. */
function alike(actual: unknown, wanted: unknown): unknown {
  if (typeof wanted !== 'string') return wanted;
  if (typeof actual === 'number') return Number(wanted);
  if (typeof actual === 'boolean') return wanted === 'true';
  return wanted;
}

function same(actual: unknown, wanted: unknown): boolean {
  return order(actual, alike(actual, wanted)) === 0;
}

/** -1, 0, 1, or undefined when the two cannot be compared. Times are compared as times: fractions may be missing. */
function order(actual: unknown, wanted: unknown): number | undefined {
  if (actual === wanted) return 0;
  if (typeof actual === 'number' && typeof wanted === 'number') return Math.sign(actual - wanted);
  if (typeof actual !== 'string' || typeof wanted !== 'string') return undefined;
  if (DATE_TIME.test(wanted) && DATE_TIME.test(actual)) return Math.sign(Date.parse(actual) - Date.parse(wanted));
  return actual < wanted ? -1 : 1;
}

function ordered(accepts: (sign: number) => boolean): Compare {
  return (actual, wanted) => {
    const sign = order(actual, alike(actual, wanted));
    return sign !== undefined && accepts(sign);
  };
}

const differs: Compare = (actual, wanted) => !same(actual, wanted);

const OPERATORS: { readonly [sign: string]: Compare } = {
  '=': same,
  '!=': differs,
  '<>': differs,
  '>': ordered((sign) => sign > 0),
  '<': ordered((sign) => sign < 0),
  '>=': ordered((sign) => sign >= 0),
  '<=': ordered((sign) => sign <= 0),
};
