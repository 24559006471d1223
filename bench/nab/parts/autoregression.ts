import type { Flow, Node } from '../../../bees/security/detectors/parts/index.ts'

/**
 * The error of a linear forecast from the last `order` numbers (they should be standardised), fitted by recursive least
 * squares with forgetting. A surprise teaches no more than `clip` would, so that one spike does not bend the model.
 */
export function autoregression(flow: Flow, input: Node, order = 8, forgetting = 0.999, clip = 3): Node {
  return flow.node(`ar(${input.key},${order},${forgetting})`, () => {
    const weights = flow.memory.takeDouble(order)
    const covariance = flow.memory.takeDouble(order * order)
    const past = flow.memory.take(order)
    for (let index = 0; index < order; index++) covariance[index * order + index] = 10
    const gain = new Float64Array(order)
    return () => {
      const x = Math.fround(input.value)
      let predicted = 0
      for (let index = 0; index < order; index++) predicted += (weights[index] ?? 0) * (past[index] ?? 0)
      predicted = Math.max(-20, Math.min(20, predicted))
      const error = x - predicted
      let scale = forgetting
      for (let row = 0; row < order; row++) {
        let sum = 0
        for (let column = 0; column < order; column++)
          sum += (covariance[row * order + column] ?? 0) * (past[column] ?? 0)
        gain[row] = sum
        scale += sum * (past[row] ?? 0)
      }
      const learned = Math.max(-clip, Math.min(clip, error))
      for (let row = 0; row < order; row++) weights[row] = (weights[row] ?? 0) + ((gain[row] ?? 0) / scale) * learned
      for (let row = 0; row < order; row++) {
        for (let column = 0; column <= row; column++) {
          const at = row * order + column
          let next = ((covariance[at] ?? 0) - ((gain[row] ?? 0) * (gain[column] ?? 0)) / scale) / forgetting
          // Without excitement the covariance would grow without bound.
          if (row === column) next = Math.min(Math.max(next, 1e-9), 100)
          covariance[at] = next
          covariance[column * order + row] = next
        }
      }
      past.copyWithin(1, 0, order - 1)
      past[0] = x
      return Math.abs(error)
    }
  })
}
