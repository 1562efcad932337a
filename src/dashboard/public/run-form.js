/** Form that starts a sync: the options of POST /sync/{resource} that the resource supports. */
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.ts';
import { mayAct, notify } from './state.ts';

const deletable = ['categories', 'products'];

export function runForm(resource) {
  const isOrders = resource === 'orders';
  return html`<details>
    <summary>Options</summary>
    <label>Only these ids, separated by spaces, commas or lines<textarea name="ids" rows="2"></textarea></label>
    <label>Only records changed since a time (2026-03-01T06:00:00Z) or <code>last</code>, the last complete sync
      <input name="since" autocomplete="off" spellcheck="false" /></label>
    ${isOrders ? html`<label>Start at this id, in the order of ids <input name="startId" /></label>` : nothing}
    <label><input type="checkbox" name="force" /> Force update: also write records that are unchanged in Klaviyo</label>
    ${
      isOrders
        ? html`<label><input type="checkbox" name="triggerFlows" /> Trigger flows (for orders that were missed)</label>`
        : nothing
    }
    ${
      deletable.includes(resource)
        ? html`<label><input type="checkbox" name="deleteAll" /> Delete all ${resource} in Klaviyo, also those of other apps</label>
            <label>To delete them, type <code>${resource}</code> <input name="confirmDeletion" autocomplete="off" /></label>`
        : nothing
    }
  </details>`;
}

/** Starts the sync of the form. */
export async function startRun(event, resource) {
  event.preventDefault();
  const form = event.currentTarget;
  if (!mayAct()) return;
  const { ok, body, error } = await request('POST', `/sync/${resource}`, requestOf(new FormData(form)));
  if (ok) {
    form.reset();
    notify(body.message);
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
