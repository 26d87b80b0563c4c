//! Where questions are answered: by a running server, or from a data folder, in the same JSON.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Result;
use doorward_model::time::Time;
use serde_json::Value;

use crate::cli::verbs::{Api, Asking, When};
use crate::client::Client;
use crate::serve::clock;
use crate::verbs::folder::Folder;

/// What can be listed and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Event,
    Identity,
    Finding,
    Unusual,
    Hold,
    Pep,
    Token,
    /// A signed head of the journal.
    Head,
    /// A point of the trend of privilege.
    Trend,
}

impl Noun {
    /// Its name in the paths of the API.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Event => "events",
            Self::Identity => "identities",
            Self::Finding => "findings",
            Self::Unusual => "unusual",
            Self::Hold => "holds",
            Self::Pep => "peps",
            Self::Token => "tokens",
            Self::Head => "journal/heads",
            Self::Trend => "privilege/trend",
        }
    }

    /// Its names in sentences.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Pep => "enforcement points",
            Self::Head => "signed heads",
            Self::Trend => "points of the trend",
            Self::Unusual => "surprise of the last days that stayed under the threshold",
            Self::Event | Self::Identity | Self::Finding | Self::Hold | Self::Token => self.path(),
        }
    }

    /// The parts of the path under which the API lists them.
    fn list_path(self) -> Vec<&'static str> {
        std::iter::once("v1").chain(self.path().split('/')).collect()
    }

    /// Its name in sentences.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Identity => "identity",
            Self::Finding => "finding",
            Self::Unusual => "unusual behaviour",
            Self::Hold => "hold",
            Self::Pep => "enforcement point",
            Self::Token => "token",
            Self::Head => "signed head",
            Self::Trend => "point of the trend",
        }
    }
}

/// How many come after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    None,
    Exactly(usize),
    /// They were counted no further.
    Above(usize),
}

/// Who answers, and as of when.
pub(crate) enum Source {
    Server(Box<Client>, Option<Time>),
    Folder(Box<Folder>),
}

/// The server that is asked, or the data folder that is read instead.
pub(crate) type Place<'a> = (&'a Api, Option<&'a Path>);

/// What is asked for: a field, and what it must be.
pub(crate) type Filter = (&'static str, String);

impl Source {
    /// Whom the command line names.
    pub(crate) fn of(asking: &Asking) -> Result<Self> {
        Self::at(asking.place(), None)
    }

    /// The same, about what was so at an instant.
    pub(crate) fn at((api, data_dir): Place<'_>, when: Option<When>) -> Result<Self> {
        let as_of = when.map(|when| when.from_now(clock()));
        Ok(match (data_dir, as_of) {
            (None, _) => Self::Server(Box::new(Client::new(api)?), as_of),
            (Some(dir), None) => Self::Folder(Box::new(Folder::open(dir)?)),
            (Some(dir), Some(at)) => Self::Folder(Box::new(Folder::open_as_of(dir, at)?)),
        })
    }

    /// Whom somebody means by a text.
    pub(crate) fn who(&self, asked: &str) -> Result<Value> {
        match self {
            Self::Server(client, _) => client.get(&["v1", "who"], &[("q", asked.to_owned())]),
            Self::Folder(folder) => folder.who(asked),
        }
    }

    /// One thing, by its id.
    pub(crate) fn show(&self, noun: Noun, id: &str) -> Result<Value> {
        match self {
            Self::Server(client, as_of) => client.get(&["v1", noun.path(), id], &then(*as_of)),
            Self::Folder(folder) => folder.show(noun, id),
        }
    }

    /// As many as wanted, page by page.
    pub(crate) fn list(&self, noun: Noun, filters: &[Filter], from: From) -> Result<Value> {
        pages(filters, from, |asked| self.page(noun, asked))
    }

    /// How many come after a page; events are many, and not counted.
    pub(crate) fn more(&self, noun: Noun, filters: &[Filter], page: &Value) -> Result<More> {
        let count_max = if noun == Noun::Event { NonZeroUsize::MIN } else { COUNTED_MAX };
        more(filters, page, count_max, |asked| self.page(noun, asked))
    }

    fn page(&self, noun: Noun, mut asked: Vec<Filter>) -> Result<Value> {
        match self {
            Self::Server(client, as_of) => {
                asked.extend(then(*as_of));
                client.get(&noun.list_path(), &asked)
            }
            Self::Folder(folder) => folder.page(noun, asked),
        }
    }

    /// The policy set that decides, if there is one.
    pub(crate) fn policy(&self) -> Result<Option<Value>> {
        match self {
            Self::Server(client, as_of) => client.find(&["v1", "policy"], &then(*as_of)),
            Self::Folder(folder) => folder.policy(),
        }
    }

    /// How far the journal has come, and what it last heard of whom.
    pub(crate) fn status(&self) -> Result<Value> {
        match self {
            Self::Server(client, _) => client.get(&["v1", "status"], &[]),
            Self::Folder(folder) => folder.status(),
        }
    }

    /// The newest head of the journal that was signed, if there is one.
    pub(crate) fn head(&self) -> Result<Option<Value>> {
        match self {
            Self::Server(client, _) => client.find(&["v1", "journal", "head"], &[]),
            Self::Folder(folder) => folder.head(),
        }
    }

    /// What would be decided, and why.
    pub(crate) fn explain(&self, pep: Option<&str>, question: &Value) -> Result<Value> {
        match self {
            Self::Server(client, _) => {
                let pep: Vec<_> = pep.map(|name| ("pep", name.to_owned())).into_iter().collect();
                client.post(&["v1", "decide", "explain"], &pep, question)
            }
            Self::Folder(folder) => folder.explain(pep, question),
        }
    }
}

/// How many are wanted, and from where on.
pub(crate) type From = (NonZeroUsize, Option<String>);

/// As many as wanted, put together from pages.
pub(crate) fn pages(
    filters: &[Filter],
    (limit, mut cursor): From,
    page: impl Fn(Vec<Filter>) -> Result<Value>,
) -> Result<Value> {
    let mut items = Vec::new();
    loop {
        let mut asked = filters.to_vec();
        asked.push(("limit", (limit.get() - items.len()).to_string()));
        asked.extend(cursor.map(|cursor| ("cursor", cursor)));
        let mut page = page(asked)?;
        if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
            items.extend(more);
        }
        cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() || items.len() >= limit.get() {
            if let Some(members) = page.as_object_mut() {
                members.insert("items".to_owned(), Value::Array(items));
            }
            return Ok(page);
        }
    }
}

/// How many come after a page, as far as they are counted. A page that is full may still be the last.
pub(crate) fn more(
    filters: &[Filter],
    last: &Value,
    count_max: NonZeroUsize,
    page: impl Fn(Vec<Filter>) -> Result<Value>,
) -> Result<More> {
    let Some(cursor) = last.get("next_cursor").and_then(Value::as_str) else { return Ok(More::None) };
    let rest = pages(filters, (count_max, Some(cursor.to_owned())), page)?;
    Ok(match rest.get("items").and_then(Value::as_array).map_or(0, Vec::len) {
        0 => More::None,
        count if count < count_max.get() => More::Exactly(count),
        count => More::Above(count - 1),
    })
}

fn then(as_of: Option<Time>) -> Vec<Filter> {
    as_of.map(|at| ("as_of", at.to_string())).into_iter().collect()
}

/// How many entries after a page are counted.
pub(crate) const COUNTED_MAX: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
