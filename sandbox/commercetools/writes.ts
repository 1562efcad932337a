/** Handles POST and DELETE: the engine applies the change, the records store it, and listeners are notified. */

import type { CommercetoolsBehaviours } from './behaviours.ts';
import { asReplica, withLineTimes } from './carts.ts';
import type { Change, ChangeEmitter } from './changes.ts';
import type { Engine } from './engine.ts';
import { addDraftFields, correctRecord } from './engine-corrections.ts';
import { expand } from './expand.ts';
import { type ApiRecord, field, isObject, isRecord, numberField } from './json.ts';
import { afterOrderCreated } from './orders.ts';
import { describeAddress, findRecord } from './reads.ts';
import type { Records } from './records.ts';
import { emptyRequiredList } from './required-entries.ts';
import type { Collection } from './resources.ts';
import { concurrentModification, errorResponse, type HttpResponse, invalidInput, notFound, ok } from './responses.ts';
import { signIn } from './sign-in.ts';
import { actionsOf, splitActions } from './update-actions.ts';

export interface Write {
  readonly resource: Collection;
  /** Path segment after the collection: none, an id, `key=...` or `import`. */
  readonly address: string | undefined;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Addresses that are no ids: a POST to them creates a record. */
const creatingAddresses: ReadonlySet<string> = new Set(['import', 'replicate']);

export class Writes {
  readonly #records: Records;
  readonly #changes: ChangeEmitter;
  readonly #engine: Engine;
  readonly #behaviours: CommercetoolsBehaviours;
  readonly #timers = new Set<NodeJS.Timeout>();
  // Writes run one at a time. Concurrent writes could reach the records in a different order than the engine.
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: { records: Records; changes: ChangeEmitter; engine: Engine; behaviours: CommercetoolsBehaviours }) {
    this.#records = deps.records;
    this.#changes = deps.changes;
    this.#engine = deps.engine;
    this.#behaviours = deps.behaviours;
  }

  post(write: Write): Promise<HttpResponse> {
    const emptyList = emptyRequiredList(write.resource.typeId, write.body);
    if (emptyList !== undefined) return Promise.resolve(invalidInput(`The field '${emptyList}' must not be empty.`));
    const isNew = write.address === undefined || creatingAddresses.has(write.address);
    return this.#enqueue(() => (isNew ? this.#create(write) : this.#update(write)));
  }

  /** Signs a customer in; an anonymous cart of the body becomes the customer's. */
  signIn(body: unknown): Promise<HttpResponse> {
    return this.#enqueue(async () => {
      const result = signIn(this.#records, body);
      if ('status' in result) return result;
      for (const change of result.changes) await this.store(change);
      const { customer, cart } = result;
      return ok({ customer, ...(cart === undefined ? {} : { cart }) });
    });
  }

  delete(write: Write): Promise<HttpResponse> {
    return this.#enqueue(() => this.#remove(write));
  }

  /** Inserts records without notifying listeners. */
  place(typeId: string, records: Iterable<ApiRecord>): Promise<void> {
    return this.#enqueue(async () => {
      for (const record of records) {
        await this.#engine.place(typeId, record);
        this.#records.place(typeId, record);
      }
    });
  }

  /** Stores a record and notifies listeners. Only for callers inside a queued write. */
  async store(change: Change): Promise<void> {
    if (change.after === undefined) return;
    await this.#save(change.typeId, change.after);
    this.#changes.emit(change);
  }

  /** Number of changes that wait for their delay. */
  get delayed(): number {
    return this.#timers.size;
  }

  /** Runs a change of a background process: at once without a delay, otherwise later as a write of its own. */
  async delay(ms: number, change: () => Promise<void>): Promise<void> {
    if (ms === 0) return change();
    const timer = setTimeout(() => {
      void this.#enqueue(change).finally(() => this.#timers.delete(timer));
    }, ms);
    this.#timers.add(timer);
  }

  cancelDelayed(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Like `store`, for callers outside a write. */
  record(change: Change): Promise<void> {
    return this.#enqueue(() => this.store(change));
  }

  async #create({ resource, address, query, body }: Write): Promise<HttpResponse> {
    const path = address === undefined ? resource.path : `${resource.path}/${address}`;
    const response = await this.#engine.send('POST', path, body);
    if (response.status >= 300) return response;
    // Customer responses are wrapped: `{ customer }`.
    const wrapped = field(response.body, resource.typeId);
    const createdRecord = wrapped ?? response.body;
    if (!isRecord(createdRecord)) return response;
    const cause = address === 'import' ? { cause: 'import' as const } : {};
    const drafted = addDraftFields(resource.typeId, createdRecord, { draft: body, records: this.#records });
    const complete = address === 'replicate' ? asReplica(drafted) : drafted;
    const { stockDelayMs } = this.#behaviours;
    if (resource.typeId === 'order') {
      await afterOrderCreated({ order: complete, records: this.#records, writes: this, stockDelayMs });
    }
    await this.store({ typeId: resource.typeId, before: undefined, after: complete, ...cause });
    const shown = expand(this.#records, complete, query.getAll('expand'));
    return { status: 201, body: wrapped === undefined ? shown : { [resource.typeId]: shown } };
  }

  async #update({ resource, address = '', query, body }: Write): Promise<HttpResponse> {
    const { typeId, path } = resource;
    const before = findRecord(this.#records, typeId, address);
    if (before === undefined) return notFound(describeAddress(address));
    const version = numberField(body, 'version');
    const actions = actionsOf(body);
    if (version === undefined || actions === undefined) {
      return errorResponse(
        400,
        'InvalidJsonInput',
        'Request body does not contain valid JSON: version and actions are expected.',
      );
    }
    if (version !== before.version) return concurrentModification(`'${before.id}'`, before.version, version);
    let after = before;
    for (const step of splitActions(typeId, actions)) {
      const response = await this.#step(`${path}/${before.id}`, after, step);
      if (response.status >= 300) {
        // Updates are atomic, as in commercetools: roll back earlier steps.
        await this.#save(typeId, before);
        return response;
      }
      if (!isRecord(response.body)) return response;
      after = correctRecord(typeId, response.body, this.#records);
      if (typeId === 'cart' && isObject(after)) after = withLineTimes(after, before);
      await this.#save(typeId, after);
    }
    if (after.version !== before.version) this.#changes.emit({ typeId, before, after, actions });
    return ok(expand(this.#records, after, query.getAll('expand')));
  }

  /** Applies a custom action here and sends all other actions to the engine. */
  async #step(path: string, record: ApiRecord, step: ReturnType<typeof splitActions>[number]): Promise<HttpResponse> {
    if (!('apply' in step)) return this.#engine.send('POST', path, { version: record.version, actions: step.actions });
    const changed = step.apply(record, this.#records);
    if (typeof changed === 'string') return invalidInput(changed);
    const now = new Date().toISOString();
    return ok({ ...changed, id: record.id, version: record.version + 1, lastModifiedAt: now });
  }

  async #remove({ resource, address, query }: Write): Promise<HttpResponse> {
    if (address === undefined) return errorResponse(405, 'General', 'Method not allowed.');
    const { typeId, path } = resource;
    const before = findRecord(this.#records, typeId, address);
    if (before === undefined) return notFound(describeAddress(address));
    const version = query.get('version');
    if (version === null) return invalidInput("Malformed parameter: version: the parameter 'version' is required.");
    if (Number(version) !== before.version)
      return concurrentModification(`'${before.id}'`, before.version, Number(version));
    await this.#engine.send('DELETE', `${path}/${before.id}?version=${before.version}`);
    this.#records.remove(typeId, before.id);
    const dataErasure = query.get('dataErasure') === 'true';
    this.#changes.emit({ typeId, before, after: undefined, dataErasure });
    return ok(before);
  }

  async #save(typeId: string, record: ApiRecord): Promise<void> {
    if (!isObject(record)) return;
    await this.#engine.place(typeId, record);
    this.#records.put(typeId, record);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const next = this.#last.then(task, task);
    this.#last = next.catch(() => undefined);
    return next;
  }
}
