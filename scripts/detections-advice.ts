/** What the YAML of a rule does not say: where its events come from, and what a person does about a finding. By detection. */
export interface Advice {
  /** What has to be connected for it to see anything. */
  readonly needs: string
  readonly act: string
}

const failedLogins =
  'Failed sign-ins: the hook `password_verification_attempt` for users that exist, the auth log (log drain) for names that do not.'
const edge = 'Requests at the API gateway (log drain of the edge logs).'
const audit = 'The audit log of the auth server (puller) for what changed.'
const places = 'AS, country and kind of network of addresses (edge logs carry them; see docs/security-events.md).'

export const advices: Readonly<Record<number, Advice>> = {
  1: {
    needs: failedLogins,
    act: 'Ask the account for a captcha or a second factor. Do not lock it: whoever guesses could then lock anybody out. If a device with an old password is the cause, tell its owner.',
  },
  2: {
    needs: `${failedLogins} Addresses with them.`,
    act: 'Slow or block the address for a while, switch captcha on for sign-in, and look whether one of its sign-ins worked (detection 5). Passwords that worked must be changed.',
  },
  3: {
    needs: `${failedLogins} Addresses with them.`,
    act: 'As for detection 2. Forbid common passwords (leaked password protection).',
  },
  4: {
    needs: `${failedLogins} Addresses; TLS fingerprint (ja3) or AS make it sharper.`,
    act: 'There is no single address to block: switch captcha on for everybody, and lower the rate limits for sign-in until it is over. If a release went out just before, look there first.',
  },
  5: {
    needs: `What 1 to 4 need, and successful sign-ins. ${places}`,
    act: 'Take it for real: end the sessions of the account, have the password changed, ask the owner. Then look at what the session did (data read, keys made, address changed).',
  },
  6: {
    needs: 'Sign-ins or sessions with latitude and longitude, and the kind of network.',
    act: 'Ask for the second factor again. Never more for travel alone: addresses are a poor map.',
  },
  7: {
    needs: `Sign-ins or sessions with AS, country and user agent. ${audit}`,
    act: 'Ask the owner by a way that was not changed. If it was not the owner: end the sessions, take the change back, keep the evidence.',
  },
  8: {
    needs:
      'Refreshes with their error codes (auth log) and sessions with address and user agent (puller of auth.sessions).',
    act: 'End the session; the owner signs in again. If it comes back, look for malware or a page that hands out tokens.',
  },
  9: {
    needs: 'The hook `mfa_verification_attempt`; sign-ins for the step from guessing to success.',
    act: 'Whoever fails the second factor has passed the password: have it changed. After a success end the sessions first.',
  },
  10: {
    needs: `${audit} Whether the account is an administrator (\`is_admin\`).`,
    act: 'Ask the owner. If it was not the owner: end the sessions, restore the factor or the address, then the password.',
  },
  11: {
    needs: `API keys by id in the edge logs or in your own events. ${places}`,
    act: 'Ask the key’s owner; if nobody moved anything, replace the key and disable the old one.',
  },
  12: {
    needs: `${edge} They name the kind of key and the referer.`,
    act: 'Replace the secret key at once: it bypasses row-level security. Then find out how it got out (a page, an app, a repository), and what was read with it.',
  },
  13: {
    needs: 'Answers with status 429 or a rate limit’s error code (edge and auth logs, your own limits).',
    act: 'Look which client it is. A broken one is told to wait; an attack is slowed down further. An address that many people share is left alone.',
  },
  14: {
    needs:
      'Requests with the id that was asked for (`object_id`, `object_number`) and what came back (`status_code`, `rows`).',
    act: 'Slow the account or key down, and check whether it may see what it asks for. Ids that can be counted invite this; random ones do not.',
  },
  15: {
    needs: edge,
    act: 'Nothing by itself. If the same address then tries sign-ins or tables, it counts double.',
  },
  16: {
    needs:
      'Refusals: error 42501 in the Postgres log, 401 and 403 at the gateway. Canaries: rows, files or keys that you plant and mark. Reads that row-level security filters leave no trace; only canaries see them.',
    act: 'Check the policies of the tables that are named, as this user. A touched canary means that a policy is missing: close that first.',
  },
  17: {
    needs:
      'Your own events `role_grant` with `actor_uid`, `user_uid` and `role`, and `admin_call`; sign-ins and second factors of administrators.',
    act: 'Take the role away, end the sessions of both accounts, look at what was done with it. Then let a second person confirm each grant.',
  },
  18: {
    needs: 'Reads and exports with `rows` or `bytes`: edge logs with content-range, storage logs, or your own events.',
    act: 'Slow the account or key down and ask its owner. What has left cannot be called back: find out what it was, for the notification duties that may follow.',
  },
  19: {
    needs: 'Deletes and changes with `rows`; deleted users from the audit log.',
    act: 'End the sessions, stop the job, restore from point-in-time recovery to just before the first one named.',
  },
  20: {
    needs: 'Refused deliveries of your webhooks with their reason; the hive reports its own.',
    act: 'If all deliveries fail since a moment, the secret was changed at one end only. If few fail among many good ones, somebody forges: the signature check did its work; look whether a replay got through elsewhere.',
  },
  21: {
    needs:
      'Payment attempts with outcome, hash of the card, amount, and who or where (own events or the payment provider’s).',
    act: 'Stop the account from paying, switch captcha and the provider’s fraud rules on, refund what went through: disputes cost more.',
  },
  22: {
    needs: 'Sign-ups with address, mail domain, user agent: the hook `before_user_created` or the auth log.',
    act: 'Switch captcha on for sign-up, hold credits and invitations back until an address is confirmed. Check that it is no class or campaign of your own.',
  },
  23: {
    needs:
      'Codes and recovery mails that were asked for, with target and, for text messages, the prefix of the number (auth log or hook).',
    act: 'Lower the limit for messages, close countries where you have no customers, switch captcha on before a code is sent.',
  },
  24: {
    needs: `Sign-ins and sessions for longer than three months. ${places}`,
    act: 'Ask for the second factor or a confirmation by mail before anything sensitive.',
  },
  25: {
    needs: 'Repeated sign-ups, recovery for unknown names and look-ups, with addresses.',
    act: 'Let sign-up and recovery answer the same for known and unknown names. Expect detections 1 to 4 next.',
  },
  26: {
    needs:
      'Tokens that did not verify, with algorithm, key id and claimed role where known (edge and auth logs, your own checks).',
    act: 'Check that every place that reads tokens verifies algorithm, key and issuer. After a key rotation wait until old tokens have expired.',
  },
  27: {
    needs: 'Sessions with their AS (puller of auth.sessions, edge logs).',
    act: 'Usually a question of licence, not of security: talk to the customer. With detection 6, 7 or 8 beside it, it is a stolen account.',
  },
  28: {
    needs: 'Nothing more than events; heartbeats make it sharp.',
    act: 'Look at the source and at the drain. Until it is back, other detections are blind where it was the witness; check afterwards what happened meanwhile.',
  },
  29: {
    needs:
      'Statements that take protection away (Postgres log with log_statement = ddl or pgaudit), your own `config_change` events. Announce deployments by a `config_change` of the resource `change_window`.',
    act: 'Put it back if nobody can say why it was done, and end the session of whoever did it.',
  },
  30: {
    needs: 'Events `metric` with a name and a value, one a minute or so.',
    act: 'Look at the curve and at what happened at the same time. It is a question, not an answer.',
  },
}
