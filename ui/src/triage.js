// Keyboard triage of a queue: `<table data-triage>` with rows `.ff-row`, inside the bulk form.
//
//   J K  next, previous row (real focus moves to the row's link)   Enter  opens it: it is a link
//   X    select    T  take the focused row    /  search    ?  the list of keys
//
// Single keys work only outside text fields and with no modifier, and `<body data-shortcuts="off">`
// turns them off (WCAG 2.1.4). Each has a visible control, so nothing here is the only way.

const RESUME_AT = 'fourfold.triage.resume'

export function startTriage() {
  const dialog = document.getElementById('shortcuts')
  const off = document.body.dataset.shortcuts === 'off'
  // The button stays when the keys are off: the dialog is where they are turned on again.
  for (const button of document.querySelectorAll('button[data-shortcuts]')) {
    button.hidden = !dialog
    button.addEventListener('click', () => dialog.showModal())
  }
  const table = document.querySelector('table[data-triage]')
  if (!table) return
  const queue = new Queue(table)
  table.addEventListener('change', () => queue.sayHowManySelected())
  queue.sayHowManySelected()
  // Not a single-key shortcut, so it stays when those are off. In a checkbox, Enter would submit
  // the form by its first button and take the report: open it instead, as the key list says.
  table.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.matches('input[type="checkbox"]')) return
    event.preventDefault()
    linkOf(event.target.closest('.ff-row'))?.click()
  })
  if (off) return

  const keys = {
    j: () => queue.move(1),
    k: () => queue.move(-1),
    x: () => queue.toggleSelected(),
    t: () => queue.take(),
    '/': () => document.querySelector('[data-search], #q')?.focus(),
    '?': () => dialog?.showModal(),
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return
    if (acceptsText(event.target)) return
    const key = event.key.toLowerCase()
    const action = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (!action || (event.repeat && key !== 'j' && key !== 'k')) return
    event.preventDefault()
    action()
  })
  queue.resume()
}

function acceptsText(element) {
  if (!(element instanceof HTMLElement)) return false
  const types = ['button', 'checkbox', 'file', 'image', 'radio', 'reset', 'submit']
  if (element instanceof HTMLInputElement) return !types.includes(element.type)
  return element.isContentEditable || element.matches('textarea, select')
}

function linkOf(row) {
  return row?.querySelector('.ff-cell-main a, a')
}

class Queue {
  constructor(table) {
    this.table = table
    this.form = table.closest('form')
    this.status = document.getElementById('selcount')
  }

  // Read each time: a fragment may have replaced rows since.
  get rows() {
    return [...this.table.querySelectorAll('.ff-row')]
  }

  /** The row that holds focus, else the one marked as current, else none (-1). */
  get current() {
    const focused = this.rows.indexOf(document.activeElement?.closest('.ff-row'))
    return focused >= 0 ? focused : this.rows.findIndex((row) => 'selected' in row.dataset)
  }

  move(step) {
    const at = this.current
    this.goTo(at < 0 ? 0 : at + step)
  }

  goTo(index) {
    const rows = this.rows
    const row = rows[Math.min(rows.length - 1, Math.max(0, index))]
    if (!row) return
    for (const other of rows) delete other.dataset.selected
    row.dataset.selected = ''
    linkOf(row)?.focus()
  }

  checkboxAt(index) {
    return this.rows[index]?.querySelector('input[type="checkbox"]')
  }

  toggleSelected() {
    this.checkboxAt(this.current)?.click()
  }

  // Only the focused row, whatever else is ticked: one key must not move a page of reports.
  take() {
    const at = this.current
    const box = this.checkboxAt(at)
    const button = this.form?.querySelector('button[name="do"][value="take"]:not(:disabled)')
    if (!box || !button) return
    for (const other of this.table.querySelectorAll('input[type="checkbox"]')) {
      other.checked = other === box
    }
    sessionStorage.setItem(RESUME_AT, JSON.stringify({ page: window.location.pathname, at }))
    this.form.requestSubmit(button)
  }

  // After a take the row is gone and the next one stands in its place: go on there, and repeat what
  // the page says about it where a screen reader will hear it.
  resume() {
    const kept = sessionStorage.getItem(RESUME_AT)
    sessionStorage.removeItem(RESUME_AT)
    if (kept === null) return
    const { page, at } = JSON.parse(kept)
    if (page !== window.location.pathname || document.querySelector('.govuk-error-summary')) return
    this.goTo(at)
    const outcome = document.querySelector('.govuk-notification-banner__heading, .moj-alert__content')
    if (outcome && this.status) this.status.textContent = outcome.textContent.trim()
  }

  sayHowManySelected() {
    if (!this.status) return
    const { noun = 'report', nouns = 'reports' } = this.table.dataset
    const count = this.table.querySelectorAll('.ff-row input[type="checkbox"]:checked').length
    this.status.textContent =
      count === 0 ? `No ${nouns} selected` : `${count} ${count === 1 ? noun : nouns} selected`
  }
}
