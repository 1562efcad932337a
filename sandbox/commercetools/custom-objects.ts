/** Custom objects with commercetools' semantics: replaced as a whole, with optional optimistic locking by version. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CommercetoolsBehaviours } from './behaviours.ts';
import type { ChangeEmitter } from './changes.ts';
import { type ApiRecord, isObject, textField } from './json.ts';
import { queryPage } from './query.ts';
import type { Records } from './records.ts';
import {
  concurrentModification,
  created,
  errorResponse,
  type HttpResponse,
  invalidInput,
  notFound,
  ok,
} from './responses.ts';

const TYPE = 'key-value-document';
const NAME = /^[-_~.a-zA-Z0-9]{1,256}$/;

const draftSchema = z.object({
  container: z.string(),
  key: z.string(),
  value: z.unknown(),
  version: z.int().nonnegative().optional(),
});

interface Deps {
  readonly records: Records;
  readonly changes: ChangeEmitter;
  readonly behaviours: CommercetoolsBehaviours;
}

export class CustomObjects {
  readonly #records: Records;
  readonly #changes: ChangeEmitter;
  readonly #behaviours: CommercetoolsBehaviours;

  constructor({ records, changes, behaviours }: Deps) {
    this.#records = records;
    this.#changes = changes;
    this.#behaviours = behaviours;
  }

  /** Queries `/custom-objects/{container}`, or all containers if undefined. */
  query(container: string | undefined, query: URLSearchParams): HttpResponse {
    const rows = this.#records.queryable(TYPE);
    const own = container === undefined ? rows : rows.filter((row) => textField(row, 'container') === container);
    return queryPage({ typeId: TYPE, records: this.#records, behaviours: this.#behaviours }, own, query);
  }

  get(container: string, key: string): HttpResponse {
    const found = this.#find(container, key);
    return found === undefined ? notFound(`container '${container}' and key '${key}'`) : ok(found);
  }

  /** Creates (201) or replaces (200) a custom object. */
  post(body: unknown): HttpResponse {
    const draft = draftSchema.safeParse(body);
    if (!draft.success) return errorResponse(400, 'InvalidJsonInput', z.prettifyError(draft.error));
    const { container, key, value, version } = draft.data;
    for (const [name, text] of Object.entries({ container, key })) {
      if (!NAME.test(text))
        return invalidInput(`The value '${text}' of '${name}' is not valid: [-_~.a-zA-Z0-9]{1,256} is expected.`);
    }
    const old = this.#find(container, key);
    if (old === undefined && version !== undefined && version > 0) {
      return errorResponse(400, 'InvalidOperation', 'version on create must be 0');
    }
    const { versionZero, versionZeroOfAbsent } = this.#behaviours;
    if (old === undefined && version === 0) {
      const absent = `'${container}/${key}'`;
      if (versionZeroOfAbsent === 'conflict') return concurrentModification(absent, undefined, version);
      if (versionZeroOfAbsent === 'invalid') return invalidInput(`The version 0 of ${absent} is not valid.`);
    }
    const ignored = version === 0 && versionZero === 'overwrites';
    if (old !== undefined && version !== undefined && version !== old.version && !ignored) {
      return concurrentModification(`'${old.id}'`, old.version, version);
    }
    const now = new Date().toISOString();
    const record = {
      id: old?.id ?? randomUUID(),
      version: (old?.version ?? 0) + 1,
      createdAt: old?.createdAt ?? now,
      lastModifiedAt: now,
      container,
      key,
      value: withoutNulls(value),
    };
    this.#records.put(TYPE, record);
    this.#changes.emit({ typeId: TYPE, before: old, after: record });
    return old === undefined ? created(record) : ok(record);
  }

  remove(container: string, key: string, version: string | null): HttpResponse {
    const old = this.#find(container, key);
    if (old === undefined) return notFound(`container '${container}' and key '${key}'`);
    if (version !== null && Number(version) !== old.version) {
      return concurrentModification(`'${old.id}'`, old.version, Number(version));
    }
    this.#records.remove(TYPE, old.id);
    this.#changes.emit({ typeId: TYPE, before: old, after: undefined });
    return ok(old);
  }

  #find(container: string, key: string): ApiRecord | undefined {
    return this.#records.findBy(TYPE, 'key', key).find((row) => textField(row, 'container') === container);
  }
}

/** commercetools does not store fields with the value null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNulls(inner)]));
}
