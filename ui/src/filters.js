// `<details class="ff-filter-toggle" open>` is open without JavaScript and on a desk, where ff.css
// hides its summary. Where it stands above the queue it starts folded, so that the queue comes first.
export function foldFilters() {
  if (!window.matchMedia('(max-width: 1150px)').matches) return
  for (const filters of document.querySelectorAll('details.ff-filter-toggle')) filters.open = false
}
