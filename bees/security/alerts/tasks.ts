import { deliverAlerts } from './deliver-alerts.ts'
import { ackIncident, resendAlerts, setAlertRoutes, silenceAlerts, unsilenceAlerts } from './people.ts'
import { showAlerts } from './show-alerts.ts'

/** The tasks about alerts, by name. */
export const alertTasks = {
  deliver_alerts: deliverAlerts,
  silence_alerts: silenceAlerts,
  unsilence_alerts: unsilenceAlerts,
  ack_incident: ackIncident,
  set_alert_routes: setAlertRoutes,
  resend_alerts: resendAlerts,
  show_alerts: showAlerts,
} as const
