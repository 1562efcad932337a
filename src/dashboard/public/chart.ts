/** `<time-chart>`: bars or lines over days or times, with axes and a tooltip. */
import uPlot from 'uplot';

export interface ChartSeries {
  label: string;
  values: readonly (number | null)[];
  /** A color of the style sheet, such as `--accent`. */
  color: string;
}

export interface ChartContent {
  /** Stacked bars, or lines. */
  type: 'bars' | 'lines';
  /** One for each value. */
  labels: readonly string[];
  series: readonly ChartSeries[];
  height: number;
  format(value: number): string;
  /** Of the axis; absent: `format`. */
  axis?(value: number): string;
  /** More lines of the tooltip. */
  note?(index: number): string | undefined;
}

const axisFont = '11px system-ui, sans-serif';
const dark = matchMedia('(prefers-color-scheme: dark)');
const minLabelWidth = 62;

class TimeChart extends HTMLElement {
  #plot: uPlot | undefined;
  #content: ChartContent | undefined;
  #drawn = '';
  #remake = () => this.#make();
  #resize = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (this.#plot && this.#content && width > 0 && width !== this.#plot.width)
      this.#plot.setSize({ width, height: this.#content.height });
    else if (!this.#plot && width > 0) this.#make();
  });

  /** Redraws only when something has changed, so that a tooltip stays. */
  set content(content: ChartContent) {
    this.#content = content;
    const drawn = JSON.stringify(content);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    if (this.isConnected) this.#make();
  }

  connectedCallback() {
    dark.addEventListener('change', this.#remake);
    this.#resize.observe(this);
  }

  disconnectedCallback() {
    dark.removeEventListener('change', this.#remake);
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #make() {
    const content = this.#content;
    const width = Math.floor(this.clientWidth);
    if (!content || width === 0) return;
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const isBars = content.type === 'bars';
    const series = content.series.map(({ color: name }): uPlot.Series => {
      if (isBars) return { fill: color(name), width: 0, ...(bars ? { paths: bars } : {}), points: { show: false } };
      return { stroke: color(name), width: 2, spanGaps: true, points: { show: true, size: 4, fill: color(name) } };
    });
    const axis = { stroke: color('--quiet'), font: axisFont, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        ...{ width, height: content.height, padding: [8, 4, 0, 0] },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        legend: { show: false },
        scales: {
          x: { time: false, range: (_plot, min, max) => [min - 0.6, max + 0.6] },
          y: { range: (_plot, _min, max) => [0, niceMax(max)] },
        },
        axes: [
          {
            ...axis,
            ...{ grid: { show: false }, size: 22, gap: 4, space: minLabelWidth },
            incrs: [1, 2, 3, 6, 12, 24],
            values: (_plot, splits) => splits.map((index) => content.labels[index] ?? ''),
          },
          {
            ...axis,
            ...{ size: 40, gap: 4, space: 28, grid: { stroke: color('--edge'), width: 1 } },
            values: (_plot, splits) =>
              splits.map((value) => (value === 0 ? '0' : (content.axis ?? content.format)(value))),
          },
        ],
        series: [{}, ...series],
        plugins: [tooltip(content)],
      },
      toPlotData(content),
      this,
    );
  }
}

const bars = uPlot.paths.bars?.({ size: [0.7, 22], radius: 0.15 });

/** Keeps room above the highest value, and an axis without any. */
function niceMax(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.1;
}

/** Stacked bars are drawn from the sum of all to the first alone. */
function toPlotData({ type, labels, series }: ChartContent): uPlot.AlignedData {
  const indexes = labels.map((_label, index) => index);
  if (type === 'lines') return [indexes, ...series.map(({ values }) => [...values])];
  const sums = series.map((_series, from) =>
    indexes.map((index) => series.slice(from).reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
  );
  return [indexes, ...sums];
}

function tooltip({ labels, series, format, note }: ChartContent): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'tooltip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => void plot.over.append(box),
      setCursor(plot) {
        const index = plot.cursor.idx;
        box.hidden = index === undefined || index === null || (plot.cursor.left ?? -1) < 0;
        if (box.hidden || typeof index !== 'number') return;
        const lines = series.map(({ label, values }) => {
          const value = values[index];
          return `${label}: ${value === null || value === undefined ? '–' : format(value)}`;
        });
        const heading = document.createElement('strong');
        heading.textContent = labels[index] ?? '';
        const extra = note?.(index);
        box.replaceChildren(
          heading,
          ...[...lines, ...(extra ? [extra] : [])].map((line) => {
            const element = document.createElement('div');
            element.textContent = line;
            return element;
          }),
        );
        const left = plot.valToPos(index, 'x');
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? '' : `${left + 10}px`;
        box.style.right = isRight ? `${plot.over.clientWidth - left + 10}px` : '';
      },
    },
  };
}

customElements.define('time-chart', TimeChart);
