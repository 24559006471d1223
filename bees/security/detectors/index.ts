/**
 * The detector for metric streams: pure, streaming, deterministic, imports nothing but this folder.
 *
 * `openStream(options, storedState?)` gives an object with `push(point)` and `toJSON()`: the fast way, it works on arrays.
 * `newStream` and `step` are the same as functions from state to state, at the price of reading and writing the state at
 * every point. Both give bit for bit the same results, however the points are cut into batches.
 */
export { DetectorError, type DetectorProblem } from './errors.ts'
export { type Explanation, explain } from './explain.ts'
export { type StreamState, stateVersion } from './state.ts'
export {
  defaultOptions,
  defaultThreshold,
  fewAlertsThreshold,
  newStream,
  openStream,
  type Part,
  type Point,
  type PointResult,
  type Stream,
  type StreamOptions,
  step,
} from './stream.ts'
export type { SignalName } from './tables.ts'
