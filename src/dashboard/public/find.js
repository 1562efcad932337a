/** Find: what became of a record, by whatever somebody knows of it; and to send it again. */
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.js';
import { moment, plural } from './format.js';
import { change, mayAct, notify, state } from './state.js';
import { table } from './table.js';

let requested = '';
let answer = { busy: false, result: undefined, error: '' };
/** What would be sent, by the id of the record; read when it is unfolded. */
const fields = new Map();

function show(next) {
  answer = { busy: false, result: undefined, error: '', ...next };
  change({});
}

/** @param path the address after #/find/ */
export async function loadFind([text = '']) {
  if (text === '' || text === requested) return;
  requested = text;
  fields.clear();
  show({ busy: true });
  const { ok, body, error } = await request('GET', `/find?text=${encodeURIComponent(text)}`);
  if (requested === text) show(ok ? { result: body } : { error });
}

export function findView() {
  const { busy, result, error } = answer;
  const [text = ''] = state.route.rest;
  return html`
    <form class="tools" role="search" @submit=${submit}>
      <label>Order number, customer number, e-mail, SKU, key or id
        <input name="text" type="search" required maxlength="256" .value=${text} autocomplete="off" spellcheck="false" />
      </label>
      <button class="main">Find</button>
    </form>
    ${busy ? html`<p role="status">Reading commercetools and Klaviyo…</p>` : nothing}
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing}
    ${result ? resultView(result) : nothing}
  `;
}

function submit(event) {
  event.preventDefault();
  const text = String(new FormData(event.currentTarget).get('text')).trim();
  requested = '';
  const hash = `#/find/${encodeURIComponent(text)}`;
  if (location.hash === hash) void loadFind([text]);
  else location.hash = hash;
}

function resultView({ matches, more, notes }) {
  return html`
    ${matches.length === 0 ? html`<p role="status">Nothing in commercetools matches.</p>` : nothing}
    ${matches.map(matchView)}
    ${more > 0 ? html`<p class="quiet">${plural(more, 'more record')} match; search for an id.</p>` : nothing}
    ${notes.map((note) => html`<p class="hint">${note}</p>`)}
  `;
}

function matchView({ record, name, sentence, timeline, klaviyo }) {
  const profile = klaviyo.profileId ? `, Klaviyo profile ${klaviyo.profileId}` : '';
  return html`<section class="box" aria-label=${name}>
    <h2>${sentence}</h2>
    <p class="quiet">${record.typeId} <code>${record.id}</code>${profile}</p>
    ${table({
      caption: `Timeline of ${name}`,
      columns: [{ name: 'Time' }, { name: 'What' }, { name: 'Outcome' }, { name: 'Details' }],
      rows: timeline.map((entry, index) => ({
        key: `${index} ${entry.at}`,
        tone: entry.outcome === 'rejected' || entry.outcome === 'failed' ? 'bad' : undefined,
        cells: [moment(entry.at), subjectOf(entry), outcomeOf(entry), detailsOf(entry)],
      })),
      empty: 'No delivery in the log. Syncs are not logged by record.',
    })}
    ${
      mayAct()
        ? html`<p><button @click=${() => sendAgain(record, name)}>Send again</button>
            <span class="quiet">Its events trigger no flows.</span></p>`
        : nothing
    }
    <details @toggle=${(event) => loadFields(event, record)}>
      <summary>Fields (personal data)</summary>
      ${fieldsView(record)}
    </details>
  </section>`;
}

function subjectOf({ subject, count }) {
  return count > 1 ? `${subject} × ${count}` : subject;
}

function outcomeOf({ outcome, source }) {
  return source === 'klaviyo' ? 'recorded in Klaviyo (time of the event)' : outcome;
}

function detailsOf({ reason, attempt, klaviyoErrorId }) {
  return [
    reason,
    attempt ? `attempt ${attempt}` : undefined,
    klaviyoErrorId ? `Klaviyo's error id ${klaviyoErrorId}` : undefined,
  ]
    .filter(Boolean)
    .join('; ');
}

async function sendAgain({ typeId, id }, name) {
  const { ok, body, error } = await request('POST', '/find', { type: typeId, id });
  const outcome = body.reason ? `${body.outcome}: ${body.reason}` : body.outcome;
  notify(`${name}: ${outcome ?? error}`, { tone: ok && body.outcome !== 'rejected' ? 'good' : 'bad' });
  requested = '';
  await loadFind(state.route.rest);
}

async function loadFields(event, { id }) {
  if (!event.currentTarget.open || fields.has(id)) return;
  fields.set(id, 'Reading…');
  change({});
  const { ok, body, error } = await request('GET', `/find?text=${encodeURIComponent(id)}&full=true`);
  const match = ok ? body.matches.find(({ record }) => record.id === id) : undefined;
  fields.set(id, ok ? JSON.stringify(match?.changes ?? [], undefined, 2) : error);
  change({});
}

function fieldsView({ id }) {
  return fields.has(id) ? html`<pre tabindex="0">${fields.get(id)}</pre>` : nothing;
}
