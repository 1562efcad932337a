/** Effective settings and the source of each. */
import { html } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.js';
import { change, state } from './state.js';
import { table } from './table.js';

export async function loadSettings() {
  const { ok, body, error } = await request('GET', '/dashboard/settings');
  change({ settings: { ...state.settings, ...(ok ? { ...body, error: '' } : { error }) } });
}

export function settingsView() {
  const { rows, only, error } = state.settings;
  if (error) return html`<p role="alert" class="bad">${error}</p>`;
  if (!rows) return html`<p role="status">Loading…</p>`;
  const shown = rows.filter(({ from }) => !only || from !== 'default');
  return html`
    <p class="quiet">Read once, when this replica started. Secrets are shown as ***.</p>
    <label><input type="checkbox" .checked=${only} @change=${toggle} /> Only what was set</label>
    ${['variable', 'setting'].map(
      (kind) => html`<section aria-label=${`${kind}s`}>
        <h2>${kind === 'variable' ? 'Environment variables' : 'Settings'}</h2>
        ${settingsTable(kind, shown)}
      </section>`,
    )}
  `;
}

function settingsTable(kind, rows) {
  return table({
    caption: kind === 'variable' ? 'Environment variables' : 'Settings',
    columns: [{ name: 'Name' }, { name: 'In force' }, { name: 'From' }, { name: 'Meaning' }],
    rows: rows
      .filter((row) => row.kind === kind)
      .map(({ name, value, from, description }) => ({
        key: name,
        cells: [
          html`<code>${name}</code>`,
          html`<code>${value}</code>`,
          from === 'default' ? from : html`<strong>${from}</strong>`,
          description,
        ],
      })),
    empty: 'None is set.',
  });
}

function toggle(event) {
  change({ settings: { ...state.settings, only: event.target.checked } });
}
