/** What was verified on test records in the accounts and when; starts it after a confirmation that names what will stay. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { ShownLiveCheck } from '../schemas.ts';
import { request } from './api.ts';
import { moment, number, plural } from './format.ts';
import { change, mayAct, notify, once, state } from './state.ts';
import { table } from './table.ts';

const path = '/dashboard/live-check';
const pollMs = 2_000;
let timer: ReturnType<typeof setTimeout> | undefined;

export async function loadLiveCheck(): Promise<void> {
  clearTimeout(timer);
  const reply = await request<ShownLiveCheck>('GET', path);
  update(reply.ok ? { shown: reply.body, error: '' } : { error: reply.error });
  if (reply.ok && reply.body.activity !== undefined) timer = setTimeout(loadLiveCheck, pollMs);
}

export function liveCheckView(): TemplateResult {
  const { shown, confirming, error } = state.liveCheck;
  return html`<section aria-labelledby="live-check">
    <h2 id="live-check">Verified in your accounts</h2>
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing}
    ${shown ? contentView(shown, confirming) : nothing}
  </section>`;
}

function contentView(shown: ShownLiveCheck, confirming: boolean) {
  const { plan, verifiedAt, facts, activity, remaining, notStored } = shown;
  const unexpected = facts.filter(({ state: word }) => word !== 'ok');
  return html`
    <p class="quiet">
      Facts that only requests with test records can verify. Last verified: <strong>${verifiedAt ? moment(verifiedAt) : 'never'}</strong>.
    </p>
    ${activity === undefined ? nothing : html`<p role="status">Running: ${activity}</p>`}
    ${notStored ? html`<p class="bad">The results are not stored: ${notStored}</p>` : nothing}
    ${remaining.length > 0 ? html`<p class="bad">May still exist, remove by hand:</p>${listOf(remaining)}` : nothing}
    ${unexpected.length === 0 ? nothing : factsTable(unexpected)}
    ${facts.length === 0 ? nothing : html`<details><summary>${plural(facts.length, 'fact')}, ${number(facts.length - unexpected.length)} as expected</summary>${factsTable(facts)}</details>`}
    ${activity !== undefined ? nothing : confirming ? confirmationView(plan) : startButton()}
  `;
}

function startButton() {
  return html`<button ?disabled=${!mayAct()} aria-describedby="why-not" @click=${() => update({ confirming: true })}>
    Verify…
  </button>`;
}

function confirmationView({ creates, remains }: ShownLiveCheck['plan']) {
  return html`<div class="card" role="group" aria-label="Confirm the live check">
    <p>Creates test records in your accounts, with ids that begin with <code>ctk-live-check</code>, and removes them afterwards:</p>
    ${listOf(creates)}
    <p><strong>Can't be removed afterwards:</strong></p>
    ${listOf(remains)}
    <p class="buttons">
      <button class="main" ?disabled=${!mayAct()} @click=${() => once('live check', start)}>Create the test records</button>
      <button @click=${() => update({ confirming: false })}>Cancel</button>
    </p>
  </div>`;
}

function factsTable(facts: ShownLiveCheck['facts']) {
  return table({
    caption: 'Facts that were verified',
    columns: [{ name: 'Fact' }, { name: 'Expected' }, { name: 'Found' }, { name: 'Consequence' }, { name: 'Verified' }],
    rows: facts.map(({ fact, expected, found, state: word, consequence, verifiedAt }) => ({
      key: fact,
      cells: [
        fact,
        expected,
        word === 'ok' ? found : html`<strong class="bad">${word}: ${found}</strong>`,
        consequence,
        moment(verifiedAt),
      ],
    })),
    empty: '',
  });
}

const listOf = (lines: readonly string[]) => html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

async function start(): Promise<void> {
  update({ confirming: false });
  const reply = await request<{ message: string }>('POST', path, { consent: true });
  notify(reply.ok ? reply.body.message : reply.error, { tone: reply.ok ? 'good' : 'bad' });
  await loadLiveCheck();
}

function update(part: Partial<typeof state.liveCheck>): void {
  change({ liveCheck: { ...state.liveCheck, ...part } });
}
