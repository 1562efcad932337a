import type { Scenario } from './scenarios.ts';
export const realtime: Record<string, Scenario> = {};
