/** `<rate-plot>`: a small chart of delivered and rejected changes in the last minutes. */
import uPlot from '/dashboard/lib/uplot/uPlot.esm.js';

const width = 150;
const height = 34;
const dark = matchMedia('(prefers-color-scheme: dark)');

class RatePlot extends HTMLElement {
  #plot;
  #values = { delivered: [], rejected: [] };
  #remake = () => this.#make();

  set values(values) {
    this.#values = values;
    if (this.#plot) this.#plot.setData(this.#data());
    else if (this.isConnected) this.#make();
  }

  connectedCallback() {
    dark.addEventListener('change', this.#remake);
    this.#make();
  }

  disconnectedCallback() {
    dark.removeEventListener('change', this.#remake);
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  /** Rejected changes are the lower part of each bar. */
  #data() {
    const { delivered, rejected } = this.#values;
    const all = delivered.map((count, index) => count + rejected[index]);
    return [all.map((_count, index) => index), all, rejected];
  }

  #make() {
    if (this.#values.delivered.length === 0) return;
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const paths = uPlot.paths.bars({ size: [1, 4] });
    const bars = (name) => ({ fill: style.getPropertyValue(name), width: 0, paths, points: { show: false } });
    this.#plot = new uPlot(
      {
        width,
        height,
        padding: [3, 0, 3, 0],
        cursor: { show: false },
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { time: false }, y: { range: (_plot, _least, most) => [0, Math.max(1, most)] } },
        series: [{}, bars('--good'), bars('--bad')],
      },
      this.#data(),
      this,
    );
  }
}

customElements.define('rate-plot', RatePlot);
