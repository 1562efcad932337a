/**
 * Parser of commercetools' query predicates: `masterData(current(slug(en="x")))`, `id in :ids`, `not (a = 1 or b <>
 * "c")`. Grammar: https://docs.commercetools.com/api/predicates/query
 */

import { type Fields, fieldIn } from './field-shapes.ts';
import { field, isObject, textField } from './json.ts';
import { PredicateError, type Token, tokens } from './predicate-tokens.ts';
import { anyOf, isEmpty, isEqual, isNotEqual, OPERATORS } from './predicate-values.ts';

export type Matcher = (record: unknown) => boolean;
/** Values by variable name; a repeated variable has several values. */
export type Variables = ReadonlyMap<string, readonly string[]>;

export interface PredicateContext {
  readonly variables: Variables;
  /** Fields of the resource. */
  readonly fields: Fields;
  /** Whether `id` of the resource can be compared by order with this value. */
  readonly acceptsIdBound: (id: unknown) => boolean;
}

/**
 * Compiles a predicate to a function. Throws PredicateError if it is unreadable, if a variable is missing, or if it names
 * a field that does not exist.
 */
export function compilePredicate(predicate: string, context: PredicateContext): Matcher {
  const parser = new Parser(tokens(predicate), context);
  const matches = parser.or();
  parser.end();
  return matches;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #context: PredicateContext;
  /** Fields of the resource, or of the object in whose parentheses the parser is. */
  #fields: Fields;
  #position = 0;

  constructor(list: readonly Token[], context: PredicateContext) {
    this.#tokens = list;
    this.#context = context;
    this.#fields = context.fields;
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
    const fields = fieldIn(this.#fields, name);
    if (fields === undefined) throw new PredicateError(`The field '${name}' does not exist.`);
    if (signAt(this.#tokens, this.#position, '(')) {
      const outer = this.#fields;
      this.#fields = fields;
      const inner = this.#inParentheses();
      this.#fields = outer;
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
    if (sign.type !== 'sign') throw unexpected(sign);
    const compare = OPERATORS[sign.text];
    if (compare === undefined) throw unexpected(sign);
    const [expected] = this.#value();
    const isBound = name === 'id' && this.#fields === this.#context.fields && /[<>]=?$/.test(sign.text);
    if (isBound && compare !== isNotEqual && !this.#context.acceptsIdBound(expected)) {
      throw new PredicateError(`The value '${expected}' is not valid for the field 'id'.`);
    }
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
    const sent = this.#context.variables.get(token.text);
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
