//! Where questions are answered: by a running server, or from a data folder, in the same JSON.

use std::num::NonZeroUsize;

use anyhow::Result;
use serde_json::Value;

use crate::cli::verbs::Asking;
use crate::client::Client;
use crate::verbs::folder::Folder;

/// What can be listed and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Event,
    Identity,
    Finding,
    Hold,
    Pep,
    Token,
    /// A signed head of the journal.
    Head,
}

impl Noun {
    /// Its name in the paths of the API.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Event => "events",
            Self::Identity => "identities",
            Self::Finding => "findings",
            Self::Hold => "holds",
            Self::Pep => "peps",
            Self::Token => "tokens",
            Self::Head => "journal/heads",
        }
    }

    /// Its names in sentences.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Pep => "enforcement points",
            Self::Head => "signed heads",
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
            Self::Hold => "hold",
            Self::Pep => "enforcement point",
            Self::Token => "token",
            Self::Head => "signed head",
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

/// Who answers.
pub(crate) enum Source {
    Server(Box<Client>),
    Folder(Box<Folder>),
}

impl Source {
    /// Whom the command line names.
    pub(crate) fn of(asking: &Asking) -> Result<Self> {
        match &asking.data_dir {
            Some(dir) => Ok(Self::Folder(Box::new(Folder::open(dir)?))),
            None => Ok(Self::Server(Box::new(Client::new(&asking.api)?))),
        }
    }

    /// Whom somebody means by a text.
    pub(crate) fn who(&self, asked: &str) -> Result<Value> {
        match self {
            Self::Server(client) => client.get(&["v1", "who"], &[("q", asked.to_owned())]),
            Self::Folder(folder) => folder.who(asked),
        }
    }

    /// One thing, by its id.
    pub(crate) fn show(&self, noun: Noun, id: &str) -> Result<Value> {
        match self {
            Self::Server(client) => client.get(&["v1", noun.path(), id], &[]),
            Self::Folder(folder) => folder.show(noun, id),
        }
    }

    /// As many as wanted, page by page.
    pub(crate) fn list(
        &self,
        noun: Noun,
        filters: &[(&'static str, String)],
        (limit, mut cursor): (NonZeroUsize, Option<String>),
    ) -> Result<Value> {
        let mut items = Vec::new();
        loop {
            let mut asked = filters.to_vec();
            asked.push(("limit", (limit.get() - items.len()).to_string()));
            asked.extend(cursor.map(|cursor| ("cursor", cursor)));
            let mut page = match self {
                Self::Server(client) => client.get(&noun.list_path(), &asked)?,
                Self::Folder(folder) => folder.page(noun, asked)?,
            };
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

    /// How many come after a page. A page that is full may still be the last; events are many, and not counted.
    pub(crate) fn more(&self, noun: Noun, filters: &[(&'static str, String)], page: &Value) -> Result<More> {
        let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) else { return Ok(More::None) };
        let count_max = if noun == Noun::Event { NonZeroUsize::MIN } else { COUNTED_MAX };
        let rest = self.list(noun, filters, (count_max, Some(cursor.to_owned())))?;
        Ok(match rest.get("items").and_then(Value::as_array).map_or(0, Vec::len) {
            0 => More::None,
            count if count < count_max.get() => More::Exactly(count),
            count => More::Above(count - 1),
        })
    }

    /// The policy set that decides, if there is one.
    pub(crate) fn policy(&self) -> Result<Option<Value>> {
        match self {
            Self::Server(client) => client.find(&["v1", "policy"]),
            Self::Folder(folder) => folder.policy(),
        }
    }

    /// How far the journal has come, and what it last heard of whom.
    pub(crate) fn status(&self) -> Result<Value> {
        match self {
            Self::Server(client) => client.get(&["v1", "status"], &[]),
            Self::Folder(folder) => folder.status(),
        }
    }

    /// The newest head of the journal that was signed, if there is one.
    pub(crate) fn head(&self) -> Result<Option<Value>> {
        match self {
            Self::Server(client) => client.find(&["v1", "journal", "head"]),
            Self::Folder(folder) => folder.head(),
        }
    }

    /// What would be decided, and why.
    pub(crate) fn explain(&self, pep: Option<&str>, question: &Value) -> Result<Value> {
        match self {
            Self::Server(client) => {
                let pep: Vec<_> = pep.map(|name| ("pep", name.to_owned())).into_iter().collect();
                client.post(&["v1", "decide", "explain"], &pep, question)
            }
            Self::Folder(folder) => folder.explain(pep, question),
        }
    }
}

/// How many entries after a page are counted.
const COUNTED_MAX: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
