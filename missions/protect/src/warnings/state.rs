//! Where a warning stands, and the channels that carry it.

use web::parts::Tag;

/// Where a warning stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Being written.
    Draft,
    /// Waits for its checks.
    Checking,
    /// Checked; waits for approval.
    Approving,
    /// May be sent.
    Approved,
    /// Sent, and in force.
    Sent,
    /// No longer in force.
    Cleared,
    /// Was never sent, and never will be.
    Withdrawn,
}

impl State {
    pub const ALL: [State; 7] = [
        State::Draft,
        State::Checking,
        State::Approving,
        State::Approved,
        State::Sent,
        State::Cleared,
        State::Withdrawn,
    ];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Checking => "checking",
            State::Approving => "approving",
            State::Approved => "approved",
            State::Sent => "sent",
            State::Cleared => "cleared",
            State::Withdrawn => "withdrawn",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            State::Draft => "Being written",
            State::Checking => "Being checked",
            State::Approving => "Waits for approval",
            State::Approved => "Approved",
            State::Sent => "In force",
            State::Cleared => "Cleared down",
            State::Withdrawn => "Withdrawn",
        }
    }

    pub fn tag(self) -> Tag<'static> {
        match self {
            State::Draft => Tag::grey(self.title()),
            State::Checking | State::Approving => Tag::blue(self.title()),
            State::Approved => Tag::teal(self.title()),
            State::Sent => Tag::green(self.title()),
            State::Cleared | State::Withdrawn => Tag::grey(self.title()),
        }
    }

    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether it may still be withdrawn or sent back.
    pub const fn is_in_hand(self) -> bool {
        matches!(
            self,
            State::Draft | State::Checking | State::Approving | State::Approved
        )
    }
}

/// A way to the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Page,
    Atom,
    Cap,
    Email,
    Posts,
    Press,
}

impl Channel {
    pub const ALL: [Channel; 6] = [
        Channel::Page,
        Channel::Atom,
        Channel::Cap,
        Channel::Email,
        Channel::Posts,
        Channel::Press,
    ];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Page => "page",
            Channel::Atom => "atom",
            Channel::Cap => "cap",
            Channel::Email => "email",
            Channel::Posts => "posts",
            Channel::Press => "press",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Channel::Page => "Public page of alerts",
            Channel::Atom => "Atom feed",
            Channel::Cap => "CAP feed, for alerting systems",
            Channel::Email => "Email to subscribers",
            Channel::Posts => "Posts on social media",
            Channel::Press => "Press release",
        }
    }

    pub fn parse(name: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|c| c.name() == name)
    }

    /// Whether a person carries it out and records that it was done.
    pub const fn is_by_hand(self) -> bool {
        matches!(self, Channel::Posts | Channel::Press)
    }

    /// Whether the public side carries it, from a file.
    pub const fn is_published(self) -> bool {
        matches!(self, Channel::Page | Channel::Atom | Channel::Cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.name()), Some(channel));
        }
        assert_eq!(State::parse("none"), None);
    }
}
