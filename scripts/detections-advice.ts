/** What the YAML of a rule does not say: what a detection means, where its events come from, what a person does. By number. */
export interface Advice {
  /** What is going on, in a phrase: no full stop. */
  readonly means: string
  /** What has to be connected for it to see anything. */
  readonly needs: string
  /** The first thing to do, in one sentence. */
  readonly first: string
  /** What comes after it. */
  readonly after: string
}

const failedLogins =
  'Failed sign-ins: the hook `password_verification_attempt` for users that exist, the auth log (log drain) for names that do not.'
const edge = 'Requests at the API gateway (log drain of the edge logs).'
const audit = 'The audit log of the auth server (puller) for what changed.'
const places =
  'AS, country and kind of network of addresses (edge logs carry them; see [security-events.md](security-events.md)).'

export const advices: Readonly<Record<number, Advice>> = {
  1: {
    means: 'somebody guesses the password of one account',
    needs: failedLogins,
    first: 'Ask the account for a captcha or a second factor.',
    after:
      'Do not lock it: whoever guesses could then lock anybody out. If a device with an old password is the cause, tell its owner.',
  },
  2: {
    means: 'one address plays through a list of leaked passwords',
    needs: `${failedLogins} Addresses with them.`,
    first: 'Block or slow the address for a while, and look whether one of its sign-ins worked (detection 5).',
    after: 'Switch captcha on for sign-in. Passwords that worked must be changed.',
  },
  3: {
    means: 'one address tries a few common passwords on many accounts',
    needs: `${failedLogins} Addresses with them.`,
    first: 'Block or slow the address for a while, and look whether one of its sign-ins worked (detection 5).',
    after: 'Forbid common passwords (leaked password protection).',
  },
  4: {
    means: 'many addresses attack many accounts, none of them stands out',
    needs: `${failedLogins} Addresses; TLS fingerprint (ja3) or AS make it sharper.`,
    first: 'Switch captcha on for everybody; if a release went out just before, look there first.',
    after: 'There is no single address to block. Lower the rate limits for sign-in until it is over.',
  },
  5: {
    means: 'the attacker got in',
    needs: `What 1 to 4 need, and successful sign-ins. ${places}`,
    first: 'Take it for real: end the sessions of the account.',
    after:
      'Have the password changed and ask the owner. Then look at what the session did (data read, keys made, address changed).',
  },
  6: {
    means: 'one user in two places that no aeroplane connects in time',
    needs: 'Sign-ins or sessions with latitude and longitude, and the kind of network.',
    first: 'Ask the account for its second factor again.',
    after: 'Never more for travel alone: addresses are a poor map.',
  },
  7: {
    means: 'from a place never seen before somebody changes what protects the account, or takes data out',
    needs: `Sign-ins or sessions with AS, country and user agent. ${audit}`,
    first: 'Ask the owner, by a way that was not changed.',
    after: 'If it was not the owner: end the sessions, take the change back, keep the evidence.',
  },
  8: {
    means: 'a session or its refresh token is used by two parties',
    needs:
      'Refreshes with their error codes (auth log) and sessions with address and user agent (puller of auth.sessions).',
    first: 'End the session; the owner signs in again.',
    after: 'If it comes back, look for malware or a page that hands out tokens.',
  },
  9: {
    means: 'somebody who has the password wears the second factor out',
    needs: 'The hook `mfa_verification_attempt`; sign-ins for the step from guessing to success.',
    first: 'If it succeeded, end the sessions; then have the password changed.',
    after:
      'Whoever fails the second factor has passed the password: it is known to somebody, also where nobody got in.',
  },
  10: {
    means: 'a second factor or the way of recovery was taken away',
    needs: `${audit} Whether the account is an administrator (\`is_admin\`).`,
    first: 'Ask the owner.',
    after: 'If it was not the owner: end the sessions, restore the factor or the address, then the password.',
  },
  11: {
    means: 'an API key turns up where it has never been',
    needs: `API keys by id in the edge logs or in your own events. ${places}`,
    first: 'Ask the key’s owner whether something was moved.',
    after: 'If nobody moved anything, replace the key and disable the old one.',
  },
  12: {
    means: 'a key that passes by row-level security is in a browser or an app',
    needs: `${edge} They name the kind of key and the referer.`,
    first: 'Replace the secret key at once.',
    after:
      'It passes by row-level security. Find out how it got out (a page, an app, a repository), and what was read with it.',
  },
  13: {
    means: 'an account, key or address runs into limits again and again',
    needs: 'Answers with status 429 or a rate limit’s error code (edge and auth logs, your own limits).',
    first: 'Look which client it is: a broken one is told to wait, an attack is slowed down further.',
    after: 'An address that many people share is left alone.',
  },
  14: {
    means: 'somebody reads through the data, id after id',
    needs:
      'Requests with the id that was asked for (`object_id`, `object_number`) and what came back (`status_code`, `rows`).',
    first: 'Slow the account or key down, and check whether it may see what it asks for.',
    after: 'Ids that can be counted invite this; random ones do not.',
  },
  15: {
    means: 'a scanner looks for open doors',
    needs: edge,
    first: 'Nothing: whoever is on the Internet sees this.',
    after: 'If the same address then tries sign-ins or tables, it counts double.',
  },
  16: {
    means: 'somebody tries to get around row-level security, or touched a canary',
    needs:
      'Refusals: error 42501 in the Postgres log, 401 and 403 at the gateway. Canaries: rows, files or keys that you plant and mark. Reads that row-level security filters leave no trace; only canaries see them.',
    first: 'Check the policies of the tables that are named, as this user.',
    after: 'A touched canary means that a policy is missing: close that before anything else.',
  },
  17: {
    means: 'power was granted in a way that it should not be',
    needs:
      'Your own events `role_grant` with `actor_uid`, `user_uid` and `role`, and `admin_call`; sign-ins and second factors of administrators.',
    first: 'Take the role away and end the sessions of both accounts.',
    after: 'Look at what was done with it. Then let a second person confirm each grant.',
  },
  18: {
    means: 'far more data leaves than this account or key ever took',
    needs: 'Reads and exports with `rows` or `bytes`: edge logs with content-range, storage logs, or your own events.',
    first: 'Slow the account or key down and ask its owner.',
    after: 'What has left cannot be called back: find out what it was, for the notification duties that may follow.',
  },
  19: {
    means: 'far more is deleted or overwritten than ever',
    needs: 'Deletes and changes with `rows`; deleted users from the audit log.',
    first: 'End the sessions and stop the job.',
    after: 'Restore from point-in-time recovery to just before the first deletion named.',
  },
  20: {
    means: 'somebody forges webhooks or tasks',
    needs: 'Refused deliveries of your webhooks with their reason; the hive reports its own.',
    first: 'See whether all deliveries fail: then the secret was changed at one end only.',
    after:
      'If few fail among many good ones, somebody forges: the signature check did its work; look whether a replay got through elsewhere.',
  },
  21: {
    means: 'stolen cards are tried out at your checkout',
    needs:
      'Payment attempts with outcome, hash of the card, amount, and who or where (own events or the payment provider’s).',
    first: 'Stop the account from paying; switch captcha and the provider’s fraud rules on.',
    after: 'Refund what went through: disputes cost more.',
  },
  22: {
    means: 'fake accounts are made',
    needs: 'Sign-ups with address, mail domain, user agent: the hook `before_user_created` or the auth log.',
    first: 'Check that it is no class or campaign of your own; then switch captcha on for sign-up.',
    after: 'Hold credits and invitations back until an address is confirmed.',
  },
  23: {
    means: 'codes and mails are sent at your expense, or to flood somebody',
    needs:
      'Codes and recovery mails that were asked for, with target and, for text messages, the prefix of the number (auth log or hook).',
    first: 'Lower the limit for messages.',
    after: 'Close countries where you have no customers, and switch captcha on before a code is sent.',
  },
  24: {
    means: 'an account that nobody used for months wakes up elsewhere',
    needs: `Sign-ins and sessions for longer than three months. ${places}`,
    first: 'Ask for the second factor, or a confirmation by mail, before anything sensitive.',
    after: 'If its owner did not sign in: end the sessions and have the password changed.',
  },
  25: {
    means: 'somebody finds out who has an account',
    needs: 'Repeated sign-ups, recovery for unknown names and look-ups, with addresses.',
    first: 'Let sign-up and recovery answer the same for known and unknown names.',
    after: 'Expect detections 1 to 4 next.',
  },
  26: {
    means: 'somebody tries out how tokens are checked',
    needs:
      'Tokens that did not verify, with algorithm, key id and claimed role where known (edge and auth logs, your own checks).',
    first: 'Check that every place that reads tokens verifies algorithm, key and issuer.',
    after: 'After a key rotation wait until old tokens have expired.',
  },
  27: {
    means: 'an account is shared, sold, or stolen',
    needs: 'Sessions with their AS (puller of auth.sessions, edge logs).',
    first: 'Talk to the customer: usually it is a question of licence.',
    after: 'With detection 6, 7 or 8 beside it, it is a stolen account.',
  },
  28: {
    means: 'a source of events has stopped: other detections are blind',
    needs: 'Nothing more than events; heartbeats make it sharp.',
    first: 'Look at the source and at the drain.',
    after:
      'Until it is back, other detections are blind where it was the witness; check afterwards what happened meanwhile.',
  },
  29: {
    means: 'a setting that protects the project was weakened',
    needs:
      'Statements that take protection away (Postgres log with log_statement = ddl or pgaudit), your own `config_change` events. Announce deployments by a `config_change` of the resource `change_window`.',
    first: 'Ask who did it and why; put it back if nobody can say.',
    after: 'Then end the session of whoever did it.',
  },
  30: {
    means: 'a number does what it has never done',
    needs: 'Events `metric` with a name and a value, one a minute or so.',
    first: 'Look at the curve, and at what else happened at that time.',
    after: 'It is a question, not an answer.',
  },
}
