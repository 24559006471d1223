export type SignalName =
  | 'off_hour'
  | 'off_hour_lasting'
  | 'new_shape'
  | 'off_trend'
  | 'new_level'
  | 'new_mix'
  | 'new_restlessness'
  | 'new_level_lasting'

export const signalTables: readonly (readonly [SignalName, readonly number[]])[] = [
  ['off_hour', []],
  ['off_hour_lasting', []],
  ['new_shape', []],
  ['off_trend', []],
  ['new_level', []],
  ['new_mix', []],
  ['new_restlessness', []],
  ['new_level_lasting', []],
]
