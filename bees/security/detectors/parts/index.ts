export { type Flow, type Node, newFlow } from '../flow.ts'
export { newMemory } from '../memory.ts'
export { autoregression } from './autoregression.ts'
export {
  absolute,
  change,
  difference,
  forecast,
  level,
  movingMean,
  movingMedian,
  movingSpread,
  standardised,
} from './basics.ts'
export { divergence } from './divergence.ts'
export { likelihood } from './likelihood.ts'
export { nearestShape } from './nearest-shape.ts'
export { profile } from './profile.ts'
export { rangeNovelty } from './range-novelty.ts'
export { shapeBook } from './shape-book.ts'
export { tailHistogram } from './tail-histogram.ts'
