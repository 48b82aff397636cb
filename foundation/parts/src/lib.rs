//! The parts of a page: GOV.UK and MoJ components and our own (`ff-`), as typed templates.
//!
//! A mission's template writes a part where it should stand, and the compiler checks what goes in:
//!
//! ```html
//! {% extends "layout.html" %}
//! {% block main %}
//! {{ Tag::red("High") }}
//! {{ Input::new("postcode", "Postcode").value(form.postcode).errors(errors) }}
//! {% call blocks::scroll("Reports to triage") %}<table>…</table>{% endcall %}
//! {% endblock %}
//! ```
//!
//! Markup follows govuk-frontend 6.6 and MoJ frontend 11.1; class names beginning `ff-` are those of
//! `ui/src/ff.css`.
//!
//! # Invariants
//! - Every text is escaped. A part accepts ready HTML only as [`Html`], which only other parts make.
//! - No `style`, no inline script, no `on…` attribute: the content security policy allows none. The
//!   length of a bar is an attribute of an SVG element.
//! - Colour is never alone: what a colour says, a word or number beside it says too.
//! - Nothing here reads a clock: times are passed in.
//!
//! # Arguments
//! Inside a template a field is handed over by reference. So text is taken as anything that lends a
//! `str`, and small values as anything that lends them: `row.due`, `*due` and `due` all do.
//!
//! Start reading at [`Page`] and `templates/layout.html`.

mod blocks;
mod buttons;
mod choices;
mod errors;
mod fields;
mod figures;
pub mod headers;
mod html;
mod listing;
mod navigation;
mod page;
mod quantities;
mod readable;
mod records;
mod tags;
pub mod words;

pub use blocks::{
    Details, Empty, Fieldset, Inset, NotificationBanner, Panel, TableScroll, WarningText,
};
pub use buttons::{Button, ButtonLook, Hidden};
pub use choices::{Checkboxes, Choice, Radios, Select};
pub use errors::{ErrorSummary, FieldErrors};
pub use fields::{CharacterCount, DateInput, FileUpload, Input, InputKind, LabelSize, Textarea};
pub use figures::{AttainmentBar, ProgressBar, Sparkline, Standing, Stat, StatRow, WeightBar};
pub use html::Html;
pub use listing::{
    BulkAction, BulkBar, FilterPanel, SelectedFilter, ShortcutDialog, SortHeader, Sorted, Tick,
};
pub use navigation::{Pagination, SubNav, View};
pub use page::{Assets, Link, NavItem, Notice, NoticeKind, Page, SignedIn};
pub use quantities::{DueCell, Money, TimeStamp};
pub use records::{Change, SummaryList, SummaryRow, Timeline, TimelineItem};
pub use tags::{AssessedTag, Colour, CountPill, NetworkBadge, PriorityTag, Tag};

#[cfg(test)]
mod tests;
