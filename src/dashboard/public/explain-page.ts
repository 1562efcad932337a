/** Explain: whether a record would be sent, by which rules, and, folded, with which fields. Nothing is sent. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Explained, ExplainedChange, ExplainedRule } from '../../engine/explain/schema.ts';
import { request } from './api.ts';
import { dot, type Tone } from './elements.ts';
import { plural, title } from './format.ts';
import type { DashboardPage } from './page.ts';
import { change, state } from './state.ts';

export const explainPage: DashboardPage = { key: 'explain', name: 'Explain', show: explainView, load: loadExplain };

type ExplainedValue = ExplainedChange['values'][number];

const types = ['order', 'customer', 'product', 'category', 'inventory-entry'];
/** An order may have hundreds of lines, each an event. */
const shownChanges = 20;

function loadExplain([type, id]: readonly string[]): void {
  if (type && id) void explain(type, id);
}

async function explain(type: string, id: string): Promise<void> {
  const requested = `${type}/${id}`;
  if (requested === state.explain.requested) return;
  change({ explain: { busy: true, result: undefined, error: '', requested } });
  const reply = await request<Explained>('GET', `/explain/${encodeURIComponent(type)}/${encodeURIComponent(id)}`);
  if (state.explain.requested !== requested) return;
  change({ explain: { busy: false, requested, result: reply.ok ? reply.body : undefined, error: reply.error } });
}

function explainView(): TemplateResult {
  const { busy, result, error } = state.explain;
  const [type = 'order', id = ''] = state.route.rest;
  return html`
    <form class="tools" @submit=${submit}>
      <label>Type
        <select name="type">${types.map((name) => html`<option value=${name} ?selected=${name === type}>${name}</option>`)}</select>
      </label>
      <label class="grow">Id in commercetools <input name="id" required .value=${id} autocomplete="off" spellcheck="false" /></label>
      <button class="main">Explain</button>
    </form>
    <p class="quiet small">Nothing is sent. Contains personal data; not stored.</p>
    ${busy ? html`<p role="status" class="empty">Reading commercetools and Klaviyo…</p>` : nothing}
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing} ${result ? resultView(result) : nothing}
  `;
}

function submit(event: SubmitEvent): void {
  event.preventDefault();
  if (!(event.currentTarget instanceof HTMLFormElement)) return;
  const form = new FormData(event.currentTarget);
  change({ explain: { ...state.explain, requested: '' } });
  const hash = `#explain/${String(form.get('type'))}/${encodeURIComponent(String(form.get('id')).trim())}`;
  if (location.hash === hash) loadExplain(state.route.rest);
  else location.hash = hash;
}

function resultView({ type, id, version, whole, rules }: Explained) {
  const sending = rules.filter(({ changes }) => changes.length > 0);
  const verdict = sending.length === 0 ? 'Nothing would be sent' : `Would be sent: ${listOf(sending.map(sentName))}`;
  return html`
    <section class="verdict card" aria-label="Result">
      <h2>${verdict}</h2>
      <p class="quiet"><span class="id">${type} ${id}</span>${version === undefined ? '' : `, version ${version}`}</p>
      ${whole ? nothing : html`<p class="warn">The record is so large that not every field was traced.</p>`}
    </section>
    ${rules.map(ruleView)}
    <p class="quiet small">Shown for bulk sync; real-time differences are listed per rule.</p>
  `;
}

/** The metric of events, else what is written. */
function sentName({ rule, changes }: ExplainedRule): string {
  const metric = changes[0]?.values.find(({ path }) => path === 'metric')?.value;
  return typeof metric === 'string' ? metric : title(rule);
}

function listOf(names: readonly string[]): string {
  return new Intl.ListFormat('en').format(names);
}

function ruleView(explained: ExplainedRule) {
  const { rule, summary, triggers, changes, skips, warnings, followUps, dependsOn, realtime, problem } = explained;
  const [outcome, tone] = outcomeOf(explained);
  const differsInRealtime = realtime && realtime.differs.length + realtime.skips.length > 0;
  return html`<section class="card rule" aria-label=${rule}>
    <h3>${dot(tone)} ${sentName(explained)} <span class="quiet small">${rule}</span></h3>
    <p class=${tone === 'bad' ? 'bad' : ''}>${outcome}</p>
    ${problem ? nothing : reasons(skips.slice(changes.length === 0 ? 1 : 0))}
    ${warnings.length === 0 ? nothing : html`<p class="warn">Left out: ${warnings.map(({ detail }) => detail).join('; ')}</p>`}
    ${followUps.map(({ resource, reason }) => html`<p class="quiet">Then a follow-up of ${resource}: ${reason}</p>`)}
    ${changes.slice(0, shownChanges).map((each, index) => changeView(each, changes.length > 1 ? index + 1 : undefined))}
    ${changes.length > shownChanges ? html`<p class="quiet">and ${plural(changes.length - shownChanges, 'more change')}</p>` : nothing}
    <details>
      <summary>When it runs</summary>
      <p class="quiet">${summary}</p>
      <p class="quiet">Triggered by ${triggers.map(({ on, disabledBy }) => (disabledBy ? `${on} (disabled by ${disabledBy})` : on)).join(', ') || 'nothing'}.</p>
      ${dependsOn.length === 0 ? nothing : html`<p class="quiet">Whether it is sent depends on ${dependsOn.join(', ')}.</p>`}
      ${differsInRealtime ? html`<p class="quiet">After a message (${realtime.on}) it differs:</p><ul>${differences(realtime).map((line) => html`<li>${line}</li>`)}</ul>` : nothing}
    </details>
  </section>`;
}

function outcomeOf({ changes, skips, problem, offBy }: ExplainedRule): [string, Tone] {
  if (offBy) return [`Off: ${offBy} is empty`, 'quiet'];
  if (problem) return [problem, 'bad'];
  const rejected = changes.find(({ outcome }) => outcome === 'rejected');
  if (rejected) return [`Would be rejected: ${rejected.reason ?? 'no reason given'}`, 'bad'];
  if (changes.length === 0) return [`Not sent: ${skips[0] ?? 'nothing to send'}`, 'quiet'];
  const unchanged = changes.every(({ outcome, requests }) => outcome === 'delivered' && requests.length === 0);
  if (unchanged) return ['Unchanged: Klaviyo already has these values', 'good'];
  return [changes.length === 1 ? 'Would be sent' : `${plural(changes.length, 'change')} would be sent`, 'good'];
}

function reasons(skips: readonly string[]) {
  if (skips.length === 0) return nothing;
  return html`<details><summary>${plural(skips.length, 'more reason')}</summary><ul>${skips.map((skip) => html`<li>${skip}</li>`)}</ul></details>`;
}

function differences({ differs, skips }: NonNullable<ExplainedRule['realtime']>): string[] {
  const lines = differs.map(({ path, value }) =>
    value === undefined ? `${path} is not sent` : `${path}: ${textOf(value)}`,
  );
  return [...lines, ...skips.map((reason) => `skipped: ${reason}`)];
}

/** Fields of all changes are folded: an order has hundreds. */
function changeView(explained: ExplainedChange, index: number | undefined) {
  const { type, values, requests, outcome, reason, klaviyo, note } = explained;
  const differing = values.filter(isDifferent);
  const changed = differing.length > 0 ? `, ${differing.length} different in Klaviyo` : '';
  return html`<details class="change">
    <summary>${index === undefined ? 'Fields' : `${title(type)} ${index}`} <span class="quiet">${values.length}${changed}${outcome === 'delivered' ? '' : `, ${outcome}`}</span></summary>
    ${reason ? html`<p>${reason}</p>` : nothing}
    ${klaviyo || note ? nothing : html`<p class="quiet">Klaviyo has no such record yet.</p>`}
    ${[...Map.groupBy(values, ({ path }) => groupOf(path, type))].map(([group, fields]) => fieldGroup(group, fields, type))}
    ${note ? html`<p class="quiet small">${note}.</p>` : nothing}
    ${requests.length === 0 ? nothing : json(`Request: ${requests.map(({ method, path }) => `${method} ${path}`).join(', ')}`, requests)}
    ${klaviyo ? json('Current record in Klaviyo', klaviyo) : nothing}
  </details>`;
}

/** Fields of one object together: the record's own ones first, each line item and each other object folded. */
function groupOf(path: string, type: string): string {
  const parts = klaviyoName(path, type).split('.');
  const index = parts.findIndex((part) => /^\d+$/.test(part));
  if (index > 0 && index < parts.length - 1) return parts.slice(0, index + 1).join('.');
  return parts.slice(0, -1).join('.');
}

function fieldGroup(group: string, fields: readonly ExplainedValue[], type: string) {
  const list = html`<ul class="fields">${fields.map((field) => fieldView(field, group, type))}</ul>`;
  if (group === '' || group === 'metric') return list;
  const different = fields.filter(isDifferent).length;
  return html`<details ?open=${different > 0}>
    <summary><code>${group}</code> <span class="quiet">${fields.length}${different > 0 ? `, ${different} different in Klaviyo` : ''}</span></summary>
    ${list}
  </details>`;
}

function isDifferent({ value, currentValue }: ExplainedValue): boolean {
  return currentValue !== undefined && currentValue !== value;
}

function fieldView(value: ExplainedValue, group: string, type: string) {
  const name = klaviyoName(value.path, type);
  return html`<li>
    <code title=${name}>${group === '' || group === 'metric' ? name : name.slice(group.length + 1)}</code>
    <div>
      <span>${textOf(value.value)}</span>
      ${isDifferent(value) ? html`<span class="warn">in Klaviyo: ${textOf(value.currentValue)}</span>` : nothing}
      <span class="quiet small">${originOf(value)}</span>
    </div>
  </li>`;
}

const eventNames: Record<string, string> = { metric: 'metric.name', uniqueId: 'unique_id', currency: 'value_currency' };

/** @returns the name of Klaviyo's API: https://developers.klaviyo.com/en/reference/create_event */
function klaviyoName(path: string, type: string): string {
  if (type === 'event') return eventNames[path] ?? path;
  return path.replace(/^(profile|item|category)\./, '');
}

function originOf({ from, copied, needs }: ExplainedValue): string {
  const [first, ...others] = from;
  if (first === undefined) return 'fixed';
  const also = [...(copied ? others : []), ...needs];
  const origin = copied ? `from ${first}` : `computed from ${from.join(', ')}`;
  return also.length === 0 ? origin : `${origin}; depends on ${also.join(', ')}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function json(name: string, value: unknown) {
  return html`<details><summary>${name}</summary><pre tabindex="0">${JSON.stringify(value, undefined, 2)}</pre></details>`;
}
