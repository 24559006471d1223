export { type Flow, type Node, newFlow } from '../flow.ts'
export { newMemory } from '../memory.ts'
export {
  absolute,
  change,
  difference,
  forecast,
  level,
  movingMean,
  movingMedian,
  movingSpread,
  ring,
  standardised,
} from './basics.ts'
export { divergence } from './divergence.ts'
export { nearestShape } from './nearest-shape.ts'
export { profile } from './profile.ts'
export { rangeNovelty } from './range-novelty.ts'
export { type TailHistogram, tailHistogram } from './tail-histogram.ts'
