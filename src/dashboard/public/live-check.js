/** What was verified on test records in the accounts and when; starts it after a confirmation that names what will stay. */
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.js';
import { moment } from './format.js';
import { change, mayAct, notify, state } from './state.js';
import { table } from './table.js';

const path = '/dashboard/live-check';
const pollMs = 2_000;
let timer;

export async function loadLiveCheck() {
  clearTimeout(timer);
  const { ok, body, error } = await request('GET', path);
  update(ok ? { shown: body, error: '' } : { error });
  if (ok && body.activity !== undefined) timer = setTimeout(loadLiveCheck, pollMs);
}

export function liveCheckView() {
  const { shown, confirming, error } = state.liveCheck;
  return html`<section aria-labelledby="live-check">
    <h2 id="live-check">Verified in your accounts</h2>
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing}
    ${shown ? contentView(shown, confirming) : nothing}
  </section>`;
}

function contentView({ plan, verifiedAt, facts, activity, remaining, notStored }, confirming) {
  return html`
    <p class="quiet">
      What only a call on test records can verify. Last verified: <strong>${verifiedAt ? moment(verifiedAt) : 'never'}</strong>.
    </p>
    ${activity === undefined ? nothing : html`<p role="status">Under way: ${activity}</p>`}
    ${notStored ? html`<p class="bad">The findings are not stored: ${notStored}</p>` : nothing}
    ${remaining.length > 0 ? html`<p class="bad">May still be there, remove by hand:</p>${listOf(remaining)}` : nothing}
    ${factsTable(facts)}
    ${activity !== undefined ? nothing : confirming ? confirmationView(plan) : startButton()}
  `;
}

function startButton() {
  return html`<button ?disabled=${!mayAct()} aria-describedby="why-not" @click=${() => update({ confirming: true })}>
    Verify…
  </button>`;
}

function confirmationView({ creates, remains }) {
  return html`<div class="box" role="group" aria-label="Confirm the live check">
    <p>Creates test records in your accounts, with ids that begin with <code>ctk-live-check</code>, and removes them afterwards:</p>
    ${listOf(creates)}
    <p><strong>Can not be removed afterwards:</strong></p>
    ${listOf(remains)}
    <p class="buttons">
      <button class="main" ?disabled=${!mayAct()} @click=${start}>Create the test records</button>
      <button @click=${() => update({ confirming: false })}>Cancel</button>
    </p>
  </div>`;
}

function factsTable(facts) {
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
    empty: 'Nothing was verified yet.',
  });
}

const listOf = (lines) => html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

async function start() {
  update({ confirming: false });
  const { ok, body, error } = await request('POST', path, { consent: true });
  notify(ok ? body.message : error, { tone: ok ? 'good' : 'bad' });
  await loadLiveCheck();
}

function update(part) {
  change({ liveCheck: { ...state.liveCheck, ...part } });
}
