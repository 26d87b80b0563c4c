//! What an analyst has in hand, whatever it is: which identity that is, behind whom, and what it did around then.

use std::collections::BTreeSet;
use std::net::IpAddr;

use doorward_journal::{Journal, JournalError};
use doorward_model::time::{Millis, Time};
use doorward_views::identities::KnownIdentity;
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::events::{EventRow, LOOKS_MAX, Place, Wanted, events};
use crate::answers::identities::{EdgeRow, IdentityRow, edge_row, identity_row};

/// What was asked, and what is known of it.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Who {
    /// What was asked.
    pub asked: String,
    /// What it was taken for.
    pub taken_for: &'static str,
    /// The identities that it names or that acted under it.
    pub identities: Vec<IdentityRow>,
    /// Who is behind them: whom they act for, who assumed them, what is the same.
    pub behind: Vec<EdgeRow>,
    /// The events under what was asked, newest first.
    pub events: Vec<EventRow>,
    /// What the same identity did around the newest of them.
    pub around: Vec<EventRow>,
    /// Whether the whole journal was looked at; otherwise older events may be there.
    pub looked_at_all: bool,
}

/// What a text is taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// An access key id.
    Key,
    /// A unique id of a role or user, perhaps with a session name.
    UniqueId,
    /// The ARN of a session.
    SessionArn,
    /// Another ARN.
    Arn,
    /// A network address.
    Address,
    /// The id of a request or event.
    Request,
    /// An e-mail address.
    Email,
    /// A name of an identity or session.
    Name,
}

impl Taken {
    /// What a text is taken for, by its form.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let capitals = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let id = text.split(':').next().unwrap_or_default();
        let is_id = id.len() >= 16 && capitals(id);
        match text {
            _ if is_id && KEYS.iter().any(|prefix| text.starts_with(prefix)) => Self::Key,
            _ if is_id && text.starts_with('A') => Self::UniqueId,
            _ if text.starts_with("arn:") && text.contains(":assumed-role/") => Self::SessionArn,
            _ if text.starts_with("arn:") => Self::Arn,
            _ if text.parse::<IpAddr>().is_ok() => Self::Address,
            _ if is_uuid(text) => Self::Request,
            _ if text.contains('@') && !text.contains(':') => Self::Email,
            _ => Self::Name,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Key => "access key id",
            Self::UniqueId => "unique id",
            Self::SessionArn => "session ARN",
            Self::Arn => "ARN",
            Self::Address => "address",
            Self::Request => "request id",
            Self::Email => "e-mail address",
            Self::Name => "name",
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let groups = text.split('-');
    groups.clone().count() == lengths.len()
        && groups.zip(lengths).all(|(group, length)| {
            group.len() == length && group.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
}

/// How much of the journal is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// A few rows from its end: others wait.
    Recent,
    /// As much as it takes.
    Whole,
}

/// Which identity somebody means by a text.
///
/// # Errors
/// When the journal cannot be read.
pub fn who(
    state: &State,
    journal: &dyn Journal,
    (asked, depth): (&str, Depth),
    now: Time,
) -> Result<Who, JournalError> {
    let asked = asked.trim();
    let taken = Taken::of(asked);
    let mut ids = known(state, asked, taken);
    let (found, looked_at_all) = under(journal, asked, (taken, depth), &ids)?;
    ids.extend(found.iter().map(|event| event.identity.clone()));
    let around = match found.first() {
        Some(newest) => around(journal, newest, depth)?,
        None => Vec::new(),
    };
    let named = ids.iter().take(IDENTITIES_MAX).filter_map(|id| state.control.identities.get(id.as_str()));
    let rows = named.map(|identity| identity_row(state, identity, now));
    Ok(Who {
        asked: asked.to_owned(),
        taken_for: taken.word(),
        identities: rows.collect(),
        behind: behind(state, &ids),
        events: found,
        around,
        looked_at_all,
    })
}

/// The identities that the text names by itself.
fn known(state: &State, asked: &str, taken: Taken) -> BTreeSet<String> {
    let control = &state.control;
    let all = |wanted: &dyn Fn(&KnownIdentity) -> bool| {
        let named = control.identities.values().filter(|identity| wanted(identity));
        named.take(IDENTITIES_MAX).map(|identity| identity.id.to_string()).collect()
    };
    match taken {
        Taken::Key => control.credentials.get(asked).map(|key| key.identity.clone()).into_iter().collect(),
        Taken::UniqueId => {
            let id = asked.split(':').next().unwrap_or_default();
            all(&|identity| *identity.unique_id == *id)
        }
        Taken::SessionArn | Taken::Address | Taken::Request => BTreeSet::new(),
        Taken::Arn | Taken::Email | Taken::Name => all(&|identity| {
            *identity.id == *asked
                || identity.name.eq_ignore_ascii_case(asked)
                || identity.id.rsplit(['/', ':']).next().is_some_and(|end| end.eq_ignore_ascii_case(asked))
        }),
    }
}

/// The events under what was asked; for the name of an identity its own. What is not known by its form may still be
/// the id of a request: not all of them look like one.
fn under(
    journal: &dyn Journal,
    asked: &str,
    (taken, depth): (Taken, Depth),
    ids: &BTreeSet<String>,
) -> Result<(Vec<EventRow>, bool), JournalError> {
    let text = || Some(asked.to_owned());
    let session = asked.split_once(':').map(|(_, session)| session.to_owned());
    let request = Wanted { request: text(), ..Wanted::default() };
    let wanted = match (taken, ids.first()) {
        (Taken::Key, _) => vec![Wanted { key: text(), ..Wanted::default() }],
        (Taken::Address, _) => vec![Wanted { ip: text(), ..Wanted::default() }],
        (Taken::Request, _) => vec![request],
        (Taken::SessionArn, _) => vec![Wanted { session: text(), ..Wanted::default() }],
        (Taken::UniqueId, None) => vec![request],
        (Taken::UniqueId, Some(identity)) => {
            vec![Wanted { identity: Some(identity.clone()), session, ..Wanted::default() }]
        }
        (_, Some(identity)) => vec![Wanted { identity: Some(identity.clone()), ..Wanted::default() }],
        (Taken::Arn | Taken::Email | Taken::Name, None) => {
            vec![Wanted { session: text(), ..Wanted::default() }, request]
        }
    };
    let mut looked = (Vec::new(), true);
    for wanted in wanted {
        looked = seen(journal, &wanted, depth)?;
        if !looked.0.is_empty() {
            break;
        }
    }
    Ok(looked)
}

fn seen(journal: &dyn Journal, wanted: &Wanted, depth: Depth) -> Result<(Vec<EventRow>, bool), JournalError> {
    let end = Place::end(journal);
    let looks_max = match depth {
        Depth::Whole => LOOKS_MAX,
        Depth::Recent => RECENT_LOOKS,
    };
    let found = events(journal, wanted, end, (EVENTS_SHOWN, looks_max))?;
    Ok((found.items, found.next.is_none()))
}

fn around(journal: &dyn Journal, newest: &EventRow, depth: Depth) -> Result<Vec<EventRow>, JournalError> {
    let wanted = Wanted {
        identity: Some(newest.identity.clone()),
        since: Some(newest.time - AROUND),
        until: Some(newest.time + AROUND),
        ..Wanted::default()
    };
    let (found, _) = seen(journal, &wanted, depth)?;
    Ok(found)
}

fn behind(state: &State, ids: &BTreeSet<String>) -> Vec<EdgeRow> {
    let edges = state.control.edges.iter();
    let touching = edges.filter(|edge| ids.contains(&*edge.from) || ids.contains(&*edge.to));
    touching.take(EDGES_SHOWN).map(edge_row).collect()
}

const KEYS: [&str; 2] = ["AKIA", "ASIA"];
const RECENT_LOOKS: usize = 4;
const IDENTITIES_MAX: usize = 20;
const EVENTS_SHOWN: usize = 20;
const EDGES_SHOWN: usize = 50;
const AROUND: Millis = Millis::MINUTE.times(30);
