/**
 * HTML page at `/` that shows the state of the mock account. Self-contained; polls the JSON endpoints under /sandbox
 * every two seconds.
 */

const style = `
  :root {
    color-scheme: light dark;
    --back: light-dark(#ffffff, #11161d); --box: light-dark(#f4f6f9, #1a212b); --text: light-dark(#17202c, #e6ebf2);
    --quiet: light-dark(#4d5a6b, #a5b1c2); --edge: light-dark(#c9d1dc, #3a4554); --main: light-dark(#1d4ed8, #8ab4ff);
    --on-main: light-dark(#ffffff, #0c1117); --bad: light-dark(#b3261e, #ff9d94);
  }
  * { box-sizing: border-box; }
  body { background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1.5rem; }
  h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
  header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-bottom: 1rem; }
  header p, .note { color: var(--quiet); margin: 0; }
  main { display: grid; gap: 1rem; }
  section { background: var(--box); border: 1px solid var(--edge); border-radius: .5rem; padding: 1rem; }
  .scroll { overflow-x: auto; }
  #tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); margin-bottom: 1rem; }
  #tiles div { background: var(--box); border: 1px solid var(--edge); border-radius: .5rem; padding: .6rem .9rem; }
  #tiles b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
  #tiles span { color: var(--quiet); }
  #faults { display: flex; flex-wrap: wrap; gap: .5rem; }
  button { background: var(--back); border: 1px solid var(--edge); border-radius: .4rem; color: var(--text); cursor: pointer; font: inherit; padding: .35rem .8rem; }
  button[aria-pressed=true] { background: var(--main); border-color: var(--main); color: var(--on-main); }
  table { border-collapse: collapse; width: 100%; } th { color: var(--quiet); font-weight: 500; text-align: left; }
  th, td { border-bottom: 1px solid var(--edge); max-width: 26rem; overflow: hidden; padding: .3rem 1rem .3rem 0; text-overflow: ellipsis; vertical-align: top; white-space: nowrap; }
  td.number { font-variant-numeric: tabular-nums; } tr:last-child td { border-bottom: 0; }
  .bad { color: var(--bad); font-weight: 600; }
`;

const script = `
  const latest = 12;
  const by = (id) => document.getElementById(id);
  const read = async (path) => (await fetch('/sandbox/' + path)).json();
  const element = (name, text, className) => {
    const made = document.createElement(name);
    made.textContent = text ?? '–';
    if (className) made.className = className;
    return made;
  };
  function table(id, heads, rows) {
    const made = document.createElement('table');
    const head = made.insertRow();
    for (const name of heads) head.append(element('th', name));
    for (const cells of rows) {
      const row = made.insertRow();
      for (const cell of cells) {
        const made = element('td', String(cell ?? '–'), typeof cell === 'number' ? 'number' : '');
        made.title = made.textContent;
        row.append(made);
      }
    }
    by(id).replaceChildren(rows.length ? made : element('p', 'Nothing yet.', 'note'));
  }
  const name = (p) => [p.first_name, p.last_name].filter(Boolean).join(' ') || '–';
  const who = (p) => p.email ?? p.external_id ?? p.id;
  const time = (text) => new Date(text).toLocaleString();

  async function refresh() {
    const [state, events, profiles, items, categories, requests] = await Promise.all([
      read('state'), read('events?latest=' + latest), read('profiles?latest=' + latest),
      read('items?latest=' + latest), read('categories?latest=' + latest), read('requests'),
    ]);
    const tiles = { profiles: state.profiles, events: state.events, items: state.items, variants: state.variants,
      categories: state.categories, requests: state.requests, 'throttled (429)': state.throttled, 'back in stock': state.backInStock.length };
    by('tiles').replaceChildren(...Object.entries(tiles).map(([label, count]) => {
      const tile = document.createElement('div');
      tile.append(element('b', count.toLocaleString(), label === 'throttled (429)' && count ? 'bad' : ''), element('span', label));
      return tile;
    }));
    table('metrics', ['Metric', 'Events', 'Would trigger flows'],
      Object.entries(state.eventsByMetric).map(([metric, count]) => [metric, count, state.wouldTriggerFlows[metric] ?? 0]));
    table('events', ['Time', 'Metric', 'Profile', 'Value', 'unique_id'],
      events.data.map((e) => [time(e.time), e.metric, who(e.profile), e.value === null ? '–' : e.value + ' ' + (e.value_currency ?? ''), e.unique_id]));
    table('profiles', ['E-mail', 'Name', 'external_id', 'Phone', 'City'],
      profiles.data.map((p) => [p.email, name(p), p.external_id, p.phone_number, p.location.city]));
    table('items', ['Item', 'Price', 'Variants (stock)', 'Categories'],
      items.data.map((i) => [i.title + ' · ' + i.external_id, i.price, i.variants.map((v) => v.sku + ' (' + v.inventory_quantity + ')').join(', ') || '–', i.categories.length]));
    table('categories', ['Category', 'external_id', 'Items'], categories.data.map((c) => [c.name, c.external_id, c.items.length]));
    const statuses = [...new Set(Object.values(requests.counts).flatMap(Object.keys))].sort();
    table('operations', ['Operation', ...statuses],
      Object.entries(requests.counts).map(([operation, counts]) => [operation, ...statuses.map((status) => counts[status] ?? '')]));
    table('requests', ['At', 'Request', 'Status', 'ms', 'Errors'],
      requests.latest.slice(0, latest).map((r) => [new Date(r.at).toLocaleTimeString(), r.method + ' ' + r.path.split('?')[0], r.status, r.ms, r.errors.join(', ')]));
  }

  async function showFaults() {
    const faults = await read('named-faults');
    const buttons = faults.map(({ name, title, active }) => {
      const button = by('fault-' + name) ?? element('button', title);
      button.id = 'fault-' + name;
      button.setAttribute('aria-pressed', String(active));
      button.onclick = async () => {
        await fetch('/sandbox/named-faults/' + name, { method: button.getAttribute('aria-pressed') === 'true' ? 'DELETE' : 'PUT' });
        await showFaults();
      };
      return button;
    });
    if (!by('faults').childElementCount) by('faults').replaceChildren(...buttons);
  }

  async function loop() {
    try {
      if (!document.hidden) await Promise.all([refresh(), showFaults()]);
      by('live').textContent = 'updated ' + new Date().toLocaleTimeString();
    } catch {
      by('live').textContent = 'the sandbox is not responding';
    }
    setTimeout(loop, 2000);
  }
  loop();
`;

const sections = [
  ['metrics', 'Events by metric'],
  ['events', 'Latest events'],
  ['profiles', 'Latest profiles'],
  ['items', 'Latest items'],
  ['categories', 'Latest categories'],
  ['operations', 'Requests by operation and status'],
  ['requests', 'Latest requests'],
].map(([id, title]) => `<section><h2>${title}</h2><div class="scroll" id="${id}"></div></section>`);

export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Klaviyo sandbox</title>
<style>${style}</style>
</head>
<body>
<header><h1>Klaviyo sandbox</h1><p>Mock account: no emails are sent.</p><p id="live" role="status"></p></header>
<div id="tiles"></div>
<main><section><h2>Faults</h2><p class="note">A pressed one is active; press it again to end it.</p><div id="faults"></div></section>${sections.join('')}</main>
<script>${script}</script>
</body>
</html>
`;
