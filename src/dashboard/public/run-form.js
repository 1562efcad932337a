/** Form that starts a sync: the options of POST /sync/{resource} that the resource supports. */
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.js';
import { change, mayAct, notify } from './state.js';

const deletable = ['categories', 'products'];

/** The sync that was answered with `confirmation-required`, and what it would send. */
let unconfirmed;

export function runForm(resource) {
  const isOrders = resource === 'orders';
  return html`<details>
    <summary>Options</summary>
    <label>Only these ids, parted by blanks, commas or lines<textarea name="ids" rows="2"></textarea></label>
    <label>Only what changed since a time (2026-03-01T06:00:00Z) or <code>last</code>, the last complete sync
      <input name="since" autocomplete="off" spellcheck="false" /></label>
    ${isOrders ? html`<label>From this id on, in id order <input name="startId" /></label>` : nothing}
    <label><input type="checkbox" name="force" /> Write also what Klaviyo holds already</label>
    ${
      isOrders
        ? html`<label><input type="checkbox" name="triggerFlows" /> Let the events trigger flows (a repair of missed orders)</label>`
        : nothing
    }
    ${
      deletable.includes(resource)
        ? html`<label><input type="checkbox" name="deleteAll" /> Delete all ${resource} in Klaviyo, also those from elsewhere</label>
            <label>To delete them, type <code>${resource}</code> <input name="confirmDeletion" autocomplete="off" /></label>`
        : nothing
    }
  </details>
  ${unconfirmed?.resource === resource ? confirmationView(resource) : nothing}`;
}

function confirmationView(resource) {
  return html`<div class="box" role="alert">
    <p>${unconfirmed.text} Customers may get e-mails.</p>
    <label>To start it, type <code>${resource}</code> <input name="confirmFlows" autocomplete="off" spellcheck="false" /></label>
  </div>`;
}

/** Starts the sync of the form. */
export async function startRun(event, resource) {
  event.preventDefault();
  const form = event.currentTarget;
  if (!mayAct()) return;
  const fields = new FormData(form);
  const isConfirmed = unconfirmed?.resource === resource && fields.get('confirmFlows') === resource;
  const sync = { ...requestOf(fields), ...(isConfirmed ? { confirm: 'flows' } : {}) };
  const { ok, body, error } = await request('POST', `/sync/${resource}`, sync);
  unconfirmed = undefined;
  if (ok) {
    form.reset();
    notify(body.message);
  } else if (body.code === 'confirmation-required') {
    const text = `This sync sends ${body.isExact ? 'up to' : 'about'} ${body.events} events that can trigger flows (${body.records} ${resource}).`;
    unconfirmed = { resource, text };
    change({});
  } else notify(error, { tone: 'bad' });
}

function requestOf(form) {
  const text = (name) => String(form.get(name) ?? '').trim();
  const ids = text('ids')
    .split(/[\s,]+/)
    .filter((id) => id !== '');
  return {
    ...(ids.length > 0 ? { ids } : {}),
    ...(text('startId') ? { startId: text('startId') } : {}),
    ...(text('since') ? { since: text('since') } : {}),
    ...(form.has('force') ? { force: true } : {}),
    ...(form.has('triggerFlows') ? { backfill: false } : {}),
    ...(form.has('deleteAll') ? { deleteAll: true } : {}),
    ...(text('confirmDeletion') ? { confirmDeletion: text('confirmDeletion') } : {}),
  };
}
