/** May be looked at, event by event, while rules are tuned. */
export const tuningSeeds: readonly number[] = [11, 12, 13, 14]

/**
 * NEVER used for tuning: nobody looks at what happens inside these worlds, nobody changes a rule because of one of them. Only
 * the sums are read. A seed from here that somebody had to look into moves to the tuning seeds and a new one takes its place.
 */
export const heldOutSeeds: readonly number[] = [90_001, 90_002, 90_003, 90_004]

/** For the independent set. Chosen before it was ever run against the rules. */
export const independentSeeds: readonly number[] = [71_001, 71_002, 71_003, 71_004]
