import { destruction, escalation, exfiltration, weakening } from './data-and-power.ts'
import { bruteForce, distributed, guessed, secondFactor, spraying, stuffing } from './guessing.ts'
import {
  forgedTokens,
  leakedKey,
  policyProbing,
  rateLimits,
  scanning,
  scraping,
  secretKeyAtLarge,
} from './keys-and-doors.ts'
import {
  cardTesting,
  enumeration,
  fakeAccounts,
  forgedWebhooks,
  oddMetric,
  pumping,
  silence,
} from './money-and-noise.ts'
import type { Scenario } from './scene.ts'
import { dormant, downgrade, newDevice, sharing, stolenSession, travel } from './taken-over.ts'

/** The attack behind each number of the table of detections. */
export const scenarios: Readonly<Record<number, Scenario>> = {
  1: bruteForce,
  2: stuffing,
  3: spraying,
  4: distributed,
  5: guessed,
  6: travel,
  7: newDevice,
  8: stolenSession,
  9: secondFactor,
  10: downgrade,
  11: leakedKey,
  12: secretKeyAtLarge,
  13: rateLimits,
  14: scraping,
  15: scanning,
  16: policyProbing,
  17: escalation,
  18: exfiltration,
  19: destruction,
  20: forgedWebhooks,
  21: cardTesting,
  22: fakeAccounts,
  23: pumping,
  24: dormant,
  25: enumeration,
  26: forgedTokens,
  27: sharing,
  28: silence,
  29: weakening,
  30: oddMetric,
}
export const allDetections: readonly number[] = Object.keys(scenarios).map(Number)
export type { Distortion, Scene } from './scene.ts'
