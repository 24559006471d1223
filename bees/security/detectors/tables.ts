export type SignalName =
  | 'off_hour'
  | 'off_hour_lasting'
  | 'new_shape'
  | 'off_trend'
  | 'new_level'
  | 'new_mix'
  | 'new_restlessness'
  | 'new_level_lasting'

/**
 * What values of each signal are rare: the value that one point in 100 exceeds, then by quarter decades (see `tableTails`) to
 * one in 100 000. Learnt from all scored rows of the benchmark without its labels; `npm run bench:nab` learns them again and
 * says when they differ.
 */
export const signalTables: readonly (readonly [SignalName, readonly number[]])[] = [
  ['off_hour', [2.143, 2.382, 2.587, 2.816, 3.023, 3.243, 3.493, 3.65, 3.828, 3.903, 4.039, 4.201, 4.239]],
  ['off_hour_lasting', [2.206, 2.497, 2.782, 3.115, 3.397, 3.586, 3.754, 3.848, 3.96, 4.05, 4.18, 4.239, 4.333]],
  ['new_shape', [1.98, 2.257, 2.549, 2.875, 3.193, 3.48, 3.697, 3.844, 3.932, 4.098, 4.201, 4.334, 4.374]],
  ['off_trend', [0, 0, 0, 0, 0.003493, 0.01589, 0.06825, 0.2553, 0.4801, 0.8907, 1.896, 2.679, 6.044]],
  ['new_level', [0.001217, 0.004079, 0.00878, 0.017, 0.03437, 0.08374, 0.1764, 0.35, 0.7452, 1.209, 1.6, 2.013, 4.981]],
  ['new_mix', [0, 0, 0.0004986, 0.02714, 0.0504, 0.07035, 0.08658, 0.1049, 0.1317, 0.1574, 0.1825, 0.2202, 0.3258]],
  ['new_restlessness', [0, 0, 0, 0.003813, 0.02128, 0.04914, 0.09268, 0.162, 0.2765, 0.3707, 0.663, 0.9131, 0.9821]],
  [
    'new_level_lasting',
    [0.003209, 0.006793, 0.01556, 0.03192, 0.05101, 0.07713, 0.1163, 0.1644, 0.2332, 0.2987, 0.4902, 0.8238, 1.407],
  ],
]
