// Organisations: a business does the readiness check on the public side and asks for help; it becomes an
// assessment with actions that are followed up. Another is under attack: its request becomes a call,
// with advice in time and a hand-over. Every page on the way is looked at on a desk and on a phone.
import assert from 'node:assert/strict'
import { follow, launch, toolbox } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'

export default async function (inside) {
  const base = process.env.PORTAL_URL
  assert.ok(base, 'Set PORTAL_URL to where the public side is, or run `make browser`')
  const mark = Date.now().toString(36).toUpperCase()
  const bakery = `Bakery ${mark} Ltd`
  const joinery = `Joinery ${mark}`
  const browser = await launch()
  const outside = toolbox({ browser, base, name: 'organisations-outside' })
  try {
    await checksItself(outside, bakery)
    await isUnderAttack(outside, joinery)
    outside.finish()
  } finally {
    await outside.close()
    await browser.close()
  }
  const { open, signIn, check } = inside
  const nadia = await open()
  await signIn(nadia, 'nadia', PASSWORD)
  await becomesAnAssessment(nadia, check, bakery)
  await isWorkedWith(nadia, check, bakery)
  await isFollowedUp(nadia, check)
  await becomesACall(nadia, check, joinery)
  await isNotMadeTwice(nadia, check, bakery)
  const marek = await open()
  await signIn(marek, 'marek', PASSWORD)
  await looksOnly(marek, check, bakery)
  const hallam = await open()
  await signIn(hallam, 'hallam', PASSWORD)
  await isTakenOut(hallam, check)
}

/** Without JavaScript, as everything there works: two answers ask for something to be done. */
async function checksItself({ open }, name) {
  const page = await open('/business/readiness-check', { javaScriptEnabled: false })
  const groups = page.getByRole('main').getByRole('group')
  const count = await groups.count()
  for (let n = 0; n < count; n++) await groups.nth(n).getByRole('radio', { name: n === 2 ? 'No' : 'Yes', exact: true }).check()
  await groups.filter({ hasText: 'Is multi-factor sign-in on' }).getByRole('radio', { name: 'No', exact: true }).check()
  await page.getByRole('button', { name: 'See the result' }).click()
  await page.getByRole('heading', { level: 1, name: 'Not ready yet' }).waitFor()
  await page.getByRole('button', { name: 'Ask for help with these answers' }).click()
  await ask(page, name, 'We would like to go through it')
}

async function isUnderAttack({ open }, name) {
  const page = await open('/help/organisation', { javaScriptEnabled: false })
  await page.getByRole('radio', { name: 'We are under attack now' }).check()
  await ask(page, name, 'All files have new names <b>and</b> a note')
}

/** Fills in the form for help; whoever is as fast as a program is asked to wait. */
async function ask(page, organisation, about) {
  await page.getByLabel('Organisation', { exact: true }).fill(organisation)
  await page.getByLabel('Your name').fill('Ann Oak')
  await page.getByLabel('Phone number').fill('01632 960 001')
  await page.getByLabel('Tell us about it').fill(about)
  for (let tries = 0; tries < 5; tries++) {
    await page.getByRole('button', { name: 'Ask for help' }).click()
    if ((await page.getByText('It is not sent yet').count()) === 0) break
    await page.waitForTimeout(3_000)
  }
  await page.getByRole('heading', { name: 'We have received it' }).waitFor()
}

/** Opens a request once it has been collected. */
async function request(page, organisation) {
  const sent = page.getByRole('link', { name: organisation })
  for (let tries = 0; tries < 10; tries++) {
    await page.goto(at(page, '/public-requests'))
    if ((await sent.count()) > 0) break
    await page.waitForTimeout(2_000)
  }
  await sent.first().click()
}

async function becomesAnAssessment(page, check, name) {
  await request(page, name)
  await check(page, 'request-of-an-organisation')
  await page.getByRole('link', { name: 'Make it an assessment' }).click()
  await heading(page, `Assessment from ${name}`)
  await page.getByText('not ready', { exact: true }).waitFor()
  await check(page, 'request-assessment')
  await page.getByLabel('Name', { exact: true }).fill('')
  await page.getByRole('button', { name: 'Make it an assessment' }).click()
  await errorSummary(page, 'Enter the organisation')
  await check(page, 'request-assessment-refused')
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Number of staff').selectOption('2 to 9')
  await page.getByRole('button', { name: 'Make it an assessment' }).click()
  await heading(page, `Assessment of ${name}`)
  await page.getByText('Sent from the public site').waitFor()
  await check(page, 'assessment')
  await page.getByRole('button', { name: 'Save agreed actions' }).click()
  await errorSummary(page, 'Choose what they will do, or write it')
  await check(page, 'assessment-refused')
  await page.getByRole('checkbox', { name: /^Turn on for all users/ }).check()
  await page.getByLabel('Who sees to it').fill('Office manager')
  await page.getByRole('button', { name: 'Save agreed actions' }).click()
  await page.getByRole('link', { name: /^Turn on for all users/ }).waitFor()
}

/** Contact after a look at other interests, an engagement, an insider section, schemes, a referral. */
async function isWorkedWith(page, check, name) {
  await page.getByRole('link', { name: 'Add a section to this assessment' }).click()
  await heading(page, `Assess ${name}`)
  await check(page, 'assess-choose')
  await page.getByRole('link', { name: 'Insider threat' }).click()
  await heading(page, 'Insider threat')
  await page.getByText('Prompts and controls by type of insider').click()
  await check(page, 'assess-insider')
  await page.getByRole('button', { name: 'Save answers' }).click()
  await errorSummary(page, 'Choose an answer: Does a senior person')
  const groups = page.getByRole('main').getByRole('group')
  const count = await groups.count()
  for (let n = 0; n < count; n++) {
    const yes = groups.nth(n).getByRole('radio', { name: n === 3 ? 'I do not know' : 'Yes', exact: true })
    if ((await yes.count()) > 0) await yes.check()
  }
  await page.getByRole('button', { name: 'Save answers' }).click()
  await page.getByText('Worst answer that bears on it').waitFor()
  await check(page, 'assessment-two-sections')
  await page.getByRole('link', { name }).click()
  await heading(page, name)
  await check(page, 'organisation')

  await page.getByRole('link', { name: 'Look at other interests before contact' }).click()
  await page.getByText('No other body has an interest').waitFor()
  await check(page, 'contact')
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await follow(page, page.getByRole('link', { name: "Record another body's interest" }))
  await check(page, 'interest')
  await page.getByRole('button', { name: 'Save interest' }).click()
  await errorSummary(page, 'Choose who has the interest')
  await page.getByRole('radio', { name: 'ERSOU Protect' }).check()
  await page.getByLabel('Whom to ask before contact').fill('Protect desk, 01632 960 300')
  await page.getByRole('button', { name: 'Save interest' }).click()
  await page.getByText('ERSOU Protect has an interest.').waitFor()
  await check(page, 'organisation-with-an-interest')

  await follow(page, page.getByRole('link', { name: 'Record an engagement' }))
  await check(page, 'engagement')
  await page.getByRole('radio', { name: 'Visit' }).check()
  await page.getByRole('checkbox', { name: 'Insider threat' }).check()
  await page.getByRole('checkbox', { name: 'CiSP' }).check()
  await page.getByRole('button', { name: 'Save engagement' }).click()
  await page.getByText('Told since').first().waitFor()

  await follow(page, page.getByRole('link', { name: 'Add a contact' }))
  await check(page, 'contact-person')
  await page.getByLabel('Name', { exact: true }).fill('Ben Oak')
  await page.getByLabel('Role').fill('Director')
  await page.getByLabel('Phone').fill('01632 960 002')
  await page.getByRole('button', { name: 'Save contact' }).click()
  await follow(page, page.getByRole('link', { name: 'Record schemes' }))
  await check(page, 'schemes')
  await page.getByRole('button', { name: 'Save schemes' }).click()
  await page.getByRole('link', { name: 'Offer a referral to the Centre' }).click()
  await page.getByText('You can say no, and it makes no difference').waitFor()
  await check(page, 'referral')
  await page.getByRole('radio', { name: 'Yes, they agree' }).check()
  await page.getByLabel('Who said so').fill('Director')
  await page.getByRole('radio', { name: /^Ben Oak/ }).check()
  await page.getByLabel('What they need').fill('A look at the web site')
  await page.getByRole('button', { name: 'Save their answer' }).click()
  await follow(page, page.getByRole('link', { name: 'Passed on, no answer yet' }))
  await check(page, 'referral-answer')
  await page.getByRole('group', { name: 'Did the Centre take them on?' }).getByRole('radio', { name: 'Yes' }).check()
  await page.getByRole('button', { name: 'Save what came of it' }).click()
  await follow(page, page.getByRole('link', { name: 'Change facts' }))
  await check(page, 'facts')
  await page.getByLabel('District').fill('Dacorum')
  await page.getByRole('button', { name: 'Save facts' }).click()
  await page.getByText('Facts changed').waitFor()
}

async function isFollowedUp(page, check) {
  await follow(page, page.getByRole('link', { name: /^Turn on for all users/ }))
  await check(page, 'follow-up')
  await page.getByRole('radio', { name: 'Done', exact: true }).check()
  await page.getByRole('button', { name: 'Save follow-up' }).click()
  await errorSummary(page, 'Enter how you know')
  await check(page, 'follow-up-refused')
  await page.getByLabel('How you know').fill('Seen at the visit')
  await page.getByRole('button', { name: 'Save follow-up' }).click()
  await page.getByRole('cell', { name: 'Done', exact: true }).waitFor()
  await follow(page, page.getByRole('link', { name: 'Close the work' }))
  await check(page, 'close')
  await page.getByLabel('Why').fill('Everything is followed up')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByText('Nothing. Contact opens it again.').waitFor()
  await check(page, 'organisation-closed')
}

async function becomesACall(page, check, name) {
  await request(page, name)
  await page.getByRole('button', { name: 'Make it an incident support call' }).click()
  await heading(page, name)
  await page.getByText('All files have new names <b>and</b> a note').waitFor()
  await check(page, 'incident-call')
  const address = page.url()
  await menu(page, 'Incident calls')
  await page.getByRole('link', { name }).waitFor()
  await check(page, 'incident-calls')
  await page.goto(address)
  await page.getByRole('button', { name: 'Save step' }).click()
  await errorSummary(page, 'Choose what was done')
  await check(page, 'incident-call-refused')
  await page.getByRole('radio', { name: 'Advice given' }).check()
  await page.getByRole('radio', { name: 'By phone' }).check()
  await page.getByLabel('What was said and done').fill('Machines off the network, left switched on')
  await page.getByRole('button', { name: 'Save step' }).click()
  await page.getByText('Advice in time').waitFor()
  await follow(page, page.getByRole('button', { name: 'Hand over' }))
  await check(page, 'incident-hand-over')
  await page.getByRole('radio', { name: 'Investigation (SFCU)' }).check()
  await page.getByLabel('Note').fill('Logs and the note are kept')
  await page.getByRole('button', { name: 'Hand over', exact: true }).click()
  await page.getByText('Handed over to').waitFor()
  await check(page, 'incident-call-handed-over')
  await menu(page, 'Incident calls')
  await page.getByRole('link', { name: 'Handed over' }).click()
  await page.getByRole('link', { name }).waitFor()
  await check(page, 'incident-calls-handed-over')
  await page.goto(at(page, '/incident-calls/new'))
  await check(page, 'incident-call-new')
  await page.getByRole('button', { name: 'Save call' }).click()
  await errorSummary(page, 'Choose whether an attack goes on or is near')
}

async function isNotMadeTwice(page, check, name) {
  await menu(page, 'Organisations')
  await check(page, 'organisations')
  await follow(page, page.getByRole('button', { name: 'Record an organisation' }))
  await check(page, 'organisation-new')
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Kind').selectOption('Business')
  await page.getByLabel('Why there is contact').selectOption('Asked us')
  await page.getByRole('button', { name: 'Save organisation' }).click()
  await page.getByText('It may be on record already').waitFor()
  await check(page, 'organisation-suggested')
}

/** Whoever cares for victims sees the record, no interest of others and nothing to do. */
async function looksOnly(page, check, name) {
  await page.goto(at(page, `/organisations?view=closed&q=${encodeURIComponent(name)}`))
  await page.getByRole('link', { name }).click()
  await heading(page, name)
  assert.equal(await page.getByText('ERSOU Protect').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Record an engagement' }).count(), 0)
  await check(page, 'organisation-looked-at')
}

async function isTakenOut(page, check) {
  await menu(page, 'Incident calls')
  await page.getByRole('link', { name: 'Millbrook Dental Practice' }).click()
  await page.getByRole('button', { name: 'Take out as an error' }).click()
  await heading(page, /^Take out the call/)
  await check(page, 'incident-error')
}

async function errorSummary(page, text) {
  await page.getByRole('alert').getByRole('link', { name: text }).first().waitFor()
}

async function menu(page, name) {
  const link = page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name, exact: true })
  await link.click()
  await page.waitForURL(new URL(await link.getAttribute('href'), page.url()).href)
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor()
const at = (page, address) => new URL(address, page.url()).href
