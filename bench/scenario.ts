/** The shape of a benchmark scenario. */
import type { Figures } from './measure.ts';

/** Inclusive bounds of one figure. */
export interface Bound {
  figure: string;
  max?: number;
  min?: number;
}

/** The service never needs more than the container for which its heap is limited (environment.ts). */
export const fitsContainer: Bound = { figure: 'peak MB', max: 512 };

/** One scenario: returns figures by title, which must be within the bounds. */
export interface Scenario {
  run(quick: boolean): Promise<Record<string, Figures>>;
  bounds: readonly Bound[];
}
