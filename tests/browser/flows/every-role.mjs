// What each role may open, and what it is told when it may not. Each person's menu leads to what they
// may open and to nothing else, and no page offers them a link or a search that then refuses them.
import assert from 'node:assert/strict'

const PASSWORD = 'fourfold demo county'

/** The menu of each sample person, in order. The first entry is where they begin. */
const MENUS = {
  priya: ['Inbox', 'Networks', 'Victim care', 'Organisations', 'Incident calls', 'Public requests', 'Warnings', 'Imports'],
  marek: ['Networks', 'Victim care', 'Follow-ups', 'Organisations', 'Public requests', 'Messages', 'Warnings', 'Every victim'],
  nadia: ['Networks', 'Organisations', 'Incident calls', 'Public requests', 'Strategy'],
  grace: ['Victim care', 'Follow-ups'],
  sofia: ['Victim care', 'Follow-ups', 'Plan of the day'],
  owen: ['Victim care', 'Follow-ups'],
  zara: [
    'Networks', 'Victim care', 'Follow-ups', 'Plan of the day', 'Organisations', 'Public requests', 'Messages', 'Warnings',
    'Every victim',
  ],
  hallam: [
    'Inbox', 'Allocation', 'Networks', 'Victim care', 'Follow-ups', 'Plan of the day', 'Organisations', 'Incident calls',
    'Public requests', 'Messages', 'Warnings', 'Imports', 'Strategy', 'Every victim',
  ],
  tomos: ['Inbox', 'Allocation', 'Networks', 'Organisations', 'Warnings', 'Imports', 'Strategy', 'Every victim'],
  amara: ['Warnings'],
  lund: ['Strategy', 'Every victim'],
  admin: ['Imports'],
  audit: [
    'Inbox', 'Allocation', 'Networks', 'Victim care', 'Follow-ups', 'Organisations', 'Incident calls', 'Public requests',
    'Messages', 'Warnings', 'Imports', 'Strategy', 'Every victim', 'Audit',
  ],
}

/** Every page with an address of its own, its heading, and who may open it. */
const PAGES = [
  ['/inbox', 'Duty inbox', ['priya', 'hallam', 'tomos', 'audit']],
  ['/allocation', 'Allocation', ['hallam', 'tomos', 'audit']],
  ['/networks', 'Networks', ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit']],
  ['/victim-care', 'Victim care', ['priya', 'marek', 'grace', 'sofia', 'owen', 'zara', 'hallam', 'audit']],
  ['/follow-ups', 'Follow-ups', ['marek', 'grace', 'sofia', 'owen', 'zara', 'hallam', 'audit']],
  ['/day-plan', 'Plan of the day', ['sofia', 'zara', 'hallam']],
  ['/escalations', 'Questions to a supervisor', ['sofia', 'zara', 'hallam']],
  ['/victims-code', 'Victims&#39; Code', ['marek', 'zara', 'hallam', 'audit']],
  ['/organisations', 'Organisations', ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit']],
  ['/organisations/new', 'Record an organisation', ['nadia', 'hallam']],
  ['/incident-calls', 'Incident support calls', ['priya', 'nadia', 'hallam', 'audit']],
  ['/incident-calls/new', 'Record an incident call', ['priya', 'nadia', 'hallam']],
  ['/public-requests', 'Requests from the public', ['priya', 'marek', 'zara', 'nadia', 'hallam', 'audit']],
  ['/messages', 'Messages to victims', ['marek', 'zara', 'hallam', 'audit']],
  ['/letters', 'Letters to post', ['marek', 'sofia', 'zara', 'hallam', 'audit']],
  ['/warnings', 'Warnings to the public', ['priya', 'marek', 'zara', 'hallam', 'tomos', 'amara', 'audit']],
  ['/warnings/new', 'Write a warning', ['hallam', 'tomos', 'amara']],
  ['/imports', 'Imports', ['priya', 'hallam', 'tomos', 'admin', 'audit']],
  ['/imports/new', 'Import a file', ['priya', 'hallam', 'admin']],
  ['/sources', 'Sources', ['priya', 'hallam', 'tomos', 'admin', 'audit']],
  ['/reports/new', 'Record a report', ['priya', 'marek', 'zara', 'hallam']],
  ['/search?q=bank', 'Search', ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit']],
  ['/strategy', 'Strategy board', ['nadia', 'hallam', 'tomos', 'lund', 'audit']],
  ['/strategy/PROTECT-06', 'Advice delivered', ['nadia', 'hallam', 'tomos', 'lund', 'audit']],
  ['/strategy/PROTECT-06/names', 'Names behind the figure', ['marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit']],
  ['/victim-ledger', 'Every victim', ['marek', 'zara', 'hallam', 'tomos', 'lund', 'audit']],
  ['/victim-ledger/names', 'Victims: received', ['marek', 'zara', 'hallam', 'tomos', 'audit']],
  ['/strategy/benchmarks', 'Recorded crime', ['tomos', 'lund']],
  ['/audit', 'Audit', ['audit']],
  ['/api', 'API', Object.keys(MENUS)],
  ['/accessibility', 'Accessibility statement', Object.keys(MENUS)],
  ['/cookies', 'Cookies', Object.keys(MENUS)],
  ['/privacy', 'Privacy', Object.keys(MENUS)],
]

/** Kinds of page of one record, and who may open them; the addresses come from links on pages. */
const RECORDS = {
  '/reports/{id}': ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit'],
  '/reports/{id}/decide': ['priya', 'hallam', 'tomos', 'audit'],
  '/people/{id}': ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit'],
  '/observables/{id}': ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit'],
  '/networks/{id}': ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit'],
  '/helped/{id}': ['marek', 'zara', 'hallam', 'audit'],
  '/victim-care/{id}': ['priya', 'marek', 'zara', 'hallam', 'audit'],
  '/allocation/{id}': ['hallam', 'tomos', 'audit'],
  '/organisations/{id}': ['priya', 'marek', 'zara', 'nadia', 'hallam', 'tomos', 'audit'],
  '/incident-calls/{id}': ['priya', 'nadia', 'hallam', 'audit'],
}

export default async function ({ open, signIn, check }) {
  await signedOut(open)
  const records = new Map()
  const deadEnds = []
  // The inspector goes first: their links lead to a record of every kind.
  const people = ['hallam', ...Object.keys(MENUS).filter((user) => user !== 'hallam')]
  for (const user of people) {
    const page = await open()
    await signIn(page, user, PASSWORD)
    await menu(page, user)
    await pages(page, user, check)
    const found = await everyKindOfLink(page)
    deadEnds.push(...found.refused.map((what) => `${user}: ${what}`))
    for (const [kind, address] of found.kinds) if (!records.has(kind)) records.set(kind, address)
    await oneOfEachKind(page, user, records, found.kinds)
    await signOut(page)
  }
  assert.deepEqual(deadEnds, [], 'offered, then refused')
}

/** Nobody reads anything before signing in, and signing in leads to the page that was asked for. */
async function signedOut(open) {
  const page = await open('/strategy/PROTECT-06')
  for (const [address] of PAGES.filter(([, , who]) => who.length < Object.keys(MENUS).length)) {
    const answer = await page.request.get(at(page, address))
    const { pathname, searchParams } = new URL(answer.url())
    assert.deepEqual([pathname, searchParams.get('next')], ['/sign-in', address])
  }
  await page.getByLabel('Username').fill('lund')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Advice delivered' }).waitFor()
}

async function menu(page, user) {
  const links = page.getByRole('navigation', { name: 'Menu' }).getByRole('link')
  assert.deepEqual(await links.allInnerTexts(), MENUS[user], `the menu of ${user}`)
  for (const [n, name] of MENUS[user].entries()) {
    const address = await links.nth(n).getAttribute('href')
    const [, title] = PAGES.find(([known]) => known === address)
    const [answer] = await Promise.all([page.waitForResponse((r) => r.request().isNavigationRequest()), links.nth(n).click()])
    assert.equal(answer.status(), 200, `${name} for ${user}`)
    await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()
    assert.equal(await links.nth(n).getAttribute('aria-current'), 'true', `${name} is not marked as current`)
  }
  await page.getByRole('link', { name: 'Fourfold' }).first().click()
  assert.equal(new URL(page.url()).pathname, await links.first().getAttribute('href'), `where ${user} begins`)
}

/** Each page opens for exactly those who may; one refusal of each person is looked at whole. */
async function pages(page, user, check) {
  let looked = false
  for (const [address, title, who] of PAGES) {
    const may = who.includes(user)
    const answer = await page.request.get(at(page, address))
    assert.equal(answer.status(), may ? 200 : 403, `${address} for ${user}`)
    const told = may ? title : 'You cannot open this page'
    assert.match(await answer.text(), new RegExp(`<h1[^>]*>(<bdi>)?${told}<`), `${address} for ${user}`)
    if (may || looked) continue
    looked = true
    await page.goto(at(page, address))
    await page.getByText(/^Roles that may: /).waitFor()
    // The way out is the menu.
    assert.deepEqual(await page.getByRole('navigation', { name: 'Menu' }).getByRole('link').allInnerTexts(), MENUS[user])
    if (user === 'hallam') await check(page, 'refused')
  }
  assert.ok(looked, `nothing is closed to ${user}`)
  const answer = await page.goto(at(page, '/no-such-page'))
  assert.equal(answer.status(), 404)
  await page.getByRole('heading', { name: 'Page not found' }).waitFor()
  if (user === 'hallam') await check(page, 'not-found')
}

/** Follows one link of each kind from the beginning on, until no page shows a kind not yet seen. */
async function everyKindOfLink(page) {
  const begin = at(page, '/')
  const kinds = new Map()
  const refused = []
  const waiting = [begin]
  while (waiting.length > 0) {
    const address = waiting.shift()
    const answer = await page.request.get(address)
    // 422 is a page that says what is wrong with a file, not a refusal.
    if (!answer.ok() && answer.status() !== 422) refused.push(`${new URL(address).pathname} answers ${answer.status()}`)
    if (!/html/.test(answer.headers()['content-type'])) continue
    for (const href of offered(await answer.text())) {
      const target = new URL(href, answer.url())
      target.hash = ''
      if (target.origin !== new URL(begin).origin) continue
      const kind = kindOf(target)
      if (kinds.has(kind)) continue
      kinds.set(kind, target.href)
      waiting.push(target.href)
    }
  }
  return { kinds: new Map([...kinds].map(([kind, address]) => [kind.split('?')[0], address])), refused }
}

/** Where a page's links lead, and its searches and filters. */
function offered(html) {
  const links = [...html.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)].map(([, href]) => href)
  const forms = [...html.matchAll(/<form\b[^>]*>/g)].map(([form]) => form).filter((form) => form.includes('method="get"'))
  const actions = forms.map((form) => form.match(/\saction="([^"]*)"/)?.[1]).filter(Boolean)
  return [...links, ...actions].map((href) => href.replaceAll('&amp;', '&'))
}

/** An address with identifiers left out: two reports are one kind of page, sorted or filtered are others. */
function kindOf(address) {
  const steps = address.pathname.split('/').map((step) => (/^[0-9a-f-]{32,}$|^[A-Z]+-\d+$/.test(step) ? '{id}' : step))
  const asked = [...new Set(address.searchParams.keys())].sort()
  return `${steps.join('/')}?${asked.join('&')}&${address.searchParams.get('view') ?? ''}`
}

/** Records that somebody else's links led to open for exactly those who may, links to them or none. */
async function oneOfEachKind(page, user, records, reached) {
  for (const [kind, who] of Object.entries(RECORDS)) {
    const address = records.get(kind)
    assert.ok(address, `no page of the inspector's leads to ${kind}`)
    const may = who.includes(user)
    const status = (await page.request.get(address)).status()
    // For who may open other records of the kind, one of another unit is not there at all.
    assert.ok(may ? status === 200 : [403, 404].includes(status), `${kind} for ${user}: ${status}`)
    if (may) assert.ok(reached.has(kind), `${user} may open ${kind} and no link leads there`)
  }
}

/** Ends the session for good: going back to a page does not show it again. */
async function signOut(page) {
  await page.goto(at(page, '/'))
  const was = page.url()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await page.goto(was)
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
}

const at = (page, address) => new URL(address, page.url()).href
