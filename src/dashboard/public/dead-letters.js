/** Dead letters: reason, advice, replay and discard. A discard is delayed by some seconds, so that it can be undone. */
import { live } from '/dashboard/lib/lit-html/directives/live.js';
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { adviceFor } from './advice.js';
import { request } from './api.js';
import { recordView } from './feed.js';
import { moment, number, plural } from './format.js';
import { change, mayAct, notify, state } from './state.js';
import { table } from './table.js';

const undoMs = 6_000;
const filters = [
  { name: 'rule', label: 'Rule' },
  { name: 'code', label: 'Code' },
  { name: 'resource', label: 'Record type' },
];
/** Ids with a pending discard, which are hidden. */
const discarding = new Set();

export async function loadLetters(after) {
  const { filter, list } = state.letters;
  const query = new URLSearchParams({ ...filter, ...(after ? { after } : {}) });
  const { ok, body, error } = await request('GET', `/dead-letters?${query}`);
  if (!ok) return set({ error });
  const letters = after ? [...(list ?? []), ...body.letters] : body.letters;
  set({ list: letters, next: body.next, error: '', ...(after ? {} : { selected: new Set() }) });
}

function set(part) {
  change({ letters: { ...state.letters, ...part } });
}

export function lettersView() {
  const { list, next, selected, error, busy } = state.letters;
  if (error) return html`<p role="alert" class="bad">${error}</p>`;
  if (!list) return html`<p role="status">Loading…</p>`;
  const visible = list.filter(({ id }) => !discarding.has(id));
  const selectedLetters = visible.filter(({ id }) => selected.has(id));
  const locked = !mayAct() || busy;
  return html`
    <form class="tools" @submit=${applyFilter}>
      ${filters.map(({ name, label }) => html`<label>${label} <input name=${name} /></label>`)}
      <button>Show</button>
    </form>
    <div class="tools" role="group" aria-label="Those that are chosen">
      <label><input type="checkbox" .checked=${live(visible.length > 0 && selectedLetters.length === visible.length)} @change=${(event) => selectAll(event, visible)} /> All that are shown</label>
      <button ?disabled=${locked || selectedLetters.length === 0} aria-describedby="why-not" @click=${() => replay(selectedLetters)}>Replay ${selectedLetters.length} chosen</button>
      <button ?disabled=${locked || selectedLetters.length === 0} aria-describedby="why-not" @click=${() => discard(selectedLetters)}>Discard ${selectedLetters.length} chosen</button>
    </div>
    ${lettersTable(visible, locked)}
    ${next ? html`<button @click=${() => loadLetters(next)}>Show more</button>` : nothing}
  `;
}

function lettersTable(letters, locked) {
  const { selected } = state.letters;
  return table({
    caption: 'Dead letters of all replicas',
    columns: [
      { name: 'Choose' },
      { name: 'Record' },
      { name: 'Rule' },
      { name: 'Why' },
      { name: 'What to do' },
      { name: 'Last' },
      { name: 'Times', numeric: true },
      { name: 'Act' },
    ],
    rows: letters.map((letter) => {
      const name = nameOf(letter);
      return {
        key: letter.id,
        cells: [
          html`<input type="checkbox" aria-label=${`Choose ${name}`} .checked=${live(selected.has(letter.id))} @change=${(event) => select(letter.id, event)} />`,
          letter.record ? recordView(letter.record) : name,
          letter.rule || '–',
          html`<strong>${letter.code}</strong>: ${letter.detail}${letter.field ? html` <code>${letter.field}</code>` : nothing}`,
          adviceFor(letter),
          moment(letter.lastAt),
          number(letter.count),
          html`<span class="buttons">
            <button ?disabled=${locked || !letter.replayable} aria-describedby="why-not" aria-label=${`Replay ${name}`} @click=${() => replay([letter])}>Replay</button>
            <button ?disabled=${locked} aria-describedby="why-not" aria-label=${`Discard ${name}`} @click=${() => discard([letter])}>Discard</button>
          </span>`,
        ],
      };
    }),
    empty: 'No dead letters. Everything that Klaviyo refused is dealt with.',
  });
}

function nameOf({ record, source, rule }) {
  const subject = record ? `${record.typeId} ${record.id}` : `message from ${source ?? 'somewhere'}`;
  return rule ? `${subject}, ${rule}` : subject;
}

function applyFilter(event) {
  event.preventDefault();
  const given = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]);
  set({ filter: Object.fromEntries(given.filter(([, value]) => value !== '')) });
  void loadLetters();
}

function select(id, event) {
  const selected = new Set(state.letters.selected);
  if (event.target.checked) selected.add(id);
  else selected.delete(id);
  set({ selected });
}

function selectAll(event, visible) {
  set({ selected: new Set(event.target.checked ? visible.map(({ id }) => id) : []) });
}

async function replay(letters) {
  set({ busy: true });
  const outcomes = new Map();
  let reason = '';
  for (const [index, letter] of letters.entries()) {
    if (letters.length > 1) notify(`Replaying ${index + 1} of ${letters.length}…`);
    const { body, error } = await request('POST', `/dead-letters/${letter.id}/replay`);
    const outcome = body.outcome ?? 'failed';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    reason = body.reason ?? error;
  }
  const summary = [...outcomes]
    .map(([outcome, count]) => `${number(count)} ${outcomeLabels[outcome] ?? outcome}`)
    .join(', ');
  const good = [...outcomes.keys()].every((outcome) => outcome === 'delivered' || outcome === 'skipped');
  notify(`Replayed: ${summary}${good || !reason ? '' : ` (${reason})`}.`, { tone: good ? 'good' : 'bad' });
  set({ busy: false });
  await loadLetters();
}

const outcomeLabels = {
  delivered: 'delivered',
  skipped: 'skipped',
  rejected: 'rejected again',
  unavailable: 'not possible now',
  'not-replayable': 'not replayable',
};

/** Discards unless undone. A page that is closed before that discards nothing. */
function discard(letters) {
  for (const { id } of letters) discarding.add(id);
  const timer = setTimeout(async () => {
    const responses = [];
    for (const { id } of letters) responses.push(await request('POST', `/dead-letters/${id}/discard`));
    for (const { id } of letters) discarding.delete(id);
    const failed = responses.find(({ ok, status }) => !ok && status !== 404);
    if (failed) notify(failed.error, { tone: 'bad' });
    else notify(`${plural(letters.length, 'dead letter')} discarded.`);
    await loadLetters();
  }, undoMs);
  notify(`${plural(letters.length, 'dead letter')} will be discarded.`, {
    undo: () => {
      clearTimeout(timer);
      for (const { id } of letters) discarding.delete(id);
      notify('Nothing was discarded.');
    },
  });
}
