/**
 * Dead letters by record: Klaviyo's message, advice, retry and discard. A discard is delayed by some seconds, so that it can
 * be undone.
 */
import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { DeadLetter } from '../../engine/delivery/dead-letters.ts';
import type { LetterCounts } from '../schemas.ts';
import { adviceFor, isFromKlaviyo } from './advice.ts';
import { request } from './api.ts';
import { badge, loading, recordLink } from './elements.ts';
import { moment, number, plural } from './format.ts';
import type { DashboardPage } from './page.ts';
import { change, isPending, mayAct, notify, once, state } from './state.ts';

export const deadLettersPage: DashboardPage = {
  key: 'dead-letters',
  name: 'Dead letters',
  show: lettersView,
  load: () => void loadLetters(),
};

const undoMs = 6_000;
/** Records are grouped within what was loaded, so many are loaded at once. */
const pageSize = '500';
const busy = 'dead letters';
const filters = [
  { name: 'rule', label: 'Rule', counts: ({ rules }: LetterCounts) => rules },
  { name: 'code', label: 'Code', counts: ({ codes }: LetterCounts) => codes },
  { name: 'resource', label: 'Record type', counts: ({ resources }: LetterCounts) => resources },
] as const;
/** Ids with a pending discard, which are hidden. */
const discarding = new Set<string>();

interface Listed {
  letters: DeadLetter[];
  next?: string;
}

async function loadLetters(after?: string): Promise<void> {
  const { filter, list } = state.letters;
  const query = new URLSearchParams({ ...filter, limit: pageSize, ...(after ? { after } : {}) });
  const reply = await request<Listed>('GET', `/dead-letters?${query}`);
  if (!reply.ok) return set({ error: reply.error });
  const { letters, next } = reply.body;
  const known = after ? (list ?? []) : [];
  const shown = [...known, ...letters];
  // What was selected meanwhile stays selected.
  const selected = new Set(shown.map(({ id }) => id).filter((id) => state.letters.selected.has(id)));
  set({ list: shown, next, error: '', selected });
}

function set(part: Partial<typeof state.letters>): void {
  change({ letters: { ...state.letters, ...part } });
}

function lettersView(): TemplateResult {
  const { list, next, selected, error, filter } = state.letters;
  if (error) return html`<p role="alert" class="bad">${error}</p>`;
  if (!list) return loading();
  const visible = list.filter(({ id }) => !discarding.has(id));
  const isFiltered = Object.keys(filter).length > 0;
  if (visible.length === 0 && !isFiltered)
    return html`<div class="blank"><p><strong>No dead letters</strong></p><p class="quiet">Every record was delivered or skipped for a reason.</p></div>`;
  const chosen = visible.filter(({ id }) => selected.has(id));
  const locked = !mayAct() || isPending(busy);
  const groups = Map.groupBy(visible, groupKey);
  return html`
    <div class="tools">
      ${filters.map(filterChoice)}
      <span class="grow"></span>
      <span class="quiet">${plural(visible.length, 'dead letter')} of ${plural(groups.size, 'record')}${next ? ', and more' : ''}</span>
    </div>
    <div class="tools" role="group" aria-label="Selected dead letters">
      <label><input type="checkbox" .checked=${live(visible.length > 0 && chosen.length === visible.length)} @change=${(event: Event) => selectAll(event, visible)} /> Select all</label>
      <button ?disabled=${locked || chosen.length === 0} aria-describedby="why-not" @click=${() => retry(chosen)}>Retry (${chosen.length})</button>
      <button ?disabled=${locked || chosen.length === 0} aria-describedby="why-not" @click=${() => discard(chosen)}>Discard (${chosen.length})</button>
    </div>
    ${visible.length === 0 ? html`<p class="empty">No dead letter matches the filter.</p>` : nothing}
    <div class="letters">${repeat(
      groups,
      ([key]) => key,
      ([, letters]) => groupView(letters, locked),
    )}</div>
    ${next ? html`<button @click=${() => loadLetters(next)}>Show more</button>` : nothing}
  `;
}

function filterChoice({ name, label, counts }: (typeof filters)[number]) {
  const letters = state.overview?.deadLetters;
  const value = state.letters.filter[name] ?? '';
  const choices = Object.entries(letters ? counts(letters) : {}).toSorted(([left], [right]) =>
    left.localeCompare(right),
  );
  // The chosen value stays a choice when nothing has it any more.
  const names = new Set([...choices.map(([choice]) => choice), ...(value ? [value] : [])]);
  const countOf = new Map(choices);
  return html`<label>${label}
    <select name=${name} .value=${live(value)} @change=${(event: Event) => applyFilter(event, name)}>
      <option value="">All</option>
      ${[...names].map((choice) => html`<option value=${choice} ?selected=${choice === value}>${choice} (${number(countOf.get(choice) ?? 0)})</option>`)}
    </select>
  </label>`;
}

function groupKey({ record, id }: DeadLetter): string {
  return record ? `${record.typeId} ${record.id}` : id;
}

function groupView(letters: readonly DeadLetter[], locked: boolean) {
  const [first] = letters;
  if (!first) return nothing;
  const { record, source } = first;
  return html`<article class="card letter" aria-label=${record ? `${record.typeId} ${record.id}` : 'Message'}>
    <h2>${record ? recordLink(record) : `Message from ${source ?? 'an unknown source'}`}</h2>
    ${repeat(
      letters,
      ({ id }) => id,
      (letter) => letterView(letter, locked),
    )}
  </article>`;
}

function letterView(letter: DeadLetter, locked: boolean) {
  const { id, rule, code, detail, field, lastAt, firstAt, count, replayable } = letter;
  const name = nameOf(letter);
  return html`<div class="entry" role="group" aria-label=${name}>
    <input type="checkbox" aria-label=${`Select ${name}`} .checked=${live(state.letters.selected.has(id))} @change=${(event: Event) => select(id, event)} />
    <div class="grow">
      <p><strong>${rule || 'Record'}</strong> ${badge(code, 'warn')} <span class="quiet small">${count > 1 ? `${number(count)} times, since ${moment(firstAt)}, last` : ''} ${moment(lastAt)}</span></p>
      <p class="quote"><span class="quiet">${isFromKlaviyo(letter) ? 'Klaviyo' : 'Reason'}:</span> ${detail || 'no message'}${field ? html` <code>${field}</code>` : nothing}</p>
      <p class="quiet">${adviceFor(letter)}</p>
    </div>
    <span class="buttons">
      <button ?disabled=${locked || !replayable} aria-describedby="why-not" aria-label=${`Retry ${name}`} @click=${() => retry([letter])}>Retry</button>
      <button class="plain" ?disabled=${locked} aria-describedby="why-not" aria-label=${`Discard ${name}`} @click=${() => discard([letter])}>Discard</button>
    </span>
  </div>`;
}

function nameOf({ record, source, rule }: DeadLetter): string {
  const subject = record ? `${record.typeId} ${record.id}` : `message from ${source ?? 'an unknown source'}`;
  return rule ? `${subject}, ${rule}` : subject;
}

function applyFilter({ target }: Event, name: string): void {
  if (!(target instanceof HTMLSelectElement)) return;
  const { [name]: _before, ...others } = state.letters.filter;
  set({ filter: target.value === '' ? others : { ...others, [name]: target.value } });
  void loadLetters();
}

const isChecked = ({ target }: Event) => target instanceof HTMLInputElement && target.checked;

function select(id: string, event: Event): void {
  const selected = new Set(state.letters.selected);
  if (isChecked(event)) selected.add(id);
  else selected.delete(id);
  set({ selected });
}

function selectAll(event: Event, visible: readonly DeadLetter[]): void {
  set({ selected: new Set(isChecked(event) ? visible.map(({ id }) => id) : []) });
}

const outcomeLabels: Record<string, string> = {
  delivered: 'delivered',
  skipped: 'skipped',
  rejected: 'rejected again',
  unavailable: 'not possible now',
  'not-replayable': 'not retryable',
};

function retry(letters: readonly DeadLetter[]): void {
  void once(busy, async () => {
    const outcomes = new Map<string, number>();
    let reason = '';
    for (const [index, letter] of letters.entries()) {
      if (letters.length > 1) notify(`Retrying ${index + 1} of ${letters.length}…`);
      const reply = await request<{ outcome: string; reason?: string }>('POST', `/dead-letters/${letter.id}/replay`);
      const outcome = reply.body.outcome ?? 'failed';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      reason = reply.body.reason ?? reply.error;
    }
    const summary = [...outcomes].map(([outcome, count]) => `${number(count)} ${outcomeLabels[outcome] ?? outcome}`);
    const isGood = [...outcomes.keys()].every((outcome) => outcome === 'delivered' || outcome === 'skipped');
    notify(`Retried: ${summary.join(', ')}${isGood || !reason ? '' : ` (${reason})`}.`, {
      tone: isGood ? 'good' : 'bad',
    });
    await loadLetters();
  });
}

/** Discards unless undone. A page that is closed before that discards nothing. */
function discard(letters: readonly DeadLetter[]): void {
  for (const { id } of letters) discarding.add(id);
  const timer = setTimeout(() => void discardNow(letters), undoMs);
  notify(`${plural(letters.length, 'dead letter')} will be discarded.`, {
    undo: () => {
      clearTimeout(timer);
      for (const { id } of letters) discarding.delete(id);
      notify('Nothing was discarded.');
    },
  });
}

async function discardNow(letters: readonly DeadLetter[]): Promise<void> {
  const failures: string[] = [];
  for (const { id } of letters) {
    const { ok, status, error } = await request('POST', `/dead-letters/${id}/discard`);
    if (!ok && status !== 404) failures.push(error);
  }
  await loadLetters();
  for (const { id } of letters) discarding.delete(id);
  if (failures[0] !== undefined) notify(failures[0], { tone: 'bad' });
  else notify(`${plural(letters.length, 'dead letter')} discarded.`);
}
