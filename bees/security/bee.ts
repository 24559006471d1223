import { defineBee } from '../../src/bee/index.ts'
import { alertTasks } from './alerts/tasks.ts'
import { analyzeSecurity } from './analysis/analyze-security.ts'
import { detectAnomaly } from './analysis/detect-anomaly.ts'
import { setRule } from './analysis/set-rule.ts'
import { pullAuthEvents } from './events/pull/pull-auth-events.ts'
import { recordEvents } from './events/record-events.ts'
import { tendEvents } from './events/tend-events.ts'
import { decidePlan } from './respond/decide-plan.ts'
import { expireResponses } from './respond/expire-responses.ts'
import { proposePlan } from './respond/propose-plan.ts'
import { respondThreat } from './respond/respond-threat.ts'
import { setResponsePolicy } from './respond/set-response-policy.ts'
import { showResponse } from './respond/show-response.ts'
import { createSecurityServices, type SecurityServices } from './services.ts'

/** Sees attacks in a stream of events, tells people, and acts with brakes on. */
export default defineBee<SecurityServices>({
  name: 'security',
  description: 'Finds attacks and anomalies in security events, raises few alerts, and responds with brakes on.',
  slots: 4,
  services: createSecurityServices,
  tasks: {
    record_events: recordEvents,
    analyze_security: analyzeSecurity,
    detect_anomaly: detectAnomaly,
    pull_auth_events: pullAuthEvents,
    tend_events: tendEvents,
    respond_threat: respondThreat,
    decide_plan: decidePlan,
    propose_plan: proposePlan,
    expire_responses: expireResponses,
    set_response_policy: setResponsePolicy,
    show_response: showResponse,
    set_rule: setRule,
    ...alertTasks,
  },
})
