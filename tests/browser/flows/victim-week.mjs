// A victim list comes in and is called through by three callers and a volunteer, with every kind of
// outcome; nobody is lost. Then the care record, follow-ups, the plan of the day and what a partner sees.
//
// The first calls are made as a person makes them, on the page. The rest of the 650 send the same forms
// to the same addresses in the callers' own sessions, so that the flow ends within two minutes.
import assert from 'node:assert/strict'
import { follow } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'
const ROWS = 650
const PREVENTION = ['passwords', 'updates', 'two_step_verification', 'back_ups', 'links', 'unsolicited_requests', 'public_wifi']
/** Ends of a duty that need a reason, and no attempt before. */
const ENDS = ['declined', 'contact_barred', 'unsafe_ended', 'deceased', 'duplicate', 'not_county', 'not_a_crime', 'created_in_error']
const ATTEMPTS = ['no_answer', 'voicemail_left', 'wrong_number', 'language_barrier_rebook', 'referred_on']

export default async function ({ open, signIn, check }) {
  const as = async (user) => {
    const page = await open()
    await signIn(page, user, PASSWORD)
    return page
  }
  const list = aList()
  const hallam = await as('hallam')
  await importList(hallam, list)

  const [marek, zara, grace, owen] = [await as('marek'), await as('zara'), await as('grace'), await as('owen')]
  await plan(zara, check)
  const care = await careRecord(marek, check, list)
  await allocate(zara, list, 'unit:beacon', 50)
  await allocate(zara, list, 'unit:volunteers', 50)

  await callOnThePage(owen, check, list, 'Advice given')
  await callOnThePage(grace, check, list, 'Declined advice')
  await draft(marek, check, list)

  // The partner's and the volunteer's own lists, and then the force's, shared by two: who works for the
  // force sees everybody's.
  const days = [
    ...(await Promise.all([callThrough(owen, list), callThrough(grace, list)])),
    ...(await Promise.all([callThrough(marek, list, 0), callThrough(zara, list, 1)])),
  ]
  const called = days.reduce((all, day) => all + day.ended + day.open, 0)
  assert.ok(called > ROWS * 0.9, `${called} were called`)
  await sum(zara, check, list)
  await workspace(grace, owen, check, care)
  await looks(zara, check, await as('priya'))
}

/** 650 people, unlike those of any earlier run, with reports that came twelve days ago. */
function aList() {
  const mark = Date.now().toString(36)
  const district = `Week ${mark}`
  const then = new Date(Date.now() - 12 * 86_400_000).toISOString().slice(0, 10)
  const columns = 'feed,reference,received_at,nfib_code,narrative,victim_forename,victim_surname,victim_date_of_birth,victim_phone,victim_email,victim_address,victim_postcode,district,loss'.split(',')
  // Words as unlike each other as chance makes them, or linkage would see one person in two.
  const word = (n, salt) => [...((BigInt(n + 1) * salt) % 208_827_064_576n).toString(26)].map((d) => String.fromCharCode(97 + parseInt(d, 26))).join('')
  const rows = Array.from({ length: ROWS }, (_, n) => [
    'victim_list', `WEEK-${mark}-${n}`, then, 'NFIB3A', `They rang about the bank, the ${n}th.`,
    word(n, 40_503_000_017n), word(n, 2_654_435_761n * BigInt(parseInt(mark, 36)) + 7n),
    new Date(Date.UTC(1930 + (n % 70), n % 12, 1 + (n % 27))).toISOString().slice(0, 10),
    '', '', `${n} Long Lane`, 'AL1 3JE', district, String(100 + n),
  ])
  const csv = [columns, ...rows].map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n')
  return { name: `week-${mark}.csv`, csv, district }
}

async function importList(page, list) {
  await page.goto(at(page, '/imports'))
  await page.getByRole('button', { name: 'Import a file' }).click()
  await page.getByLabel('File of reports').setInputFiles({ name: list.name, mimeType: 'text/csv', buffer: Buffer.from(list.csv) })
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, `Columns of ${list.name}`)
  await page.getByRole('button', { name: 'Dry run' }).click()
  await heading(page, 'Dry run')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.locator('dl.ff-figures').waitFor({ timeout: 60_000 })
  const accepted = page.locator('.ff-figure', { has: page.getByText('Accepted', { exact: true }) }).locator('dd')
  assert.equal(await accepted.innerText(), String(ROWS))
}

/** Nobody is assigned before a person confirms. */
async function plan(page, check) {
  await page.goto(at(page, '/day-plan/staff'))
  await heading(page, 'Who is on duty')
  await check(page, 'day-plan-staff')
  await page.getByRole('link', { name: 'Marek Nowak' }).click()
  await page.getByLabel('From').fill('12am')
  await page.getByLabel('Until').fill('11:59pm')
  await page.getByRole('checkbox', { name: 'Polish' }).check()
  await check(page, 'day-plan-shift')
  await page.getByRole('button', { name: 'Save hours' }).click()
  await page.goto(at(page, '/day-plan'))
  await heading(page, 'Plan of the day')
  await check(page, 'day-plan')
  const confirm = page.getByRole('button', { name: /^Confirm: assign/ })
  // Late in the evening there is no time left to plan.
  if (await confirm.count()) {
    await confirm.click()
    await page.getByText(/^Confirmed\./).waitFor()
    await check(page, 'day-plan-confirmed')
  }
}

async function careRecord(page, check, list) {
  const [victim] = await victims(page, list, 'to_call')
  await page.goto(at(page, `${victim}/needs`))
  await page.getByRole('checkbox', { name: 'Monday' }).check()
  await page.getByLabel('Safe from').fill('nine')
  await page.getByRole('button', { name: 'Save safe contact' }).click()
  await page.getByRole('alert').waitFor()
  await check(page, 'needs-wrong')
  await page.getByLabel('Safe from').fill('12am')
  await page.getByLabel('Safe until').fill('12:01am')
  await page.getByLabel('Words to avoid').fill('police')
  await page.getByRole('button', { name: 'Save safe contact' }).click()
  await page.getByText('Safe contact saved').waitFor()
  await check(page, 'care-record')

  await page.getByRole('link', { name: 'Assess vulnerability and needs' }).click()
  await page.getByRole('radio', { name: 'No', exact: true }).check()
  await page.getByRole('textbox', { name: 'Reason' }).fill('Nothing raises it')
  await check(page, 'assessment')
  await page.getByRole('button', { name: 'Save assessment' }).click()
  await page.getByText('Assessment saved').waitFor()

  await page.getByRole('link', { name: 'Add an action' }).click()
  await page.getByLabel('What is to be done').fill('Fit a call blocker')
  await page.getByLabel('Who does it').selectOption('Police')
  for (const [part, value] of [['Day', '4'], ['Month', '12'], ['Year', '2030']]) await page.getByLabel(part).fill(value)
  await check(page, 'plan-action')
  await page.getByRole('button', { name: 'Add to the plan' }).click()
  await page.getByRole('link', { name: /^Record as done/ }).click()
  await page.getByRole('textbox', { name: 'Evidence' }).fill('Seen working')
  await check(page, 'plan-action-done')
  await page.getByRole('button', { name: 'Save as done' }).click()
  await page.getByText('recorded as done').waitFor()

  await follow(page, page.getByRole('link', { name: 'record a refusal' }))
  await check(page, 'refusal')
  await page.goto(at(page, `${victim}/referral`))
  await page.getByLabel('Refer to').selectOption('Victim Support')
  await page.getByRole('textbox', { name: 'Reason' }).fill('Somebody to talk to')
  await page.getByRole('radio', { name: 'The victim agreed' }).check()
  await check(page, 'referral')
  await page.getByRole('button', { name: 'Save referral' }).click()
  await follow(page, page.getByRole('link', { name: /^Record what came of it/ }))
  await check(page, 'referral-answer')
  await page.goto(at(page, `${victim}/decision`))
  await page.getByLabel('Wants updates').selectOption('Yes')
  await check(page, 'decision')
  await page.getByRole('button', { name: 'Save decisions' }).click()
  await page.getByText("The victim's decisions are saved").waitFor()
  await follow(page, page.getByRole('link', { name: "Clocks of the Victims' Code" }))
  await check(page, 'victim-code')
  await page.goto(at(page, `${victim}/letter`))
  await check(page, 'letter')
  await page.goto(at(page, `${victim}/escalate`))
  await page.getByLabel('What you need decided').fill('May I visit?')
  await check(page, 'escalate')
  await page.getByRole('button', { name: 'Ask a supervisor' }).click()
  await page.getByText('A supervisor sees your question now').waitFor()
  await check(page, 'care-record-full')

  // Outside the safe times the page warns, and a contact needs a reason.
  await page.goto(at(page, victim))
  await page.getByText('Do not call now').waitFor()
  await check(page, 'call-unsafe')
  await page.getByRole('radio', { name: 'No answer' }).check()
  await page.getByRole('button', { name: 'Save contact' }).click()
  await page.getByRole('alert').getByText('Say why you contact them all the same').waitFor()
  await check(page, 'call-unsafe-refused')
  await page.getByLabel('Reason for contact against').fill('Money was leaving at that minute')
  await page.getByRole('button', { name: 'Save contact' }).click()
  await page.getByText('Contact recorded').waitFor()
  return victim
}

/** Gives rows of the list to another unit. */
async function allocate(page, list, to, most) {
  await page.goto(at(page, listed(list, 'to_call')))
  const items = await page.locator('input[name="item"]').evaluateAll((boxes) => boxes.map((box) => box.value))
  const fields = [['do', 'allocate'], ['to', to], ['return_to', listed(list, 'to_call')]]
  fields.push(...items.slice(0, most).map((item) => ['item', item]))
  assert.equal((await send(page, '/victim-care/move', fields)).status(), 303)
}

async function callOnThePage(page, check, list, outcome) {
  await page.goto(at(page, listed(list, 'to_call')))
  await check(page, `own-list-${outcome.split(' ')[0].toLowerCase()}`)
  await page.getByRole('rowheader').getByRole('link').first().click()
  await heading(page, /^Call /)
  if (outcome === 'Advice given') {
    await page.getByRole('group', { name: 'Do now' }).first().getByRole('checkbox').first().check()
    const questions = page.getByRole('combobox').filter({ hasText: 'Not covered' })
    for (const question of await questions.all()) await question.selectOption('Will do this')
  }
  await page.getByRole('radio', { name: outcome, exact: true }).check()
  await page.getByRole('textbox', { name: 'Note' }).fill('As told on the phone')
  await page.getByRole('button', { name: 'Save contact' }).click()
  await page.getByText(/^(Advice recorded|Recorded\.)/).waitFor()
}

/** What is written is kept by the page's script, and is there again after the page was lost. */
async function draft(page, check, list) {
  const [, , victim] = await victims(page, list, 'to_call')
  await page.goto(at(page, victim))
  await page.getByRole('textbox', { name: 'Note' }).fill('She was about to say the name')
  await page.getByRole('status').filter({ hasText: /^Kept at/ }).waitFor()
  await page.goto('about:blank')
  await page.goto(new URL(victim, list.base).href)
  await page.getByText('is back in the form').waitFor()
  assert.equal(await page.getByRole('textbox', { name: 'Note' }).inputValue(), 'She was about to say the name')
  await check(page, 'call-restored')
}

/** Calls every victim of the person's list that is theirs to call: `share` of two, or all. */
async function callThrough(page, list, share) {
  const day = { ended: 0, open: 0 }
  const done = new Set()
  const number = (victim) => parseInt(victim.slice(-6), 16)
  for (let looks = 0; looks < 300; looks += 1) {
    const waiting = (await victims(page, list, 'to_call')).filter((victim) => !done.has(victim))
    if (waiting.length === 0) return day
    const own = waiting.filter((victim) => share === undefined || number(victim) % 2 === share)
    // The first page is full of the colleague's: they are on their way.
    if (own.length === 0) await page.waitForTimeout(200)
    for (const victim of own) {
      done.add(victim)
      day[(await contactOf(page, victim, number(victim))) ? 'ended' : 'open'] += 1
    }
  }
  assert.fail('the list does not end')
}

/** One victim, with an outcome drawn by their number. Whether the duty ended. */
async function contactOf(page, victim, n) {
  const kind = Math.floor(n / 2) % 20
  if (kind < 11) return advise(page, victim)
  if (kind < 14) return one(page, victim, { outcome: ENDS[n % ENDS.length], note: 'As told on the phone' })
  if (kind < 17) {
    await one(page, victim, { outcome: ATTEMPTS[n % ATTEMPTS.length] })
    return false
  }
  if (kind < 18) {
    const day = new Date(Date.now() + 3 * 86_400_000)
    await one(page, victim, {
      outcome: 'partial_call_back', next_step: 'agreed', 'next-day': day.getDate(), 'next-month': day.getMonth() + 1,
      'next-year': day.getFullYear(), 'next-time': '6:30pm',
    })
    return false
  }
  return giveUp(page, victim)
}

async function advise(page, victim) {
  const shown = await (await page.request.get(at(page, victim))).text()
  const fields = form(shown, { outcome: 'advice_delivered', channel: 'phone' })
  fields.push(['topic', shown.match(/name="topic" type="checkbox" value="([^"]+)"/)[1]])
  for (const topic of PREVENTION) fields.push([`prevention-${topic}`, 'will_do'])
  return saved(page, victim, fields)
}

/** The whole attempt plan, day after day, and then the end that it allows. */
async function giveUp(page, victim) {
  const tries = [
    [9, '11am', 'phone', 'no_answer'], [8, '11am', 'phone', 'voicemail_left'], [7, '6:30pm', 'phone', 'no_answer'],
    [6, '11am', 'letter', 'message_sent'], [5, '11am', 'text', 'message_sent'], [4, '11am', 'in_person', 'no_answer'],
  ]
  for (const [days, time, channel, outcome] of tries) {
    const day = new Date(Date.now() - days * 86_400_000)
    await one(page, victim, {
      outcome, channel, 'at-day': day.getDate(), 'at-month': day.getMonth() + 1, 'at-year': day.getFullYear(), 'at-time': time,
    })
  }
  return one(page, victim, { outcome: 'not_reached', channel: 'decision', note: 'The whole plan was tried' })
}

async function one(page, victim, values) {
  const shown = await (await page.request.get(at(page, victim))).text()
  return saved(page, victim, form(shown, { channel: 'phone', ...values }))
}

function form(shown, values) {
  const version = shown.match(/name="version" value="(\d+)"/)
  assert.ok(version, `the call page has no form: ${shown.match(/<main[\s\S]*<\/main>/)?.[0].replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ').slice(0, 400) ?? shown.slice(0, 300)}`)
  const fields = [['version', version[1]], ['direction', 'out']]
  for (const [, report] of shown.matchAll(/name="report" type="checkbox" value="([^"]+)"/g)) fields.push(['report', report])
  for (const [name, value] of Object.entries(values)) fields.push([name, String(value)])
  return fields
}

async function saved(page, victim, fields) {
  const answer = await send(page, `${victim}/contacts`, fields)
  assert.equal(answer.status(), 303, `${victim}: ${await problem(answer)}`)
  return /done=(advised|ended)/.test(answer.headers().location)
}

async function problem(answer) {
  const text = await answer.text()
  return (text.match(/govuk-error-summary__list">([\s\S]*?)<\/ul>/)?.[1] ?? text.slice(0, 200)).replace(/<[^>]+>/g, ' ')
}

/** Nobody is lost: every victim of the list is in exactly one view, and together they are all. */
async function sum(page, check, list) {
  await page.goto(at(page, listed(list, 'closed_today')))
  const closed = await count(page, 'Closed today')
  const later = await count(page, 'Call back later')
  const waiting = await count(page, 'To call')
  const taken = await count(page, 'With a caller')
  // One whose time has come counts as to call; a taken one that is due later is in both views.
  await page.goto(at(page, listed(list, 'later')))
  const both = await page.locator('tr.ff-row').evaluateAll((rows) => rows.filter((row) => /Nowak|Farooqi|Adeyemi|Baptiste/.test(row.innerText)).length)
  assert.equal(closed + later + waiting + taken - both, ROWS, `${closed} closed, ${later} later, ${waiting} to call, ${taken} taken, ${both} in two views`)
  await check(page, 'week-later')
}

async function count(page, view) {
  const link = page.getByRole('navigation', { name: 'Call list views' }).getByRole('link', { name: view })
  return Number((await link.innerText()).match(/(\d+)\s*$/)[1])
}

/** The partner and the volunteer see what is theirs, and nothing of a victim who is not. */
async function workspace(grace, owen, check, other) {
  for (const [page, shot] of [[grace, 'partner'], [owen, 'volunteer']]) {
    await page.goto(at(page, '/victim-care?view=closed_today'))
    await check(page, `${shot}-closed`)
    for (const path of [other, `${other}/record`, `${other}/needs`]) {
      assert.equal((await page.request.get(at(page, path))).status(), 404, path)
    }
    await page.goto(at(page, '/follow-ups'))
    await heading(page, 'Follow-ups')
    await check(page, `${shot}-follow-ups`)
  }
  assert.equal(await owen.getByRole('link', { name: 'Plan of the day' }).count(), 0)
}

/** Pages that supervisors and contact handlers open. */
async function looks(zara, check, priya) {
  await zara.goto(at(zara, '/escalations'))
  await zara.getByText('May I visit?').first().waitFor()
  await check(zara, 'escalations')
  await zara.getByLabel('Answer').first().fill('Yes, with a colleague')
  await zara.getByRole('button', { name: 'Save answer' }).first().click()
  await zara.goto(at(zara, '/victims-code'))
  await heading(zara, "Victims' Code")
  await check(zara, 'victims-code')
  // The job leaves follow-ups within a minute; they are due in four weeks.
  await zara.goto(at(zara, '/follow-ups?view=later'))
  for (let n = 0; n < 40 && (await zara.getByRole('rowheader').count()) === 0; n += 1) {
    await zara.waitForTimeout(2_000)
    await zara.reload()
  }
  await check(zara, 'follow-ups')
  await zara.getByRole('rowheader').getByRole('link').first().click()
  await heading(zara, /^Follow up /)
  await check(zara, 'follow-up')
  await zara.getByRole('button', { name: 'Save follow-up' }).click()
  await zara.getByRole('alert').waitFor()
  await check(zara, 'follow-up-wrong')

  await priya.goto(at(priya, '/caller-check?reference=nothing'))
  await priya.getByText('No victim to call has this reference').waitFor()
  await check(priya, 'caller-check')
}

/** Addresses of the victims of a view's first page. */
async function victims(page, list, view) {
  list.base ??= page.url()
  const shown = await (await page.request.get(new URL(listed(list, view), list.base).href)).text()
  return [...shown.matchAll(/ff-cell-main"><a [^>]*href="([^"]+)"/g)].map(([, href]) => href)
}

const listed = (list, view) => `/victim-care?view=${view}&district=${encodeURIComponent(list.district)}`

async function send(page, path, fields) {
  const csrf = await token(page)
  return page.request.post(at(page, path), {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    data: new URLSearchParams([['csrf', csrf], ...fields]).toString(),
    maxRedirects: 0,
  })
}

const tokens = new Map()
/** The session's token, read once from a form of any page. */
async function token(page) {
  if (!tokens.has(page)) {
    const shown = await (await page.request.get(at(page, '/victim-care'))).text()
    tokens.set(page, shown.match(/name="csrf" value="([^"]+)"/)[1])
  }
  return tokens.get(page)
}

const heading = (page, name) => page.getByRole('heading', { name }).first().waitFor()
const at = (page, address) => new URL(address, page.url()).href
