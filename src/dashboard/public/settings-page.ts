/** Settings: those in force with the source of each, and what was verified in the accounts. */
import { html, type TemplateResult } from 'lit-html';
import type { ShownSettings } from '../schemas.ts';
import { request } from './api.ts';
import { loading } from './elements.ts';
import { liveCheckView, loadLiveCheck } from './live-check.ts';
import type { DashboardPage } from './page.ts';
import { change, state } from './state.ts';
import { table } from './table.ts';

export const settingsPage: DashboardPage = {
  key: 'settings',
  name: 'Settings',
  show: () => html`${liveCheckView()} ${settingsView()}`,
  load: () => void loadLiveCheck(),
};

export async function loadSettings(): Promise<void> {
  const reply = await request<ShownSettings>('GET', '/dashboard/settings');
  change({ settings: { ...state.settings, ...(reply.ok ? { ...reply.body, error: '' } : { error: reply.error }) } });
}

function settingsView(): TemplateResult {
  const { rows, only, error } = state.settings;
  if (error) return html`<p role="alert" class="bad">${error}</p>`;
  if (!rows) return loading();
  const shown = rows.filter(({ from }) => !only || from !== 'default');
  return html`
    <div class="title">
      <h2>In force <span class="quiet">read when this replica started</span></h2>
      <label><input type="checkbox" .checked=${only} @change=${toggle} /> Hide defaults</label>
    </div>
    ${['variable', 'setting'].map(
      (kind) => html`<section aria-label=${`${kind}s`}>
        <h3>${kind === 'variable' ? 'Environment variables' : 'Settings'}</h3>
        ${settingsTable(kind, shown)}
      </section>`,
    )}
  `;
}

function settingsTable(kind: string, rows: ShownSettings['rows']) {
  return table({
    caption: kind === 'variable' ? 'Environment variables' : 'Settings',
    columns: [{ name: 'Name' }, { name: 'Value' }, { name: 'Source' }, { name: 'Meaning' }],
    rows: rows
      .filter((row) => row.kind === kind)
      .map(({ name, value, from, description }) => ({
        key: name,
        cells: [
          html`<code>${name}</code>`,
          html`<code>${value}</code>`,
          from === 'default' ? html`<span class="quiet">${from}</span>` : from,
          html`<span class="quiet">${description}</span>`,
        ],
      })),
    empty: 'None is set.',
  });
}

function toggle({ target }: Event): void {
  if (target instanceof HTMLInputElement) change({ settings: { ...state.settings, only: target.checked } });
}
