import { createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { analyzeSecurity } from '../../../../bees/security/analysis/analyze-security.ts'
import { detectAnomaly } from '../../../../bees/security/analysis/detect-anomaly.ts'
import type { CompiledRules } from '../../../../bees/security/rules/index.ts'
import type { SecurityServices } from '../../../../bees/security/services.ts'
import { type Bee, defineBee } from '../../../../src/bee/index.ts'
import { silenceRules, testRules } from './rules.ts'

/** The bee with the tasks of the analysis alone, and what these need. */
export const beeWith = (rules: CompiledRules): Bee =>
  defineBee<SecurityServices>({
    name: 'security',
    description: 'Analyses.',
    slots: 8,
    services: (env) => ({ alerts: createAlertServices(env), rules }) as SecurityServices,
    tasks: { analyze_security: analyzeSecurity, detect_anomaly: detectAnomaly },
  })

export const analysisBee = beeWith(testRules)
export const silenceBee = beeWith(silenceRules)
