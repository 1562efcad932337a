/** Explain: what would be sent for a record, from which fields, and the current state in Klaviyo. Nothing is sent. */
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.js';
import { plural } from './format.js';
import { change, state } from './state.js';
import { table } from './table.js';

const types = ['order', 'customer', 'product', 'category', 'inventory-entry'];

/** @param path the address after #/explain/ */
export async function loadExplain([type, id]) {
  const requested = type && id ? `${type}/${id}` : '';
  if (requested === '' || requested === state.explain.requested) return;
  change({ explain: { busy: true, result: undefined, error: '', requested } });
  const { ok, body, error } = await request('GET', `/explain/${encodeURIComponent(type)}/${encodeURIComponent(id)}`);
  if (state.explain.requested !== requested) return;
  change({ explain: { busy: false, requested, ...(ok ? { result: body, error: '' } : { result: undefined, error }) } });
}

export function explainView() {
  const { busy, result, error } = state.explain;
  const [type = 'order', id = ''] = state.route.rest;
  return html`
    <form class="tools" @submit=${submit}>
      <label>Type
        <select name="type">${types.map((name) => html`<option value=${name} ?selected=${name === type}>${name}</option>`)}</select>
      </label>
      <label>Id in commercetools <input name="id" required .value=${id} autocomplete="off" spellcheck="false" /></label>
      <button class="main">Explain</button>
    </form>
    <p class="quiet">Nothing is sent. What is shown holds personal data and is kept nowhere.</p>
    ${busy ? html`<p role="status">Reading commercetools and Klaviyo…</p>` : nothing}
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing}
    ${result ? resultView(result) : nothing}
  `;
}

function submit(event) {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  change({ explain: { ...state.explain, requested: '' } });
  const hash = `#/explain/${form.get('type')}/${encodeURIComponent(String(form.get('id')).trim())}`;
  if (location.hash === hash) void loadExplain(state.route.rest);
  else location.hash = hash;
}

function resultView({ type, id, version, asked, whole, rules }) {
  return html`
    <h2>${type} ${id}</h2>
    <p class="quiet">Version ${version ?? '?'}; ${asked}.</p>
    ${whole ? nothing : html`<p>The record is so large that not every field was followed.</p>`}
    ${rules.map(ruleView)}
  `;
}

function ruleView({ rule, summary, triggers, changes, skips, warnings, followUps, dependsOn, realtime, problem }) {
  const sends = changes.length === 0 ? 'nothing is sent' : `${plural(changes.length, 'change')} would be sent`;
  return html`<section class="box" aria-label=${rule}>
    <h3>${rule} <span class="quiet">${sends}</span></h3>
    <p class="quiet">${summary} Triggered by ${triggers.map(({ on, disabledBy }) => (disabledBy ? `${on} (off: ${disabledBy})` : on)).join(', ') || 'nothing'}.</p>
    ${problem ? html`<p class="bad">${problem}</p>` : nothing}
    ${list('Skipped', skips)}
    ${list(
      'Left out',
      warnings.map(({ code, detail }) => `${detail} (${code})`),
    )}
    ${list(
      'Then',
      followUps.map(({ resource, reason }) => `a small run of ${resource}: ${reason}`),
    )}
    ${realtime ? list(`By a message (${realtime.on}) it would differ`, realtimeLines(realtime)) : nothing}
    ${list('Whether it is sent depends on', dependsOn)}
    ${changes.map((change, index) => changeView(change, `${rule} ${index + 1}`, index === 0))}
  </section>`;
}

function realtimeLines({ differs, skips }) {
  const words = differs.map(({ path, value }) =>
    value === undefined ? `${path} is not sent` : `${path}: ${word(value)}`,
  );
  return [...words, ...skips.map((reason) => `skipped: ${reason}`)];
}

function list(name, lines) {
  if (lines.length === 0) return nothing;
  return html`<p>${name}:</p><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** @param open whether the details are expanded; true for the first change of a rule */
function changeView({ type, values, requests, outcome, reason, klaviyo, note }, name, open) {
  const sent = requests.map(({ method, path }) => `${method} ${path}`).join(', ');
  return html`<details ?open=${open}>
    <summary><h4>${type}: ${sent || (outcome === 'delivered' ? 'Klaviyo holds all of it, no request' : outcome)}</h4></summary>
    ${reason ? html`<p>${reason}</p>` : nothing}
    ${note ? html`<p class="quiet">${note}.</p>` : nothing}
    ${klaviyo || note ? nothing : html`<p class="quiet">Klaviyo holds nothing of it now.</p>`}
    ${table({
      caption: `Values of ${name}`,
      columns: [{ name: 'In Klaviyo' }, { name: 'Would be' }, { name: 'From' }, { name: 'Is now' }],
      rows: values.map((value) => ({
        key: value.path,
        cells: [html`<code>${value.path}</code>`, word(value.value), originView(value), nowView(value)],
      })),
      empty: 'It has no values.',
    })}
    ${json('Requests as Klaviyo would get them', requests)} ${klaviyo ? json('What Klaviyo holds', klaviyo) : nothing}
  </details>`;
}

function originView({ from, copied, needs }) {
  const [first, ...others] = from;
  if (!first) return 'fixed';
  const dependencies = [...(copied ? others : []), ...needs];
  return html`${copied ? first : `computed from ${from.join(', ')}`}
    ${dependencies.length > 0 ? html`<details><summary>depends on ${plural(dependencies.length, 'more field')}</summary><ul>${dependencies.map((path) => html`<li>${path}</li>`)}</ul></details>` : nothing}`;
}

function nowView({ value, currentValue }) {
  if (currentValue === undefined) return '–';
  return currentValue === value ? 'the same' : html`<strong class="bad">${word(currentValue)}</strong>`;
}

function word(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function json(name, value) {
  return html`<details><summary>${name}</summary><pre tabindex="0">${JSON.stringify(value, undefined, 2)}</pre></details>`;
}
