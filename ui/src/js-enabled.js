// Runs before the page is drawn, as a classic script: the GOV.UK components look for these classes.
document.body.classList.add(
  'js-enabled',
  ...('noModule' in HTMLScriptElement.prototype ? ['govuk-frontend-supported'] : []),
)
