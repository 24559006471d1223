import type { Cast } from '../cast.ts'
import { dormant, downgrade, newDevice, sharing, stolenSession, travel } from './accounts.ts'
import { asDocumented, asDrained } from './delivery.ts'
import { bruteForce, distributed, guessed, secondFactor, spraying, stuffing } from './guessing.ts'
import {
  fakeAccounts,
  forgedTokens,
  forgedWebhooks,
  leakedKey,
  rateLimits,
  secretKeyAtLarge,
  weakening,
} from './keys.ts'
import { groups } from './look-alikes/groups.ts'
import { calendarOf, type LookAlike } from './look-alikes/look-alike.ts'
import { jobsAndMachines } from './look-alikes/machines.ts'
import { occasions } from './look-alikes/occasions.ts'
import { placesAndPeople } from './look-alikes/places.ts'
import { serversAndLetters } from './look-alikes/servers.ts'
import { supportAtWork } from './look-alikes/support.ts'
import { volumes } from './look-alikes/volumes.ts'
import { cardTesting, escalation, oddMetric, pumping, silence } from './power-and-money.ts'
import { policyProbing, scanning, scraping } from './reading.ts'
import { destruction, enumeration, exfiltration } from './taking.ts'

export const lookAlikes: readonly LookAlike[] = [
  ...placesAndPeople,
  ...groups,
  ...jobsAndMachines,
  ...serversAndLetters,
  ...occasions,
  ...volumes,
  ...supportAtWork,
]

/** A second set of attacks and look-alikes, by somebody who had read no rule. See docs/attacks.md. */
export const independentCast: Cast = {
  scenarios: {
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
  },
  // Slow ones last up to six and a half days, so the two of a kind share the fortnight: one has the first days, the other the rest.
  shareOf: (detection, pace, random) => {
    if (detection % 2 === 1) return pace === 'slow' ? random.between(0, 0.11) : random.between(0.66, 1)
    return pace === 'fast' ? random.between(0, 0.45) : random.between(0.46, 0.57)
  },
  processesOf: (random, days) => calendarOf(lookAlikes, random, days),
  deliver: asDocumented,
}

/** The same, as a project hears of it that has wired nothing but Supabase's own sources. */
export const drainedCast: Cast = { ...independentCast, deliver: asDrained }
