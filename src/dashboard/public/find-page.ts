/** Find: the deliveries of a record, searched by any of its identifiers, and a button that sends it again. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { FindResult, FoundRecord, TimelineEntry } from '../../engine/find/schema.ts';
import { request } from './api.ts';
import { moment, plural } from './format.ts';
import type { DashboardPage } from './page.ts';
import { change, isPending, mayAct, notify, once, state } from './state.ts';
import { table } from './table.ts';

export const findPage: DashboardPage = { key: 'find', name: 'Find', show: findView, load: loadFind };

let requested = '';
let answer: { busy: boolean; result?: FindResult; error: string } = { busy: false, error: '' };
/** What would be sent, by the id of the record; read when it is unfolded. */
const fields = new Map<string, string>();

function show(next: Partial<typeof answer>): void {
  answer = { busy: false, error: '', ...next };
  change();
}

function loadFind([text = '']: readonly string[]): void {
  if (text !== '' && text !== requested) void find(text);
}

async function find(text: string): Promise<void> {
  requested = text;
  fields.clear();
  show({ busy: true });
  const reply = await request<FindResult>('GET', `/find?text=${encodeURIComponent(text)}`);
  if (requested === text) show(reply.ok ? { result: reply.body } : { error: reply.error });
}

function findView(): TemplateResult {
  const { busy, result, error } = answer;
  const [text = ''] = state.route.rest;
  return html`
    <form class="tools" role="search" @submit=${submit}>
      <label class="grow">Order number, customer number, e-mail, SKU, key or id
        <input name="text" type="search" required maxlength="256" .value=${text} autocomplete="off" spellcheck="false" />
      </label>
      <button class="main">Find</button>
    </form>
    ${busy ? html`<p role="status" class="empty">Reading commercetools and Klaviyo…</p>` : nothing}
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing} ${result ? resultView(result) : nothing}
  `;
}

function submit(event: SubmitEvent): void {
  event.preventDefault();
  if (!(event.currentTarget instanceof HTMLFormElement)) return;
  const text = String(new FormData(event.currentTarget).get('text')).trim();
  const hash = `#find/${encodeURIComponent(text)}`;
  if (location.hash === hash) void find(text);
  else location.hash = hash;
}

function resultView({ matches, more, notes }: FindResult): TemplateResult {
  return html`
    ${matches.length === 0 ? html`<p role="status" class="empty">Nothing in commercetools matches.</p>` : nothing}
    ${matches.map(matchView)}
    ${more > 0 ? html`<p class="quiet">${plural(more, 'more record')} match; search for an id.</p>` : nothing}
    ${notes.map((note) => html`<p class="hint">${note}</p>`)}
  `;
}

function matchView({ record, name, sentence, timeline, klaviyo }: FoundRecord): TemplateResult {
  const profile = klaviyo.profileId ? `, Klaviyo profile ${klaviyo.profileId}` : '';
  return html`<section class="card" aria-label=${name}>
    <h2>${sentence}</h2>
    <p class="quiet small">${record.typeId} <span class="id">${record.id}</span>${profile}</p>
    ${table({
      caption: `Timeline of ${name}`,
      columns: [{ name: 'Time' }, { name: 'What' }, { name: 'Outcome' }, { name: 'Details' }],
      rows: timeline.map((entry, index) => ({
        key: `${index} ${entry.at}`,
        cells: [
          html`<time datetime=${entry.at}>${moment(entry.at)}</time>`,
          subjectOf(entry),
          outcomeOf(entry),
          detailsOf(entry),
        ],
      })),
      empty: 'No delivery in the log. Syncs are not logged by record.',
    })}
    ${
      mayAct()
        ? html`<p><button ?disabled=${isPending(`again ${record.id}`)} @click=${() => sendAgain(record, name)}>Send again</button>
            <span class="quiet">Its events trigger no flows.</span></p>`
        : nothing
    }
    <details @toggle=${(event: Event) => loadFields(event, record)}>
      <summary>Fields (personal data)</summary>
      ${fieldsView(record)}
    </details>
  </section>`;
}

function subjectOf({ subject, count = 1 }: TimelineEntry): string {
  return count > 1 ? `${subject} × ${count}` : subject;
}

function outcomeOf({ outcome, source }: TimelineEntry): TemplateResult {
  const text = source === 'klaviyo' ? 'recorded in Klaviyo (time of the event)' : outcome;
  return html`<span class=${outcome === 'rejected' || outcome === 'failed' ? 'bad' : ''}>${text}</span>`;
}

function detailsOf({ reason, attempt, klaviyoErrorId }: TimelineEntry): string {
  const error = klaviyoErrorId ? `Klaviyo's error id ${klaviyoErrorId}` : undefined;
  return [reason, attempt ? `attempt ${attempt}` : undefined, error].filter((part) => part !== undefined).join('; ');
}

function sendAgain({ typeId, id }: FoundRecord['record'], name: string): Promise<void> {
  return once(`again ${id}`, async () => {
    const { ok, body, error } = await request<{ outcome: string; reason?: string }>('POST', '/find', {
      type: typeId,
      id,
    });
    const outcome = body.reason ? `${body.outcome}: ${body.reason}` : body.outcome;
    notify(`${name}: ${outcome ?? error}`, { tone: ok && body.outcome !== 'rejected' ? 'good' : 'bad' });
    await find(requested);
  });
}

async function loadFields(event: Event, { id }: FoundRecord['record']): Promise<void> {
  const isOpen = event.currentTarget instanceof HTMLDetailsElement && event.currentTarget.open;
  if (!isOpen || fields.has(id)) return;
  fields.set(id, 'Reading…');
  change();
  const reply = await request<FindResult>('GET', `/find?text=${encodeURIComponent(id)}&full=true`);
  const changes = reply.ok ? reply.body.matches.find(({ record }) => record.id === id)?.changes : undefined;
  fields.set(id, reply.ok ? JSON.stringify(changes ?? [], undefined, 2) : reply.error);
  change();
}

function fieldsView({ id }: FoundRecord['record']): TemplateResult | typeof nothing {
  return fields.has(id) ? html`<pre tabindex="0">${fields.get(id)}</pre>` : nothing;
}
