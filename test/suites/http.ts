/** Requests, hooks and telemetry. */
import { runTogether } from '../run-together.ts';

runTogether('test/{http,extension,telemetry}/*.test.ts');
