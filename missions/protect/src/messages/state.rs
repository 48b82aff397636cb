//! Where a message stands.

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn, or for the next try.
    Queued,
    /// Being handed over now, to the mail server or to GOV.UK Notify.
    HandedOver,
    /// It was taken.
    Sent,
    /// It was refused for good.
    Failed,
    /// It may have gone out, and may not: nobody saw.
    Unsure,
    /// A person decided that it shall not go out.
    Withdrawn,
}

impl State {
    pub const ALL: [State; 6] = [
        State::Unsure,
        State::Failed,
        State::Queued,
        State::HandedOver,
        State::Sent,
        State::Withdrawn,
    ];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::HandedOver => "handed_over",
            State::Sent => "sent",
            State::Failed => "failed",
            State::Unsure => "unsure",
            State::Withdrawn => "withdrawn",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            State::Queued => "Waiting to go out",
            State::HandedOver => "Being handed over",
            State::Sent => "Sent",
            State::Failed => "Refused",
            State::Unsure => "Not known",
            State::Withdrawn => "Withdrawn",
        }
    }

    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether a person has to decide.
    pub const fn needs_decision(self) -> bool {
        matches!(self, State::Failed | State::Unsure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_as_it_is_written() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
    }
}
