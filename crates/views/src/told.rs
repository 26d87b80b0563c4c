//! What enforcement points told of the circumstances of their questions, for as long as a hold on it may bite.

use doorward_model::hold::{Hold, HoldScope};
use doorward_model::record::{DecisionRecord, Observation};
use doorward_model::time::Time;

use crate::asked::Askers;
use crate::recent::Recent;
use crate::state::State;

/// Sessions, tasks and tools of which enforcement points told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Whose a session is.
    pub sessions: Recent<String, String>,
    /// Who told of a task.
    pub tasks: Recent<String, Askers>,
    /// Who told of a tool.
    pub tools: Recent<String, Askers>,
}

impl Told {
    /// Nothing yet, with the seed of its hash maps.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            sessions: Recent::new(Askers::WINDOW, TOLD_MAX, seed),
            tasks: Recent::new(Askers::WINDOW, TOLD_MAX, seed),
            tools: Recent::new(Askers::WINDOW, TOLD_MAX, seed),
        }
    }

    /// Takes in the record of a decision.
    pub fn fold(&mut self, seen: &Observation, made: &DecisionRecord) {
        let now = Time::from_ms(seen.recorded_at_ms);
        if !seen.told_session.is_empty() {
            self.sessions.put(seen.told_session.clone(), seen.identity.clone(), now);
        }
        for (table, name) in [(&mut self.tasks, &made.task), (&mut self.tools, &made.tool)] {
            if name.is_empty() {
                continue;
            }
            let asked_at = seen.event.happened_at();
            if let Some(askers) = table.touch(name, now) {
                askers.fold(&made.pep, asked_at);
            } else {
                let mut askers = Askers::default();
                askers.fold(&made.pep, asked_at);
                table.put(name.clone(), askers, now);
            }
        }
    }
}

impl State {
    /// Who is behind the subject of a hold; none when that is not known, or it is nobody's.
    #[must_use]
    pub fn behind<'a>(&'a self, hold: &'a Hold) -> Option<&'a str> {
        match hold.scope() {
            HoldScope::Identity => Some(&hold.subject),
            HoldScope::Credential => {
                self.control.credentials.get(&hold.subject).map(|credential| credential.identity.as_str())
            }
            HoldScope::Session => self.told.sessions.peek(&hold.subject).map(String::as_str),
            HoldScope::Task | HoldScope::Tool => None,
        }
    }

    /// Where a hold bites: the enforcement points that asked about its subject within the window before an instant. For
    /// a session or credential, those that asked about whose it is.
    #[must_use]
    pub fn bites(&self, hold: &Hold, now: Time) -> Vec<String> {
        let askers = match hold.scope() {
            HoldScope::Task => self.told.tasks.peek(&hold.subject),
            HoldScope::Tool => self.told.tools.peek(&hold.subject),
            HoldScope::Identity | HoldScope::Credential | HoldScope::Session => {
                self.behind(hold).and_then(|identity| self.asked(identity)).map(|asked| &asked.askers)
            }
        };
        askers.map(|askers| askers.recent(now)).unwrap_or_default()
    }
}

/// How many of one kind start the next generation of them early.
const TOLD_MAX: usize = 1 << 17;
