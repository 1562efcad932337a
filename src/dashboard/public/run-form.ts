/** Form that starts a sync: the options of POST /sync/{resource} that the resource supports. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { request } from './api.ts';
import { change, mayAct, notify } from './state.ts';

const deletable = ['categories', 'products'];

/** The sync that was answered with `confirmation-required`, and what it would send. */
let unconfirmed: { resource: string; text: string } | undefined;

export function runForm(resource: string): TemplateResult {
  const isOrders = resource === 'orders';
  const becomesEvents = isOrders || resource === 'carts';
  return html`<details>
    <summary>Options</summary>
    <label>Only these ids, separated by spaces, commas or lines<textarea name="ids" rows="2"></textarea></label>
    <label>Only records changed since a time (2026-03-01T06:00:00Z) or <code>last</code>, the last complete sync
      <input name="since" autocomplete="off" spellcheck="false" /></label>
    ${isOrders ? html`<label>Start at this id, in the order of ids <input name="startId" /></label>` : nothing}
    <label><input type="checkbox" name="force" /> Force update: also write records that are unchanged in Klaviyo</label>
    ${
      becomesEvents
        ? html`<label><input type="checkbox" name="triggerFlows" /> Trigger flows (for ${resource} that were missed)</label>`
        : nothing
    }
    ${
      deletable.includes(resource)
        ? html`<label><input type="checkbox" name="deleteAll" /> Delete all ${resource} in Klaviyo, also those of other apps</label>
            <label>To delete them, type <code>${resource}</code> <input name="confirmDeletion" autocomplete="off" /></label>`
        : nothing
    }
  </details>
  ${unconfirmed?.resource === resource ? confirmationView(unconfirmed) : nothing}`;
}

function confirmationView({ resource, text }: { resource: string; text: string }): TemplateResult {
  return html`<div class="box" role="alert">
    <p>${text} Customers may get e-mails.</p>
    <label>To start it, type <code>${resource}</code> <input name="confirmFlows" autocomplete="off" spellcheck="false" /></label>
  </div>`;
}

/** Starts the sync of the form. */
export async function startRun(event: Event, resource: string): Promise<void> {
  event.preventDefault();
  const form = event.currentTarget;
  if (!(form instanceof HTMLFormElement) || !mayAct()) return;
  const fields = new FormData(form);
  const isConfirmed = unconfirmed?.resource === resource && fields.get('confirmFlows') === resource;
  const sync = { ...requestOf(fields), ...(isConfirmed ? { confirm: 'flows' } : {}) };
  const { ok, body, error } = await request<{ message: string }>('POST', `/sync/${resource}`, sync);
  unconfirmed = undefined;
  if (ok) {
    form.reset();
    notify(body.message);
  } else if (body.code === 'confirmation-required') {
    const count = `${body.isExact ? 'up to' : 'about'} ${body.events} events`;
    unconfirmed = {
      resource,
      text: `This sync sends ${count} that can trigger flows (${body.records} ${resource}).`,
    };
    change();
  } else notify(error, { tone: 'bad' });
}

function requestOf(form: FormData): Record<string, unknown> {
  const text = (name: string) => String(form.get(name) ?? '').trim();
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
