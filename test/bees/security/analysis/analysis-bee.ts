import { createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { analyzeSecurity } from '../../../../bees/security/analysis/analyze-security.ts'
import { detectAnomaly } from '../../../../bees/security/analysis/detect-anomaly.ts'
import type { Engine } from '../../../../bees/security/analysis/engine.ts'
import type { Settings } from '../../../../bees/security/analysis/tenant-settings.ts'
import type { SecurityServices } from '../../../../bees/security/services.ts'
import { type Bee, defineBee } from '../../../../src/bee/index.ts'
import { toyEngine } from './toy.ts'

/** The bee with the tasks of the analysis alone. */
export const analysisBee: Bee = defineBee<SecurityServices & { readonly rules: Engine<Settings> }>({
  name: 'security',
  description: 'Analyses.',
  slots: 8,
  services: (env) => ({ alerts: createAlertServices(env), approvers: [], rules: toyEngine }),
  tasks: { analyze_security: analyzeSecurity, detect_anomaly: detectAnomaly },
})
