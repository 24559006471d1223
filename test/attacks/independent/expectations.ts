/**
 * What was expected BEFORE these attacks were run against the rules for the first time, by their author, who had read no
 * rule: `found`: missing it would be a gap; `hard`: it shows in the events, and few products see it. Both count.
 */
export interface Expectation {
  readonly detection: number
  readonly fast: 'found' | 'hard'
  readonly slow: 'found' | 'hard'
  /** Where an attentive person would see it in the events. */
  readonly trace: string
}

const row = (detection: number, fast: 'found' | 'hard', slow: 'found' | 'hard', trace: string): Expectation => ({
  detection,
  fast,
  slow,
  trace,
})

export const expectations: readonly Expectation[] = [
  row(
    1,
    'found',
    'found',
    'Thirty wrong passwords of one person in an hour, or fifty in six days, each from a network never seen',
  ),
  row(
    2,
    'found',
    'found',
    'More than a hundred unknown names from one /48 in half an hour; three hundred from one address in sixty hours',
  ),
  row(
    3,
    'found',
    'found',
    'Failures for sixty to a hundred accounts from one address, successes for four; fifty accounts a day from one provider',
  ),
  row(4, 'found', 'found', 'Failures of everybody at ten and more times their usual number, hardly an address twice'),
  row(5, 'found', 'found', 'Failures from ten networks, then a success from an eleventh'),
  row(
    6,
    'found',
    'hard',
    'Owner at home, stranger abroad, owner at home, within an hour; slow at the speed of a plane, three days running',
  ),
  row(
    7,
    'found',
    'hard',
    'First sign-in from this device and network, then a new factor, key, address or export; slow a day or more later',
  ),
  row(8, 'found', 'found', 'One session on two networks, and the owner is told that the token has been used'),
  row(
    9,
    'found',
    'found',
    'Twenty wrong codes in half an hour; thirty in four days, each time after a sign-in from elsewhere',
  ),
  row(
    10,
    'found',
    'hard',
    'Factor gone, then recovery and new address from a new place; a new identity linked, the old one unlinked two days later',
  ),
  row(11, 'found', 'hard', 'A key that has always been on one network is on others; slow on one, few times a day'),
  row(
    12,
    'found',
    'hard',
    'The secret key from a network never seen; slow from the right cloud, another address, another program',
  ),
  row(13, 'found', 'found', 'Hundreds of 429 from one /48; 180 from one address over ten hours'),
  row(
    14,
    'found',
    'hard',
    'Fifty lists of a thousand rows from a new account; eight new accounts that open 250 single rows a day each',
  ),
  row(15, 'found', 'found', 'Paths that nobody asks for: .env, .git, swagger'),
  row(
    16,
    'found',
    'hard',
    'Three of four answers are empty, the rest 404 and 400, over ten tables that this person never used',
  ),
  row(
    17,
    'found',
    'found',
    "Somebody without rights calls administrators' functions, or is given the role by a session from nowhere",
  ),
  row(18, 'found', 'hard', 'Fifty times the rows of any day before; slow ten thousand rows a day, six days'),
  row(
    19,
    'found',
    'found',
    'Five thousand rows and more are overwritten at once; a key that never deleted deletes 15 000 rows in two days',
  ),
  row(20, 'found', 'found', 'Bad signatures from clouds that are not Stripe; old letters again'),
  row(21, 'found', 'found', 'Refusals at a hundred times their number, and sums of one to five euros'),
  row(22, 'found', 'hard', 'Sixty sign-ups from one /48; slow twelve a day with five domains that nobody else has'),
  row(23, 'found', 'found', 'Messages at twenty times their number, to countries without customers'),
  row(24, 'found', 'hard', 'Silent for a hundred days, then a new network, then an export; slow two days later'),
  row(25, 'found', 'found', 'A hundred known or unknown names from one /48; four hundred from forty homes in a day'),
  row(26, 'found', 'found', 'Tokens with a role that do not verify, some of them with no algorithm'),
  row(27, 'found', 'hard', 'Six networks in four cities at once; five over three evenings'),
  row(28, 'found', 'found', 'No heartbeat for an hour; for twenty-five minutes, fifteen times'),
  row(29, 'found', 'found', 'Row level security is switched off; captcha and token life are changed from a new place'),
  row(30, 'found', 'hard', 'Twice to three times the usual for an hour; more connections than ever for three days'),
]

/**
 * Left out because nothing of it is in the events: a session used by malware on the owner's own machine; a first sign-in with the
 * right password from the owner's provider that only reads what the owner reads; a table that anybody may read and somebody
 * does; a key copied to a machine behind the customer's own address; cards that are tested one a day.
 */
export const outOfScope = 5
