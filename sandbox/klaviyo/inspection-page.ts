/**
 * HTML page at `/` that shows the state of the mock account. Self-contained; polls the JSON endpoints under /sandbox
 * every two seconds.
 */

const style = `
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 62%, transparent); }
  body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1.5rem; }
  h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
  header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-bottom: 1rem; }
  header p, .note { color: var(--soft); margin: 0; }
  main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); }
  section { border: 1px solid var(--line); border-radius: .6rem; overflow-x: auto; padding: 1rem; }
  #tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin-bottom: 1.25rem; }
  #tiles div { border: 1px solid var(--line); border-radius: .6rem; min-width: 6.5rem; padding: .6rem .9rem; }
  #tiles b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
  table { border-collapse: collapse; width: 100%; } th { color: var(--soft); font-weight: 500; text-align: left; }
  th, td { border-bottom: 1px solid var(--line); padding: .25rem .75rem .25rem 0; vertical-align: top; overflow-wrap: anywhere; }
  td.number { font-variant-numeric: tabular-nums; white-space: nowrap; } tr:last-child td { border-bottom: 0; }
  .bad { color: light-dark(#b3261e, #ffb4ab); font-weight: 600; }
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
      for (const cell of cells) row.append(element('td', String(cell ?? '–'), typeof cell === 'number' ? 'number' : ''));
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
    table('events', ['When', 'Metric', 'Who', 'Value', 'unique_id'],
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

  async function loop() {
    try {
      if (!document.hidden) await refresh();
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
].map(([id, title]) => `<section><h2>${title}</h2><div id="${id}"></div></section>`);

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
<main>${sections.join('')}</main>
<script>${script}</script>
</body>
</html>
`;
