//! How far the work with an organisation has come. Pure.

/// Engagement with an organisation, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    Identified,
    Contacted,
    Engaged,
    Assessed,
    Advised,
    FollowUp,
    Closed,
}

/// What moves it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Other interests were looked at, and contact is made.
    Contact,
    Engagement,
    Assessment,
    /// Actions were agreed.
    Agreement,
    /// An agreed action was followed up.
    FollowUp,
    Close,
}

impl State {
    pub const ALL: [State; 7] = [
        State::Identified,
        State::Contacted,
        State::Engaged,
        State::Assessed,
        State::Advised,
        State::FollowUp,
        State::Closed,
    ];

    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            State::Identified => "identified",
            State::Contacted => "contacted",
            State::Engaged => "engaged",
            State::Assessed => "assessed",
            State::Advised => "advised",
            State::FollowUp => "follow_up",
            State::Closed => "closed",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            State::Identified => "Identified",
            State::Contacted => "Contacted",
            State::Engaged => "Engaged",
            State::Assessed => "Assessed",
            State::Advised => "Advised",
            State::FollowUp => "Follow-up",
            State::Closed => "Closed",
        }
    }

    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Where an event leads. Work goes on, never back, until it is closed; what happens to a closed
    /// one opens it again where that belongs.
    #[must_use]
    pub fn after(self, event: Event) -> State {
        let reached = match event {
            Event::Contact => State::Contacted,
            Event::Engagement => State::Engaged,
            Event::Assessment => State::Assessed,
            Event::Agreement => State::Advised,
            Event::FollowUp => State::FollowUp,
            Event::Close => State::Closed,
        };
        if self == State::Closed {
            reached
        } else {
            self.max(reached)
        }
    }

    /// What is to be done next, in a sentence.
    pub const fn next(self) -> &'static str {
        match self {
            State::Identified => "Look for other bodies' interests, then make contact.",
            State::Contacted => "Meet them, and record the engagement.",
            State::Engaged => "Go through an assessment with them.",
            State::Assessed => "Agree what they will do.",
            State::Advised => "Follow up what was agreed when it is due.",
            State::FollowUp => "Follow up what is left, or close.",
            State::Closed => "Nothing. Contact opens it again.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 6] = [
        Event::Contact,
        Event::Engagement,
        Event::Assessment,
        Event::Agreement,
        Event::FollowUp,
        Event::Close,
    ];

    #[test]
    fn every_state_is_read_as_it_is_written() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        assert_eq!(State::parse("ended"), None);
    }

    #[test]
    fn work_goes_on_and_never_back() {
        for state in State::ALL.into_iter().filter(|s| *s != State::Closed) {
            for event in EVENTS {
                assert!(state.after(event) >= state, "{state:?} {event:?}");
            }
        }
        let mut state = State::Identified;
        for (event, reached) in EVENTS.iter().zip(&State::ALL[1..]) {
            state = state.after(*event);
            assert_eq!(state, *reached);
        }
        assert_eq!(State::Advised.after(Event::Engagement), State::Advised);
    }

    #[test]
    fn what_happens_to_a_closed_one_opens_it() {
        assert_eq!(State::Closed.after(Event::Contact), State::Contacted);
        assert_eq!(State::Closed.after(Event::Engagement), State::Engaged);
        assert_eq!(State::Closed.after(Event::Close), State::Closed);
    }
}
