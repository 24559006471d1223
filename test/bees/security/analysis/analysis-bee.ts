import { createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { analyzeSecurity } from '../../../../bees/security/analysis/analyze-security.ts'
import { type Bee, defineBee } from '../../../../src/bee/index.ts'
import { toyEngine } from './toy.ts'

/** The bee with the tasks of the analysis alone. */
export const analysisBee: Bee = defineBee({
  name: 'security',
  description: 'Analyses.',
  slots: 8,
  services: (env) => ({ alerts: createAlertServices(env), approvers: [], rules: toyEngine }),
  tasks: { analyze_security: analyzeSecurity },
})
