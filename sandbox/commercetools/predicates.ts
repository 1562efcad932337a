/**
 * Parser of commercetools' query predicates: `masterData(current(slug(en="x")))`, `id in :ids`, `not (a = 1 or b <>
 * "c")`. Grammar: https://docs.commercetools.com/api/predicates/query
 */
import { field, isObject, textField } from './json.ts';
import { PredicateError, type Token, tokens } from './predicate-tokens.ts';

export type Matcher = (record: unknown) => boolean;
/** Values by variable name; a repeated variable has several values. */
export type Variables = ReadonlyMap<string, readonly string[]>;
type Compare = (actual: unknown, expected: unknown) => boolean;

const DATE_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Compiles a predicate to a function. Throws PredicateError if it is unreadable or a variable is missing. */
export function compilePredicate(predicate: string, variables: Variables): Matcher {
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

  or(): Matcher {
    const parts = [this.#and()];
    while (this.#skip('or')) parts.push(this.#and());
    return (record) => parts.some((part) => part(record));
  }

  end(): void {
    const rest = this.#tokens[this.#position];
    if (rest !== undefined) throw unexpected(rest);
  }

  #and(): Matcher {
    const parts = [this.#unary()];
    while (this.#skip('and')) parts.push(this.#unary());
    return (record) => parts.every((part) => part(record));
  }

  #unary(): Matcher {
    if (this.#peek('not') && signAt(this.#tokens, this.#position + 1, '(')) {
      this.#position += 1;
      const inner = this.#inParentheses();
      return (record) => !inner(record);
    }
    if (signAt(this.#tokens, this.#position, '(')) return this.#inParentheses();
    return this.#comparison();
  }

  #inParentheses(): Matcher {
    this.#expect('(');
    const inner = this.or();
    this.#expect(')');
    return inner;
  }

  #comparison(): Matcher {
    const token = this.#next();
    if (token.type !== 'name') throw unexpected(token);
    const name = token.text;
    if (signAt(this.#tokens, this.#position, '(')) {
      const inner = this.#inParentheses();
      return (record) => nested(readField(record, name), inner);
    }
    if (this.#skip('is')) return this.#is(name);
    if (this.#skip('contains')) return this.#contains(name);
    if (this.#skip('not')) {
      this.#expectWord('in');
      const list = this.#values();
      return (record) =>
        !anyOf(readField(record, name), (actual) => list.some((expected) => isEqual(actual, expected)));
    }
    if (this.#skip('in')) {
      const list = this.#values();
      const exactValues = new Set(list);
      return (record) =>
        anyOf(
          readField(record, name),
          (actual) => exactValues.has(actual) || list.some((expected) => isEqual(actual, expected)),
        );
    }
    return this.#operator(name);
  }

  #is(name: string): Matcher {
    const expected = !this.#skip('not');
    if (this.#skip('defined')) return (record) => (readField(record, name) !== undefined) === expected;
    this.#expectWord('empty');
    return (record) => isEmpty(readField(record, name)) === expected;
  }

  #contains(name: string): Matcher {
    const all = this.#skip('all');
    if (!all) this.#expectWord('any');
    const list = this.#values();
    return (record) => {
      const has = (expected: unknown) => anyOf(readField(record, name), (actual) => isEqual(actual, expected));
      return all ? list.every(has) : list.some(has);
    };
  }

  #operator(name: string): Matcher {
    const sign = this.#next();
    const compare = sign.type === 'sign' ? OPERATORS[sign.text] : undefined;
    if (compare === undefined) throw unexpected(sign);
    const [expected] = this.#value();
    // "Not equal" must hold for every element of a list, the other operators for at least one.
    if (compare === isNotEqual)
      return (record) => !anyOf(readField(record, name), (actual) => isEqual(actual, expected));
    return (record) => anyOf(readField(record, name), (actual) => compare(actual, expected));
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
    if (token.type === 'text') return [token.text];
    if (token.type === 'number') return [token.value];
    if (token.type === 'name' && token.text === 'true') return [true];
    if (token.type === 'name' && token.text === 'false') return [false];
    if (token.type !== 'variable') throw unexpected(token);
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
    return token?.type === 'name' && token.text.toLowerCase() === word;
  }

  #skip(word: string): boolean {
    if (!this.#peek(word)) return false;
    this.#position += 1;
    return true;
  }

  #expectWord(word: string): void {
    const token = this.#next();
    if (token.type !== 'name' || token.text.toLowerCase() !== word) throw unexpected(token);
  }

  #expect(sign: string): void {
    const token = this.#next();
    if (token.type !== 'sign' || token.text !== sign) throw unexpected(token);
  }
}

function signAt(list: readonly Token[], position: number, sign: string): boolean {
  const token = list[position];
  return token?.type === 'sign' && token.text === sign;
}

function unexpected(token: Token): PredicateError {
  const text = token.type === 'number' ? String(token.value) : token.text;
  return new PredicateError(`Syntax error while parsing 'where'. Unexpected input '${text}'`);
}

/**
 * Returns a field; for a list, the field of each element. As in commercetools, `variants` includes the master variant.
 */
function readField(record: unknown, name: string): unknown {
  if (Array.isArray(record)) {
    const found = record.map((element) => field(element, name)).filter((value) => value !== undefined);
    return found.length === 0 ? undefined : found;
  }
  // Customers can be queried by this field, but responses do not include it.
  if (name === 'lowercaseEmail') return textField(record, 'email')?.toLowerCase();
  const value = field(record, name);
  const master = field(record, 'masterVariant');
  return name === 'variants' && master !== undefined && Array.isArray(value) ? [master, ...value] : value;
}

function nested(value: unknown, inner: Matcher): boolean {
  if (Array.isArray(value)) return value.some(inner);
  return isObject(value) && inner(value);
}

function anyOf(actual: unknown, test: (value: unknown) => boolean): boolean {
  return Array.isArray(actual) ? actual.some(test) : test(actual);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** Converts a variable, which is always a string, to the type of the field. */
function coerce(actual: unknown, expected: unknown): unknown {
  if (typeof expected !== 'string') return expected;
  if (typeof actual === 'number') return Number(expected);
  if (typeof actual === 'boolean') return expected === 'true';
  return expected;
}

function isEqual(actual: unknown, expected: unknown): boolean {
  return compareValues(actual, coerce(actual, expected)) === 0;
}

/**
 * Returns -1, 0 or 1, or undefined if the values are not comparable. Timestamps are compared as times, because
 * fractions are optional.
 */
function compareValues(actual: unknown, expected: unknown): number | undefined {
  if (actual === expected) return 0;
  if (typeof actual === 'number' && typeof expected === 'number') return Math.sign(actual - expected);
  if (typeof actual !== 'string' || typeof expected !== 'string') return undefined;
  if (DATE_TIME.test(expected) && DATE_TIME.test(actual)) return Math.sign(Date.parse(actual) - Date.parse(expected));
  return actual < expected ? -1 : 1;
}

function orderComparison(accepts: (sign: number) => boolean): Compare {
  return (actual, expected) => {
    const sign = compareValues(actual, coerce(actual, expected));
    return sign !== undefined && accepts(sign);
  };
}

const isNotEqual: Compare = (actual, expected) => !isEqual(actual, expected);

const OPERATORS: { readonly [sign: string]: Compare } = {
  '=': isEqual,
  '!=': isNotEqual,
  '<>': isNotEqual,
  '>': orderComparison((sign) => sign > 0),
  '<': orderComparison((sign) => sign < 0),
  '>=': orderComparison((sign) => sign >= 0),
  '<=': orderComparison((sign) => sign <= 0),
};
